/* build: short ways to write networks down in tests. */
#ifndef PAWCAM_TESTS_NN_BUILD_H
#define PAWCAM_TESTS_NN_BUILD_H

#include "nn/layer.h"
#include "nn/model.h"

#include <check.h>
#include <math.h>
#include <string.h>

static inline struct model *build_model(int height, int width, int channels)
{
    struct error error;
    const struct shape input = {3, {height, width, channels}};
    struct model *model = model_create("test", &input, &error);
    ck_assert_msg(model != NULL, "%s", error.message);
    return model;
}

/* Adds the layer behind the last one when it names no inputs. */
static inline struct layer *try_add(struct model *model, struct layer layer, struct error *error)
{
    int last = model->layer_count - 1;
    if (!layer.inputs) {
        layer.inputs = &last;
        layer.input_count = 1;
    }
    if (!layer.name)
        layer.name = (char *)"layer";
    return model_add_layer(model, &layer, error);
}

static inline struct layer *add(struct model *model, struct layer layer)
{
    struct error error = {0};
    struct layer *added = try_add(model, layer, &error);
    ck_assert_msg(added != NULL, "%s", error.message);
    return added;
}

static inline struct window window(int kernel, int stride, enum padding padding)
{
    return (struct window){.kernel_h = kernel,
                           .kernel_w = kernel,
                           .stride_h = stride,
                           .stride_w = stride,
                           .dilation_h = 1,
                           .dilation_w = 1,
                           .padding = padding};
}

static inline struct layer conv(int filters, int kernel, int stride, enum padding padding)
{
    return (struct layer){.op = LAYER_CONV2D,
                          .conv = {window(kernel, stride, padding), .filters = filters}};
}

static inline struct layer dense(int units)
{
    return (struct layer){.op = LAYER_DENSE, .dense = {units}};
}

static inline struct layer pool(enum layer_op op, int kernel, int stride, enum padding padding)
{
    return (struct layer){.op = op, .pool = window(kernel, stride, padding)};
}

static inline struct layer with(struct layer layer, enum activation kind)
{
    layer.activation = (struct activation_params){.kind = kind, .max_value = INFINITY};
    return layer;
}

static inline void finish(struct model *model)
{
    struct error error = {0};
    ck_assert_msg(model_finish(model, &error), "%s", error.message);
}

static inline size_t total_parameters(const struct model *model)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    size_t sum = 0;
    for (int i = 0; i < model->layer_count; i++) {
        int count = layer_parameters(model, &model->layers[i], list);
        for (int k = 0; k < count; k++)
            sum += parameter_count(&list[k]);
    }
    return sum;
}

/* Values in -1..1 that are always the same for a seed (Park, Miller 1988). */
static inline void fill(float *values, size_t count, unsigned seed)
{
    unsigned long state = seed + 1;
    for (size_t i = 0; i < count; i++) {
        state = state * 48271 % 2147483647;
        values[i] = (float)state / 1073741823.5f - 1;
    }
}

/* Values keep their size from layer to layer: the deviation of what fill draws is the root of 1/3.
 * gain: 1, or 2 behind ReLU (He et al. 2015, arXiv:1502.01852). */
static inline void scale_kernels(struct model *model, float gain)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        if (!layer->kernel)
            continue;
        ck_assert_int_gt(layer_parameters(model, layer, list), 0);
        const size_t count = parameter_count(&list[0]);
        const float fan_in = (float)count / (float)shape_channels(&layer->shape);
        for (size_t k = 0; k < count; k++)
            layer->kernel[k] *= sqrtf(3 * gain / fan_in);
    }
}

static inline void fill_weights(struct model *model, unsigned seed)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    for (int i = 0; i < model->layer_count; i++) {
        struct layer *layer = &model->layers[i];
        int count = layer_parameters(model, layer, list);
        for (int k = 0; k < count; k++) {
            size_t values = parameter_count(&list[k]);
            float *array = parameter_values(layer, &list[k]);
            fill(array, values, seed + (unsigned)(16 * i + k));
            if (strcmp(list[k].name, "moving_variance") == 0)
                for (size_t v = 0; v < values; v++)
                    array[v] = 1 + array[v] * array[v];
        }
    }
}

enum { LEFT_RIGHT_SIDE = 4 };

/* Takes what is red on the left for the first class, on the right for the second: one that a mirror
 * confuses. Its input is R, G, B. */
static inline struct model *left_right_model(const char *const *classes, int count)
{
    struct model *model = build_model(LEFT_RIGHT_SIDE, LEFT_RIGHT_SIDE, 3);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    struct layer *scores = add(model, with(dense(count), ACTIVATION_SOFTMAX));
    for (int i = 0; i < LEFT_RIGHT_SIDE * LEFT_RIGHT_SIDE; i++)
        scores->kernel[3 * i * count + i % LEFT_RIGHT_SIDE / (LEFT_RIGHT_SIDE / 2)] = 0.5f;
    finish(model);
    ck_assert(model_set_classes(model, classes, count, NULL));
    return model;
}

#endif
