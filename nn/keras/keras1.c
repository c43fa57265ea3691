#include "nn/keras/keras1.h"

#include <string.h>

/* --- configurations --------------------------------------------------------------------------- */

static const struct {
    const char *old, *new;
} keys[] = {
    {"nb_filter", "filters"},         {"subsample", "strides"},
    {"border_mode", "padding"},       {"bias", "use_bias"},
    {"output_dim", "units"},          {"p", "rate"},
    {"atrous_rate", "dilation_rate"}, {"concat_axis", "axis"},
};

static bool rename_keys(json_t *config)
{
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        json_t *value = json_object_get(config, keys[i].old);
        if (value && (json_object_set(config, keys[i].new, value) != 0 ||
                      json_object_del(config, keys[i].old) != 0))
            return false;
    }
    return true;
}

static bool rename_kernel_size(json_t *config)
{
    json_t *rows = json_object_get(config, "nb_row"), *columns = json_object_get(config, "nb_col");
    return !rows || !columns ||
           json_object_set_new(config, "kernel_size", json_pack("[O, O]", rows, columns)) == 0;
}

static bool rename_ordering(json_t *config)
{
    const char *ordering = json_string_value(json_object_get(config, "dim_ordering"));
    if (!ordering)
        return true;
    bool first = strcmp(ordering, "th") == 0;
    return json_object_set_new(config, "data_format",
                               json_string(first ? "channels_first" : "channels_last")) == 0;
}

/* Merge stood for Add, Concatenate and others; its axis becomes Concatenate's. */
static bool rename_class(json_t *layer, const char *class_name)
{
    json_t *config = json_object_get(layer, "config");
    const char *mode = json_string_value(json_object_get(config, "mode"));
    const char *name = class_name;
    if (strcmp(class_name, "AtrousConvolution2D") == 0)
        name = "Conv2D";
    else if (strcmp(class_name, "Merge") == 0 && mode && strcmp(mode, "sum") == 0)
        name = "Add";
    else if (strcmp(class_name, "Merge") == 0 && mode && strcmp(mode, "concat") == 0)
        name = "Concatenate";
    return name == class_name || json_object_set_new(layer, "class_name", json_string(name)) == 0;
}

/* jansson refuses text nested deeper than JSON_PARSER_MAX_DEPTH, which bounds this recursion. */
static bool modernize(json_t *value)
{
    bool good = true;
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_array(value)) {
        json_array_foreach(value, i, member) {
            good = good && modernize(member);
        }
        return good;
    }
    const char *class_name = json_string_value(json_object_get(value, "class_name"));
    json_t *config = json_object_get(value, "config");
    if (class_name && json_is_object(config))
        good = rename_class(value, class_name) && rename_keys(config) &&
               rename_kernel_size(config) && rename_ordering(config);
    json_object_foreach(value, key, member) {
        good = good && modernize(member);
    }
    return good;
}

bool keras1_modernize(json_t *root, struct error *error)
{
    return modernize(root) || error_set(error, "out of memory");
}

static void count_formats(const json_t *value, int *first, int *last)
{
    const char *key;
    json_t *member;
    size_t i;

    json_array_foreach(value, i, member) {
        count_formats(member, first, last);
    }
    if (!json_is_object(value))
        return;
    const char *format = json_string_value(json_object_get(value, "data_format"));
    if (format)
        ++*(strcmp(format, "channels_first") == 0 ? first : last);
    json_object_foreach((json_t *)value, key, member) {
        count_formats(member, first, last);
    }
}

bool keras1_channels_first(const json_t *root, bool *first, struct error *error)
{
    int first_count = 0, last_count = 0;
    count_formats(root, &first_count, &last_count);
    *first = first_count > 0;
    return first_count == 0 || last_count == 0 ||
           error_set(error, "layers with channels first and with channels last are mixed");
}

