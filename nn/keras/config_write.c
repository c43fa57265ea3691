/* From a model to Keras's configuration. Sources: get_config of keras/layers of Keras 2. */
#include "nn/keras/save.h"

#include "common/text.h"

#include <math.h>
#include <string.h>

static json_t *pair(int first, int second)
{
    return json_pack("[i, i]", first, second);
}

static json_t *shape_list(const struct shape *shape)
{
    json_t *list = json_array();
    for (int i = 0; i < shape->rank; i++)
        json_array_append_new(list, json_integer(shape->dim[i]));
    return list;
}

static json_t *number(float value)
{
    return json_real((double)value);
}

/* --- activations ------------------------------------------------------------------------------ */

/* A layer that is nothing but the activation: its class and its own arguments. */
static const char *activation_class(const struct activation_params *a, json_t *config)
{
    switch (a->kind) {
    case ACTIVATION_RELU:
        json_object_set_new(config, "max_value",
                            isinf(a->max_value) ? json_null() : number(a->max_value));
        json_object_set_new(config, "negative_slope", number(a->alpha));
        json_object_set_new(config, "threshold", json_real(0));
        return "ReLU";
    case ACTIVATION_LEAKY_RELU:
        json_object_set_new(config, "alpha", number(a->alpha));
        return "LeakyReLU";
    case ACTIVATION_ELU:
        json_object_set_new(config, "alpha", number(a->alpha));
        return "ELU";
    default:
        json_object_set_new(config, "activation", json_string(activation_name(a->kind)));
        return "Activation";
    }
}

/* Is the bare name enough, which stands for the default parameters? */
static bool is_default_activation(const struct activation_params *a)
{
    switch (a->kind) {
    case ACTIVATION_RELU:
        return a->alpha == 0 && isinf(a->max_value);
    case ACTIVATION_LEAKY_RELU:
        return false; /* its default differs between versions of Keras */
    case ACTIVATION_ELU:
        return a->alpha == 1;
    default:
        return true;
    }
}

/* The argument `activation` of a layer that does something else first. */
static json_t *activation_argument(const struct activation_params *a)
{
    if (is_default_activation(a))
        return json_string(activation_name(a->kind));
    json_t *config = json_object();
    const char *class_name = activation_class(a, config);
    return json_pack("{s:s, s:o}", "class_name", class_name, "config", config);
}

/* --- arguments of each op --------------------------------------------------------------------- */

static void set_window(json_t *config, const struct window *window, const char *size_key)
{
    json_object_set_new(config, size_key, pair(window->kernel_h, window->kernel_w));
    json_object_set_new(config, "strides", pair(window->stride_h, window->stride_w));
    json_object_set_new(config, "padding",
                        json_string(window->padding == PADDING_SAME ? "same" : "valid"));
    json_object_set_new(config, "data_format", json_string("channels_last"));
}

static void set_units(json_t *config, const struct layer *layer)
{
    json_object_set_new(config, "activation", activation_argument(&layer->activation));
    json_object_set_new(config, "use_bias", json_boolean(!layer->no_bias));
}

static void set_conv(json_t *config, const struct layer *layer)
{
    const struct window *window = &layer->conv.window;
    bool depthwise = layer->op == LAYER_DEPTHWISE_CONV2D;
    set_window(config, window, "kernel_size");
    json_object_set_new(config, "dilation_rate", pair(window->dilation_h, window->dilation_w));
    json_object_set_new(config, depthwise ? "depth_multiplier" : "filters",
                        json_integer(depthwise ? layer->conv.multiplier : layer->conv.filters));
    set_units(config, layer);
}

static void set_batch_norm(json_t *config, const struct layer *layer)
{
    json_object_set_new(config, "axis", json_pack("[i]", layer->shape.rank));
    json_object_set_new(config, "momentum", number(layer->batch_norm.momentum));
    json_object_set_new(config, "epsilon", number(layer->batch_norm.epsilon));
    json_object_set_new(config, "center", json_boolean(!layer->no_beta));
    json_object_set_new(config, "scale", json_boolean(!layer->no_gamma));
}

static void set_zero_padding(json_t *config, const struct window *pad)
{
    json_object_set_new(config, "padding",
                        json_pack("[[i, i], [i, i]]", pad->pad_top, pad->pad_bottom, pad->pad_left,
                                  pad->pad_right));
    json_object_set_new(config, "data_format", json_string("channels_last"));
}

