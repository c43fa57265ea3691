/* Quantized models as a whole: close to the float model, the same on all vector lengths, floats and
 * bytes mixed, pictures and floats as input. */
#include "nn/cpu.h"
#include "nn/engine.h"
#include "nn/int8_calibrate.h"
#include "nn/int8_kernels.h"
#include "nn/plan.h"
#include "nn/session.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

#ifdef __x86_64__
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#endif

enum { SIDE = 19, PIXELS = SIDE * SIDE * 3, OUTPUTS = 5 };

static struct layer depthwise(int kernel, int stride)
{
    return (struct layer){.op = LAYER_DEPTHWISE_CONV2D,
                          .conv = {window(kernel, stride, PADDING_SAME), .multiplier = 1}};
}

static int last(const struct model *model)
{
    return model->layer_count - 1;
}

static void add_join(struct model *model, enum layer_op op, int a, int b)
{
    add(model, (struct layer){.op = op, .input_count = 2, .inputs = (int[]){a, b}});
}

/* All that runs on bytes, and layers between that do not. */
static struct model *make_model(bool bgr)
{
    struct model *model = build_model(SIDE, SIDE, 3);
    model->preprocessing =
        (struct preprocessing){{2.0f / 255, 1.5f / 255, 2.5f / 255}, {-1, -0.5f, -1.2f}, bgr};
    add(model, with(conv(21, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
    add(model, depthwise(3, 1));
    const int branch = last(model);
    add(model, with(conv(21, 3, 1, PADDING_SAME), ACTIVATION_SWISH)); /* floats, then bytes */
    add(model, conv(21, 1, 1, PADDING_VALID));
    add_join(model, LAYER_ADD, branch, last(model)); /* in the convolution */
    add(model, with((struct layer){.op = LAYER_ACTIVATION}, ACTIVATION_RELU));
    const int sum = last(model);
    add(model, with(depthwise(5, 2), ACTIVATION_RELU));
    add(model, pool(LAYER_AVERAGE_POOL2D, 2, 1, PADDING_SAME)); /* on floats */
    const int pooled = last(model);
    struct layer strided = with(conv(9, 3, 2, PADDING_SAME), ACTIVATION_LEAKY_RELU);
    strided.inputs = (int[]){sum};
    strided.input_count = 1;
    strided.activation.alpha = 0.25f;
    add(model, strided);
    add_join(model, LAYER_CONCATENATE, pooled, last(model));
    add(model, with(conv(17, 3, 1, PADDING_VALID), ACTIVATION_RELU));
    add(model, (struct layer){.op = LAYER_FLATTEN});
    struct layer clipped = with(dense(33), ACTIVATION_RELU); /* bytes to floats */
    clipped.activation.max_value = 0.5f;
    add(model, clipped);
    add(model, dense(OUTPUTS));
    fill_weights(model, 3);
    for (int i = 1; i < model->layer_count; i++) {
        struct parameter list[LAYER_PARAMETERS_MAX];
        const struct layer *layer = &model->layers[i];
        const int lists = layer_parameters(model, layer, list);
        const size_t count = lists ? parameter_count(&list[0]) : 0;
        for (size_t k = 0; k < count && layer->kernel; k++)
            layer->kernel[k] *= sqrtf(3.0f * (float)shape_channels(&layer->shape) / (float)count);
    }
    finish(model);
    return model;
}

static void make_picture(uint8_t *pixels, unsigned seed)
{
    float values[PIXELS];
    fill(values, PIXELS, seed);
    for (int i = 0; i < PIXELS; i++)
        pixels[i] = (uint8_t)(127.5f + 127 * values[i]);
}

/* The quantized twin of `model`. */
static struct model *quantize(const struct model *model, bool bgr)
{
    struct error error = {0};
    struct model *twin = make_model(bgr);
    struct int8_calibration *calibration = int8_calibration_create(model->layer_count, &error);
    struct session *session = session_create(model, NULL, &error);
    ck_assert(calibration && session);
    const struct observer observer = int8_calibration_observer(calibration);
    ck_assert(session_observe(session, &observer));
    uint8_t pixels[PIXELS];
    float scores[OUTPUTS];
    for (unsigned seed = 1; seed <= 8; seed++) {
        make_picture(pixels, seed);
        session_classify(session, pixels, SIDE * 3, scores);
    }
    int8_quantize_model(calibration, twin);
    int8_calibration_destroy(calibration);
    session_destroy(session);
    return twin;
}

static float largest(const float *values, int count)
{
    float best = 0;
    for (int i = 0; i < count; i++)
        best = fmaxf(best, fabsf(values[i]));
    return best;
}

static void check_close(const float *got, const float *wanted, float tolerance, const char *what)
{
    const float scale = largest(wanted, OUTPUTS);
    for (int i = 0; i < OUTPUTS; i++)
        ck_assert_msg(fabsf(got[i] - wanted[i]) <= tolerance * scale,
                      "%s: output %d is %g, not %g; the largest is %g", what, i, (double)got[i],
                      (double)wanted[i], (double)scale);
}

/* The picture as floats in the model's order, as its preprocessing makes them. */
static void prepare(const struct model *model, const uint8_t *pixels, float *input)
{
    const struct preprocessing *how = &model->preprocessing;
    for (int i = 0; i < PIXELS; i++) {
        const int c = i % 3;
        input[i] = pixels[i - c + (how->bgr ? c : 2 - c)] * how->scale[c] + how->offset[c];
    }
}

static void check_model(bool bgr)
{
    struct model *model = make_model(bgr), *twin = quantize(model, bgr);
    void *reference = engine_reference.create(model, NULL);
    ck_assert_ptr_nonnull(reference);
    for (unsigned seed = 1; seed <= 3; seed++) {
        uint8_t pixels[PIXELS];
        float input[PIXELS], first[OUTPUTS];
        make_picture(pixels, seed);
        prepare(model, pixels, input);
        const float *wanted = engine_reference.run(reference, input);
        bool any = false;
        for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
            if (!cpu_can_run(*k))
                continue;
            struct plan *plan = plan_create(twin, *k, NULL);
            ck_assert_ptr_nonnull(plan);
            ck_assert_int_eq(strncmp(plan_describe(plan, 1), "int8", 4), 0);
            const float *got = plan_run_pixels(plan, pixels, SIDE * 3);
            check_close(got, wanted, 0.05f, (*k)->name);
            if (any) /* the parts on bytes are equal to the bit, those on floats nearly */
                check_close(got, first, 0.02f, "another vector length");
            memcpy(first, got, sizeof first);
            any = true;
            check_close(plan_run(plan, input), first, 0.02f, "the same picture as floats");
            plan_destroy(plan);
        }
    }
    engine_reference.destroy(reference);
    model_destroy(model);
    model_destroy(twin);
}

START_TEST(quantized_models_stay_close)
{
    check_model(false);
    check_model(true);
}
END_TEST

/* --- the same bits whatever the processor ----------------------------------------------------- */

/* Runs a model that is on bytes but for an exact last layer. Those kernels that have no dot product
 * of bytes take layer `index` by Winograd's algorithm if `winograd`, the others never. */
static void check_agreement(const struct model *model, int index, bool winograd)
{
    const size_t inputs = shape_count(model_input_shape(model));
    const size_t outputs = shape_count(model_output_shape(model));
    float *input = malloc(inputs * sizeof *input), *first = calloc(outputs, sizeof *first);
    ck_assert(input && first);
    fill(input, inputs, 9);
    bool any = false;
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, NULL);
        ck_assert_ptr_nonnull(plan);
        const bool halves = int8_kernels_for((*k)->lanes)->value_bytes == 2;
        const char *way = plan_describe(plan, index);
        ck_assert_msg((strstr(way, "Winograd") != NULL) == (winograd && halves), "%s", way);
        for (int run = 0; run < 2; run++) {
            const float *got = plan_run(plan, input);
            ck_assert(got[0] == got[0] && largest(got, (int)outputs) > 0);
            if (any)
                ck_assert_msg(memcmp(got, first, outputs * sizeof *got) == 0, "%s", (*k)->name);
            memcpy(first, got, outputs * sizeof *got);
            any = true;
        }
        plan_destroy(plan);
    }
    free(input);
    free(first);
}

