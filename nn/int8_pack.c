#include "nn/int8_pack.h"

#include "nn/int8_kernels.h"
#include "nn/pack.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* --- rounding --------------------------------------------------------------------------------- */

/* All loops go along the rows, as the weights lie in memory, and become vectors. */

/* Of a channel whose largest weight is this. */
static inline float scale_of(float largest)
{
    const float scale = largest / INT8_WEIGHT_MAX;
    return scale >= FLT_MIN ? scale : 1; /* all zero, or as good as that */
}

static void find_scales(const float *kernel, size_t rows, int out, float *scales)
{
    memset(scales, 0, (size_t)out * sizeof *scales);
    for (size_t i = 0; i < rows; i++, kernel += out)
        for (int o = 0; o < out; o++) {
            const float size = fabsf(kernel[o]);
            scales[o] = size > scales[o] ? size : scales[o];
        }
    for (int o = 0; o < out; o++)
        scales[o] = scale_of(scales[o]);
}

/* As rintf, which is a call where SSE2 is all there is: floats of this size have no fractions. */
static inline float rounded(float value)
{
    const float large = 3 << 22;
    return value + large - large;
}

static void round_row(const float *kernel, struct int8_weights *w, int8_t *q)
{
    const float *scales = w->scales;
    int32_t *sums = w->sums, *magnitudes = w->magnitudes;
    for (int o = 0; o < w->out; o++) {
        const int weight = (int)rounded(kernel[o] / scales[o]);
        q[o] = (int8_t)weight;
        sums[o] += weight;
        magnitudes[o] += weight < 0 ? -weight : weight;
    }
}

bool int8_weights_init(struct int8_weights *w, const float *kernel, size_t rows, int out)
{
    const size_t outputs = (size_t)out;
    *w = (struct int8_weights){.q = malloc(rows * outputs),
                               .scales = malloc(outputs * sizeof *w->scales),
                               .sums = calloc(outputs, sizeof *w->sums),
                               .magnitudes = calloc(outputs, sizeof *w->magnitudes),
                               .out = out};
    if (!w->q || !w->scales || !w->sums || !w->magnitudes)
        return false;
    find_scales(kernel, rows, out, w->scales);
    for (size_t i = 0; i < rows; i++)
        round_row(kernel + i * outputs, w, w->q + i * outputs);
    return true;
}

void int8_weights_finish(struct int8_weights *w)
{
    free(w->q);
    free(w->scales);
    free(w->sums);
    free(w->magnitudes);
}

void int8_round_kernel(float *kernel, size_t rows, int out)
{
    for (int o = 0; o < out; o++) {
        float largest = 0;
        for (size_t i = 0; i < rows; i++)
            largest = fmaxf(largest, fabsf(kernel[i * (size_t)out + (size_t)o]));
        const float scale = scale_of(largest);
        for (size_t i = 0; i < rows; i++) {
            float *weight = &kernel[i * (size_t)out + (size_t)o];
            *weight = scale * rounded(*weight / scale);
        }
    }
}

/* --- groups of output channels ---------------------------------------------------------------- */

static int groups(const struct int8_pack *p)
{
    return (pack_blocks(p->out, p->lanes) + p->vectors - 1) / p->vectors;
}

static int group_first(const struct int8_pack *p, int group)
{
    const int blocks = pack_blocks(p->out, p->lanes);
    return smaller(group * p->vectors, blocks - p->vectors) * p->lanes;
}

/* Units of one tap over all input channels. */
static int units_of(const struct int8_pack *p)
{
    return (p->in + p->unit - 1) / p->unit;
}

/* The weights of one tap and channel for outputs from `first` on; NULL: there is no such channel.
 */
static const int8_t *weights_of(const struct int8_pack *p, int tap, int channel, int first)
{
    if (channel >= p->in)
        return NULL;
    return p->weights->q + ((ptrdiff_t)tap * p->in + channel) * p->out + first;
}

/* What rows(i) is where there is no channel. */
static const int8_t zeros[KERNEL_TILE_VECTORS * KERNEL_LANES_MAX];

/* One unit for each of `width` outputs: its values are those of `unit` rows. Of the outputs `count`
 * exist. Called with constants. */
