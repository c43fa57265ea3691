/* Every register tile of every vector length against a convolution in plain loops, in exactly sized
 * memory, whether choose_conv would take it or not; and the choice itself. */
#include "nn/choose.h"
#include "nn/cpu.h"
#include "nn/pack.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

enum { IN = 37, OUT = 50, TAPS = 3 };

/* A blocked or plain tensor with its own exactly sized memory. */
struct picture {
    struct view view;
    float *memory;
    int lanes;
};

static float *allocate(size_t floats)
{
    float *memory = aligned_alloc(KERNEL_ALIGNMENT, (floats * sizeof(float) + 63) / 64 * 64);
    ck_assert_ptr_nonnull(memory);
    fill(memory, floats, 3);
    return memory;
}

static struct picture picture(int height, int width, int channels, int lanes)
{
    struct picture p = {.lanes = lanes};
    p.view = (struct view){.row = width * lanes,
                           .block = height * width * lanes,
                           .blocks = pack_blocks(channels, lanes),
                           .height = height,
                           .width = width};
    p.view.data = p.memory = allocate((size_t)(p.view.blocks * p.view.block));
    return p;
}

static float *at(const struct picture *p, int y, int x, int channel)
{
    const struct view *v = &p->view;
    return v->data + channel / p->lanes * v->block + y * v->row + x * p->lanes + channel % p->lanes;
}

/* One way to run a tile. */
struct trial {
    const struct kernels *kernels;
    const struct conv_kernel *kernel;
    enum conv_step step;
    int stride, in_lanes, in_channels;
    bool pool, residual;
    enum { NEAR, FAR, HALVES } source; /* of the weights; the last two with any step */
};

static float activated(float value)
{
    return value > 0 ? fminf(value, 1) : 0.25f * value;
}

static float expected(const struct trial *t, const struct picture *in, const float *weights,
                      const float *bias, const struct picture *residual, int y, int x, int out)
{
    float sum = bias[out];
    for (int tap = 0; tap < TAPS * TAPS; tap++)
        for (int c = 0; c < t->in_channels; c++)
            sum += *at(in, y * t->stride + tap / TAPS, x * t->stride + tap % TAPS, c) *
                   weights[(tap * t->in_channels + c) * OUT + out];
    return activated(t->residual ? sum + *at(residual, y, x, out) : sum);
}

static void compare(const struct trial *t, const struct picture *out, const struct picture *in,
                    const float *weights, const float *bias, const struct picture *residual)
{
    for (int y = 0; y < out->view.height; y++)
        for (int x = 0; x < out->view.width; x++)
            for (int c = 0; c < OUT; c++) {
                const int factor = t->pool ? 2 : 1;
                float wanted = -INFINITY;
                for (int i = 0; i < factor * factor; i++)
                    wanted = fmaxf(wanted, expected(t, in, weights, bias, residual,
                                                    y * factor + i / 2, x * factor + i % 2, c));
                const float got = *at(out, y, x, c);
                ck_assert_msg(fabsf(got - wanted) < 1e-4f,
                              "%s %dx%dx%d step %d pool %d: (%d, %d, %d) is %g, not %g",
                              t->kernels->name, t->kernel->rows, t->kernel->columns,
                              t->kernel->vectors, t->step, t->pool, y, x, c, (double)got,
                              (double)wanted);
            }
}

/* The smallest output that makes every tile move back at the edges. */
static void run_trial(const struct trial *t)
{
    const int lanes = t->kernels->lanes, factor = t->pool ? 2 : 1;
    const int height = t->kernel->rows + 2 - t->kernel->rows % factor,
              width = t->kernel->columns + 2;
    const struct picture in = picture((height - 1) * t->stride + TAPS,
                                      (width - 1) * t->stride + TAPS, t->in_channels, t->in_lanes);
    const struct picture out = picture(height / factor, width / factor, OUT, lanes);
    const struct picture residual = picture(height, width, OUT, lanes);
    const size_t count = (size_t)(TAPS * TAPS * t->in_channels * OUT);
    float *weights = allocate(count), *bias = allocate((size_t)(out.view.blocks * lanes));
    const struct pack pack = {.kernel = weights,
                              .taps = TAPS * TAPS,
                              .in = t->in_channels,
                              .out = OUT,
                              .lanes = lanes,
                              .vectors = t->kernel->vectors,
                              .side = t->kernel->rows,
                              .plain = t->in_lanes != lanes};
    for (size_t i = 0; i < count; i++) /* half floats hold all of each */
        weights[i] = roundf(weights[i] * 0.05f * 1024) / 1024;
    const bool winograd = t->kernel->winograd;
    float *packed = allocate(winograd ? pack_winograd_count(&pack) : pack_conv_count(&pack));
    if (winograd)
        pack_winograd(&pack, packed);
    else
        pack_conv(&pack, packed);
    uint16_t *halves = (uint16_t *)allocate(pack_conv_count(&pack));
    if (t->source == HALVES)
        pack_halves(packed, pack_conv_count(&pack), halves);
    const struct conv conv = {
        .in = in.view,
        .out = out.view,
        .residual = t->residual ? residual.view.data : NULL,
        .residual_row = residual.view.row,
        .residual_block = residual.view.block,
        .taps_y = TAPS,
        .taps_x = TAPS,
        .tap_row = in.view.row,
        .tap_column = t->in_lanes,
        .output_row = t->stride * in.view.row,
        .output_column = t->stride * t->in_lanes,
        .depth = t->in_lanes,
        .last_depth = t->in_channels - (in.view.blocks - 1) * t->in_lanes,
        .weights = t->source == HALVES ? NULL : packed,
        .halves = t->source == HALVES ? halves : NULL,
        .bias = bias,
        .fused = {FUSED_LEAKY, 0.25f, 1},
        .pool = t->pool,
    };
    (t->source == HALVES ? t->kernel->run_halves
     : t->source == FAR  ? t->kernel->run_far
                         : t->kernel->run[t->step])(&conv);
    compare(t, &out, &in, weights, bias, &residual);
    free(in.memory);
    free(out.memory);
    free(residual.memory);
    free(weights);
    free(bias);
    free(packed);
    free(halves);
}

