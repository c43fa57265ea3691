/* The fast engine against the plain loops: every op, odd sizes, random graphs, every vector length
 * that this machine has. */
#include "nn/cpu.h"
#include "nn/engine.h"
#include "nn/plan.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

#include <stdio.h>

static void compare(const struct model *model, const struct plan *plan, const char *cpu,
                    const float *got, const float *wanted)
{
    const size_t count = shape_count(model_output_shape(model));
    float largest = 1;
    for (size_t i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(wanted[i]));
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(got[i] - wanted[i]) <= 2e-5f * largest)) {
            for (int k = 0; k < model->layer_count; k++)
                printf("%d: %s %s of %d, %s\n", k, layer_op_name(model->layers[k].op),
                       activation_name(model->layers[k].activation.kind),
                       model->layers[k].input_count ? model->layers[k].inputs[0] : -1,
                       plan_describe(plan, k));
            ck_abort_msg("%s: value %zu of %zu is %.7g, not %.7g", cpu, i, count, (double)got[i],
                         (double)wanted[i]);
        }
}

static void check_floats(const struct model *model, struct plan *plan, const char *cpu)
{
    const size_t count = shape_count(model_input_shape(model));
    float *input = malloc(count * sizeof *input);
    void *reference = engine_reference.create(model, NULL);
    ck_assert(input && reference);
    for (size_t i = 0; i < count; i++)
        input[i] = NAN;
    plan_run(plan, input); /* the next run must not mind what this one left in memory */
    for (unsigned seed = 1; seed <= 2; seed++) {
        fill(input, count, seed);
        compare(model, plan, cpu, plan_run(plan, input), engine_reference.run(reference, input));
    }
    engine_reference.destroy(reference);
    free(input);
}

/* The same picture as bytes, and as the floats that the preprocessing makes of it. */
static void check_pixels(const struct model *model, struct plan *plan, const char *cpu)
{
    const struct shape *shape = model_input_shape(model);
    const size_t count = shape_count(shape);
    const struct preprocessing *how = &model->preprocessing;
    uint8_t *pixels = malloc(count);
    float *input = malloc(count * sizeof *input);
    void *reference = engine_reference.create(model, NULL);
    ck_assert(pixels && input && reference);
    for (size_t i = 0; i < count; i++)
        pixels[i] = (uint8_t)(i * i * 7 + i / 5);
    for (size_t i = 0; i < count; i++) {
        const size_t c = i % 3;
        input[i] = pixels[i - c + (how->bgr ? c : 2 - c)] * how->scale[c] + how->offset[c];
    }
    compare(model, plan, cpu, plan_run_pixels(plan, pixels, shape->dim[1] * 3),
            engine_reference.run(reference, input));
    engine_reference.destroy(reference);
    free(input);
    free(pixels);
}

/* Finishes the model, checks it for each vector length, frees it. */
static void check_model(struct model *model)
{
    struct error error = {0};
    fill_weights(model, 5);
    scale_kernels(model, 1);
    model->preprocessing =
        (struct preprocessing){{0.01f, 0.02f, 0.005f}, {-1, 0.5f, 0}, model->layer_count % 2};
    finish(model);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, &error);
        ck_assert_msg(plan != NULL, "%s", error.message);
        check_floats(model, plan, (*k)->name);
        if (model_takes_picture(model) && shape_channels(model_input_shape(model)) == 3)
            check_pixels(model, plan, (*k)->name);
        plan_destroy(plan);
    }
    model_destroy(model);
}

/* One layer behind an input of odd channels, and behind a layer of blocked channels. */
static void check_layer(int height, int width, int channels, struct layer layer)
{
    struct model *model = build_model(height, width, channels);
    add(model, layer);
    check_model(model);
    model = build_model(height, width, 3);
    add(model, conv(channels, 1, 1, PADDING_SAME));
    add(model, layer);
    check_model(model);
}

START_TEST(convolutions_of_every_geometry)
{
    for (int kernel = 1; kernel <= 5; kernel++)
        for (int stride = 1; stride <= 3; stride++)
            for (int dilation = 1; dilation <= (stride == 1 ? 2 : 1); dilation++)
                for (int padding = PADDING_VALID; padding <= PADDING_SAME; padding++) {
                    struct layer layer = conv(13, kernel, stride, (enum padding)padding);
                    layer.conv.window.dilation_h = layer.conv.window.dilation_w = dilation;
                    check_layer(11, 14, 7, with(layer, ACTIVATION_RELU));
                }
}
END_TEST