static void give_ranges(struct model *model, float low, float high)
{
    finish(model);
    for (int i = 1; i < model->layer_count; i++) {
        model->layers[i].range[0] = low;
        model->layers[i].range[1] = high;
    }
}

START_TEST(all_machines_agree)
{
    struct model *model = build_model(16, 16, 3);
    add(model, with(conv(24, 3, 2, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(depthwise(3, 1), ACTIVATION_RELU));
    add(model, with(conv(40, 1, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(conv(2, 8, 1, PADDING_VALID), ACTIVATION_RELU));
    fill_weights(model, 5);
    add(model, dense(1)); /* has one weight for each value: 1 and 0 */
    model->layers[5].kernel[0] = 1;
    give_ranges(model, 0, 4);
    check_agreement(model, 3, false);
    model_destroy(model);
}
END_TEST

/* Which read all channels of a pixel side by side, where matrices are multiplied and nobody else
 * reads them. */
START_TEST(pointwise_behind_depthwise)
{
    struct model *model = build_model(16, 16, 3);
    add(model, with(conv(32, 3, 2, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(depthwise(3, 1), ACTIVATION_RELU));
    add(model, with(conv(48, 1, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(depthwise(5, 2), ACTIVATION_RELU));
    add(model, with(conv(20, 1, 1, PADDING_SAME), ACTIVATION_RELU));
    struct layer other = with(conv(20, 3, 1, PADDING_SAME), ACTIVATION_RELU);
    other.inputs = (int[]){4};
    other.input_count = 1;
    add(model, other);
    add_join(model, LAYER_ADD, 5, 6);
    add(model, conv(2, 4, 1, PADDING_VALID));
    fill_weights(model, 5);
    scale_kernels(model, 1);
    add(model, dense(1)); /* has one weight for each value: 1 and 0 */
    model->layers[9].kernel[0] = 1;
    give_ranges(model, -3, 5);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, NULL);
        const bool matrices = int8_kernels_for((*k)->lanes)->matrix_tiles;
        ck_assert_int_eq(strstr(plan_describe(plan, 3), "whole pixels") != NULL, matrices);
        ck_assert_int_eq(strstr(plan_describe(plan, 3), "AMX") != NULL, matrices);
        ck_assert_ptr_null(strstr(plan_describe(plan, 5), "whole pixels"));
        plan_destroy(plan);
    }
    check_agreement(model, 3, false);
    model_destroy(model);
}
END_TEST

/* From now on the system does not let this process have the matrices' registers. */
static void refuse_matrices(void)
{
#ifdef __x86_64__
    enum { REQUEST_PERMISSION = 0x1023 }; /* ARCH_REQ_XCOMP_PERM */
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_arch_prctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, REQUEST_PERMISSION, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    const struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), 0);
#endif
    ck_assert(!int8_kernels_for(16)->matrix_tiles);
}

/* Depthwise layers whose bytes are made of floats, and which are read as floats, too: those write
 * blocks whatever the pointwise layer behind them would like. */
static struct model *model_of_both_forms(void)
{
    struct model *model = build_model(16, 16, 3);
    add(model, with(conv(32, 3, 2, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(depthwise(3, 1), ACTIVATION_SWISH));
    add(model, with(conv(48, 1, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(depthwise(3, 1), ACTIVATION_RELU));
    add(model, conv(48, 1, 1, PADDING_SAME));
    add(model, with((struct layer){.op = LAYER_ACTIVATION}, ACTIVATION_SIGMOID));
    add_join(model, LAYER_CONCATENATE, 4, 6);
    add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
    add(model, dense(OUTPUTS));
    fill_weights(model, 5);
    scale_kernels(model, 1);
    give_ranges(model, -3, 5);
    return model;
}

static void run_with_16_lanes(const struct model *model, const struct kernels *kernels,
                              float output[OUTPUTS])
{
    float input[PIXELS];
    fill(input, PIXELS, 9);
    struct plan *plan = plan_create(model, kernels, NULL);
    ck_assert_ptr_nonnull(plan);
    memcpy(output, plan_run(plan, input), OUTPUTS * sizeof *output);
    plan_destroy(plan);
}

/* The last test: if tests are not processes of their own, those behind it have no matrices. */
START_TEST(bits_are_the_same_without_matrices)
{
    const struct kernels *kernels = cpu_find_kernels("avx512");
    if (!kernels || !int8_kernels_for(16)->matrix_tiles)
        return;
    struct model *floats = make_model(false);
    struct model *models[] = {quantize(floats, false), model_of_both_forms()};
    float with[2][OUTPUTS], without[2][OUTPUTS];
    for (int i = 0; i < 2; i++)
        run_with_16_lanes(models[i], kernels, with[i]);
    refuse_matrices();
    for (int i = 0; i < 2; i++)
        run_with_16_lanes(models[i], kernels, without[i]);
    ck_assert_mem_eq(with, without, sizeof with);
    for (int i = 0; i < 2; i++)
        model_destroy(models[i]);
    model_destroy(floats);
}
END_TEST

static struct model *separable_model(void)
{
    struct model *model = build_model(SIDE, SIDE, 3);
    add(model, with(conv(32, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(depthwise(3, 1), ACTIVATION_RELU));
    add(model, conv(OUTPUTS, 1, SIDE, PADDING_SAME)); /* one pixel */
    fill_weights(model, 5);
    scale_kernels(model, 1);
    return model;
}

/* The output is worked out on floats, which the layer before it writes from bytes. */
START_TEST(depthwise_on_bytes_in_front_of_the_output)
{
    struct model *model = separable_model(), *twin = separable_model();
    finish(model);
    give_ranges(twin, 0, 4);
    void *reference = engine_reference.create(model, NULL);
    ck_assert_ptr_nonnull(reference);
    float input[PIXELS];
    fill(input, PIXELS, 9);
    const float *wanted = engine_reference.run(reference, input);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(twin, *k, NULL);
        ck_assert_ptr_nonnull(plan);
        ck_assert_int_eq(strncmp(plan_describe(plan, 2), "int8", 4), 0);
        check_close(plan_run(plan, input), wanted, 0.05f, (*k)->name);
        plan_destroy(plan);
    }
    engine_reference.destroy(reference);
    model_destroy(model);
    model_destroy(twin);
}
END_TEST

/* Channels that do not fill a block, joined and then read as floats: what old bytes left in the
 * block's other lanes must not reach the output. */
START_TEST(floats_behind_a_join_of_odd_channels)
{
    struct model *model = build_model(SIDE, SIDE, 3);
    add(model, with(conv(20, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(conv(20, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    const int stem = last(model);
    add(model, conv(5, 3, 1, PADDING_SAME));
    struct layer branch = conv(6, 3, 1, PADDING_SAME);
    branch.inputs = (int[]){stem};
    branch.input_count = 1;
    add(model, branch);
    add_join(model, LAYER_CONCATENATE, last(model) - 1, last(model));
    add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
    add(model, dense(OUTPUTS));
    fill_weights(model, 5);
    give_ranges(model, -3, 5);
    float input[PIXELS];
    fill(input, PIXELS, 9);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, NULL);
        ck_assert_ptr_nonnull(plan);
        for (int run = 0; run < 3; run++) {
            const float *output = plan_run(plan, input);
            for (int i = 0; i < OUTPUTS; i++)
                ck_assert_msg(isfinite(output[i]), "%s: %g", (*k)->name, (double)output[i]);
        }
        plan_destroy(plan);
    }
    model_destroy(model);
}
END_TEST

/* Its output has no place, on floats or on bytes. */
START_TEST(a_layer_that_nobody_reads)
{
    struct model *model = build_model(SIDE, SIDE, 3);
    add(model, with(conv(20, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, conv(6, 3, 1, PADDING_SAME));
    struct layer answer = {.op = LAYER_GLOBAL_AVERAGE_POOL2D};
    answer.inputs = (int[]){1};
    answer.input_count = 1;
    add(model, answer);
    fill_weights(model, 5);
    give_ranges(model, -3, 5);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        struct plan *plan = cpu_can_run(*k) ? plan_create(model, *k, NULL) : NULL;
        ck_assert(plan || !cpu_can_run(*k));
        plan_destroy(plan);
    }
    model_destroy(model);
}
END_TEST

/* Calibration sees channels, not what fills a block behind them. */
static void count_values(void *self, int layer, const float *values, size_t count)
{
    (void)values;
    ((size_t *)self)[layer] += count;
}

START_TEST(observers_see_real_channels_only)
{
    struct model *model = build_model(6, 5, 3);
    add(model, conv(9, 3, 1, PADDING_SAME));
    add(model, conv(21, 3, 1, PADDING_SAME));
    fill_weights(model, 5);
    finish(model);
    float input[6 * 5 * 3];
    fill(input, 6 * 5 * 3, 9);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        size_t counts[3] = {0};
        struct plan *plan = plan_create(model, *k, NULL);
        ck_assert_ptr_nonnull(plan);
        plan_observe(plan, &(struct observer){count_values, counts});
        plan_run(plan, input);
        ck_assert_uint_eq(counts[1], 6 * 5 * 9);
        ck_assert_uint_eq(counts[2], 6 * 5 * 21);
        plan_destroy(plan);
    }
    model_destroy(model);
}
END_TEST

/* 3x3 convolutions of odd sizes on a border that is not 0, with a residual and with pooling. */
START_TEST(all_machines_agree_by_winograd)
{
    struct model *model = build_model(22, 38, 3);
    add(model, conv(30, 3, 1, PADDING_SAME));
    add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
    add(model, conv(30, 3, 1, PADDING_SAME));
    add_join(model, LAYER_ADD, 2, 3);
    add(model, conv(33, 3, 1, PADDING_SAME));
    add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
    add(model, conv(70, 3, 1, PADDING_VALID));
    add(model, pool(LAYER_MAX_POOL2D, 1, 1, PADDING_VALID)); /* on floats */
    fill_weights(model, 5);
    give_ranges(model, -3, 5);
    check_agreement(model, 3, true);
    check_agreement(model, 5, true);
    model_destroy(model);
}
END_TEST

/* Weights of one sign may have sums that do not come out of Winograd's algorithm. */
START_TEST(great_sums_are_convolved_directly)
{
    for (int great = 0; great < 2; great++) {
        struct model *model = build_model(16, 16, 3);
        add(model, conv(160, 3, 2, PADDING_SAME));
        add(model, conv(48, 3, 1, PADDING_SAME));
        add(model, pool(LAYER_MAX_POOL2D, 1, 1, PADDING_VALID));
        fill_weights(model, 5);
        for (int i = 0; i < 9 * 160 && great; i++)
            model->layers[2].kernel[i * 48 + 47] = -0.001f;
        give_ranges(model, -3, 5);
        check_agreement(model, 2, !great);
        model_destroy(model);
    }
}
END_TEST

/* Directly on every processor, and by Winograd's algorithm, whose weights are more. */
START_TEST(weights_that_no_cache_holds_are_far)
{
    struct model *model = build_model(16, 16, 3);
    add(model, conv(128, 3, 2, PADDING_SAME));
    add(model, conv(128, 3, 1, PADDING_SAME));
    add(model, conv(256, 3, 4, PADDING_SAME));
    add(model, conv(256, 3, 1, PADDING_SAME));
    add(model, pool(LAYER_MAX_POOL2D, 1, 1, PADDING_VALID));
    fill_weights(model, 5);
    give_ranges(model, -3, 5);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, NULL);
        const bool halves = int8_kernels_for((*k)->lanes)->value_bytes == 2;
        ck_assert_ptr_null(strstr(plan_describe(plan, 1), ", far"));
        ck_assert_int_eq(strstr(plan_describe(plan, 2), ", far") != NULL, halves);
        ck_assert_ptr_nonnull(strstr(plan_describe(plan, 4), ", far"));
        plan_destroy(plan);
    }
    check_agreement(model, 4, false);
    model_destroy(model);
}
END_TEST

TEST_MAIN(int8_plan, quantized_models_stay_close, all_machines_agree, pointwise_behind_depthwise,
          all_machines_agree_by_winograd, depthwise_on_bytes_in_front_of_the_output,
          floats_behind_a_join_of_odd_channels, a_layer_that_nobody_reads,
          observers_see_real_channels_only, great_sums_are_convolved_directly,
          weights_that_no_cache_holds_are_far, bits_are_the_same_without_matrices)
