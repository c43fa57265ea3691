#include "nn/shape.h"

#include <stdint.h>
#include <stdio.h>

enum { WINDOW_MAX = 4096 }; /* of kernel, stride, dilation and zero padding */

size_t shape_count(const struct shape *shape)
{
    size_t count = 1;
    for (int i = 0; i < shape->rank; i++)
        count *= (size_t)shape->dim[i];
    return count;
}

int shape_channels(const struct shape *shape)
{
    return shape->dim[shape->rank - 1];
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
    if (a->rank != b->rank)
        return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dim[i] != b->dim[i])
            return false;
    return true;
}

const char *shape_text(const struct shape *shape, char text[SHAPE_TEXT_BYTES])
{
    int used = 0;
    text[0] = '\0';
    for (int i = 0; i < shape->rank; i++)
        used += snprintf(text + used, SHAPE_TEXT_BYTES - (size_t)used, "%s%d", i ? " x " : "",
                         shape->dim[i]);
    return text;
}

bool shape_check(const struct shape *shape, struct error *error)
{
    if (shape->rank < 1 || shape->rank > SHAPE_RANK_MAX)
        return error_set(error, "a shape has 1 to %d axes besides the batch, not %d",
                         SHAPE_RANK_MAX, shape->rank);
    char text[SHAPE_TEXT_BYTES];
    int64_t count = 1;
    for (int i = 0; i < shape->rank; i++) {
        if (shape->dim[i] < 1)
            return error_set(error, "every side of a shape is at least 1, not %s",
                             shape_text(shape, text));
        count *= shape->dim[i];
        if (count > TENSOR_VALUES_MAX)
            return error_set(error, "the shape %s has more than %d values", shape_text(shape, text),
                             TENSOR_VALUES_MAX);
    }
    const int channels = shape->dim[shape->rank - 1];
    const int64_t stored = count / channels * ((channels + 15) / 16 * 16); /* nn/layout.h */
    return shape->rank < 3 || stored <= TENSOR_VALUES_MAX ||
           error_set(error, "the shape %s has more than %d values, channels counted by sixteens",
                     shape_text(shape, text), TENSOR_VALUES_MAX);
}

/* --- windows ---------------------------------------------------------------------------------- */

struct axis {
    const char *name;
    int input, kernel, stride, dilation;
};

/* Output length along one axis and the padding before and after it. */
static bool slide(const struct axis *axis, enum padding padding, int *output, int *before,
                  int *after, struct error *error)
{
    if (axis->kernel < 1 || axis->stride < 1 || axis->dilation < 1 || axis->kernel > WINDOW_MAX ||
        axis->stride > WINDOW_MAX || axis->dilation > WINDOW_MAX)
        return error_set(error,
                         "kernel %d, stride %d and dilation %d along the %s must lie in 1..%d",
                         axis->kernel, axis->stride, axis->dilation, axis->name, WINDOW_MAX);
    int extent = (axis->kernel - 1) * axis->dilation + 1;
    *before = *after = 0;
    if (padding == PADDING_SAME) {
        *output = (axis->input - 1) / axis->stride + 1;
        int64_t missing = (int64_t)(*output - 1) * axis->stride + extent - axis->input;
        if (missing > 0) {
            *before = (int)(missing / 2);
            *after = (int)missing - *before;
        }
        return true;
    }
    if (extent > axis->input)
        return error_set(error, "a window of %d does not fit the %s of %d without padding", extent,
                         axis->name, axis->input);
    *output = (axis->input - extent) / axis->stride + 1;
    return true;
}

/* The border that padding='same' needs, which a dilation can make far larger than the map. */
static bool check_padded(const struct shape *input, const struct window *w, struct error *error)
{
    const struct shape padded = {3,
                                 {input->dim[0] + w->pad_top + w->pad_bottom,
                                  input->dim[1] + w->pad_left + w->pad_right, input->dim[2]}};
    return shape_check(&padded, error) || error_prefix(error, "with its padding");
}

static bool infer_window(const struct shape *input, struct window *window, int channels,
                         struct shape *output, struct error *error)
{
    const struct axis height = {"height", input->dim[0], window->kernel_h, window->stride_h,
                                window->dilation_h};
    const struct axis width = {"width", input->dim[1], window->kernel_w, window->stride_w,
                               window->dilation_w};
    *output = (struct shape){3, {0, 0, channels}};
    return slide(&height, window->padding, &output->dim[0], &window->pad_top, &window->pad_bottom,
                 error) &&
           slide(&width, window->padding, &output->dim[1], &window->pad_left, &window->pad_right,
                 error) &&
           check_padded(input, window, error);
}

static bool infer_conv(const struct shape *input, struct layer *layer, struct error *error)
{
    if (layer->conv.filters < 1)
        return error_set(error, "it needs at least one filter, not %d", layer->conv.filters);
    return infer_window(input, &layer->conv.window, layer->conv.filters, &layer->shape, error);
}

static bool infer_depthwise(const struct shape *input, struct layer *layer, struct error *error)
{
    int channels = shape_channels(input);
    if (layer->conv.multiplier < 1 || layer->conv.multiplier > TENSOR_VALUES_MAX / channels)
        return error_set(error, "a depth multiplier of %d is out of bounds",
                         layer->conv.multiplier);
    return infer_window(input, &layer->conv.window, channels * layer->conv.multiplier,
                        &layer->shape, error);
}