START_TEST(unequal_windows)
{
    struct layer layer = conv(19, 3, 1, PADDING_SAME);
    layer.conv.window.kernel_w = 5;
    layer.conv.window.stride_h = 2;
    check_layer(9, 17, 33, layer);
    layer.conv.window.kernel_h = 1;
    layer.conv.window.dilation_w = 2;
    layer.conv.window.stride_h = 1;
    check_layer(9, 17, 20, layer);
}
END_TEST

START_TEST(channel_counts_around_the_vector_lengths)
{
    static const int channels[] = {1, 2, 3, 4, 5, 8, 15, 16, 17, 32, 40, 64, 70};
    enum { COUNT = sizeof channels / sizeof *channels };
    for (int i = 0; i < COUNT; i++)
        for (int k = 0; k < COUNT; k += 3)
            check_layer(6, 5, channels[i], conv(channels[(i + k) % COUNT], 3, 1, PADDING_SAME));
}
END_TEST

START_TEST(winograd_on_sizes_that_are_no_multiple_of_its_tile)
{
    for (int size = 4; size <= 13; size++) {
        check_layer(size, 17 - size, 32, with(conv(48, 3, 1, PADDING_SAME), ACTIVATION_RELU));
        check_layer(size + 2, 21, 33, conv(31, 3, 1, PADDING_VALID));
        check_layer(size, 29 + size, 3, with(conv(48, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    }
}
END_TEST

/* A tuning asks for tiles of 2x2 outputs, with each kernel and several sizes of the block, on maps
 * of one tile and more, with what may follow: a residual, a pooling, an activation. */
static void check_small_tiles(struct model *model, int layer, int tiles, const char *how)
{
    struct error error = {0};
    int checked = 0;
    fill_weights(model, 5);
    scale_kernels(model, 1);
    finish(model);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++)
        for (const struct conv_kernel *kernel = (*k)->conv; cpu_can_run(*k) && kernel->rows > 0;
             kernel++)
            for (int block = kernel->columns; block <= tiles; block += kernel->columns) {
                struct tuning *tuning = tuning_create(model, (*k)->name);
                tuning->layers[layer] = (struct tuned_layer){
                    kernel->rows, kernel->columns, kernel->vectors, 2, block, false};
                struct plan *plan = plan_create_guided(model, *k, tuning, 0, &error);
                ck_assert_msg(plan != NULL, "%s", error.message);
                if (strncmp(plan_describe(plan, layer), "Winograd 2x2", 12) == 0) {
                    check_floats(model, plan, (*k)->name);
                    checked++;
                }
                plan_destroy(plan);
                free(tuning);
            }
    ck_assert_msg(checked > 0, "%s: never by tiles of 2x2", how);
    model_destroy(model);
}

START_TEST(winograd_with_tiles_of_2x2)
{
    for (int size = 2; size <= 7; size++) {
        const int width = 9 - size, tiles = (size + 1) / 2 * ((width + 1) / 2);
        struct model *model = build_model(size, width, 3);
        add(model, conv(37, 1, 1, PADDING_SAME));
        add(model, with(conv(33, 3, 1, PADDING_SAME), ACTIVATION_RELU));
        check_small_tiles(model, 2, tiles, "activation");
        model = build_model(size, width, 3);
        add(model, conv(33, 1, 1, PADDING_SAME));
        add(model, conv(33, 3, 1, PADDING_SAME));
        int sides[] = {1, 2};
        add(model, (struct layer){.op = LAYER_ADD, .inputs = sides, .input_count = 2});
        check_small_tiles(model, 2, tiles, "residual");
        model = build_model(2 * size, 2 * width, 3);
        add(model, conv(20, 1, 1, PADDING_SAME));
        add(model, conv(33, 3, 1, PADDING_SAME));
        add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
        check_small_tiles(model, 2, size * width, "pooling");
    }
}
END_TEST

START_TEST(depthwise)
{
    for (int kernel = 1; kernel <= 5; kernel++)
        for (int stride = 1; stride <= 3; stride++)
            for (int multiplier = 1; multiplier <= 2; multiplier++) {
                struct layer layer = {
                    .op = LAYER_DEPTHWISE_CONV2D,
                    .conv = {window(kernel, stride, PADDING_SAME), .multiplier = multiplier}};
                check_layer(8 + kernel, 7, 19, with(layer, ACTIVATION_RELU));
                layer.conv.window.padding = PADDING_VALID;
                check_layer(16, 21, 16, layer);
            }
}
END_TEST

/* A depthwise layer, number 2, behind a convolution. */
static struct model *begin_separable(int channels, int multiplier, enum activation activation)
{
    struct model *model = build_model(9, 11, 3);
    const struct layer layer = {.op = LAYER_DEPTHWISE_CONV2D,
                                .conv = {window(3, 1, PADDING_SAME), .multiplier = multiplier}};
    add(model, with(conv(channels / multiplier, 1, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(layer, activation));
    return model;
}

/* Checks the model; `whole`: the last convolution shall read the depthwise layer's pixels whole,
 * where these fill vectors of several lanes. */
static void check_separable(struct model *model, bool whole)
{
    struct error error = {0};
    const int channels = shape_channels(&model->layers[2].shape), last = model->layer_count - 1;
    finish(model);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, &error);
        ck_assert_msg(plan != NULL, "%s", error.message);
        const bool said = strstr(plan_describe(plan, last), "whole pixels") != NULL;
        ck_assert_int_eq(said, whole && channels % (*k)->lanes == 0 && channels > (*k)->lanes);
        plan_destroy(plan);
    }
    check_model(model);
}

START_TEST(pointwise_behind_depthwise_reads_whole_pixels)
{
    for (int channels = 8; channels <= 64; channels += 8)
        for (int stride = 1; stride <= 2; stride++) {
            struct model *model = begin_separable(channels, stride, ACTIVATION_RELU);
            add(model, conv(21, 1, stride, PADDING_VALID));
            check_separable(model, true);
        }
    struct model *model = begin_separable(512, 1, ACTIVATION_RELU); /* a turn is less than a row */
    add(model, conv(21, 1, 1, PADDING_VALID));
    check_separable(model, true);
    model = begin_separable(32, 1, ACTIVATION_LINEAR);
    add(model, (struct layer){.op = LAYER_ZERO_PADDING2D,
                              .pool = {.pad_top = 1, .pad_left = 2, .pad_bottom = 3}});
    add(model, with(conv(40, 1, 1, PADDING_VALID), ACTIVATION_RELU));
    check_separable(model, true);
    model = begin_separable(32, 1, ACTIVATION_RELU);
    add(model, with(dense(17), ACTIVATION_RELU)); /* on each pixel */
    check_separable(model, true);
}
END_TEST

START_TEST(other_readers_of_depthwise_keep_it_in_blocks)
{
    struct model *model = begin_separable(32, 1, ACTIVATION_RELU);
    add(model, conv(21, 3, 1, PADDING_SAME));
    check_separable(model, false);
    model = begin_separable(32, 1, ACTIVATION_SIGMOID); /* a step of its own */
    add(model, conv(21, 1, 1, PADDING_SAME));
    check_separable(model, false);
    model = begin_separable(32, 1, ACTIVATION_RELU);
    add(model, conv(32, 1, 1, PADDING_SAME));
    add(model, (struct layer){.op = LAYER_ADD, .inputs = (int[]){2, 3}, .input_count = 2});
    add(model, conv(21, 1, 1, PADDING_SAME));
    check_separable(model, false);
    model = begin_separable(32, 1, ACTIVATION_RELU);
    add(model, (struct layer){.op = LAYER_GLOBAL_MAX_POOL2D});
    check_separable(model, false);
    model = begin_separable(32, 1, ACTIVATION_RELU);
    add(model, conv(21, 1, 1, PADDING_SAME));
    model->output = 2; /* the depthwise layer itself: nothing reads it, or has to */
    check_separable(model, false);
}
END_TEST

START_TEST(poolings)
{
    static const enum layer_op ops[] = {LAYER_MAX_POOL2D, LAYER_AVERAGE_POOL2D};
    for (int i = 0; i < 2; i++)
        for (int kernel = 1; kernel <= 3; kernel++)
            for (int stride = 1; stride <= 3; stride++)
                for (int padding = PADDING_VALID; padding <= PADDING_SAME; padding++)
                    check_layer(9, 7, 18, pool(ops[i], kernel, stride, (enum padding)padding));
    check_layer(5, 7, 18, (struct layer){.op = LAYER_GLOBAL_MAX_POOL2D});
    check_layer(5, 7, 18, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
}
END_TEST

START_TEST(activations_fused_and_alone)
{
    for (int kind = ACTIVATION_LINEAR; kind < ACTIVATION_COUNT; kind++) {
        struct layer layer = {.op = LAYER_ACTIVATION};
        layer = with(layer, (enum activation)kind);
        layer.activation.alpha = kind == ACTIVATION_LEAKY_RELU || kind == ACTIVATION_ELU ? 0.3f : 0;
        if (kind == ACTIVATION_RELU)
            layer.activation.max_value = 0.5f;
        check_layer(5, 4, 18, layer);
        struct layer fused = conv(9, 3, 1, PADDING_SAME);
        fused.activation = layer.activation;
        check_layer(5, 4, 18, fused);
        if (kind == ACTIVATION_RELU) {
            fused.activation.alpha = 0.25f;
            check_layer(5, 4, 18, fused);
        }
    }
}
END_TEST

START_TEST(dense_on_vectors_and_maps)
{
    static const int units[] = {1, 3, 16, 64, 65, 130};
    for (int i = 0; i < 6; i++) {
        check_layer(3, 4, 5, with(dense(units[i]), ACTIVATION_RELU));
        struct model *model = build_model(4, 3, i % 2 ? 3 : 5);
        add(model, conv(units[i], 3, 1, PADDING_SAME));
        add(model, (struct layer){.op = LAYER_FLATTEN});
        add(model, with(dense(units[5 - i]), ACTIVATION_SIGMOID));
        add(model, with(dense(units[i]), ACTIVATION_SOFTMAX));
        check_model(model);
    }
    struct model *model = build_model(28, 28, 1);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, with(dense(10), ACTIVATION_SOFTMAX));
    check_model(model);
}
END_TEST

START_TEST(layers_that_move_values)
{
    check_layer(5, 6, 7, (struct layer){.op = LAYER_FLATTEN});
    check_layer(5, 6, 7, (struct layer){.op = LAYER_RESHAPE, .reshape = {{3, {3, 14, 5}}}});
    check_layer(5, 6, 7, (struct layer){.op = LAYER_RESHAPE, .reshape = {{2, {21, 10}}}});
    check_layer(5, 6, 7, (struct layer){.op = LAYER_RESCALING, .rescaling = {0.5f, -0.25f}});
    check_layer(5, 6, 7, (struct layer){.op = LAYER_BATCH_NORM, .batch_norm = {1e-3f, 0.99f}});
    check_layer(5, 6, 7, (struct layer){.op = LAYER_DROPOUT, .dropout = {0.5f}});
    const struct layer padding = {.op = LAYER_ZERO_PADDING2D,
                                  .pool = {.pad_top = 1, .pad_left = 2, .pad_right = 3}};
    check_layer(5, 6, 7, padding);
    check_layer(5, 6, 20, padding);
}
END_TEST

/* Who reads the input in blocks reads its spare lanes, too. */
START_TEST(an_input_in_blocks)
{
    struct model *model = build_model(12, 33, 3);
    add(model, (struct layer){.op = LAYER_ADD, .inputs = (int[]){0, 0}, .input_count = 2});
    add(model, (struct layer){.op = LAYER_GLOBAL_MAX_POOL2D});
    add(model, with(dense(1), ACTIVATION_SIGMOID));
    check_model(model);
}
END_TEST

/* Layers that the output does not depend on are left out, whatever they read. */
START_TEST(layers_that_nobody_reads)
{
    struct model *model = build_model(9, 7, 3);
    add(model, conv(6, 3, 1, PADDING_SAME));
    add(model, (struct layer){.op = LAYER_BATCH_NORM, .batch_norm = {1e-3f, 0.99f}});
    add(model, conv(5, 3, 2, PADDING_SAME)); /* the end of a branch, */
    struct layer other = conv(4, 3, 1, PADDING_SAME);
    other.inputs = (int[]){1}; /* and what would read the first convolution beside the norm */
    other.input_count = 1;
    add(model, other);
    struct layer answer = {.op = LAYER_GLOBAL_AVERAGE_POOL2D};
    answer.inputs = (int[]){2};
    answer.input_count = 1;
    add(model, answer);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        struct plan *plan = cpu_can_run(*k) ? (finish(model), plan_create(model, *k, NULL)) : NULL;
        if (!plan)
            continue;
        ck_assert_str_eq(plan_describe(plan, 2), "in layer");
        ck_assert_ptr_nonnull(strstr(plan_describe(plan, 3), "left out"));
        ck_assert_ptr_nonnull(strstr(plan_describe(plan, 4), "left out"));
        plan_destroy(plan);
    }
    check_model(model);
}
END_TEST

/* Kernels must not hide what was no number: the scores tell. */
static void check_nan(enum activation kind)
{
    struct model *model = build_model(4, 4, 1);
    add(model, with(conv(20, 1, 1, PADDING_SAME), kind));
    add(model, (struct layer){.op = LAYER_FLATTEN});
    fill_weights(model, 1);
    finish(model);
    float input[16];
    for (int i = 0; i < 16; i++)
        input[i] = NAN;
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, NULL);
        ck_assert_ptr_nonnull(plan);
        const float *output = plan_run(plan, input);
        for (int i = 0; i < 16 * 20; i++)
            ck_assert_msg(isnan(output[i]), "%s, %s: %g", (*k)->name, activation_name(kind),
                          (double)output[i]);
        plan_destroy(plan);
    }
    model_destroy(model);
}

