#include "nn/pack.h"

#include "nn/kernels.h"

#include <math.h>
#include <string.h>

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

static int groups(const struct pack *p)
{
    return (pack_blocks(p->out, p->lanes) + p->vectors - 1) / p->vectors;
}

/* Vectors in the groups before this one. */
static int vectors_before(const struct pack *p, int group)
{
    const int narrow = group - (groups(p) - p->narrow);
    return group * p->vectors - (narrow > 0 ? narrow : 0);
}

static int group_vectors(const struct pack *p, int group)
{
    return vectors_before(p, group + 1) - vectors_before(p, group);
}

/* First output channel of a group. */
static int group_channel(const struct pack *p, int group)
{
    const int last = pack_blocks(p->out, p->lanes) - group_vectors(p, group);
    return smaller(vectors_before(p, group), last) * p->lanes;
}

/* `count` output channels from `first` of one row of the kernel. */
static void copy_outputs(const struct pack *p, const float *row, int first, int count, float *to)
{
    const int real = first < p->out ? smaller(count, p->out - first) : 0;
    memcpy(to, row + first, (size_t)real * sizeof *to);
    if (p->scale)
        for (int i = 0; i < real; i++)
            to[i] *= p->scale[first + i];
    memset(to + real, 0, (size_t)(count - real) * sizeof *to);
}

/* --- convolution ------------------------------------------------------------------------------ */

size_t pack_conv_count(const struct pack *p)
{
    return (size_t)p->taps * (size_t)p->in * (size_t)(vectors_before(p, groups(p)) * p->lanes);
}

/* Row by row, which is how memory likes to be read; the groups are written side by side. */
void pack_conv(const struct pack *p, float *packed)
{
    const int depth = p->plain ? p->in : p->lanes;
    const ptrdiff_t rows = (ptrdiff_t)p->taps * p->in;
    ptrdiff_t place = 0; /* of a row in its group */
    for (int first = 0; first < p->in; first += depth)
        for (int tap = 0; tap < p->taps; tap++)
            for (int c = first; c < smaller(first + depth, p->in); c++, place++) {
                const int channel = p->reversed ? p->in - 1 - c : c;
                const float *row =
                    p->kernel + ((ptrdiff_t)tap * p->in + channel) * (ptrdiff_t)p->out;
                for (int group = 0; group < groups(p); group++) {
                    const int width = group_vectors(p, group) * p->lanes;
                    copy_outputs(p, row, group_channel(p, group), width,
                                 packed + rows * vectors_before(p, group) * p->lanes +
                                     place * width);
                }
            }
}

/* --- Winograd --------------------------------------------------------------------------------- */

ptrdiff_t pack_winograd_stride(const struct pack *p)
{
    /* not a power of two, and a multiple of the alignment */
    return (ptrdiff_t)groups(p) * p->in * p->vectors * p->lanes + KERNEL_LANES_MAX * 5;
}

size_t pack_winograd_count(const struct pack *p)
{
    const size_t matrix = (size_t)groups(p) * (size_t)(p->in * p->vectors * p->lanes);
    return (size_t)winograd_matrices(p->side) *
           (p->plain ? matrix : (size_t)pack_winograd_stride(p));
}

/* Four filters side by side: the outputs of a group of vectors are a multiple of four. */
enum { SIDE_BY_SIDE = 4 };
typedef float quad __attribute__((vector_size(SIDE_BY_SIDE * sizeof(float))));

/* out = G (a b c); the points are those of nn/winograd_transform.h */
static void filter_transform(quad a, quad b, quad c, int side, quad *out)
{
    if (side == 2) {
        out[0] = a;
        out[1] = (a + b + c) / 2;
        out[2] = (a - b + c) / 2;
        out[3] = c;
        return;
    }
    out[0] = a / 4;
    out[1] = -(a + b + c) / 6;
    out[2] = -(a - b + c) / 6;
    out[3] = (a / 4 + b / 2 + c) / 6;
    out[4] = (a / 4 - b / 2 + c) / 6;
    out[5] = c;
}

