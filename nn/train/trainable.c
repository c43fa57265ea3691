#include "nn/train/trainable.h"

#include "nn/layer.h"
#include "nn/train/engine.h"
#include "nn/train/loss.h"

static bool check_layer(const struct layer *layer, struct error *error)
{
    const struct window *w = &layer->conv.window;
    const bool is_conv = layer->op == LAYER_CONV2D || layer->op == LAYER_DEPTHWISE_CONV2D;
    if (is_conv && (w->stride_h > 1 || w->stride_w > 1) && (w->dilation_h > 1 || w->dilation_w > 1))
        return error_set_usage(error, "layer %s: strides and dilation cannot be trained together",
                               layer->name);
    if (layer->activation.kind == ACTIVATION_ELU && layer->activation.alpha < 0)
        return error_set_usage(error, "layer %s: elu with a negative alpha cannot be trained",
                               layer->name);
    if (layer->input_count > TRAIN_INPUTS_MAX)
        return error_set_usage(error, "layer %s: training takes at most %d inputs, not %d",
                               layer->name, TRAIN_INPUTS_MAX, layer->input_count);
    return true;
}

static bool learns(const struct network *network, int layer)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    const int count = layer_parameters(network->model, &network->model->layers[layer], list);
    bool any = false;
    for (int i = 0; i < count; i++)
        any = any || list[i].trainable;
    return any && !(network->layers && network->layers[layer].frozen);
}

bool trainable_check(const struct network *network, const struct trainer_settings *settings,
                     int *line, struct error *error)
{
    const struct model *model = network->model;
    struct loss_function loss;
    bool any = false;
    for (int i = 1; i < model->layer_count; i++) {
        *line = network->layers ? network->layers[i].line : 0;
        if (!check_layer(&model->layers[i], error))
            return false;
        any = any || learns(network, i);
    }
    if (!any)
        return error_set_usage(error, "no layer has weights that can be trained");
    *line = 0;
    return loss_init(&loss, model, settings, error);
}