START_TEST(activations_let_nan_through)
{
    for (int kind = 0; kind < ACTIVATION_COUNT; kind++)
        check_nan((enum activation)kind);
}
END_TEST

/* Conv, BatchNorm, ReLU, and a shortcut that comes first or last. */
START_TEST(residual_blocks_with_batch_norm)
{
    for (int order = 0; order < 2; order++) {
        struct model *model = build_model(16, 12, 3);
        add(model, conv(24, 3, 2, PADDING_SAME));
        int shortcut = model->layer_count - 1;
        if (order == 0) {
            add(model, conv(40, 1, 1, PADDING_SAME));
            shortcut = model->layer_count - 1;
        }
        struct layer first = conv(24, 3, 1, PADDING_SAME);
        int stem = 1;
        first.inputs = &stem;
        first.input_count = 1;
        add(model, first);
        add(model, (struct layer){.op = LAYER_BATCH_NORM, .batch_norm = {1e-3f, 0.99f}});
        add(model, with((struct layer){.op = LAYER_ACTIVATION}, ACTIVATION_RELU));
        add(model, conv(40, 3, 1, PADDING_SAME));
        add(model, (struct layer){.op = LAYER_BATCH_NORM, .batch_norm = {1e-3f, 0.99f}});
        int sides[] = {shortcut, model->layer_count - 1};
        if (order == 1) {
            struct layer late = conv(40, 1, 1, PADDING_SAME);
            late.inputs = &stem;
            late.input_count = 1;
            add(model, late);
            sides[0] = model->layer_count - 1;
        }
        struct layer sum = {.op = LAYER_ADD, .inputs = sides, .input_count = 2};
        add(model, sum);
        add(model, with((struct layer){.op = LAYER_ACTIVATION}, ACTIVATION_RELU));
        add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
        check_model(model);
    }
}
END_TEST