static bool infer_pool(const struct shape *input, struct layer *layer, struct error *error)
{
    layer->pool.dilation_h = layer->pool.dilation_w = 1;
    return infer_window(input, &layer->pool, shape_channels(input), &layer->shape, error);
}

static bool infer_zero_padding(const struct shape *input, struct layer *layer, struct error *error)
{
    const struct window *pad = &layer->pool;
    const int amounts[] = {pad->pad_top, pad->pad_bottom, pad->pad_left, pad->pad_right};
    for (size_t i = 0; i < sizeof amounts / sizeof *amounts; i++)
        if (amounts[i] < 0 || amounts[i] > WINDOW_MAX)
            return error_set(error, "a padding of %d is not in 0..%d", amounts[i], WINDOW_MAX);
    layer->shape = *input;
    layer->shape.dim[0] += pad->pad_top + pad->pad_bottom;
    layer->shape.dim[1] += pad->pad_left + pad->pad_right;
    return true;
}

/* --- the other ops ---------------------------------------------------------------------------- */

static bool infer_dense(const struct shape *input, struct layer *layer, struct error *error)
{
    if (layer->dense.units < 1)
        return error_set(error, "it needs at least one unit, not %d", layer->dense.units);
    layer->shape = *input;
    layer->shape.dim[input->rank - 1] = layer->dense.units;
    return true;
}

static bool infer_reshape(const struct shape *input, struct layer *layer, struct error *error)
{
    char from[SHAPE_TEXT_BYTES], to[SHAPE_TEXT_BYTES];
    const struct shape *target = &layer->reshape.target;
    if (!shape_check(target, error))
        return false;
    if (shape_count(target) != shape_count(input))
        return error_set(error, "%s values cannot become %s", shape_text(input, from),
                         shape_text(target, to));
    layer->shape = *target;
    return true;
}

static bool infer_add(const struct model *model, struct layer *layer, struct error *error)
{
    char first[SHAPE_TEXT_BYTES], other[SHAPE_TEXT_BYTES];
    layer->shape = model->layers[layer->inputs[0]].shape;
    for (int i = 1; i < layer->input_count; i++) {
        const struct shape *shape = &model->layers[layer->inputs[i]].shape;
        if (!shape_equal(shape, &layer->shape))
            return error_set(error, "its inputs differ: %s and %s",
                             shape_text(&layer->shape, first), shape_text(shape, other));
    }
    return true;
}

static bool infer_concatenate(const struct model *model, struct layer *layer, struct error *error)
{
    char first[SHAPE_TEXT_BYTES], other[SHAPE_TEXT_BYTES];
    struct shape sum = model->layers[layer->inputs[0]].shape;
    int64_t channels = shape_channels(&sum);
    for (int i = 1; i < layer->input_count; i++) {
        struct shape shape = model->layers[layer->inputs[i]].shape;
        channels += shape_channels(&shape);
        struct shape same = shape;
        if (shape.rank == sum.rank)
            same.dim[same.rank - 1] = shape_channels(&sum);
        if (!shape_equal(&same, &sum))
            return error_set(error, "its inputs differ in more than the last axis: %s and %s",
                             shape_text(&sum, first), shape_text(&shape, other));
    }
    if (channels > TENSOR_VALUES_MAX)
        return error_set(error, "its output has more than %d channels", TENSOR_VALUES_MAX);
    sum.dim[sum.rank - 1] = (int)channels;
    layer->shape = sum;
    return true;
}

static bool needs_picture(enum layer_op op)
{
    return op == LAYER_CONV2D || op == LAYER_DEPTHWISE_CONV2D || op == LAYER_MAX_POOL2D ||
           op == LAYER_AVERAGE_POOL2D || op == LAYER_GLOBAL_MAX_POOL2D ||
           op == LAYER_GLOBAL_AVERAGE_POOL2D || op == LAYER_ZERO_PADDING2D;
}

static bool infer(const struct model *model, struct layer *layer, struct error *error)
{
    const struct shape *input = &model->layers[layer->inputs[0]].shape;
    char text[SHAPE_TEXT_BYTES];

    if (needs_picture(layer->op) && input->rank != 3)
        return error_set(error, "it takes height x width x channels, not %s",
                         shape_text(input, text));
    switch (layer->op) {
    case LAYER_CONV2D:
        return infer_conv(input, layer, error);
    case LAYER_DEPTHWISE_CONV2D:
        return infer_depthwise(input, layer, error);
    case LAYER_DENSE:
        return infer_dense(input, layer, error);
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
        return infer_pool(input, layer, error);
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        layer->shape = (struct shape){1, {shape_channels(input)}};
        return true;
    case LAYER_FLATTEN:
        layer->shape = (struct shape){1, {(int)shape_count(input)}};
        return true;
    case LAYER_RESHAPE:
        return infer_reshape(input, layer, error);
    case LAYER_ADD:
        return infer_add(model, layer, error);
    case LAYER_CONCATENATE:
        return infer_concatenate(model, layer, error);
    case LAYER_ZERO_PADDING2D:
        return infer_zero_padding(input, layer, error);
    case LAYER_BATCH_NORM:
    case LAYER_ACTIVATION:
    case LAYER_DROPOUT:
    case LAYER_RESCALING:
        layer->shape = *input;
        return true;
    case LAYER_INPUT:
    case LAYER_OP_COUNT:
        break;
    }
    return error_set(error, "such a layer cannot be added");
}

bool shape_infer(const struct model *model, struct layer *layer, struct error *error)
{
    return infer(model, layer, error) && shape_check(&layer->shape, error);
}