/* Those of `count` outputs; of the others nothing. */
static quad load_quad(const float *from, int count)
{
    quad values = {0};
    if (count == SIDE_BY_SIDE) /* nearly always, and of a size that is known */
        memcpy(&values, from, sizeof values);
    else
        memcpy(&values, from, (size_t)count * sizeof *from);
    return values;
}

/* The filters of one input and `count` outputs, taps `stride` floats apart, into their places in
 * the matrices. */
static void pack_filters(const float *taps, ptrdiff_t stride, int count, quad scale, int side,
                         ptrdiff_t matrix_stride, float *packed)
{
    const int span = side + 2; /* inputs along a tile's side */
    quad columns[3][6], row[6];
    for (int j = 0; j < 3; j++)
        filter_transform(load_quad(taps + j * stride, count),
                         load_quad(taps + (3 + j) * stride, count),
                         load_quad(taps + (6 + j) * stride, count), side, columns[j]);
    for (int i = 0; i < span; i++) {
        filter_transform(columns[0][i], columns[1][i], columns[2][i], side, row);
        for (int j = 0; j < span; j++) {
            row[j] *= scale;
            memcpy(packed + (i * span + j) * matrix_stride, &row[j], sizeof row[j]);
        }
    }
}

void pack_winograd(const struct pack *p, float *packed)
{
    const ptrdiff_t tap_stride = (ptrdiff_t)p->in * p->out;
    const ptrdiff_t group_count = (ptrdiff_t)p->in * p->vectors * p->lanes;
    const ptrdiff_t matrix_stride = p->plain ? group_count : pack_winograd_stride(p);
    const ptrdiff_t group_stride =
        p->plain ? winograd_matrices(p->side) * group_count : group_count;
    const quad one = {1, 1, 1, 1};
    for (int group = 0; group < groups(p); group++) {
        const int first = group_channel(p, group), end = first + p->vectors * p->lanes;
        float *to = packed + group * group_stride;
        for (int c = 0; c < p->in; c++)
            for (int o = first; o < end; o += SIDE_BY_SIDE, to += SIDE_BY_SIDE) {
                const int channel = p->reversed ? p->in - 1 - c : c;
                const int count = o < p->out ? smaller(SIDE_BY_SIDE, p->out - o) : 0;
                const int from = smaller(o, p->out);
                pack_filters(p->kernel + (ptrdiff_t)channel * p->out + from, tap_stride, count,
                             p->scale ? load_quad(p->scale + from, count) : one, p->side,
                             matrix_stride, to);
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
            for (int c = first; c < first + depth; c++, packed += width) {
                const ptrdiff_t row = (ptrdiff_t)pixel * p->in + c;
                if (c < p->in)
                    copy_outputs(p, p->kernel + row * p->out, group * width, width, packed);
                else
                    memset(packed, 0, (size_t)width * sizeof *packed);
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

/* 5 bits of exponent (bias 15) and 10 of mantissa; below 2^-14 in steps of 2^-24. */
static uint16_t to_half(float value)
{
    const float size = fabsf(value);
    const uint16_t sign = signbit(value) ? 0x8000 : 0;
    uint32_t bits;
    memcpy(&bits, &size, sizeof bits);
    if (size >= 65504)
        return sign | 0x7bff;
    if (size < 0x1p-14F)
        return sign | (uint16_t)lrintf(size * 0x1p24F);
    const uint32_t rounded = bits + 0xfff + (bits >> 13 & 1); /* of two equally near the even one */
    return sign | (uint16_t)((rounded - ((127 - 15) << 23)) >> 13);
}

void pack_halves(const float *values, size_t count, uint16_t *halves)
{
    for (size_t i = 0; i < count; i++)
        halves[i] = to_half(values[i]);
}

size_t pack_depthwise_count(const struct pack *p)
{
    return (size_t)pack_blocks(p->out, p->lanes) * (size_t)p->taps * (size_t)p->lanes;
}

void pack_depthwise(const struct pack *p, float *packed)
{
    for (int first = 0; first < p->out; first += p->lanes)
        for (int tap = 0; tap < p->taps; tap++, packed += p->lanes)
            copy_outputs(p, p->kernel + (ptrdiff_t)tap * p->out, first, p->lanes, packed);
}
