#include "nn/int8_kernels_private.h"

enum { VECTOR_BYTES = VL * INT8_QUAD };

static ALWAYS_INLINE void store_sums(const struct int8_depthwise *d, int block, ptrdiff_t at,
                                     ivec sums)
{
    const vec scale = load(d->finish.scale + block * VL), bias = load(d->finish.bias + block * VL);
    store_value(&d->out, at, finish_value(to_floats(sums) * scale + bias, &d->finish));
}

/* Outputs x and x + 1 of a 3x3 filter with stride 1: four neighbouring pixels hold the three taps
 * of both. */
static ALWAYS_INLINE void pair_3x3(const struct int8_depthwise *d, const uint8_t *in,
                                   const ivec weights[3], ivec first, int block, ptrdiff_t at)
{
    ivec left = first, right = first;
    REPEAT4(
        y, if (y < 3) {
            const struct quads x = gather_quads(in + y * d->tap_row);
            left = dot(left, x, signed_quads(weights[y % 3]));
            right = dot(right, x, signed_quads(shift_taps(weights[y % 3])));
        })
    store_sums(d, block, at, left);
    store_sums(d, block, at + VL, right);
}

static void filter_pairs(const struct int8_depthwise *d)
{
    const int8_t *from = d->weights;
    for (int block = 0; block < d->out.blocks; block++, from += 4 * VECTOR_BYTES) {
        ivec weights[3];
        memcpy(weights, from, sizeof weights);
        const ivec first = first_sums(from + 3 * VECTOR_BYTES);
        for (int y = 0; y < d->out.height; y++) {
            const uint8_t *in = d->in.data + block * d->in.block + y * d->output_row;
            const ptrdiff_t row = block * d->out.block + y * d->out.row;
            for (int column = 0; column < d->out.width; column += 2) {
                const int x = column + 2 <= d->out.width ? column : d->out.width - 2;
                pair_3x3(d, in + x * VL, weights, first, block, row + x * VL);
            }
        }
    }
}

/* One output of any filter. */
static ALWAYS_INLINE void one(const struct int8_depthwise *d, const uint8_t *in,
                              const int8_t *weights, int quads, int block, ptrdiff_t at)
{
    ivec sums = first_sums(weights + (ptrdiff_t)d->taps_y * quads * VECTOR_BYTES);
    for (int y = 0; y < d->taps_y; y++) {
        const uint8_t *x = in + y * d->tap_row;
        for (int i = 0; i < quads; i++, x += VECTOR_BYTES, weights += VECTOR_BYTES)
            sums = dot(sums, gather_quads(x), load_weights(weights));
    }
    store_sums(d, block, at, sums);
}

static void filter_any(const struct int8_depthwise *d)
{
    const int quads = (d->taps_x + INT8_QUAD - 1) / INT8_QUAD;
    const ptrdiff_t block_weights = ((ptrdiff_t)d->taps_y * quads + 1) * VECTOR_BYTES;
    for (int block = 0; block < d->out.blocks; block++) {
        const int8_t *weights = d->weights + block * block_weights;
        for (int y = 0; y < d->out.height; y++) {
            const uint8_t *in = d->in.data + block * d->in.block + y * d->output_row;
            const ptrdiff_t row = block * d->out.block + y * d->out.row;
            for (int x = 0; x < d->out.width; x++)
                one(d, in + x * d->output_column, weights, quads, block, row + x * VL);
        }
    }
}

void INT8(depthwise)(const struct int8_depthwise *d)
{
    if (d->taps_y == 3 && d->taps_x == 3 && d->output_column == VL && d->out.width >= 2)
        filter_pairs(d);
    else
        filter_any(d);
}
