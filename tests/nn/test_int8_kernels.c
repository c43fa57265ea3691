/* The 8-bit kernels against integer arithmetic written down plainly: every tile of every table that
 * this machine can run, odd sizes, to the bit. */
#include "nn/int8_choose.h"
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

/* Values are of 1 or 2 bytes, as the table wants. */
static void put(uint8_t *values, size_t at, int bytes, int value)
{
    const uint16_t half = (uint16_t)value;
    memcpy(values + at * (size_t)bytes, &half, (size_t)bytes);
}

static int get(const uint8_t *values, size_t at, int bytes)
{
    uint16_t half = 0;
    memcpy(&half, values + at * (size_t)bytes, (size_t)bytes);
    return half;
}

/* `full`: nothing but 255. */
static uint8_t *random_values(size_t count, int bytes, bool full)
{
    uint8_t *values = aligned(count * (size_t)bytes);
    for (size_t i = 0; i < count; i++)
        put(values, i, bytes, !full && random_int(0, 3) ? random_int(0, 255) : 255);
    return values;
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

/* A layer, and how the kernel under test sees it. */
struct sample {
    const struct int8_kernels *kernels;
    const struct int8_tile *tile;
    int in, out;
    int taps_y, taps_x, stride, dilation;
    int height, width;                         /* before the pooling */
    bool picture, whole, pool, winograd, full; /* whole: channels lie side by side */
    int lanes_in;
    struct int8_weights weights;
    struct int8_conv conv;
    ptrdiff_t tap_column;
};

static long sum_of(const struct sample *s, int y, int x, int o)
{
    const struct int8_conv *c = &s->conv;
    const int bytes = s->kernels->value_bytes;
    long sum = 0;
    for (int tap = 0; tap < s->taps_y * s->taps_x; tap++)
        for (int channel = 0; channel < s->in; channel++) {
            const uint8_t *pixel = c->in.data + y * c->output_row + x * c->output_column +
                                   tap / s->taps_x * c->tap_row + tap % s->taps_x * s->tap_column +
                                   channel / s->lanes_in * c->in.block;
            sum += get(pixel, (size_t)(channel % s->lanes_in), bytes) *
                   s->weights.q[((ptrdiff_t)tap * s->in + channel) * s->out + o];
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
    const struct int8_conv *c = &s->conv;
    const int bytes = s->kernels->value_bytes, lanes = s->kernels->lanes;
    float value = (float)sum_of(s, y, x, o) * c->finish.scale[o] + c->finish.bias[o];
    if (c->residual)
        value += (float)get(c->residual + o / lanes * c->residual_block + y * c->residual_row,
                            (size_t)(x * lanes + o % lanes), bytes) *
                 c->residual_scale;
    return finished(&c->finish, value);
}

static void check_output(const struct sample *s)
{
    const struct int8_output *out = &s->conv.out;
    const int n = s->pool ? 2 : 1, lanes = s->kernels->lanes;
    for (int y = 0; y < out->height; y++)
        for (int x = 0; x < out->width; x++)
            for (int o = 0; o < s->out; o++) {
                float wanted = -INFINITY;
                for (int i = 0; i < n * n; i++)
                    wanted = fmaxf(wanted, value_of(s, y * n + i / n, x * n + i % n, o));
                const ptrdiff_t at = o / lanes * out->block + y * out->row + x * lanes + o % lanes;
                const float got = out->values
                                      ? (float)get(out->values, (size_t)at, s->kernels->value_bytes)
                                      : out->floats[at];
                if (out->values)
                    wanted = rintf(wanted);
                ck_assert_msg(memcmp(&got, &wanted, sizeof got) == 0 || got == wanted,
                              "%s%s %dx%dx%d: (%d, %d, %d) is %.9g, not %.9g", s->kernels->name,
                              s->winograd       ? ", Winograd"
                              : s->tile->matrix ? ", AMX"
                                                : "",
                              s->tile->rows, s->tile->columns, s->tile->vectors, y, x, o,
                              (double)got, (double)wanted);
            }
}

/* --- random convolutions ---------------------------------------------------------------------- */

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* Everything of sample->conv but weights and finish. */
static void make_conv(struct sample *s, bool values)
{
    const int bytes = s->kernels->value_bytes, lanes = s->kernels->lanes;
    const int rows = (s->height - 1) * s->stride + (s->taps_y - 1) * s->dilation + 1;
    const int columns = (s->width - 1) * s->stride + (s->taps_x - 1) * s->dilation + 1;
    const int halve = s->pool ? 2 : 1, unit = int8_unit_values(s->kernels);
    struct int8_conv c = {.taps_y = s->taps_y, .taps_x = s->taps_x, .pool = s->pool};
    s->lanes_in = s->picture ? (bytes == 1 ? INT8_UNIT : s->in) : s->whole ? s->in : lanes;
    s->tap_column = (ptrdiff_t)s->lanes_in * s->dilation * bytes;
    c.in.row = (ptrdiff_t)columns * s->lanes_in * bytes;
    c.in.block = c.in.row * rows;
    c.in.blocks = pack_blocks(s->in, s->lanes_in);
    c.in.data =
        random_values((size_t)(c.in.block / bytes * c.in.blocks) + INT8_SLACK, bytes, s->full);
    c.tap_row = c.in.row * s->dilation;
    c.tap_column = s->tap_column;
    c.output_row = c.in.row * s->stride;
    c.output_column = (ptrdiff_t)s->lanes_in * s->stride * bytes;
    c.depth = s->lanes_in / unit;
    c.last_depth = ceil_div(s->in, unit) - (c.in.blocks - 1) * c.depth;
    c.out.height = s->height / halve;
    c.out.width = s->width / halve;
    c.out.blocks = pack_blocks(s->out, lanes);
    c.out.row = (ptrdiff_t)c.out.width * lanes;
    c.out.block = c.out.row * c.out.height;
    const size_t count = (size_t)(c.out.block * c.out.blocks);
    c.out.values = values ? aligned(count * (size_t)bytes) : NULL;
    c.out.floats = values ? NULL : aligned(count * sizeof(float));
    if (random_int(0, 1)) {
        c.residual_row = (ptrdiff_t)s->width * lanes * bytes;
        c.residual_block = c.residual_row * s->height;
        c.residual = random_values((size_t)(c.residual_block / bytes * c.out.blocks), bytes, false);
        c.residual_scale = 0.25f;
    }
    s->conv = c;
}

static enum int8_distance distance_of(const struct sample *s)
{
    const ptrdiff_t column = s->conv.output_column, bytes = s->kernels->value_bytes;
    const ptrdiff_t block = s->kernels->lanes * bytes;
    const ptrdiff_t picture = int8_picture_lanes(s->kernels, 3) * bytes;
    return column == block         ? INT8_DISTANCE_BLOCK
           : column == 2 * block   ? INT8_DISTANCE_BLOCK2
           : column == picture     ? INT8_DISTANCE_PICTURE
           : column == 2 * picture ? INT8_DISTANCE_PICTURE2
                                   : INT8_DISTANCE_ANY;
}

static struct int8_finish random_finish(const float *scale, const float *bias, bool values)
{
    struct int8_finish f = {.scale = scale, .bias = bias, .slope = 1};
    f.zero = values ? (float)random_int(0, 100) : 0;
    f.low = values ? 0 : -INFINITY;
    f.high = values ? 255 : random_int(0, 1) ? 6 : INFINITY;
    if (random_int(0, 2) == 0)
        f.low = f.zero;
    else if (random_int(0, 2) == 0)
        f.slope = 0.125f;
    return f;
}

static void run_direct(struct sample *s, struct int8_pack *pack)
{
    struct int8_conv *c = &s->conv;
    if (s->picture && s->lanes_in == s->in && s->dilation == 1 && random_int(0, 1)) {
        pack->taps = s->taps_y; /* a row of taps as one long tap */
        pack->in = s->taps_x * s->in;
        c->taps_x = 1;
        c->last_depth = ceil_div(pack->in, pack->unit);
    }
    int8_t *weights = aligned(int8_pack_conv_bytes(pack));
    int8_pack_conv(pack, weights);
    c->weights = weights;
    if (c->depth == c->last_depth && c->tap_column == c->depth * INT8_UNIT && random_int(0, 1)) {
        c->depth = c->last_depth = c->taps_x * c->depth; /* as nn/int8_steps.c does */
        c->taps_x = 1;
    }
    (random_int(0, 1) ? s->tile->run_far : s->tile->run[distance_of(s)])(c);
    free(weights);
}

static void run_winograd(struct sample *s, const struct int8_pack *pack)
{
    const struct int8_conv *c = &s->conv;
    const int lanes = s->kernels->lanes, columns = s->tile->columns;
    const int tiles = ceil_div(s->height, 4) * ceil_div(s->width, 4);
    const int block = random_int(columns, tiles); /* the last two tiles overlap if it is odd */
    const ptrdiff_t stride = int8_pack_winograd_stride(pack);
    int8_t *weights = aligned(36 * (size_t)stride);
    uint8_t *scratch =
        aligned((size_t)int8_winograd_scratch(lanes, c->in.blocks, c->out.blocks, block));
    ck_assert(int8_winograd_is_exact(&s->weights));
    int8_pack_winograd(pack, weights);
    s->kernels->winograd(&(struct int8_winograd){.direct = *c,
                                                 .gemm = s->tile,
                                                 .weights = weights,
                                                 .far = random_int(0, 1),
                                                 .weight_stride = stride,
                                                 .block = block,
                                                 .scratch = scratch});
    free(weights);
    free(scratch);
}

/* Runs the layer with a kernel [taps][in][out] and compares. */
static void check_sample(struct sample *s, const float *kernel)
{
    const bool values = !s->full && random_int(0, 2) > 0;
    const int lanes = s->kernels->lanes, taps = s->taps_y * s->taps_x;
    const size_t outputs = (size_t)(pack_blocks(s->out, lanes) * lanes);
    float *scale = random_floats(outputs, 0.01f), *bias = random_floats(outputs, 200);
    make_conv(s, values);
    ck_assert(int8_weights_init(&s->weights, kernel, (size_t)(taps * s->in), s->out));
    s->conv.finish = random_finish(scale, bias, values);
    struct int8_pack pack = {.weights = &s->weights,
                             .taps = taps,
                             .in = s->in,
                             .out = s->out,
                             .lanes = lanes,
                             .vectors = s->tile->vectors,
                             .unit = int8_unit_values(s->kernels),
                             .weight_bytes = int8_weight_bytes(s->kernels, s->tile),
                             .plain = s->picture || s->whole};
    if (s->winograd)
        run_winograd(s, &pack);
    else
        run_direct(s, &pack);
    check_output(s);
    int8_weights_finish(&s->weights);
    free(scale);
    free(bias);
    free(s->conv.in.data);
    free(s->conv.out.values);
    free(s->conv.out.floats);
    free((void *)(uintptr_t)s->conv.residual);
}

static void check_conv(const struct int8_kernels *kernels, const struct int8_tile *tile)
{
    const int lanes = kernels->lanes;
    const bool picture = random_int(0, 2) == 0;
    struct sample s = {
        .kernels = kernels,
        .tile = tile,
        .in = picture ? random_int(1, 4) : random_int(1, 2 * lanes + 3),
        .out = random_int((tile->vectors - 1) * lanes + 1, 5 * lanes),
        .taps_y = random_int(1, 3),
        .taps_x = random_int(1, 4),
        .stride = random_int(1, 3),
        .dilation = random_int(1, 2),
        .height = tile->rows + random_int(0, 3),
        .width = tile->columns + random_int(0, 5),
        .picture = picture,
        .pool = tile->rows % 2 == 0 && tile->columns % 2 == 0 && random_int(0, 1),
        .whole = !picture && random_int(0, 1),
    };
    if (s.whole)
        s.in = random_int(1, 5) * lanes;
    if (s.pool) {
        s.height += s.height % 2;
        s.width += s.width % 2;
    }
    float *kernel = random_floats((size_t)(s.taps_y * s.taps_x * s.in * s.out), 0.5f);
    check_sample(&s, kernel);
    free(kernel);
}

START_TEST(convolutions_are_exact)
{
    int tables = 0;
    for (const struct int8_kernels *const *k = int8_all_kernels(); *k; k++) {
        if (!int8_can_run(*k))
            continue;
        tables++;
        for (const struct int8_tile *t = int8_first_tile(*k); t; t = int8_next_tile(*k, t))
            for (int i = 0; i < 30; i++)
                check_conv(*k, t);
    }
    ck_assert_int_gt(tables, 0);
}
END_TEST

/* --- Winograd --------------------------------------------------------------------------------- */

enum { ONE_SIGN_MAX = (1 << 25) / 255 / 127 }; /* weights of 127 whose sum certainly comes out */

static struct sample random_winograd(const struct int8_kernels *kernels,
                                     const struct int8_tile *tile)
{
    struct sample s = {.kernels = kernels,
                       .tile = tile,
                       .in = random_int(1, 2 * kernels->lanes + 3),
                       .out =
                           random_int((tile->vectors - 1) * kernels->lanes + 1, 5 * kernels->lanes),
                       .taps_y = 3,
                       .taps_x = 3,
                       .stride = 1,
                       .dilation = 1,
                       .height = random_int(4, 11),
                       .width = 4 * (tile->columns - 1) + random_int(1, 9),
                       .pool = random_int(0, 1),
                       .winograd = true};
    s.width = s.width < 4 ? 4 : s.width;
    if (s.pool) {
        s.height += s.height % 2;
        s.width += s.width % 2;
    }
    return s;
}

START_TEST(winograd_is_exact)
{
    for (const struct int8_kernels *const *k = int8_all_kernels(); *k; k++) {
        ck_assert_int_eq((*k)->winograd != NULL, (*k)->value_bytes == 2);
        for (const struct int8_tile *tile = (*k)->tiles; tile->rows > 0; tile++)
            for (int i = 0; i < 30; i++) {
                if (!int8_can_run(*k) || !(*k)->winograd || tile->rows > 1 || tile->columns == 1)
                    break;
                struct sample s = random_winograd(*k, tile);
                float *kernel = random_floats((size_t)(9 * s.in * s.out), 0.5f);
                check_sample(&s, kernel);
                free(kernel);
            }
    }
}
END_TEST

/* The largest weights and values that there are, of one sign and of both: as many channels as the
 * sums hold. */
START_TEST(winograd_holds_extreme_sums)
{
    for (const struct int8_kernels *const *k = int8_all_kernels(); *k; k++)
        for (int i = 0; i < 6 && int8_can_run(*k) && (*k)->winograd; i++) {
            struct sample s = random_winograd(*k, &(*k)->tiles[0]);
            s.in = i < 4 ? ONE_SIGN_MAX / 9 : 2 * (ONE_SIGN_MAX / 9);
            s.full = i < 4;
            float *kernel = aligned((size_t)(9 * s.in * s.out) * sizeof *kernel);
            for (int j = 0; j < 9 * s.in * s.out; j++)
                kernel[j] = i < 2 ? 1 : i < 4 ? -1 : (j / s.out + j % s.out) % 2 ? 1 : -1;
            check_sample(&s, kernel);
            free(kernel);
        }
}
END_TEST

static bool is_exact(int positive, int negative)
{
    struct int8_weights weights;
    float *kernel = aligned((size_t)(positive + negative) * 2 * sizeof *kernel);
    for (int i = 0; i < positive + negative; i++) {
        kernel[2 * i] = i == 0; /* another output, which is harmless */
        kernel[2 * i + 1] = i < positive ? 1 : -1;
    }
    ck_assert(int8_weights_init(&weights, kernel, (size_t)(positive + negative), 2));
    const bool exact = int8_winograd_is_exact(&weights);
    int8_weights_finish(&weights);
    free(kernel);
    return exact;
}

START_TEST(winograd_knows_its_bound)
{
    ck_assert(is_exact(ONE_SIGN_MAX, 0));
    ck_assert(is_exact(0, ONE_SIGN_MAX));
    ck_assert(is_exact(ONE_SIGN_MAX, ONE_SIGN_MAX));
    ck_assert(!is_exact(ONE_SIGN_MAX + 1, 0));
    ck_assert(!is_exact(0, ONE_SIGN_MAX + 1));
    ck_assert(!is_exact(ONE_SIGN_MAX + 1, ONE_SIGN_MAX));
    ck_assert(!is_exact(3, ONE_SIGN_MAX + 1));
}
END_TEST

/* --- the choice ------------------------------------------------------------------------------- */

START_TEST(choices_fit)
{
    for (const struct int8_kernels *const *k = int8_all_kernels(); *k; k++)
        for (int i = 0; i < 2000; i++) {
            struct int8_task task = {.height = random_int(1, 13),
                                     .width = random_int(1, 13),
                                     .in_blocks = random_int(1, 40),
                                     .out_blocks = random_int(1, 40),
                                     .taps = 9,
                                     .pool = random_int(0, 3) == 0,
                                     .winograd = random_int(0, 4) > 0};
            task.height += task.pool * (task.height % 2);
            task.width += task.pool * (task.width % 2);
            task.units = task.in_blocks * (*k)->lanes / int8_unit_values(*k);
            task.chunk = random_int(1, INT8_MATRIX_UNITS_MAX);
            const struct int8_choice choice = int8_choose(*k, &task);
            ck_assert_ptr_nonnull(choice.tile);
            ck_assert_int_le(choice.tile->vectors, task.out_blocks);
            if (choice.block == 0) {
                ck_assert(choice.tile->rows <= task.height && choice.tile->columns <= task.width);
                continue;
            }
            ck_assert(task.winograd && (*k)->winograd && task.height >= 4 && task.width >= 4);
            ck_assert(choice.tile->rows == 1 && choice.tile->columns > 1);
            ck_assert_int_ge(choice.block, choice.tile->columns);
            ck_assert_int_le(choice.block, ceil_div(task.height, 4) * ceil_div(task.width, 4));
        }
}
END_TEST

/* --- depthwise -------------------------------------------------------------------------------- */

static void check_depthwise_output(const struct int8_kernels *kernels,
                                   const struct int8_depthwise *d,
                                   const struct int8_weights *weights)
{
    const int lanes = kernels->lanes, bytes = kernels->value_bytes;
    for (int o = 0; o < weights->out; o++)
        for (int i = 0; i < d->out.height * d->out.width; i++) {
            const int y = i / d->out.width, x = i % d->out.width;
            const uint8_t *first =
                d->in.data + o / lanes * d->in.block + y * d->output_row + x * d->output_column;
            long sum = 0;
            for (int tap = 0; tap < d->taps_y * d->taps_x; tap++)
                sum += get(first + tap / d->taps_x * d->tap_row,
                           (size_t)(tap % d->taps_x * lanes + o % lanes), bytes) *
                       weights->q[tap * weights->out + o];
            const float value = (float)sum * d->finish.scale[o] + d->finish.bias[o];
            const ptrdiff_t at =
                o / lanes * d->out.block + y * d->out.row + x * d->out_pixel + o % lanes;
            ck_assert_int_eq(get(d->out.values, (size_t)at, bytes),
                             (int)rintf(fminf(fmaxf(value, 0), 255)));
        }
}

static void check_depthwise(const struct int8_kernels *kernels)
{
    const int lanes = kernels->lanes, bytes = kernels->value_bytes, stride = random_int(1, 2);
    const bool three = random_int(0, 1);
    const int taps_x = three ? 3 : random_int(1, 6), taps_y = three ? 3 : random_int(1, 5);
    const int out_channels = random_int(1, 3 * lanes), blocks = pack_blocks(out_channels, lanes);
    const int height = random_int(1, 6), width = random_int(1, 13), taps = taps_x * taps_y;
    const int rows = (height - 1) * stride + taps_y, columns = (width - 1) * stride + taps_x;
    float *kernel = random_floats((size_t)(taps * out_channels), 1);
    struct int8_weights weights;
    ck_assert(int8_weights_init(&weights, kernel, (size_t)taps, out_channels));
    const struct int8_pack pack = {.weights = &weights,
                                   .taps = taps,
                                   .taps_x = taps_x,
                                   .out = out_channels,
                                   .lanes = lanes,
                                   .unit = int8_unit_values(kernels),
                                   .weight_bytes = bytes};
    int8_t *packed = aligned(int8_pack_depthwise_bytes(&pack));
    int8_pack_depthwise(&pack, packed);
    float *scale = random_floats((size_t)(blocks * lanes), 0.01f);
    float *bias = random_floats((size_t)(blocks * lanes), 200);
    const ptrdiff_t row = (ptrdiff_t)columns * lanes, block = row * rows;
    uint8_t *in = random_values((size_t)(block * blocks) + INT8_SLACK, bytes, false);
    uint8_t *out = aligned((size_t)(blocks * height * width * lanes * bytes));
    const bool whole = random_int(0, 1);
    const struct int8_depthwise d = {
        .in = {in, row * bytes, block * bytes, blocks, rows, columns},
        .out = {.values = out,
                .row = (ptrdiff_t)width * lanes * (whole ? blocks : 1),
                .block = whole ? lanes : (ptrdiff_t)width * lanes * height,
                .blocks = blocks,
                .height = height,
                .width = width},
        .out_pixel = whole ? (ptrdiff_t)lanes * blocks : lanes,
        .taps_y = taps_y,
        .taps_x = taps_x,
        .tap_row = row * bytes,
        .output_row = row * bytes * stride,
        .output_column = (ptrdiff_t)lanes * bytes * stride,
        .weights = packed,
        .finish = {.scale = scale, .bias = bias, .zero = 0, .slope = 1, .low = 0, .high = 255}};
    kernels->depthwise(&d);
    check_depthwise_output(kernels, &d, &weights);
    int8_weights_finish(&weights);
    free(kernel);
    free(packed);
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
            uint8_t out[40];
            memset(out, 77, sizeof out);
            const struct int8_row row = {in, scale, offset, out, count};
            (*k)->quantize_row(&row);
            for (int i = 0; i < count; i++)
                ck_assert_int_eq(get(out, (size_t)i, (*k)->value_bytes), wanted[i]);
            ck_assert_int_eq(out[count * (*k)->value_bytes], 77);
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
    struct int8_weights weights;
    ck_assert(int8_weights_init(&weights, once, ROWS, OUT));
    for (int o = 0; o < OUT; o++) {
        int sum = 0, magnitude = 0;
        for (int i = o; i < COUNT; i += OUT) {
            ck_assert_float_eq_tol(weights.scales[o] * weights.q[i], once[i], 1e-6f);
            sum += weights.q[i];
            magnitude += abs(weights.q[i]);
        }
        ck_assert_int_eq(weights.sums[o], sum);
        ck_assert_int_eq(weights.magnitudes[o], magnitude);
    }
    int8_weights_finish(&weights);
    int8_round_kernel(kernel, ROWS, OUT);
    for (int i = 0; i < COUNT; i++) /* the same integers; the scale may differ in its last bit */
        ck_assert_float_eq_tol(kernel[i], once[i], 1e-6f);
    free(kernel);
    free(before);
}
END_TEST

TEST_MAIN(int8_kernels, convolutions_are_exact, winograd_is_exact, winograd_holds_extreme_sums,
          winograd_knows_its_bound, choices_fit, depthwise_is_exact,
          rows_are_rounded_to_even_and_clipped, rounded_weights_stay_as_they_are)
