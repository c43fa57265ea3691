/* Measuring on a small network: not what is fastest, but that everything is tried and taken. */
#include "nn/cpu.h"
#include "nn/tune.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

#include <stdlib.h>

static const struct tune_pictures nothing = {0};

static struct model *small_model(void)
{
    struct model *model = build_model(12, 12, 3);
    add(model, with(conv(16, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, with(conv(16, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, dense(40)); /* 92,160 weights */
    add(model, dense(3));
    fill_weights(model, 7);
    finish(model);
    return model;
}

static int count_of(const struct tune_samples *samples, int layer)
{
    int count = 0;
    for (int i = 0; i < samples->count; i++)
        count += samples->list[i].layer == layer;
    return count;
}

static bool has_winograd(const struct tune_samples *samples, int layer)
{
    bool has = false;
    for (int i = 0; i < samples->count; i++)
        has = has || (samples->list[i].layer == layer && samples->list[i].way.kernel.block > 0);
    return has;
}

START_TEST(each_way_of_each_layer_is_measured)
{
    struct error error = {0};
    struct model *model = small_model();
    struct tune_samples samples;
    ck_assert_msg(tune_measure(model, cpu_find_kernels(NULL), 0, &samples, &error), "%s",
                  error.message);
    for (int i = 0; i < samples.count; i++) {
        const struct tune_sample *sample = &samples.list[i];
        ck_assert_int_eq(count_of(&samples, sample->layer), sample->way.ways);
        ck_assert(sample->us > 0 && sample->ratio > 0);
    }
    ck_assert_int_gt(count_of(&samples, 1), 1);
    ck_assert_int_gt(count_of(&samples, 2), 1);
    ck_assert(has_winograd(&samples, 2));
    ck_assert_int_eq(count_of(&samples, 4), 2);
    ck_assert_int_eq(count_of(&samples, 5), 0); /* too small a Dense */
    tune_free(&samples);
    model_destroy(model);
}
END_TEST

/* Samples in which the last way of each layer is by far the fastest. */
static void invent(struct tune_samples *samples)
{
    for (int i = 0; i < samples->count; i++) {
        struct tune_sample *sample = &samples->list[i];
        sample->ratio = sample->way.place == sample->way.ways - 1 ? 0.5 : 1;
    }
}

START_TEST(sixteen_bits_are_taken_as_asked)
{
    struct error error = {0};
    struct model *model = small_model();
    const struct kernels *kernels = cpu_find_kernels(NULL);
    struct tune_samples samples;
    ck_assert(tune_measure(model, kernels, 0, &samples, &error));
    invent(&samples);
    struct tuning *never = tune_choose(model, kernels, &samples, TUNE_HALVE_NEVER, nothing, &error);
    struct tuning *always =
        tune_choose(model, kernels, &samples, TUNE_HALVE_ALWAYS, nothing, &error);
    ck_assert(never && always);
    ck_assert(!never->layers[4].halved);
    ck_assert(always->layers[4].halved);
    free(never);
    free(always);
    tune_free(&samples);
    model_destroy(model);
}
END_TEST

/* A convolution of far weights, 3x3 and wide. */
static struct model *large_model(void)
{
    struct model *model = build_model(6, 5, 3);
    add(model, conv(160, 3, 1, PADDING_SAME));
    add(model, conv(161, 3, 1, PADDING_SAME));
    fill_weights(model, 5);
    finish(model);
    return model;
}

/* Of the large layer every halved way is slower than the guess, the first one least. */
START_TEST(always_takes_the_fastest_halved_way)
{
    struct error error = {0};
    struct model *model = large_model();
    const struct kernels *kernels = cpu_find_kernels(NULL);
    const struct tune_sample *first = NULL;
    struct tune_samples samples;
    ck_assert(tune_measure(model, kernels, 0, &samples, &error));
    for (int i = 0; i < samples.count; i++) {
        struct tune_sample *sample = &samples.list[i];
        sample->ratio = sample->way.halved ? (first ? 1.5 : 1.2) : 0.9;
        first = sample->way.halved && !first ? sample : first;
    }
    struct tuning *tuning =
        tune_choose(model, kernels, &samples, TUNE_HALVE_ALWAYS, nothing, &error);
    ck_assert_ptr_nonnull(tuning);
    ck_assert_int_eq(first != NULL, kernels->conv[1].run_halves != NULL);
    if (first) {
        const struct tuned_layer *layer = &tuning->layers[2];
        ck_assert(layer->halved && layer->rows == first->way.kernel.kernel->rows &&
                  layer->columns == first->way.kernel.kernel->columns &&
                  layer->vectors == first->way.kernel.kernel->vectors &&
                  layer->side == first->way.kernel.side && layer->block == first->way.kernel.block);
    }
    free(tuning);
    tune_free(&samples);
    model_destroy(model);
}
END_TEST

/* "auto" does not take 16 bits for the large Dense, though they seem fastest. Frees the model. */
static void assert_floats_stay(struct model *model, struct tune_pictures pictures)
{
    struct error error = {0};
    const struct kernels *kernels = cpu_find_kernels(NULL);
    struct tune_samples samples;
    ck_assert(tune_measure(model, kernels, 0, &samples, &error));
    invent(&samples);
    struct tuning *tuning =
        tune_choose(model, kernels, &samples, TUNE_HALVE_AUTO, pictures, &error);
    ck_assert_ptr_nonnull(tuning);
    ck_assert(!tuning->layers[4].halved);
    free(tuning);
    tune_free(&samples);
    model_destroy(model);
}

/* Weights so large that 16 bits of them move the scores: "auto" must not take them. */
START_TEST(sixteen_bits_that_move_scores_are_not_taken)
{
    struct model *model = small_model();
    for (size_t i = 0; i < 3 * 40; i++)
        model->layers[5].kernel[i] *= 50;
    assert_floats_stay(model, nothing);
}
END_TEST

/* Preprocessing makes the pictures' values large; noise stays within 0..1. */
START_TEST(sixteen_bits_that_move_scores_of_pictures_are_not_taken)
{
    static uint8_t pixels[2 * 12 * 12 * 3];
    const struct tune_pictures pictures = {pixels, 2};
    struct model *model = small_model();
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(i * i * 7 + i / 5);
    for (int c = 0; c < 3; c++)
        model->preprocessing.scale[c] = 1000;
    for (size_t i = 0; i < 12 * 12 * 16 * 40; i++)
        model->layers[4].kernel[i] *= 1e-4f;
    assert_floats_stay(model, pictures);
}
END_TEST

START_TEST(the_hash_sees_shapes_and_weights)
{
    struct model *model = small_model();
    const uint64_t hash = tuning_hash(model);
    ck_assert(tuning_hash(model) == hash);
    model->layers[4].kernel[17] += 1e-3f;
    ck_assert(tuning_hash(model) != hash);
    model_destroy(model);
    model = small_model();
    ck_assert(tuning_hash(model) == hash);
    model->layers[2].conv.window.stride_h = 2;
    ck_assert(tuning_hash(model) != hash);
    model_destroy(model);
}
END_TEST

TEST_MAIN(tune, each_way_of_each_layer_is_measured, sixteen_bits_are_taken_as_asked,
          always_takes_the_fastest_halved_way, sixteen_bits_that_move_scores_are_not_taken,
          sixteen_bits_that_move_scores_of_pictures_are_not_taken, the_hash_sees_shapes_and_weights)