static inline void interleave(const int8_t *const rows[], int count, int width, const int unit,
                              const int weight_bytes, int8_t *packed)
{
    if (weight_bytes == 1) {
        for (int o = 0; o < count; o++)
            for (int j = 0; j < unit; j++)
                packed[o * unit + j] = rows[j][o];
    } else {
        int16_t *halves = (int16_t *)(void *)packed;
        for (int o = 0; o < count; o++)
            for (int j = 0; j < unit; j++)
                halves[o * unit + j] = rows[j][o];
    }
    const size_t bytes = (size_t)(unit * weight_bytes);
    memset(packed + (size_t)count * bytes, 0, (size_t)(width - count) * bytes);
}

/* --- convolution ------------------------------------------------------------------------------ */

static size_t group_bytes(const struct int8_pack *p)
{
    const size_t width = (size_t)(p->vectors * p->lanes);
    const size_t units = (size_t)p->taps * (size_t)units_of(p);
    return width * (units * (size_t)(p->unit * p->weight_bytes) + sizeof(int32_t));
}

size_t int8_pack_conv_bytes(const struct int8_pack *p)
{
    return (size_t)groups(p) * group_bytes(p);
}

static int8_t *pack_unit(const struct int8_pack *p, int tap, int channel, int first, int8_t *packed)
{
    const int width = p->vectors * p->lanes;
    const int8_t *rows[INT8_UNIT];
    for (int j = 0; j < p->unit; j++) {
        const int8_t *row = weights_of(p, tap, channel + j, first);
        rows[j] = row ? row : zeros;
    }
    const int count = smaller(width, p->out - first);
    if (p->unit == 4)
        interleave(rows, count, width, 4, 1, packed);
    else if (p->weight_bytes == 1)
        interleave(rows, count, width, 2, 1, packed);
    else
        interleave(rows, count, width, 2, 2, packed);
    return packed + (ptrdiff_t)width * p->unit * p->weight_bytes;
}

static int8_t *pack_sums(const struct int8_pack *p, int first, int width, int8_t *packed)
{
    for (int o = first; o < first + width; o++, packed += sizeof(int32_t)) {
        const int32_t sum = o < p->out ? 128 * p->weights->sums[o] : 0;
        memcpy(packed, &sum, sizeof sum);
    }
    return packed;
}

void int8_pack_conv(const struct int8_pack *p, int8_t *packed)
{
    const int depth = p->plain ? p->in : p->lanes;
    for (int group = 0; group < groups(p); group++) {
        const int first = group_first(p, group);
        for (int begin = 0; begin < p->in; begin += depth)
            for (int tap = 0; tap < p->taps; tap++)
                for (int c = begin; c < smaller(begin + depth, p->in); c += p->unit)
                    packed = pack_unit(p, tap, c, first, packed);
        packed = pack_sums(p, first, p->vectors * p->lanes, packed);
    }
}

/* --- Winograd --------------------------------------------------------------------------------- */

/* Two input channels of four outputs, as a unit holds them. */
typedef int16_t pairs __attribute__((vector_size(16)));

ptrdiff_t int8_pack_winograd_stride(const struct int8_pack *p)
{
    /* not a power of two, and a multiple of the alignment */
    struct int8_pack one = *p;
    one.taps = 1;
    return ((ptrdiff_t)int8_pack_conv_bytes(&one) + KERNEL_ALIGNMENT - 1) / KERNEL_ALIGNMENT *
               KERNEL_ALIGNMENT +
           5 * KERNEL_ALIGNMENT;
}

/* out = G (a b c), for the points 0, 1, -1, 2, -2, infinity. Its rows are those of nn/pack.c times
 * 24, but the last times 12: so all products fit in 16 bits, |.| <= 12 * 12 * 127. */
static void filter_transform(pairs a, pairs b, pairs c, pairs out[6])
{
    const pairs outer = (a + c) * -4, inner = b * -4, ends = a + c * 4, middle = b * 2;
    out[0] = a * 6;
    out[1] = outer + inner;
    out[2] = outer - inner;
    out[3] = ends + middle;
    out[4] = ends - middle;
    out[5] = c * 12;
}

static pairs load_pairs(const int8_t *a, const int8_t *b)
{
    return (pairs){a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]};
}

/* The filters of two inputs and four outputs into their places in the 36 matrices. `taps` are the
 * weights of the first and of the second input. */
