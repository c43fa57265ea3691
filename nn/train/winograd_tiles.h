/* winograd_tiles: Winograd's 4x4 tiles of outputs over all pictures of a batch, and the transform
 * of a tile's 6x6 inputs. Private to the kernels. */
#ifndef PAWCAM_NN_TRAIN_WINOGRAD_TILES_H
#define PAWCAM_NN_TRAIN_WINOGRAD_TILES_H

#include "nn/train/kernels_train_private.h"
#include "nn/winograd_transform.h"

enum {
    CACHE_LINE_FLOATS = 16,
    TILES_AHEAD = 6, /* of a tile at work is one that the cache shall fetch */
    ROWS_AHEAD = 6   /* and of a row of weights */
};

/* Where a tile of outputs begins. Tiles at the lower and right edge move back to end with the
 * picture; their first rows and columns are then a neighbour's too. */
struct origin {
    ptrdiff_t image;
    int y, x;
    int shared_rows, shared_columns;
};

/* Tiles are counted through all pictures. */
static inline struct origin origin_of(int tile, int height, int width)
{
    const int per_row = (width + 3) / 4, per_image = per_row * ((height + 3) / 4);
    const int y = tile % per_image / per_row * 4, x = tile % per_image % per_row * 4;
    const int back_y = larger(y + 4 - height, 0), back_x = larger(x + 4 - width, 0);
    return (struct origin){tile / per_image, y - back_y, x - back_x, back_y, back_x};
}

/* The tiles of a block, worked out once for all channels: `count` from `first` on, then the last
 * one again and again. */
static inline void locate(struct origin *tiles, const struct view *out, int first, int count)
{
    for (int i = 0; i < WINOGRAD_BLOCK_MAX + TILES_AHEAD; i++)
        tiles[i] = i < count ? origin_of(first + i, out->height, out->width) : tiles[count - 1];
}

static ALWAYS_INLINE float *tile_at(const struct view *view, int block, ptrdiff_t image,
                                    const struct origin *o)
{
    return at(view, block, o->y, o->x) + o->image * image;
}

/* A tile's rows lie far apart, so the processor does not guess where the next ones are. */
static ALWAYS_INLINE void fetch_tile(const float *x, ptrdiff_t row, const int rows)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < 4 * VL; j += CACHE_LINE_FLOATS)
            __builtin_prefetch(x + i * row + j);
}

/* So are the nine taps of the next rows of weights. */
static ALWAYS_INLINE void fetch_taps(const float *row, ptrdiff_t tap_stride, int floats)
{
    for (int tap = 0; tap < 9; tap++)
        for (int j = 0; j < floats; j += CACHE_LINE_FLOATS)
            __builtin_prefetch(row + tap * tap_stride + j);
}

static inline int tile_count(int height, int width, int images)
{
    return (height + 3) / 4 * ((width + 3) / 4) * images;
}

/* B^T x B of 6x6 vectors: 36 vectors, `stride` floats apart. */
static ALWAYS_INLINE void transform_tile(const float *x, ptrdiff_t row, float *out,
                                         ptrdiff_t stride)
{
    vec columns[36];
    REPEAT6(j, {
        vec column[6];
        REPEAT6(i, column[i] = load(x + i * row + j * VL);)
        input_transform(column, columns + j, 6);
    })
    REPEAT6(i, {
        vec line[6];
        input_transform(columns + i * 6, line, 1);
        REPEAT6(j, store(out + (i * 6 + j) * stride, line[j]);)
    })
}

#endif
