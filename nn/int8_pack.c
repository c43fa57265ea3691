#include "nn/int8_pack.h"

#include "nn/int8_kernels.h"
#include "nn/pack.h"

#include <float.h>
#include <math.h>
#include <string.h>

static int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* --- rounding --------------------------------------------------------------------------------- */

/* The scale of one column of a matrix [rows][out]. */
static float scale_of(const float *column, size_t rows, int out)
{
    float largest = 0;
    for (size_t i = 0; i < rows; i++)
        largest = fmaxf(largest, fabsf(column[i * (size_t)out]));
    const float scale = largest / INT8_WEIGHT_MAX;
    return scale >= FLT_MIN ? scale : 1; /* all zero, or as good as that */
}

static int rounded(float weight, float scale)
{
    return (int)rintf(weight / scale);
}

void int8_weight_scales(const struct int8_pack *p, float *scales, int32_t *sums)
{
    const size_t rows = (size_t)p->taps * (size_t)p->in;
    for (int o = 0; o < p->out; o++) {
        scales[o] = scale_of(p->kernel + o, rows, p->out);
        sums[o] = 0;
        for (size_t i = 0; i < rows; i++)
            sums[o] += rounded(p->kernel[i * (size_t)p->out + (size_t)o], scales[o]);
    }
}

void int8_round_kernel(float *kernel, size_t rows, int out)
{
    for (int o = 0; o < out; o++) {
        const float scale = scale_of(kernel + o, rows, out);
        for (size_t i = 0; i < rows; i++) {
            float *weight = &kernel[i * (size_t)out + (size_t)o];
            *weight = scale * (float)rounded(*weight, scale);
        }
    }
}

/* --- convolution ------------------------------------------------------------------------------ */

static int groups(const struct int8_pack *p)
{
    return (pack_blocks(p->out, p->lanes) + p->vectors - 1) / p->vectors;
}

static int depth_of(const struct int8_pack *p)
{
    return p->plain ? INT8_QUAD : p->lanes;
}

/* Quads of one tap over all input channels. */
static int quads_of(const struct int8_pack *p)
{
    return p->plain ? 1 : (p->in + INT8_QUAD - 1) / INT8_QUAD;
}

static size_t group_bytes(const struct int8_pack *p)
{
    const size_t vector_bytes = (size_t)(p->vectors * p->lanes) * INT8_QUAD;
    return ((size_t)p->taps * (size_t)quads_of(p) + 1) * vector_bytes;
}

size_t int8_pack_conv_bytes(const struct int8_pack *p)
{
    return (size_t)groups(p) * group_bytes(p);
}

static int weight_at(const struct int8_pack *p, const float *scales, int tap, int channel,
                     int output)
{
    if (channel >= p->in || output >= p->out)
        return 0;
    const int from = p->reversed ? p->in - 1 - channel : channel;
    const size_t row = (size_t)tap * (size_t)p->in + (size_t)from;
    return rounded(p->kernel[row * (size_t)p->out + (size_t)output], scales[output]);
}

/* One quad of input channels for each of the group's outputs; adds up their sums. */
static int8_t *pack_quad(const struct int8_pack *p, const float *scales, int tap, int channel,
                         int first, int32_t *sums, int8_t *packed)
{
    for (int o = 0; o < p->vectors * p->lanes; o++)
        for (int j = 0; j < INT8_QUAD; j++) {
            const int weight = weight_at(p, scales, tap, channel + j, first + o);
            sums[o] += 128 * weight;
            *packed++ = (int8_t)weight;
        }
    return packed;
}

void int8_pack_conv(const struct int8_pack *p, const float *scales, int8_t *packed)
{
    int32_t sums[KERNEL_TILE_VECTORS * KERNEL_LANES_MAX];
    const int depth = depth_of(p), blocks = pack_blocks(p->out, p->lanes);
    for (int group = 0; group < groups(p); group++) {
        const int first = smaller(group * p->vectors, blocks - p->vectors) * p->lanes;
        memset(sums, 0, sizeof sums);
        for (int begin = 0; begin < p->in; begin += depth)
            for (int tap = 0; tap < p->taps; tap++)
                for (int c = begin; c < smaller(begin + depth, p->in); c += INT8_QUAD)
                    packed = pack_quad(p, scales, tap, c, first, sums, packed);
        const size_t bytes = (size_t)(p->vectors * p->lanes) * sizeof *sums;
        memcpy(packed, sums, bytes);
        packed += bytes;
    }
}

/* --- depthwise -------------------------------------------------------------------------------- */

static int row_quads(const struct int8_pack *p)
{
    return (p->taps_x + INT8_QUAD - 1) / INT8_QUAD;
}

size_t int8_pack_depthwise_bytes(const struct int8_pack *p)
{
    const int quads = p->taps / p->taps_x * row_quads(p) + 1;
    return (size_t)pack_blocks(p->out, p->lanes) * (size_t)(quads * p->lanes) * INT8_QUAD;
}

void int8_pack_depthwise(const struct int8_pack *p, const float *scales, int8_t *packed)
{
    int32_t sums[KERNEL_LANES_MAX];
    for (int first = 0; first < p->out; first += p->lanes) {
        memset(sums, 0, sizeof sums);
        for (int row = 0; row < p->taps; row += p->taps_x)
            for (int x = 0; x < row_quads(p) * INT8_QUAD; x += INT8_QUAD)
                for (int i = 0; i < p->lanes * INT8_QUAD; i++) {
                    const int o = first + i / INT8_QUAD, tap = x + i % INT8_QUAD;
                    int weight = 0;
                    if (o < p->out && tap < p->taps_x)
                        weight = rounded(
                            p->kernel[(size_t)(row + tap) * (size_t)p->out + (size_t)o], scales[o]);
                    sums[i / INT8_QUAD] += 128 * weight;
                    *packed++ = (int8_t)weight;
                }
        memcpy(packed, sums, (size_t)p->lanes * sizeof *sums);
        packed += (size_t)p->lanes * sizeof *sums;
    }
}