static void pack_filters(const int8_t *const taps[2][9], int o, ptrdiff_t stride, int8_t *packed)
{
    pairs columns[3][6], row[6];
    for (int j = 0; j < 3; j++) {
        pairs g[3];
        for (int i = 0; i < 3; i++)
            g[i] = load_pairs(taps[0][i * 3 + j] + o, taps[1][i * 3 + j] + o);
        filter_transform(g[0], g[1], g[2], columns[j]);
    }
    for (int i = 0; i < 6; i++) {
        filter_transform(columns[0][i], columns[1][i], columns[2][i], row);
        for (int j = 0; j < 6; j++)
            memcpy(packed + (i * 6 + j) * stride, &row[j], sizeof row[j]);
    }
}

/* The weights of two channels for a group of outputs. The last outputs may not exist: they are
 * copied with zeros behind them. */
static void pack_channels(const struct int8_pack *p, int channel, int first, ptrdiff_t stride,
                          int8_t *packed)
{
    enum { WIDTH_MAX = KERNEL_TILE_VECTORS * KERNEL_LANES_MAX };
    const int width = p->vectors * p->lanes, count = smaller(width, p->out - first);
    int8_t copies[2][9][WIDTH_MAX];
    const int8_t *taps[2][9];
    for (int c = 0; c < 2; c++)
        for (int tap = 0; tap < 9; tap++) {
            const int8_t *row = weights_of(p, tap, channel + c, first);
            taps[c][tap] = row ? row : zeros;
            if (count == width || !row)
                continue;
            memset(copies[c][tap], 0, WIDTH_MAX);
            memcpy(copies[c][tap], row, (size_t)count);
            taps[c][tap] = copies[c][tap];
        }
    for (int o = 0; o < width; o += 4, packed += sizeof(pairs))
        pack_filters(taps, o, stride, packed);
}

void int8_pack_winograd(const struct int8_pack *p, int8_t *packed)
{
    const ptrdiff_t stride = int8_pack_winograd_stride(p);
    const ptrdiff_t unit_bytes = (ptrdiff_t)p->vectors * p->lanes * INT8_UNIT;
    for (int group = 0; group < groups(p); group++) {
        for (int c = 0; c < p->in; c += 2, packed += unit_bytes)
            pack_channels(p, c, group_first(p, group), stride, packed);
        packed += unit_bytes; /* the sums, which nobody reads */
    }
}

/* The kernels work modulo 2^32 and yield 576 times the sum. 576 is 9 * 2^6: the division loses the
 * upper six bits. What is left holds -2^25 .. 2^25 - 1. */
bool int8_winograd_is_exact(const struct int8_weights *w)
{
    for (int o = 0; o < w->out; o++) {
        const int32_t sum = w->sums[o] < 0 ? -w->sums[o] : w->sums[o];
        const int32_t one_sign = (w->magnitudes[o] + sum) / 2; /* of all weights, the larger part */
        if (one_sign > (1 << 25) / 255)
            return false;
    }
    return true;
}

/* --- depthwise -------------------------------------------------------------------------------- */

static int row_units(const struct int8_pack *p)
{
    return (p->taps_x + p->unit - 1) / p->unit;
}

size_t int8_pack_depthwise_bytes(const struct int8_pack *p)
{
    const int units = p->taps / p->taps_x * row_units(p) + 1;
    return (size_t)pack_blocks(p->out, p->lanes) * (size_t)(units * p->lanes) * INT8_UNIT;
}

/* One unit of taps, from `tap` of the row that begins with tap `row`, for `lanes` channels. */
static int8_t *pack_taps(const struct int8_pack *p, int row, int tap, int first, int8_t *packed)
{
    const int8_t *rows[INT8_UNIT];
    for (int j = 0; j < p->unit; j++)
        rows[j] = tap + j < p->taps_x ? p->weights->q + (ptrdiff_t)(row + tap + j) * p->out + first
                                      : zeros;
    const int count = smaller(p->lanes, p->out - first);
    if (p->unit == 4)
        interleave(rows, count, p->lanes, 4, 1, packed);
    else
        interleave(rows, count, p->lanes, 2, 2, packed);
    return packed + (ptrdiff_t)p->lanes * INT8_UNIT;
}

void int8_pack_depthwise(const struct int8_pack *p, int8_t *packed)
{
    for (int first = 0; first < p->out; first += p->lanes) {
        for (int row = 0; row < p->taps; row += p->taps_x)
            for (int unit = 0; unit < row_units(p); unit++)
                packed = pack_taps(p, row, unit * p->unit, first, packed);
        packed = pack_sums(p, first, p->lanes, packed);
    }
}