START_TEST(pooling_fused_with_odd_sizes)
{
    for (int size = 2; size <= 11; size++) {
        struct model *model = build_model(size, 13 - size, 3);
        add(model, with(conv(17, 3, 1, PADDING_SAME), ACTIVATION_RELU));
        add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
        check_model(model);
        model = build_model(size + 4, 17 - size, 3);
        add(model, conv(33, 1, 1, PADDING_SAME));
        add(model, with(conv(20, 3, 1, PADDING_SAME), ACTIVATION_RELU));
        add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
        check_model(model);
    }
}
END_TEST

START_TEST(padding_and_rescaling_fold_into_what_follows)
{
    struct model *model = build_model(13, 10, 3);
    add(model, (struct layer){.op = LAYER_RESCALING, .rescaling = {2, -1}});
    add(model,
        (struct layer){.op = LAYER_ZERO_PADDING2D, .pool = {.pad_bottom = 1, .pad_right = 1}});
    add(model, with(conv(8, 3, 2, PADDING_VALID), ACTIVATION_RELU));
    add(model, (struct layer){.op = LAYER_ZERO_PADDING2D,
                              .pool = {.pad_top = 1, .pad_bottom = 1, .pad_left = 1}});
    add(model, (struct layer){.op = LAYER_DEPTHWISE_CONV2D,
                              .conv = {window(3, 1, PADDING_VALID), .multiplier = 1}});
    check_model(model);
}
END_TEST

