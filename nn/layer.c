#include "nn/layer.h"

static int input_channels(const struct model *model, const struct layer *layer)
{
    return shape_channels(&model->layers[layer->inputs[0]].shape);
}

static struct parameter vector(const char *name, size_t member, int length, bool trainable)
{
    return (struct parameter){name, member, 1, {length}, trainable};
}

static int conv_parameters(const struct layer *layer, int channels, struct parameter *list)
{
    const struct window *window = &layer->conv.window;
    bool depthwise = layer->op == LAYER_DEPTHWISE_CONV2D;
    int count = 0;

    list[count++] =
        (struct parameter){.name = depthwise ? "depthwise_kernel" : "kernel",
                           .member = offsetof(struct layer, kernel),
                           .rank = 4,
                           .dim = {window->kernel_h, window->kernel_w, channels,
                                   depthwise ? layer->conv.multiplier : layer->conv.filters},
                           .trainable = true};
    if (!layer->no_bias)
        list[count++] =
            vector("bias", offsetof(struct layer, bias),
                   depthwise ? channels * layer->conv.multiplier : layer->conv.filters, true);
    return count;
}

static int dense_parameters(const struct layer *layer, int channels, struct parameter *list)
{
    int count = 0;
    list[count++] = (struct parameter){.name = "kernel",
                                       .member = offsetof(struct layer, kernel),
                                       .rank = 2,
                                       .dim = {channels, layer->dense.units},
                                       .trainable = true};
    if (!layer->no_bias)
        list[count++] = vector("bias", offsetof(struct layer, bias), layer->dense.units, true);
    return count;
}

static int batch_norm_parameters(const struct layer *layer, int channels, struct parameter *list)
{
    int count = 0;
    if (!layer->no_gamma)
        list[count++] = vector("gamma", offsetof(struct layer, gamma), channels, true);
    if (!layer->no_beta)
        list[count++] = vector("beta", offsetof(struct layer, beta), channels, true);
    list[count++] = vector("moving_mean", offsetof(struct layer, mean), channels, false);
    list[count++] = vector("moving_variance", offsetof(struct layer, variance), channels, false);
    return count;
}

int layer_parameters(const struct model *model, const struct layer *layer,
                     struct parameter list[LAYER_PARAMETERS_MAX])
{
    switch (layer->op) {
    case LAYER_CONV2D:
    case LAYER_DEPTHWISE_CONV2D:
        return conv_parameters(layer, input_channels(model, layer), list);
    case LAYER_DENSE:
        return dense_parameters(layer, input_channels(model, layer), list);
    case LAYER_BATCH_NORM:
        return batch_norm_parameters(layer, input_channels(model, layer), list);
    default:
        return 0;
    }
}

size_t parameter_count(const struct parameter *parameter)
{
    size_t count = 1;
    for (int i = 0; i < parameter->rank; i++)
        count *= (size_t)parameter->dim[i];
    return count;
}

float *parameter_values(const struct layer *layer, const struct parameter *parameter)
{
    return *(float *const *)((const char *)layer + parameter->member);
}

double layer_macs(const struct model *model, const struct layer *layer)
{
    double outputs = (double)shape_count(&layer->shape);
    switch (layer->op) {
    case LAYER_CONV2D:
        return outputs * layer->conv.window.kernel_h * layer->conv.window.kernel_w *
               input_channels(model, layer);
    case LAYER_DEPTHWISE_CONV2D:
        return outputs * layer->conv.window.kernel_h * layer->conv.window.kernel_w;
    case LAYER_DENSE:
        return outputs * input_channels(model, layer);
    default:
        return 0;
    }
}