/* Adds the layer's own arguments to config; returns Keras's class name. */
static const char *set_arguments(json_t *config, const struct layer *layer)
{
    switch (layer->op) {
    case LAYER_CONV2D:
    case LAYER_DEPTHWISE_CONV2D:
        set_conv(config, layer);
        break;
    case LAYER_DENSE:
        json_object_set_new(config, "units", json_integer(layer->dense.units));
        set_units(config, layer);
        break;
    case LAYER_BATCH_NORM:
        set_batch_norm(config, layer);
        break;
    case LAYER_ACTIVATION:
        return activation_class(&layer->activation, config);
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
        set_window(config, &layer->pool, "pool_size");
        break;
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
    case LAYER_FLATTEN:
        json_object_set_new(config, "data_format", json_string("channels_last"));
        break;
    case LAYER_RESHAPE:
        json_object_set_new(config, "target_shape", shape_list(&layer->reshape.target));
        break;
    case LAYER_DROPOUT:
        json_object_set_new(config, "rate", number(layer->dropout.rate));
        break;
    case LAYER_CONCATENATE:
        json_object_set_new(config, "axis", json_integer(-1));
        break;
    case LAYER_ZERO_PADDING2D:
        set_zero_padding(config, &layer->pool);
        break;
    case LAYER_RESCALING:
        json_object_set_new(config, "scale", number(layer->rescaling.scale));
        json_object_set_new(config, "offset", number(layer->rescaling.offset));
        break;
    case LAYER_INPUT: {
        json_t *shape = shape_list(&layer->shape);
        json_array_insert_new(shape, 0, json_null()); /* any batch size */
        json_object_set_new(config, "batch_input_shape", shape);
        break;
    }
    case LAYER_ADD:
    case LAYER_OP_COUNT:
        break;
    }
    return layer_op_name(layer->op);
}

/* --- the graph -------------------------------------------------------------------------------- */

static bool carries_activation(enum layer_op op)
{
    return op == LAYER_CONV2D || op == LAYER_DEPTHWISE_CONV2D || op == LAYER_DENSE ||
           op == LAYER_ACTIVATION;
}

static json_t *layer_config(const struct layer *layer, struct error *error)
{
    if (layer->activation.kind != ACTIVATION_LINEAR && !carries_activation(layer->op)) {
        error_set(error, "layer %s: Keras's %s has no activation", layer->name,
                  layer_op_name(layer->op));
        return NULL;
    }
    json_t *config =
        json_pack("{s:s, s:b, s:s}", "name", layer->name, "trainable", 1, "dtype", "float32");
    const char *class_name = set_arguments(config, layer);
    json_t *entry = json_pack("{s:s, s:o}", "class_name", class_name, "config", config);
    if (!entry)
        error_set_memory(error, "out of memory");
    return entry;
}

/* [[["name", 0, 0, {}], ...]]: the layer is called once, on the outputs of these. */
static json_t *inbound_nodes(const struct model *model, const struct layer *layer)
{
    json_t *node = json_array();
    for (int i = 0; i < layer->input_count; i++)
        json_array_append_new(
            node, json_pack("[s, i, i, {}]", model->layers[layer->inputs[i]].name, 0, 0));
    return layer->input_count > 0 ? json_pack("[o]", node) : node;
}

/* A chain whose output is its last layer is a Sequential. */
static bool is_sequential(const struct model *model)
{
    for (int i = 1; i < model->layer_count; i++)
        if (model->layers[i].input_count != 1 || model->layers[i].inputs[0] != i - 1)
            return false;
    return model->output == model->layer_count - 1;
}

/* Layers have groups of their names. To HDF5 a '/' is a way through groups, on which "a//b" and
 * "a/./b" are "a/b". */
static bool is_group_name(const char *name)
{
    size_t part = strcspn(name, "/");
    while (part > 0 && !(part == 1 && *name == '.')) {
        if (name[part] == '\0')
            return true;
        name += part + 1;
        part = strcspn(name, "/");
    }
    return false;
}

static bool check_names(const struct model *model, struct error *error)
{
    for (int i = 0; i < model->layer_count; i++) {
        const char *name = model->layers[i].name;
        if (strlen(name) > KERAS_NAME_BYTES_MAX)
            return error_set(error, "layer name %.40s is too long for the file", name);
        if (!is_group_name(name))
            return error_set(error, "layer name \"%.40s\" cannot be that of an HDF5 group", name);
        if (!text_is_plain(name))
            return error_set(error, "layer name %.40s is not UTF-8, or has control characters",
                             name);
        for (int j = 0; j < i; j++)
            if (strcmp(name, model->layers[j].name) == 0)
                return error_set(error, "two layers are called %s; Keras needs names that differ",
                                 name);
    }
    return true;
}

json_t *keras_config(const struct model *model, struct error *error)
{
    bool sequential = is_sequential(model);
    if (!check_names(model, error))
        return NULL;
    json_t *layers = json_array();
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        json_t *entry = layer_config(layer, error);
        if (!entry) {
            json_decref(layers);
            return NULL;
        }
        if (!sequential) {
            json_object_set_new(entry, "name", json_string(layer->name));
            json_object_set_new(entry, "inbound_nodes", inbound_nodes(model, layer));
        }
        json_array_append_new(layers, entry);
    }
    json_t *config = json_pack("{s:s, s:o}", "name", model->name, "layers", layers);
    if (!sequential) {
        json_object_set_new(config, "input_layers",
                            json_pack("[[s, i, i]]", model->layers[0].name, 0, 0));
        json_object_set_new(config, "output_layers",
                            json_pack("[[s, i, i]]", model->layers[model->output].name, 0, 0));
    }
    json_t *tree = json_pack("{s:s, s:o}", "class_name", sequential ? "Sequential" : "Functional",
                             "config", config);
    if (!tree)
        error_set_memory(error, "out of memory");
    return tree;
}
