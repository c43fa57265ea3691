/* The 8-bit kernels against integer arithmetic written down plainly: every tile of every table that
 * this machine can run, odd sizes, to the bit. */
#include "nn/int8_kernels.h"
#include "nn/int8_pack.h"
#include "nn/pack.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

#include <stdio.h>

static unsigned long state = 1;

static int random_int(int low, int high)
{
    state = state * 48271 % 2147483647;
    return low + (int)(state % (unsigned long)(high - low + 1));
}

static void *aligned(size_t bytes)
{
    void *memory = aligned_alloc(KERNEL_ALIGNMENT, (bytes + 63) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static uint8_t *random_bytes(size_t count)
{
    uint8_t *bytes = aligned(count);
    for (size_t i = 0; i < count; i++)
        bytes[i] = (uint8_t)(random_int(0, 3) ? random_int(0, 255) : 255);
    return bytes;
}

static float *random_floats(size_t count, float scale)
{
    float *floats = aligned(count * sizeof *floats);
    fill(floats, count, (unsigned)random_int(1, 1 << 20));
    for (size_t i = 0; i < count; i++)
        floats[i] *= scale;
    return floats;
}

/* --- one convolution, by its definition ------------------------------------------------------- */

struct sample {
    const struct int8_conv *conv;
    const struct int8_pack *pack;
    const float *scales; /* of the weights */
    int taps_x, lanes;
};

static int weight_of(const struct sample *s, int tap, int c, int o)
{
    const struct int8_pack *p = s->pack;
    const int from = p->reversed ? p->in - 1 - c : c;
    return (int)rintf(
        p->kernel[((size_t)tap * (size_t)p->in + (size_t)from) * (size_t)p->out + (size_t)o] /
        s->scales[o]);
}

static long sum_of(const struct sample *s, int y, int x, int o)
{
    const struct int8_conv *c = s->conv;
    const int lanes = s->pack->plain ? INT8_QUAD : s->lanes;
    long sum = 0;
    for (int tap = 0; tap < s->pack->taps; tap++)
        for (int channel = 0; channel < s->pack->in; channel++) {
            const uint8_t *pixel = c->in.data + y * c->output_row + x * c->output_column +
                                   tap / s->taps_x * c->tap_row + tap % s->taps_x * c->tap_column;
            sum += pixel[channel / lanes * c->in.block + channel % lanes] *
                   weight_of(s, tap, channel, o);
        }
    return sum;
}

static float finished(const struct int8_finish *f, float value)
{
    if (f->slope != 1 && value < f->zero)
        value = (value - f->zero) * f->slope + f->zero;
    return fminf(fmaxf(value, f->low), f->high);
}

/* Of one output before the pooling. */
static float value_of(const struct sample *s, int y, int x, int o)
{
    const struct int8_conv *c = s->conv;
    float value = (float)sum_of(s, y, x, o) * c->finish.scale[o] + c->finish.bias[o];
    if (c->residual)
        value += (float)c->residual[o / s->lanes * c->residual_block + y * c->residual_row +
                                    x * s->lanes + o % s->lanes] *
                 c->residual_scale;
    return finished(&c->finish, value);
}

static void check_output(const struct sample *s, const char *name, const struct int8_tile *tile)
{
    const struct int8_output *out = &s->conv->out;
    const int n = s->conv->pool ? 2 : 1;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++)
            for (int o = 0; o < s->pack->out; o++) {
                float wanted = -INFINITY;
                for (int i = 0; i < n * n; i++)
                    wanted = fmaxf(wanted, value_of(s, y * n + i / n, x * n + i % n, o));
                const ptrdiff_t at =
                    o / s->lanes * out->block + y * out->row + x * s->lanes + o % s->lanes;
                const float got = out->bytes ? (float)out->bytes[at] : out->floats[at];
                if (out->bytes)
                    wanted = rintf(wanted);
                ck_assert_msg(memcmp(&got, &wanted, sizeof got) == 0 || got == wanted,
                              "%s %dx%dx%d: (%d, %d, %d) is %.9g, not %.9g", name, tile->rows,
                              tile->columns, tile->vectors, y, x, o, (double)got, (double)wanted);
            }
}

/* --- random convolutions ---------------------------------------------------------------------- */

struct geometry {
    int taps_y, taps_x, stride, dilation;
    int height, width; /* before the pooling */
    int blocks_in, blocks_out, lanes_in;
};

static struct geometry random_geometry(const struct int8_tile *tile, const struct int8_pack *pack,
                                       bool pool)
{
    struct geometry g = {.taps_y = random_int(1, 3),
                         .taps_x = pack->taps,
                         .stride = random_int(1, 3),
                         .dilation = random_int(1, 2),
                         .height = tile->rows + random_int(0, 3),
                         .width = tile->columns + random_int(0, 5)};
    if (pool) {
        g.height += g.height % 2;
        g.width += g.width % 2;
    }
    g.lanes_in = pack->plain ? INT8_QUAD : pack->lanes;
    g.blocks_in = pack_blocks(pack->in, g.lanes_in);
    g.blocks_out = pack_blocks(pack->out, pack->lanes);
    return g;
}

static struct int8_conv random_conv(const struct geometry *g, const struct int8_pack *pack,
                                    bool pool, bool bytes)
{
    const int rows = (g->height - 1) * g->stride + (g->taps_y - 1) * g->dilation + 1;
    const int columns = (g->width - 1) * g->stride + (g->taps_x - 1) * g->dilation + 1;
    const int halve = pool ? 2 : 1;
    struct int8_conv c = {
        .taps_y = g->taps_y, .taps_x = g->taps_x, .pool = pool, .depth = g->lanes_in / INT8_QUAD};
    c.in.row = (ptrdiff_t)columns * g->lanes_in;
    c.in.block = c.in.row * rows;
    c.in.blocks = g->blocks_in;
    c.in.data = random_bytes((size_t)(c.in.block * g->blocks_in) + INT8_SLACK);
    c.tap_row = c.in.row * g->dilation;
    c.tap_column = (ptrdiff_t)g->lanes_in * g->dilation;
    c.output_row = c.in.row * g->stride;
    c.output_column = (ptrdiff_t)g->lanes_in * g->stride;
    c.last_depth = (pack->in + INT8_QUAD - 1) / INT8_QUAD - (g->blocks_in - 1) * c.depth;
    c.out.height = g->height / halve;
    c.out.width = g->width / halve;
    c.out.blocks = g->blocks_out;
    c.out.row = (ptrdiff_t)c.out.width * pack->lanes;
    c.out.block = c.out.row * c.out.height;
    const size_t count = (size_t)(c.out.block * c.out.blocks);
    c.out.bytes = bytes ? aligned(count) : NULL;
    c.out.floats = bytes ? NULL : aligned(count * sizeof(float));
    if (random_int(0, 1)) {
        c.residual_row = (ptrdiff_t)g->width * pack->lanes;
        c.residual_block = c.residual_row * g->height;
        c.residual = random_bytes((size_t)(c.residual_block * g->blocks_out));
        c.residual_scale = 0.25f;
    }
    return c;
}

static enum int8_distance distance_of(const struct int8_conv *c, int lanes)
{
    return c->output_column == lanes                  ? INT8_DISTANCE_LANES
           : c->output_column == 2 * (ptrdiff_t)lanes ? INT8_DISTANCE_LANES2
           : c->output_column == INT8_QUAD            ? INT8_DISTANCE_QUAD
           : c->output_column == 2 * INT8_QUAD        ? INT8_DISTANCE_QUAD2
                                                      : INT8_DISTANCE_ANY;
}

static struct int8_finish random_finish(const float *scale, const float *bias, bool bytes)
{
    struct int8_finish f = {.scale = scale, .bias = bias, .slope = 1};
    f.zero = bytes ? (float)random_int(0, 100) : 0;
    f.low = bytes ? 0 : -INFINITY;
    f.high = bytes ? 255 : random_int(0, 1) ? 6 : INFINITY;
    if (random_int(0, 2) == 0)
        f.low = f.zero;
    else if (random_int(0, 2) == 0)
        f.slope = 0.125f;
    return f;
}

static void check_conv(const struct int8_kernels *kernels, const struct int8_tile *tile)
{
    const int lanes = kernels->lanes;
    const bool pool = tile->rows % 2 == 0 && tile->columns % 2 == 0 && random_int(0, 1);
    const bool bytes = random_int(0, 2) > 0, plain = random_int(0, 2) == 0;
    struct int8_pack pack = {.taps = random_int(1, 4),
                             .in = plain ? random_int(1, 4) : random_int(1, 2 * lanes + 3),
                             .out = random_int((tile->vectors - 1) * lanes + 1, 5 * lanes),
                             .lanes = lanes,
                             .vectors = tile->vectors,
                             .plain = plain,
                             .reversed = plain && random_int(0, 1)};
    const struct geometry g = random_geometry(tile, &pack, pool);
    pack.taps = g.taps_x * g.taps_y;
    float *kernel = random_floats((size_t)(pack.taps * pack.in * pack.out), 0.5f);
    float *scales = aligned((size_t)pack.out * sizeof *scales);
    int32_t *sums = aligned((size_t)pack.out * sizeof *sums);
    pack.kernel = kernel;
    int8_weight_scales(&pack, scales, sums);
    int8_t *weights = aligned(int8_pack_conv_bytes(&pack));
    int8_pack_conv(&pack, scales, weights);
    float *scale = random_floats((size_t)(g.blocks_out * lanes), 0.01f);
    float *bias = random_floats((size_t)(g.blocks_out * lanes), 200);
    struct int8_conv c = random_conv(&g, &pack, pool, bytes);
    c.weights = weights;
    c.finish = random_finish(scale, bias, bytes);
    const struct sample sample = {
        .conv = &c, .pack = &pack, .scales = scales, .taps_x = g.taps_x, .lanes = lanes};
    tile->run[distance_of(&c, lanes)](&c);
    check_output(&sample, kernels->name, tile);
    free(kernel);
    free(scales);
    free(sums);
    free(weights);
    free(scale);
    free(bias);
    free(c.in.data);
    free(c.out.bytes);
    free(c.out.floats);
    free((void *)(uintptr_t)c.residual);
}

START_TEST(convolutions_are_exact)
{
    int tables = 0;
    for (const struct int8_kernels *const *k = int8_all_kernels(); *k; k++) {
        if (!int8_can_run(*k))
            continue;
        tables++;
        for (const struct int8_tile *tile = (*k)->tiles; tile->rows > 0; tile++)
            for (int i = 0; i < 30; i++)
                check_conv(*k, tile);
    }
    ck_assert_int_gt(tables, 0);
}
END_TEST

/* --- depthwise -------------------------------------------------------------------------------- */

static void check_depthwise(const struct int8_kernels *kernels)
{
    const int lanes = kernels->lanes, stride = random_int(1, 2);
    const bool three = random_int(0, 1);
    struct int8_pack pack = {.taps_x = three ? 3 : random_int(1, 6),
                             .in = 1,
                             .out = random_int(1, 3 * lanes),
                             .lanes = lanes};
    const int taps_y = three ? 3 : random_int(1, 5), blocks = pack_blocks(pack.out, lanes);
    const int height = random_int(1, 6), width = random_int(1, 9);
    const int rows = (height - 1) * stride + taps_y, columns = (width - 1) * stride + pack.taps_x;
    pack.taps = taps_y * pack.taps_x;
    float *kernel = random_floats((size_t)(pack.taps * pack.out), 1);
    float *scales = aligned((size_t)pack.out * sizeof *scales);
    int32_t *sums = aligned((size_t)pack.out * sizeof *sums);
    pack.kernel = kernel;
    int8_weight_scales(&pack, scales, sums);
    int8_t *weights = aligned(int8_pack_depthwise_bytes(&pack));
    int8_pack_depthwise(&pack, scales, weights);
    float *scale = random_floats((size_t)(blocks * lanes), 0.01f);
    float *bias = random_floats((size_t)(blocks * lanes), 200);
    const ptrdiff_t row = (ptrdiff_t)columns * lanes, block = row * rows;
    uint8_t *in = random_bytes((size_t)(block * blocks) + INT8_SLACK);
    uint8_t *out = aligned((size_t)(blocks * height * width * lanes));
    const struct int8_depthwise d = {
        .in = {in, row, block, blocks, rows, columns},
        .out = {out, NULL, (ptrdiff_t)width * lanes, (ptrdiff_t)width * lanes * height, blocks,
                height, width},
        .taps_y = taps_y,
        .taps_x = pack.taps_x,
        .tap_row = row,
        .output_row = row * stride,
        .output_column = (ptrdiff_t)lanes * stride,
        .weights = weights,
        .finish = {.scale = scale, .bias = bias, .zero = 0, .slope = 1, .low = 0, .high = 255}};
    kernels->depthwise(&d);
    for (int o = 0; o < pack.out; o++)
        for (int i = 0; i < height * width; i++) {
            const int y = i / width, x = i % width;
            long sum = 0;
            for (int tap = 0; tap < pack.taps; tap++)
                sum += in[o / lanes * block + (y * stride + tap / pack.taps_x) * row +
                          (x * stride + tap % pack.taps_x) * lanes + o % lanes] *
                       (int)rintf(kernel[tap * pack.out + o] / scales[o]);
            const float value = (float)sum * scale[o] + bias[o];
            ck_assert_int_eq(out[o / lanes * d.out.block + y * d.out.row + x * lanes + o % lanes],
                             (int)rintf(fminf(fmaxf(value, 0), 255)));
        }
    free(kernel);
    free(scales);
    free(sums);
    free(weights);
    free(scale);
    free(bias);
    free(in);
    free(out);
}

START_TEST(depthwise_is_exact)
{
    for (const struct int8_kernels *const *k = int8_all_kernels(); *k; k++)
        for (int i = 0; i < 200 && int8_can_run(*k); i++)
            check_depthwise(*k);
}
END_TEST

/* --- quantization ----------------------------------------------------------------------------- */

START_TEST(rows_are_rounded_to_even_and_clipped)
{
    const float in[] = {0.5f, 1.5f, 2.5f, -3, 254.4f, 255.5f, 1e9f, 100,   7,    8,
                        9,    10,   11,   12, 13,     14,     15,   16.5f, 17.5f};
    const uint8_t wanted[] = {0, 2,  2,  0,  254, 255, 255, 100, 7, 8,
                              9, 10, 11, 12, 13,  14,  15,  16,  18};
    float scale[19], offset[19];
    for (int i = 0; i < 19; i++) {
        scale[i] = 1;
        offset[i] = 0;
    }
    for (const struct int8_kernels *const *k = int8_all_kernels(); *k; k++) {
        if (!int8_can_run(*k))
            continue;
        for (int count = 0; count <= 19; count++) {
            uint8_t out[20];
            memset(out, 77, sizeof out);
            const struct int8_row row = {in, scale, offset, out, count};
            (*k)->quantize_row(&row);
            ck_assert_mem_eq(out, wanted, (size_t)count);
            ck_assert_int_eq(out[count], 77);
        }
    }
}
END_TEST

START_TEST(rounded_weights_stay_as_they_are)
{
    enum { ROWS = 29, OUT = 13, COUNT = ROWS * OUT };
    float *kernel = random_floats(COUNT, 3), once[COUNT];
    for (int i = 0; i < ROWS; i++)
        kernel[i * OUT + 4] = 0; /* an output without weights */
    float *before = random_floats(COUNT, 1);
    memcpy(before, kernel, COUNT * sizeof *before);
    int8_round_kernel(kernel, ROWS, OUT);
    memcpy(once, kernel, sizeof once);
    for (int i = 0; i < COUNT; i++)
        ck_assert_float_le(fabsf(kernel[i] - before[i]), 3.0f / 127 / 2 + 1e-6f);
    const struct int8_pack pack = {.kernel = once, .taps = 1, .in = ROWS, .out = OUT};
    float scales[OUT];
    int32_t sums[OUT];
    int8_weight_scales(&pack, scales, sums);
    int8_round_kernel(kernel, ROWS, OUT);
    for (int i = 0; i < COUNT; i++) /* the same integers; the scale may differ in its last bit */
        ck_assert_float_eq_tol(kernel[i], once[i], 1e-6f);
    free(kernel);
    free(before);
}
END_TEST

TEST_MAIN(int8_kernels, convolutions_are_exact, depthwise_is_exact,
          rows_are_rounded_to_even_and_clipped, rounded_weights_stay_as_they_are)
