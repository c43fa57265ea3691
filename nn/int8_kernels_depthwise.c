#include "nn/int8_kernels_private.h"

enum {
    VECTOR_BYTES = VL * INT8_UNIT, /* of weights: one unit of taps */
    ROW_UNITS = 4 / UNIT_VALUES,   /* that hold four taps */
    PAIRS = INT8_DOT ? 1 : 2       /* of outputs at a time; those of 16 bits share units */
};

static ALWAYS_INLINE void store_sums(const struct int8_depthwise *d, int block, ptrdiff_t at,
                                     ivec sums)
{
    const vec scale = load(d->finish.scale + block * VL), bias = load(d->finish.bias + block * VL);
    store_value(&d->out, at, finish_value(to_floats(sums) * scale + bias, &d->finish));
}

/* The three taps of a row of weights at the places 0 to 2 and 1 to 3 of four pixels. */
struct row_weights {
    units left[ROW_UNITS], right[ROW_UNITS];
};

/* `from` are ROW_UNITS vectors. Each number of a unit moves one place on, the last one into the
 * next unit. */
static ALWAYS_INLINE struct row_weights shift_taps(const int8_t *from)
{
    struct row_weights w;
    uvec carry = {0};
    for (int i = 0; i < ROW_UNITS; i++) {
        const uvec taps = *(const uvec *)(const void *)(from + i * VECTOR_BYTES);
        w.left[i] = split_units((ivec)taps);
        w.right[i] = split_units((ivec)(taps << 8 * VALUE_BYTES | carry));
        carry = taps >> (32 - 8 * VALUE_BYTES);
    }
    return w;
}

/* Some pairs of neighbouring outputs of a 3x3 filter with stride 1: the four pixels from the place
 * of a pair hold the three taps of both. */
static ALWAYS_INLINE void pairs_3x3(const struct int8_depthwise *d, const uint8_t *in,
                                    const struct row_weights weights[3], ivec first, int block,
                                    ptrdiff_t at)
{
    const int pairs = PAIRS, shared = PAIRS + ROW_UNITS - 1, products = PAIRS * ROW_UNITS;
    ivec left[4] = {first, first, first, first}, right[4] = {first, first, first, first};
    REPEAT4(
        y, if (y < 3) {
            units x[4];
            REPEAT4(u,
                    if (u < shared) x[u] = gather_units(in + y * d->tap_row + u * 2 * PIXEL_BYTES);)
            REPEAT4(
                i, if (i < products) {
                    enum { PAIR = i / ROW_UNITS, UNIT = i % ROW_UNITS };
                    const struct row_weights *w = &weights[y % 3];
                    left[PAIR] = dot(left[PAIR], x[PAIR + UNIT], w->left[UNIT]);
                    right[PAIR] = dot(right[PAIR], x[PAIR + UNIT], w->right[UNIT]);
                })
        })
    REPEAT4(
        i, if (i < pairs) {
            store_sums(d, block, at + 2 * i * d->out_pixel, left[i]);
            store_sums(d, block, at + (2 * i + 1) * d->out_pixel, right[i]);
        })
}

static void filter_pairs(const struct int8_depthwise *depthwise)
{
    const struct int8_depthwise copy = *depthwise, *d = &copy; /* that no store can change */
    const int8_t *from = d->weights;
    for (int block = 0; block < d->out.blocks;
         block++, from += (3 * ROW_UNITS + 1) * VECTOR_BYTES) {
        struct row_weights weights[3];
        for (int y = 0; y < 3; y++)
            weights[y] = shift_taps(from + y * ROW_UNITS * VECTOR_BYTES);
        const ivec first = first_sums(from + 3 * ROW_UNITS * VECTOR_BYTES);
        for (int y = 0; y < d->out.height; y++) {
            const uint8_t *in = d->in.data + block * d->in.block + y * d->output_row;
            const ptrdiff_t row = block * d->out.block + y * d->out.row;
            for (int column = 0; column < d->out.width; column += 2 * PAIRS) {
                const int last = d->out.width - 2 * PAIRS, x = column < last ? column : last;
                pairs_3x3(d, in + x * PIXEL_BYTES, weights, first, block, row + x * d->out_pixel);
            }
        }
    }
}

/* One output of any filter. */
static ALWAYS_INLINE void one(const struct int8_depthwise *d, const uint8_t *in,
                              const int8_t *weights, int row_units, int block, ptrdiff_t at)
{
    ivec sums = first_sums(weights + (ptrdiff_t)d->taps_y * row_units * VECTOR_BYTES);
    for (int y = 0; y < d->taps_y; y++) {
        const uint8_t *x = in + y * d->tap_row;
        for (int i = 0; i < row_units; i++, x += UNIT_VALUES * PIXEL_BYTES, weights += VECTOR_BYTES)
            sums = dot(sums, gather_units(x), load_weights(weights));
    }
    store_sums(d, block, at, sums);
}

static void filter_any(const struct int8_depthwise *depthwise)
{
    const struct int8_depthwise copy = *depthwise, *d = &copy;
    const int row_units = (d->taps_x + UNIT_VALUES - 1) / UNIT_VALUES;
    const ptrdiff_t block_weights = ((ptrdiff_t)d->taps_y * row_units + 1) * VECTOR_BYTES;
    for (int block = 0; block < d->out.blocks; block++) {
        const int8_t *weights = d->weights + block * block_weights;
        for (int y = 0; y < d->out.height; y++) {
            const uint8_t *in = d->in.data + block * d->in.block + y * d->output_row;
            const ptrdiff_t row = block * d->out.block + y * d->out.row;
            for (int x = 0; x < d->out.width; x++)
                one(d, in + x * d->output_column, weights, row_units, block,
                    row + x * d->out_pixel);
        }
    }
}

void INT8(depthwise)(const struct int8_depthwise *d)
{
    if (d->taps_y == 3 && d->taps_x == 3 && d->output_column == PIXEL_BYTES &&
        d->out.width >= 2 * PAIRS)
        filter_pairs(d);
    else
        filter_any(d);
}
