/* winograd_origin: where Winograd's tiles begin, side x side outputs each. Heights and widths are
 * those of the output before any pooling. Private to the kernels. */
#ifndef PAWCAM_NN_WINOGRAD_ORIGIN_H
#define PAWCAM_NN_WINOGRAD_ORIGIN_H

struct origin {
    int y, x;
};

/* The row (or column) of a tile; the last tile moves back to end with the output. */
static inline int tile_start(int wanted, int size, int side)
{
    return wanted + side <= size ? wanted : size - side;
}

/* Tiles are counted along the rows. */
static inline struct origin tile_origin(int tile, int height, int width, int side)
{
    const int per_row = (width + side - 1) / side;
    return (struct origin){tile_start(tile / per_row * side, height, side),
                           tile_start(tile % per_row * side, width, side)};
}

static inline int tile_count(int height, int width, int side)
{
    return (height + side - 1) / side * ((width + side - 1) / side);
}

#endif