bool keras1_check_window(const struct window *window, struct error *error)
{
    bool symmetric = window->kernel_h % 2 == 1 && window->kernel_w % 2 == 1 &&
                     window->stride_h == 1 && window->stride_w == 1;
    return window->padding == PADDING_VALID || symmetric ||
           error_set(error, "padding same of Theano is only supported for odd sizes and stride 1");
}

/* --- the order of flattened values ------------------------------------------------------------ */

/* The Flatten whose values the layer passes on as they are; NULL: none. */
static const struct layer *origin(const struct model *model, const struct layer *layer)
{
    while (layer->op == LAYER_ACTIVATION || layer->op == LAYER_DROPOUT)
        layer = &model->layers[layer->inputs[0]];
    return layer->op == LAYER_FLATTEN ? layer : NULL;
}

/* Where one of height x width and channels is 1, both orders are the same. */
static const struct shape *reordered(const struct model *model, const struct layer *layer)
{
    const struct layer *flatten = origin(model, layer);
    if (!flatten)
        return NULL;
    const struct shape *picture = &model->layers[flatten->inputs[0]].shape;
    bool matters =
        picture->rank == 3 && picture->dim[2] > 1 && (picture->dim[0] > 1 || picture->dim[1] > 1);
    return matters ? picture : NULL;
}

const struct shape *keras1_flattened(const struct model *model, const struct layer *layer)
{
    return reordered(model, &model->layers[layer->inputs[0]]);
}

static bool passes_order_on(const struct layer *layer)
{
    return layer->op == LAYER_DENSE || layer->op == LAYER_DROPOUT || layer->op == LAYER_ACTIVATION;
}

bool keras1_check_order(const struct model *model, struct error *error)
{
    for (int i = 1; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        if (layer->op == LAYER_DENSE && model->layers[layer->inputs[0]].shape.rank > 1)
            return error_set(error,
                             "layer %s: Dense on pictures is not supported with channels "
                             "first",
                             layer->name);
        for (int k = 0; k < layer->input_count; k++)
            if (!passes_order_on(layer) && reordered(model, &model->layers[layer->inputs[k]]))
                return error_set(error,
                                 "layer %s: %s on a channels-first Flatten is not supported, only "
                                 "Dense",
                                 layer->name, layer_op_name(layer->op));
    }
    if (reordered(model, &model->layers[model->output]))
        return error_set(error, "a channels-first Flatten cannot be the output");
    return true;
}

/* --- weights ---------------------------------------------------------------------------------- */

void keras1_convert_kernel(const float *from, const int dim[4], float *to)
{
    const int kernel_h = dim[0], kernel_w = dim[1], in = dim[2], out = dim[3];
    for (int f = 0; f < out; f++)
        for (int c = 0; c < in; c++)
            for (int u = 0; u < kernel_h; u++)
                for (int v = 0; v < kernel_w; v++) {
                    size_t tap = (size_t)(u * kernel_w + v);
                    to[(tap * (size_t)in + (size_t)c) * (size_t)out + (size_t)f] = *from++;
                }
}

void keras1_turn_kernel(float *kernel, int kernel_h, int kernel_w, size_t values)
{
    size_t taps = (size_t)kernel_h * (size_t)kernel_w;
    for (size_t tap = 0; tap < taps / 2; tap++)
        for (size_t i = 0; i < values; i++) {
            float *a = &kernel[tap * values + i], *b = &kernel[(taps - 1 - tap) * values + i];
            float kept = *a;
            *a = *b;
            *b = kept;
        }
}

void keras1_permute_rows(const float *from, const struct shape *picture, int units, float *to)
{
    size_t pixels = (size_t)picture->dim[0] * (size_t)picture->dim[1];
    size_t channels = (size_t)picture->dim[2], length = (size_t)units;
    for (size_t c = 0; c < channels; c++)
        for (size_t pixel = 0; pixel < pixels; pixel++, from += length)
            memcpy(to + (pixel * channels + c) * length, from, length * sizeof *to);
}
