#include "nn/kernels_private.h"

/* Four outputs of a 3x3 filter. A row of inputs is loaded once and used by every output that it
 * touches; `stride` is a constant. */
static ALWAYS_INLINE void tile_3x3(const struct depthwise *d, const float *in, const vec weights[9],
                                   vec bias, float *out, const int stride)
{
    vec acc[4] = {bias, bias, bias, bias};
    REPEAT4(
        y, if (y < 3) {
            const float *row = in + y * d->tap_row;
            vec x[16];
            REPEAT16(i, if (i < 3 * stride + 3) x[i] = load(row + i * VL);)
            REPEAT4(
                tap, if (tap < 3) {
                    REPEAT4(t, acc[t] += x[(t * stride + tap) % 16] * weights[(y * 3 + tap) % 9];)
                })
        })
    REPEAT4(t, store(out + t * d->out_pixel, fuse(acc[t], &d->fused));)
}

/* Rows `y` to `end` of a block of channels. */
static ALWAYS_INLINE void rows_3x3(const struct depthwise *d, int block, int y, int end,
                                   const int stride)
{
    const int width = d->out.width;
    vec weights[9];
    REPEAT16(i, if (i < 9) weights[i % 9] = load(d->weights + (block * 9 + i) * VL);)
    const vec bias = load(d->bias + block * VL);
    for (; y < end; y++) {
        const float *in = d->in.data + block * d->in.block + y * d->output_row;
        float *out = d->out.data + block * d->out.block + y * d->out.row;
        for (int column = 0; column < width; column += 4) {
            const int x = column + 4 <= width ? column : width - 4;
            tile_3x3(d, in + x * stride * VL, weights, bias, out + x * d->out_pixel, stride);
        }
    }
}

/* Blocks of channels that lie side by side in whole pixels write parts of the same cache lines:
 * they take turns of so many rows that a line stays in the first cache until its last part. */
static int turn_rows(const struct depthwise *d)
{
    enum { TURN_BYTES = 16 * 1024 };
    const int height = d->out.height;
    const int rows = (int)(TURN_BYTES / (ptrdiff_t)sizeof(float) / d->out.row);
    if (d->out_pixel == VL || rows > height)
        return height;
    return rows > 0 ? rows : 1;
}

static ALWAYS_INLINE void filter_3x3(const struct depthwise *d, const int stride)
{
    const int height = d->out.height, rows = turn_rows(d);
    for (int y = 0; y < height; y += rows)
        for (int block = 0; block < d->out.blocks; block++)
            rows_3x3(d, block, y, y + rows < height ? y + rows : height, stride);
}

/* `columns` outputs (a constant) of any filter. */
static ALWAYS_INLINE void tile_any(const struct depthwise *d, const float *in, const float *weights,
                                   vec bias, float *out, const int columns)
{
    vec acc[4] = {bias, bias, bias, bias};
    for (int y = 0; y < d->taps_y; y++) {
        const float *x = in + y * d->tap_row;
        for (int tap = 0; tap < d->taps_x; tap++, x += d->tap_column, weights += VL) {
            const vec w = load(weights);
            REPEAT4(t, if (t < columns) acc[t] += load(x + t * d->output_column) * w;)
        }
    }
    REPEAT4(t, if (t < columns) store(out + t * d->out_pixel, fuse(acc[t], &d->fused));)
}

static void filter_any(const struct depthwise *d)
{
    const ptrdiff_t taps = (ptrdiff_t)d->taps_y * d->taps_x;
    for (int block = 0; block < d->out.blocks; block++) {
        const float *weights = d->weights + block * taps * VL;
        const vec bias = load(d->bias + block * VL);
        for (int y = 0; y < d->out.height; y++) {
            const float *in = d->in.data + block * d->in.block + y * d->output_row;
            float *out = d->out.data + block * d->out.block + y * d->out.row;
            int x = 0;
            for (; x + 4 <= d->out.width; x += 4)
                tile_any(d, in + x * d->output_column, weights, bias, out + x * d->out_pixel, 4);
            for (; x < d->out.width; x++)
                tile_any(d, in + x * d->output_column, weights, bias, out + x * d->out_pixel, 1);
        }
    }
}

void KERNEL(depthwise)(const struct depthwise *d)
{
    const bool is_3x3 =
        d->taps_y == 3 && d->taps_x == 3 && d->tap_column == VL && d->out.width >= 4;
    if (is_3x3 && d->output_column == VL)
        filter_3x3(d, 1);
    else if (is_3x3 && d->output_column == 2 * VL)
        filter_3x3(d, 2);
    else
        filter_any(d);
}