START_TEST(a_map_of_one_pixel_is_read_with_and_without_its_border)
{
    struct model *model = build_model(1, 1, 9);
    add(model, conv(21, 1, 1, PADDING_SAME));
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, dense(6));
    int map = 1;
    struct layer wide = conv(5, 3, 1, PADDING_SAME);
    wide.inputs = &map;
    wide.input_count = 1;
    add(model, wide);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    int both[] = {3, 5};
    add(model, (struct layer){.op = LAYER_CONCATENATE, .inputs = both, .input_count = 2});
    check_model(model);
}
END_TEST

/* --- random graphs ---------------------------------------------------------------------------- */

static unsigned long dice_state;

static int dice(int sides)
{
    dice_state = dice_state * 48271 % 2147483647;
    return (int)(dice_state % (unsigned long)sides);
}

static struct layer random_layer(const struct shape *in)
{
    static const enum activation kinds[] = {ACTIVATION_LINEAR, ACTIVATION_RELU, ACTIVATION_LINEAR,
                                            ACTIVATION_LEAKY_RELU, ACTIVATION_TANH};
    const enum padding padding = dice(3) && in->dim[0] > 3 ? PADDING_VALID : PADDING_SAME;
    struct layer layer = {0};
    switch (dice(9)) {
    case 0:
    case 1:
    case 2:
        layer = conv(1 + dice(40), 1 + dice(3), 1 + dice(2), PADDING_SAME);
        break;
    case 3:
        layer = (struct layer){.op = LAYER_DEPTHWISE_CONV2D,
                               .conv = {window(3, 1 + dice(2), PADDING_SAME), .multiplier = 1}};
        break;
    case 4:
        layer = (struct layer){.op = LAYER_BATCH_NORM, .batch_norm = {1e-3f, 0.99f}};
        break;
    case 5:
        layer = pool(dice(2) ? LAYER_MAX_POOL2D : LAYER_AVERAGE_POOL2D, 2, 2, PADDING_SAME);
        break;
    case 6:
        layer = (struct layer){.op = LAYER_ZERO_PADDING2D,
                               .pool = {.pad_top = dice(2), .pad_right = dice(3)}};
        break;
    case 7:
        layer = (struct layer){.op = LAYER_ACTIVATION};
        break;
    default:
        layer = in->dim[0] > 3 && in->dim[1] > 3 ? conv(32, 3, 1, padding)
                                                 : conv(32, 1, 1, PADDING_SAME);
    }
    layer = with(layer, kinds[dice(5)]);
    layer.activation.alpha = 0.2f * (float)(layer.activation.kind == ACTIVATION_LEAKY_RELU);
    return layer;
}

