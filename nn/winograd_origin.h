/* winograd_origin: where Winograd's tiles of 4x4 outputs begin. Heights and widths are those of the
 * output before any pooling. Private to the kernels. */
#ifndef PAWCAM_NN_WINOGRAD_ORIGIN_H
#define PAWCAM_NN_WINOGRAD_ORIGIN_H

struct origin {
    int y, x;
};

/* The row (or column) of a tile; the last tile moves back to end with the output. */
static inline int tile_start(int wanted, int size)
{
    return wanted + 4 <= size ? wanted : size - 4;
}

/* Tiles are counted along the rows. */
static inline struct origin tile_origin(int tile, int height, int width)
{
    const int per_row = (width + 3) / 4;
    return (struct origin){tile_start(tile / per_row * 4, height),
                           tile_start(tile % per_row * 4, width)};
}

static inline int tile_count(int height, int width)
{
    return (height + 3) / 4 * ((width + 3) / 4);
}

#endif
