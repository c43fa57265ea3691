/* winograd_tiles: Winograd's 4x4 tiles of outputs over all pictures of a batch, and the transform
 * of a tile's inputs. Private to the kernels. */
#ifndef PAWCAM_NN_TRAIN_WINOGRAD_TILES_H
#define PAWCAM_NN_TRAIN_WINOGRAD_TILES_H

#include "nn/train/kernels_train_private.h"
#include "nn/train/winograd_methods.h"

enum {
    CACHE_LINE_FLOATS = 16,
    LINE_PIXELS = CACHE_LINE_FLOATS / VL,
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

static inline int tile_count(int height, int width, int images)
{
    return (height + 3) / 4 * ((width + 3) / 4) * images;
}

static ALWAYS_INLINE float *tile_at(const struct images *images, int block, const struct origin *o)
{
    return images->view.data + o->image * images->step + block * images->view.block +
           o->y * images->view.row + o->x * images->column;
}

/* A tile's rows lie far apart, so the processor does not guess where the next ones are. `skip`:
 * pixels from one that is asked for to the next. */
static ALWAYS_INLINE void fetch_tile(const float *x, ptrdiff_t row, ptrdiff_t column,
                                     const int rows, const int columns, const int skip)
{
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j += skip)
            __builtin_prefetch(x + i * row + j * column);
}

/* So are the nine taps of the next rows of weights. */
static ALWAYS_INLINE void fetch_taps(const float *row, ptrdiff_t tap_stride, int floats)
{
    for (int tap = 0; tap < 9; tap++)
        for (int j = 0; j < floats; j += CACHE_LINE_FLOATS)
            __builtin_prefetch(row + tap * tap_stride + j);
}

/* B^T x B of one phase into the matrices of a method with `points`, `stride` floats apart. */
static ALWAYS_INLINE void transform_tile(const float *x, ptrdiff_t row, ptrdiff_t column,
                                         float *out, ptrdiff_t stride, const int points,
                                         const int phase)
{
    const int rows = rows_of(points, phase), columns = columns_of(points, phase);
    vec lines[36];
    REPEAT6(
        j, if (j < columns) {
            vec in[6];
            REPEAT6(i, if (i < rows) in[i] = load(x + i * row + j * column);)
            input_line(in, lines + j, 6, rows);
        })
    REPEAT6(
        i, if (i < rows) {
            vec line[6];
            input_line(lines + i * 6, line, 1, columns);
            REPEAT6(j, if (j < columns) store(out + (i * points + j) * stride, line[j]);)
        })
}

/* These are functions of their own: inlined side by side, they leave the compiler too few registers
 * for any of them. */

/* Of a tile of a picture that is convolved with a stride of 2: the phases' matrices begin `phase`
 * floats apart. */
static __attribute__((noinline)) void transform_phases(const struct images *x, int block,
                                                       const struct origin *tile, float *out,
                                                       ptrdiff_t stride, ptrdiff_t phase)
{
    const ptrdiff_t row = x->view.row, column = x->column;
    const float *from = tile_at(x, block, tile);
    fetch_tile(tile_at(x, block, tile + TILES_AHEAD), row / 2, VL, 9, 9, LINE_PIXELS);
    REPEAT4(p, transform_tile(from + p / 2 * (row / 2) + p % 2 * (column / 2), row, column,
                              out + p * phase, stride, 5, p);)
}

/* Of a tile of a picture that is convolved with a stride of 1. */
static __attribute__((noinline)) void transform_whole(const struct images *x, int block,
                                                      const struct origin *tile, float *out,
                                                      ptrdiff_t stride)
{
    fetch_tile(tile_at(x, block, tile + TILES_AHEAD), x->view.row, VL, 6, 4, LINE_PIXELS);
    transform_tile(tile_at(x, block, tile), x->view.row, VL, out, stride, 6, 0);
}

#endif
