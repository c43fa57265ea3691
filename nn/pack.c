#include "nn/pack.h"

#include "nn/kernels.h"

#include <string.h>

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int groups(const struct pack *p)
{
    return (pack_blocks(p->out, p->lanes) + p->vectors - 1) / p->vectors;
}

/* First output channel of a group. */
static int group_channel(const struct pack *p, int group)
{
    return smaller(group * p->vectors, pack_blocks(p->out, p->lanes) - p->vectors) * p->lanes;
}

/* `count` output channels from `first` of one row of the kernel; returns the end. */
static float *copy_outputs(const struct pack *p, const float *row, int first, int count, float *to)
{
    const int real = first < p->out ? smaller(count, p->out - first) : 0;
    memcpy(to, row + first, (size_t)real * sizeof *to);
    if (p->scale)
        for (int i = 0; i < real; i++)
            to[i] *= p->scale[first + i];
    memset(to + real, 0, (size_t)(count - real) * sizeof *to);
    return to + count;
}

/* --- convolution ------------------------------------------------------------------------------ */

size_t pack_conv_count(const struct pack *p)
{
    return (size_t)groups(p) * (size_t)p->taps * (size_t)p->in * (size_t)(p->vectors * p->lanes);
}

void pack_conv(const struct pack *p, float *packed)
{
    const int depth = p->plain ? p->in : p->lanes;
    for (int group = 0; group < groups(p); group++)
        for (int first = 0; first < p->in; first += depth)
            for (int tap = 0; tap < p->taps; tap++)
                for (int c = first; c < smaller(first + depth, p->in); c++) {
                    const int channel = p->reversed ? p->in - 1 - c : c;
                    const float *row =
                        p->kernel + ((ptrdiff_t)tap * p->in + channel) * (ptrdiff_t)p->out;
                    packed = copy_outputs(p, row, group_channel(p, group), p->vectors * p->lanes,
                                          packed);
                }
}

/* --- Winograd --------------------------------------------------------------------------------- */

ptrdiff_t pack_winograd_stride(const struct pack *p)
{
    /* not a power of two, and a multiple of the alignment */
    return (ptrdiff_t)groups(p) * p->in * p->vectors * p->lanes + KERNEL_LANES_MAX * 5;
}

/* out = G (a b c), for the interpolation points 0, 1, -1, 2, -2, infinity */
static void filter_transform(float a, float b, float c, float out[6])
{
    out[0] = a / 4;
    out[1] = -(a + b + c) / 6;
    out[2] = -(a - b + c) / 6;
    out[3] = (a / 4 + b / 2 + c) / 6;
    out[4] = (a / 4 - b / 2 + c) / 6;
    out[5] = c;
}

/* One filter, taps `stride` floats apart, into its place in the 36 matrices. */
static void pack_filter(const float *taps, ptrdiff_t stride, float scale, ptrdiff_t matrix_stride,
                        float *packed)
{
    float columns[3][6], row[6];
    for (int j = 0; j < 3; j++)
        filter_transform(taps[j * stride], taps[(3 + j) * stride], taps[(6 + j) * stride],
                         columns[j]);
    for (int i = 0; i < 6; i++) {
        filter_transform(columns[0][i], columns[1][i], columns[2][i], row);
        for (int j = 0; j < 6; j++)
            packed[(i * 6 + j) * matrix_stride] = row[j] * scale;
    }
}

void pack_winograd(const struct pack *p, float *packed)
{
    const ptrdiff_t tap_stride = (ptrdiff_t)p->in * p->out, matrix_stride = pack_winograd_stride(p);
    for (int group = 0; group < groups(p); group++) {
        const int first = group_channel(p, group);
        for (int c = 0; c < p->in; c++)
            for (int o = first; o < first + p->vectors * p->lanes; o++, packed++) {
                if (o < p->out)
                    pack_filter(p->kernel + (ptrdiff_t)c * p->out + o, tap_stride,
                                p->scale ? p->scale[o] : 1, matrix_stride, packed);
                else
                    for (int k = 0; k < 36; k++)
                        packed[k * matrix_stride] = 0;
            }
    }
}

/* --- dense and depthwise ---------------------------------------------------------------------- */

size_t pack_dense_inputs(const struct pack *p)
{
    const int channels = p->plain ? p->in : pack_blocks(p->in, p->lanes) * p->lanes;
    return (size_t)p->taps * (size_t)channels;
}

static int dense_groups(const struct pack *p)
{
    return pack_blocks(p->out, DENSE_VECTORS * p->lanes);
}

size_t pack_dense_count(const struct pack *p)
{
    return (size_t)dense_groups(p) * pack_dense_inputs(p) * (size_t)(DENSE_VECTORS * p->lanes);
}

static float *pack_dense_group(const struct pack *p, int group, float *packed)
{
    const int width = DENSE_VECTORS * p->lanes, depth = p->plain ? p->in : p->lanes;
    for (int first = 0; first < p->in; first += depth)
        for (int pixel = 0; pixel < p->taps; pixel++)
            for (int c = first; c < first + depth; c++) {
                if (c < p->in) {
                    const float *row =
                        p->kernel + ((ptrdiff_t)pixel * p->in + c) * (ptrdiff_t)p->out;
                    packed = copy_outputs(p, row, group * width, width, packed);
                    continue;
                }
                for (int i = 0; i < width; i++)
                    *packed++ = 0;
            }
    return packed;
}

void pack_dense(const struct pack *p, float *packed)
{
    for (int group = 0; group < dense_groups(p); group++)
        packed = pack_dense_group(p, group, packed);
}

/* The nearest, of two equally near the even one. Weights are finite (model_finish), and what would
 * become infinite stays the largest bfloat16. */
static uint32_t to_bfloat16(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    const uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    return (rounded & 0x7fff) >= 0x7f80 ? bits >> 16 : rounded;
}

size_t pack_dense_bfloat16_count(const struct pack *p)
{
    return (size_t)dense_groups(p) * ((pack_dense_inputs(p) + 1) / 2) *
           (size_t)(DENSE_VECTORS * p->lanes);
}

void pack_dense_bfloat16(const struct pack *p, float *rows, uint32_t *pairs)
{
    const size_t inputs = pack_dense_inputs(p), width = (size_t)(DENSE_VECTORS * p->lanes);
    for (int group = 0; group < dense_groups(p); group++) {
        pack_dense_group(p, group, rows);
        for (size_t i = 0; i < inputs; i += 2)
            for (size_t o = 0; o < width; o++) {
                const float *first = rows + i * width + o;
                const uint32_t second = i + 1 < inputs ? to_bfloat16(first[width]) : 0;
                *pairs++ = to_bfloat16(*first) | second << 16;
            }
    }
}

size_t pack_depthwise_count(const struct pack *p)
{
    return (size_t)pack_blocks(p->out, p->lanes) * (size_t)p->taps * (size_t)p->lanes;
}

void pack_depthwise(const struct pack *p, float *packed)
{
    for (int first = 0; first < p->out; first += p->lanes)
        for (int tap = 0; tap < p->taps; tap++)
            packed = copy_outputs(p, p->kernel + (ptrdiff_t)tap * p->out, first, p->lanes, packed);
}