static void run_trials(const struct kernels *kernels, const struct conv_kernel *kernel)
{
    if (kernel->vectors > pack_blocks(OUT, kernels->lanes))
        return;
    const int lanes = kernels->lanes;
    struct trial trials[] = {
        {kernels, kernel, CONV_STEP_LANES, 1, lanes, IN, false, true, NEAR},
        {kernels, kernel, CONV_STEP_LANES2, 2, lanes, IN, false, false, NEAR},
        {kernels, kernel, CONV_STEP_3, 1, 3, 3, false, kernel->winograd, NEAR},
        {kernels, kernel, CONV_STEP_6, 2, 3, 3, false, true, NEAR},
        {kernels, kernel, CONV_STEP_ANY, 3, lanes, IN, false, false, NEAR},
        {kernels, kernel, CONV_STEP_ANY, 1, lanes, IN, false, true, FAR},
        {kernels, kernel, CONV_STEP_ANY, 2, lanes, IN, false, false, FAR},
        {kernels, kernel, CONV_STEP_ANY, 1, lanes, IN, false, true, HALVES},
        {kernels, kernel, CONV_STEP_ANY, 2, lanes, IN, false, false, HALVES},
    };
    for (size_t i = 0; i < sizeof trials / sizeof *trials; i++) {
        if (!kernel->run[trials[i].step] || (trials[i].source == HALVES && !kernel->run_halves))
            continue;
        run_trial(&trials[i]);
        trials[i].pool = kernel->rows % 2 == 0 && kernel->columns % 2 == 0;
        if (trials[i].pool)
            run_trial(&trials[i]);
    }
}

START_TEST(every_tile_with_every_step)
{
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++)
        for (const struct conv_kernel *kernel = (*k)->conv; cpu_can_run(*k) && kernel->rows > 0;
             kernel++)
            run_trials(*k, kernel);
}
END_TEST

/* A tuning names a kernel by its tile alone, also the one of Winograd's from pixels. */
START_TEST(no_two_kernels_have_the_same_tile)
{
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++)
        for (const struct conv_kernel *a = (*k)->conv; a->rows > 0; a++)
            for (const struct conv_kernel *b = a + 1; b->rows > 0; b++)
                ck_assert_msg(a->rows != b->rows || a->columns != b->columns ||
                                  a->vectors != b->vectors,
                              "%s: %dx%dx%d twice", (*k)->name, a->rows, a->columns, a->vectors);
}
END_TEST

START_TEST(some_tile_fits_the_smallest_layers)
{
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++)
        for (int pool = 0; pool < 2; pool++) {
            const struct conv_task task = {.height = 1 + pool,
                                           .width = 1 + pool,
                                           .in_blocks = 1,
                                           .out_blocks = 1,
                                           .in_channels = 1,
                                           .taps = 1,
                                           .pool = pool};
            ck_assert_ptr_nonnull(choose_conv(*k, &task).kernel);
        }
}
END_TEST

/* Weights of 128 x 128 channels stream through the second cache beside them. */
START_TEST(winograds_scratch_stays_in_the_second_cache)
{
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        const struct conv_task task = {.height = 32,
                                       .width = 32,
                                       .in_blocks = 128 / (*k)->lanes,
                                       .out_blocks = 128 / (*k)->lanes,
                                       .in_channels = 128,
                                       .taps = 9,
                                       .winograd = true};
        const struct conv_choice choice = choose_conv(*k, &task);
        ck_assert_int_gt(choice.block, 0);
        ck_assert_int_lt(winograd_scratch_count((*k)->lanes, task.in_blocks, task.out_blocks,
                                                choice.side, choice.block),
                         (512 << 10) / (int)sizeof(float));
    }
}
END_TEST

TEST_MAIN(kernels, every_tile_with_every_step, no_two_kernels_have_the_same_tile,
          some_tile_fits_the_smallest_layers, winograds_scratch_stays_in_the_second_cache)