/* Adds, or else concatenates, two layers of equal size; none: false. */
static bool join(struct model *model)
{
    int pair[] = {dice(model->layer_count), dice(model->layer_count)};
    const struct shape *a = &model->layers[pair[0]].shape, *b = &model->layers[pair[1]].shape;
    if (a->dim[0] != b->dim[0] || a->dim[1] != b->dim[1])
        return false;
    add(model, (struct layer){.op = a->dim[2] == b->dim[2] ? LAYER_ADD : LAYER_CONCATENATE,
                              .inputs = pair,
                              .input_count = 2});
    return true;
}

START_TEST(random_graphs)
{
    for (unsigned seed = 1; seed <= 150; seed++) {
        dice_state = seed * 7919;
        struct model *model = build_model(5 + dice(14), 5 + dice(14), 1 + dice(5));
        const int layers = 3 + dice(10);
        for (int i = 0; i < layers; i++) {
            if (dice(3) == 0 && join(model))
                continue;
            int input = model->layer_count - 1 - (dice(4) ? 0 : dice(model->layer_count));
            struct layer layer = random_layer(&model->layers[input].shape);
            layer.inputs = &input;
            layer.input_count = 1;
            add(model, layer);
        }
        if (dice(2))
            add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
        else
            add(model, (struct layer){.op = LAYER_FLATTEN});
        add(model, with(dense(1 + dice(70)), dice(2) ? ACTIVATION_SOFTMAX : ACTIVATION_RELU));
        check_model(model);
    }
}
END_TEST

START_TEST(same_input_same_bits)
{
    struct model *model = build_model(20, 20, 3);
    add(model, conv(20, 3, 1, PADDING_SAME));
    add(model, conv(20, 3, 1, PADDING_SAME));
    fill_weights(model, 1);
    finish(model);
    float input[1200], first[8000];
    fill(input, 1200, 9);
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        if (!cpu_can_run(*k))
            continue;
        struct plan *plan = plan_create(model, *k, NULL);
        memcpy(first, plan_run(plan, input), sizeof first);
        ck_assert_mem_eq(plan_run(plan, input), first, sizeof first);
        plan_destroy(plan);
        plan = plan_create(model, *k, NULL);
        ck_assert_mem_eq(plan_run(plan, input), first, sizeof first);
        plan_destroy(plan);
    }
    model_destroy(model);
}
END_TEST

/* Rounding weights to 8 bits of mantissa moves each by up to 1/256 of it, and the sum much less; to
 * 11 bits, still less. */
static void compare_ways(const struct model *model, struct plan *plan, void *reference, bool halved,
                         const char *cpu)
{
    const size_t count = shape_count(model_input_shape(model));
    const int outputs = (int)shape_count(model_output_shape(model));
    float *input = malloc(count * sizeof *input), largest = 1;
    fill(input, count, 3);
    const float *got = plan_run(plan, input), *wanted = engine_reference.run(reference, input);
    for (int i = 0; i < outputs; i++)
        largest = fmaxf(largest, fabsf(wanted[i]));
    if (!halved)
        compare(model, plan, cpu, got, wanted);
    for (int i = 0; i < outputs; i++)
        ck_assert_msg(fabsf(got[i] - wanted[i]) <= 4e-3f * largest, "%s: value %d is %g, not %g",
                      cpu, i, (double)got[i], (double)wanted[i]);
    free(input);
}

/* 3x3 with and without Winograd, strides, an odd Dense large enough to be kept in 16 bits. */
static struct model *model_of_many_ways(void)
{
    struct model *model = build_model(18, 21, 3);
    add(model, with(conv(20, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(conv(33, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, conv(17, 3, 2, PADDING_SAME));
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, dense(71));
    fill_weights(model, 5);
    scale_kernels(model, 1);
    finish(model);
    return model;
}

/* Convolutions whose weights no second cache holds: by Winograd, and with a stride. */
static struct model *model_of_large_layers(void)
{
    struct model *model = build_model(6, 5, 3);
    add(model, conv(160, 3, 1, PADDING_SAME));
    add(model, with(conv(161, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, conv(160, 3, 2, PADDING_SAME));
    fill_weights(model, 5);
    scale_kernels(model, 1);
    finish(model);
    return model;
}

/* In how many of the places weights of `layer` are halved. */
static int halved_ways(const struct model *model, const struct kernels *kernels, int layer)
{
    struct error error = {0};
    int halved = 0;
    void *reference = engine_reference.create(model, NULL);
    for (int place = 0, ways = 1; place < ways; place++) {
        struct plan *plan = plan_create_guided(model, kernels, NULL, place, &error);
        struct plan_way way;
        bool some_halved = false;
        ck_assert_msg(plan != NULL, "%s", error.message);
        for (int i = 0; i < model->layer_count; i++)
            if (plan_way(plan, i, &way)) {
                ways = way.ways > ways ? way.ways : ways;
                some_halved |= way.halved;
                halved += i == layer && way.halved;
                ck_assert(place > 0 || !way.halved);
            }
        compare_ways(model, plan, reference, some_halved, kernels->name);
        plan_destroy(plan);
    }
    engine_reference.destroy(reference);
    return halved;
}

START_TEST(every_way_to_run_a_layer_gives_the_same)
{
    struct model *model = model_of_many_ways(), *large = model_of_large_layers();
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        const bool has_halves = (*k)->conv[1].run_halves;
        if (!cpu_can_run(*k))
            continue;
        ck_assert_int_eq(halved_ways(model, *k, 2), 0);
        ck_assert_int_eq(halved_ways(model, *k, 5), 1);
        ck_assert_int_eq(halved_ways(large, *k, 1), 0);
        ck_assert_int_eq(halved_ways(large, *k, 2) > 0, has_halves);
        ck_assert_int_eq(halved_ways(large, *k, 3) > 0, has_halves);
    }
    model_destroy(model);
    model_destroy(large);
}
END_TEST

/* Where there are no half floats, the tuning that asks for them runs on floats. */
START_TEST(a_plan_halves_what_the_tuning_says)
{
    struct model *model = model_of_large_layers();
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++) {
        struct tuning *tuning = tuning_create(model, (*k)->name);
        const bool has_halves = (*k)->conv[1].run_halves;
        const int vectors = (*k)->lanes < 16 ? 2 : 4; /* of a tile with 4 columns */
        char text[64];
        if (!cpu_can_run(*k)) {
            free(tuning);
            continue;
        }
        tuning->layers[1] = (struct tuned_layer){1, 1, 1, 0, 0, true}; /* near */
        tuning->layers[2] = (struct tuned_layer){1, 4, vectors, 2, 4, true};
        tuning->layers[3] = (struct tuned_layer){1, 1, 1, 0, 0, true};
        struct plan *plan = plan_create_guided(model, *k, tuning, 0, NULL);
        ck_assert_str_eq(plan_describe(plan, 1), "direct 1x1x1, from pixels");
        snprintf(text, sizeof text, "Winograd 2x2, 4 tiles, 4x%d, %s", vectors,
                 has_halves ? "halves" : "far");
        ck_assert_str_eq(plan_describe(plan, 2), text);
        ck_assert_str_eq(plan_describe(plan, 3), has_halves ? "direct 1x1x1, stride 2, halves"
                                                            : "direct 1x1x1, stride 2, far");
        size_t arena, halves, floats;
        plan_memory(plan, &arena, &halves);
        plan_destroy(plan);
        tuning->layers[2].halved = tuning->layers[3].halved = false;
        plan = plan_create_guided(model, *k, tuning, 0, NULL);
        plan_memory(plan, &arena, &floats);
        ck_assert(has_halves ? halves < floats * 2 / 3 : halves == floats);
        ck_assert_str_eq(plan_describe(plan, 3), "direct 1x1x1, stride 2, far");
        plan_destroy(plan);
        free(tuning);
    }
    model_destroy(model);
}
END_TEST

/* A convolution and the residual that is added to it, of so many vectors of channels, both by this
 * tile; with weights that no second cache holds as half floats. */
static void check_groups(const struct kernels *kernels, const struct conv_kernel *kernel,
                         int vectors, int in)
{
    struct model *model = build_model(6, 8, 3);
    const int out = vectors * kernels->lanes - 3;
    int stem = 1, sides[] = {2, 3};
    struct layer residual = conv(out, 1, 1, PADDING_SAME);
    residual.inputs = &stem;
    residual.input_count = 1;
    add(model, conv(in, 1, 1, PADDING_SAME));
    add(model, with(conv(out, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, residual);
    add(model, (struct layer){.op = LAYER_ADD, .inputs = sides, .input_count = 2});
    fill_weights(model, 5);
    scale_kernels(model, 1);
    finish(model);
    struct tuning *tuning = tuning_create(model, kernels->name);
    tuning->layers[2] = tuning->layers[3] =
        (struct tuned_layer){kernel->rows, kernel->columns, kernel->vectors, 0, 0, true};
    struct plan *plan = plan_create_guided(model, kernels, tuning, 0, NULL);
    void *reference = engine_reference.create(model, NULL);
    char text[32];
    snprintf(text, sizeof text, "direct %dx%dx%d", kernel->rows, kernel->columns, kernel->vectors);
    ck_assert_int_eq(strncmp(plan_describe(plan, 2), text, strlen(text)), 0);
    ck_assert_int_eq(strncmp(plan_describe(plan, 3), text, strlen(text)), 0);
    compare_ways(model, plan, reference, strstr(plan_describe(plan, 2), "halves"), kernels->name);
    engine_reference.destroy(reference);
    plan_destroy(plan);
    free(tuning);
    model_destroy(model);
}

START_TEST(last_channels_by_a_narrower_tile)
{
    int checked = 0;
    for (const struct kernels *const *k = cpu_all_kernels(); *k; k++)
        for (const struct conv_kernel *kernel = (*k)->conv; cpu_can_run(*k) && kernel->rows > 0;
             kernel++)
            for (int vectors = kernel->vectors; vectors <= 3 * kernel->vectors + 1; vectors++) {
                if (!conv_narrower(kernel))
                    break;
                check_groups(*k, kernel, vectors, 13);
                check_groups(*k, kernel, vectors, 260);
                checked++;
            }
    ck_assert_int_gt(checked, 0);
}
END_TEST

/* Only an entry that fits its layer counts. */
START_TEST(a_plan_follows_the_tuning_that_fits)
{
    struct model *model = model_of_many_ways();
    const struct kernels *kernels = cpu_find_kernels("auto");
    struct tuning *tuning = tuning_create(model, kernels->name);
    tuning->layers[1] = (struct tuned_layer){1, 1, 1, 0, 0, false};
    tuning->layers[2] = (struct tuned_layer){7, 7, 7, 0, 0, false}; /* there is no such tile */
    tuning->layers[3] = (struct tuned_layer){1, 1, 1, 4, 5, false}; /* no Winograd at stride 2 */
    tuning->layers[5].halved = true;
    struct plan *guess = plan_create(model, kernels, NULL);
    model->tuning = tuning;
    struct plan *plan = plan_create(model, kernels, NULL);
    ck_assert(guess && plan);
    ck_assert_str_eq(plan_describe(plan, 1), "direct 1x1x1, from pixels");
    ck_assert_str_eq(plan_describe(plan, 2), plan_describe(guess, 2));
    ck_assert_str_eq(plan_describe(plan, 3), plan_describe(guess, 3));
    ck_assert_str_eq(plan_describe(plan, 5), "dense, bfloat16");
    plan_destroy(plan);
    strcpy(tuning->kernels, "others");
    plan = plan_create(model, kernels, NULL);
    ck_assert_str_eq(plan_describe(plan, 1), plan_describe(guess, 1));
    ck_assert_str_eq(plan_describe(plan, 5), "dense");
    plan_destroy(plan);
    plan_destroy(guess);
    model_destroy(model);
}
END_TEST

TEST_MAIN(plan, convolutions_of_every_geometry, unequal_windows,
          channel_counts_around_the_vector_lengths,
          winograd_on_sizes_that_are_no_multiple_of_its_tile, winograd_with_tiles_of_2x2, depthwise,
          pointwise_behind_depthwise_reads_whole_pixels,
          other_readers_of_depthwise_keep_it_in_blocks, poolings, activations_fused_and_alone,
          dense_on_vectors_and_maps, layers_that_move_values, an_input_in_blocks,
          layers_that_nobody_reads, activations_let_nan_through, residual_blocks_with_batch_norm,
          pooling_fused_with_odd_sizes, padding_and_rescaling_fold_into_what_follows,
          a_map_of_one_pixel_is_read_with_and_without_its_border, random_graphs,
          same_input_same_bits, every_way_to_run_a_layer_gives_the_same,
          a_plan_halves_what_the_tuning_says, last_channels_by_a_narrower_tile,
          a_plan_follows_the_tuning_that_fits)
