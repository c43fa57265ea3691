/* One function per kind of layer: from its configuration to the model's layer. Sources: get_config
 * and the defaults of keras/layers of Keras 2; what Keras 3 renamed is said where it is read. */
#include "nn/keras/builder.h"
#include "nn/keras/json.h"
#include "nn/keras/keras1.h"
#include "nn/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct shape *input_shape(const struct builder *builder, const struct source *source)
{
    return &builder->model->layers[source->inputs[0]].shape;
}

/* --- adding ----------------------------------------------------------------------------------- */

/* Notes which weights the layer needs; kernel_name: what Keras calls its kernel, NULL: as usual. */
static bool add_slots(struct builder *builder, const struct source *source, int index,
                      const char *kernel_name, struct error *error)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    int count = layer_parameters(builder->model, &builder->model->layers[index], list);
    size_t bytes = (size_t)(builder->slot_count + count) * sizeof *builder->slots;
    if (count == 0)
        return true;
    struct slot *slots = realloc(builder->slots, bytes);
    if (!slots)
        return error_set_memory(error, "out of memory");
    builder->slots = slots;
    for (int i = 0; i < count; i++) {
        bool kernel = list[i].member == offsetof(struct layer, kernel);
        slots[builder->slot_count++] = (struct slot){
            builder->group, source->name, kernel && kernel_name ? kernel_name : list[i].name,
            index,          list[i],
        };
    }
    return true;
}

static bool add_named(struct builder *builder, const struct source *source, struct layer *layer,
                      const char *name, const char *kernel_name, int *output, struct error *error)
{
    layer->name = (char *)name; /* copied, not written to */
    layer->inputs = (int *)source->inputs;
    layer->input_count = source->input_count;
    if (!model_add_layer(builder->model, layer, error)) {
        builder->named = true;
        return false;
    }
    *output = builder->model->layer_count - 1;
    return add_slots(builder, source, *output, kernel_name, error);
}

static bool add(struct builder *builder, const struct source *source, struct layer *layer,
                int *output, struct error *error)
{
    return add_named(builder, source, layer, source->name, NULL, output, error);
}

/* --- common arguments ------------------------------------------------------------------------- */

static bool check_data_format(const struct builder *builder, const json_t *config,
                              struct error *error)
{
    const char *format;
    if (!keras_get_string(config, "data_format", "channels_last", &format, error))
        return false;
    const char *supported = builder->channels_first ? "channels_first" : "channels_last";
    if (strcmp(format, supported) != 0)
        return error_set(error, "data_format %s is not supported here, only %s", format, supported);
    return true;
}

static bool read_padding(const json_t *config, enum padding *padding, struct error *error)
{
    const char *name;
    if (!keras_get_string(config, "padding", "valid", &name, error))
        return false;
    if (strcmp(name, "same") != 0 && strcmp(name, "valid") != 0)
        return error_set(error, "padding %s is not supported, only same and valid", name);
    *padding = strcmp(name, "same") == 0 ? PADDING_SAME : PADDING_VALID;
    return true;
}

/* An axis counts the batch as 0; only the channels will do. */
static bool check_axis(const struct builder *builder, const json_t *config, int rank,
                       struct error *error)
{
    const json_t *axis = json_object_get(config, "axis");
    int number = -1, channels = builder->channels_first && rank == 3 ? 1 : rank;
    if (json_array_size(axis) == 1)
        axis = json_array_get(axis, 0);
    if (axis && !json_is_null(axis) && !keras_to_int(axis, &number))
        return error_set(error, "axis must be one integer");
    if (number == channels || (number == -1 && channels == rank))
        return true;
    return error_set(error, "axis %d is not supported, only that of the channels (%d)", number,
                     channels);
}

/* Poolings default to 2x2 and step by their size; convolutions must name a size and step by 1. */
static bool read_window(const struct builder *builder, const json_t *config, bool pooling,
                        struct window *window, struct error *error)
{
    static const int one[2] = {1, 1}, two[2] = {2, 2};
    int size[2], stride[2], dilation[2];
    if (!check_data_format(builder, config, error) ||
        !read_padding(config, &window->padding, error) ||
        !keras_get_pair(config, pooling ? "pool_size" : "kernel_size", pooling ? two : NULL, size,
                        error) ||
        !keras_get_pair(config, "strides", pooling ? size : one, stride, error) ||
        !keras_get_pair(config, "dilation_rate", one, dilation, error))
        return false;
    window->kernel_h = size[0];
    window->kernel_w = size[1];
    window->stride_h = stride[0];
    window->stride_w = stride[1];
    window->dilation_h = dilation[0];
    window->dilation_w = dilation[1];
    return !builder->theano || keras1_check_window(window, error);
}

/* What Conv2D, DepthwiseConv2D, SeparableConv2D and Dense have in common. */
static bool read_units(const struct builder *builder, const json_t *config, struct layer *layer,
                       struct error *error)
{
    bool use_bias;
    if (!keras_get_bool(config, "use_bias", true, &use_bias, error))
        return false;
    layer->no_bias = !use_bias;
    return builder_read_activation(builder, json_object_get(config, "activation"),
                                   &layer->activation, error);
}

static bool check_groups(const json_t *config, struct error *error)
{
    int groups;
    if (!keras_get_int(config, "groups", 1, &groups, error))
        return false;
    return groups == 1 || error_set(error, "groups %d is not supported, only 1", groups);
}

/* --- layers with weights ---------------------------------------------------------------------- */

static bool read_conv(struct builder *builder, const struct source *source, int *output,
                      struct error *error)
{
    struct layer layer = {.op = LAYER_CONV2D};
    const json_t *config = source->config;
    return read_window(builder, config, false, &layer.conv.window, error) &&
           keras_get_int(config, "filters", 0, &layer.conv.filters, error) &&
           check_groups(config, error) && read_units(builder, config, &layer, error) &&
           add(builder, source, &layer, output, error);
}

static bool read_depthwise(struct builder *builder, const struct source *source, int *output,
                           struct error *error)
{
    struct layer layer = {.op = LAYER_DEPTHWISE_CONV2D};
    const json_t *config = source->config;
    return read_window(builder, config, false, &layer.conv.window, error) &&
           keras_get_int(config, "depth_multiplier", 1, &layer.conv.multiplier, error) &&
           read_units(builder, config, &layer, error) &&
           add_named(builder, source, &layer, source->name,
                     builder->keras_version >= 3 ? "kernel" : NULL, output, error);
}

/* A depthwise convolution without bias, and a 1x1 convolution with what is left. */
static bool read_separable(struct builder *builder, const struct source *source, int *output,
                           struct error *error)
{
    struct layer depthwise = {.op = LAYER_DEPTHWISE_CONV2D, .no_bias = true};
    struct layer pointwise = {.op = LAYER_CONV2D,
                              .conv.window = {1, 1, 1, 1, 1, 1, .padding = PADDING_VALID}};
    const json_t *config = source->config;
    char name[256];
    snprintf(name, sizeof name, "%s_depthwise", source->name);
    if (!read_window(builder, config, false, &depthwise.conv.window, error) ||
        !keras_get_int(config, "depth_multiplier", 1, &depthwise.conv.multiplier, error) ||
        !keras_get_int(config, "filters", 0, &pointwise.conv.filters, error) ||
        !read_units(builder, config, &pointwise, error) ||
        !add_named(builder, source, &depthwise, name, NULL, output, error))
        return false;
    int middle = *output;
    struct source behind = *source;
    behind.inputs = &middle;
    behind.input_count = 1;
    return add_named(builder, &behind, &pointwise, source->name, "pointwise_kernel", output, error);
}

static bool read_dense(struct builder *builder, const struct source *source, int *output,
                       struct error *error)
{
    struct layer layer = {.op = LAYER_DENSE};
    return keras_get_int(source->config, "units", 0, &layer.dense.units, error) &&
           read_units(builder, source->config, &layer, error) &&
           add(builder, source, &layer, output, error);
}

static bool read_batch_norm(struct builder *builder, const struct source *source, int *output,
                            struct error *error)
{
    struct layer layer = {.op = LAYER_BATCH_NORM};
    const json_t *config = source->config;
    double epsilon, momentum;
    bool center, scale, renorm;
    int mode; /* Keras 1: 0 is the usual kind */
    if (!check_axis(builder, config, input_shape(builder, source)->rank, error) ||
        !keras_get_number(config, "epsilon", 1e-3, &epsilon, error) ||
        !keras_get_number(config, "momentum", 0.99, &momentum, error) ||
        !keras_get_bool(config, "center", true, &center, error) ||
        !keras_get_bool(config, "scale", true, &scale, error) ||
        !keras_get_bool(config, "renorm", false, &renorm, error) ||
        !keras_get_int(config, "mode", 0, &mode, error))
        return false;
    if (renorm || mode != 0)
        return error_set(error, "%s is not supported", renorm ? "renorm" : "a mode other than 0");
    if (!(epsilon > 0))
        return error_set(error, "epsilon must be above 0, not %g", epsilon);
    layer.batch_norm.epsilon = (float)epsilon;
    layer.batch_norm.momentum = (float)momentum;
    layer.no_beta = !center;
    layer.no_gamma = !scale;
    return add(builder, source, &layer, output, error);
}

/* --- layers without weights ------------------------------------------------------------------- */

static bool read_activation(struct builder *builder, const struct source *source, int *output,
                            struct error *error)
{
    struct layer layer = {.op = LAYER_ACTIVATION};
    bool general = strcmp(source->class_name, "Activation") == 0;
    int rank = input_shape(builder, source)->rank;
    if (!(general ? builder_read_activation(builder, json_object_get(source->config, "activation"),
                                            &layer.activation, error)
                  : builder_read_activation_layer(source->class_name, source->config, rank,
                                                  &layer.activation, error)))
        return false;
    if (builder->channels_first && rank == 3 && layer.activation.kind == ACTIVATION_SOFTMAX)
        return error_set(error, "softmax over pictures is not supported with channels first");
    return add(builder, source, &layer, output, error);
}

static bool read_pool(struct builder *builder, const struct source *source, enum layer_op op,
                      int *output, struct error *error)
{
    struct layer layer = {.op = op};
    return read_window(builder, source->config, true, &layer.pool, error) &&
           add(builder, source, &layer, output, error);
}

static bool read_max_pool(struct builder *builder, const struct source *source, int *output,
                          struct error *error)
{
    return read_pool(builder, source, LAYER_MAX_POOL2D, output, error);
}

static bool read_average_pool(struct builder *builder, const struct source *source, int *output,
                              struct error *error)
{
    return read_pool(builder, source, LAYER_AVERAGE_POOL2D, output, error);
}

/* keepdims (since TensorFlow 2.6) leaves 1 x 1 x channels: a pooling and a reshape, of which the
 * last has the name, as other layers know it by that. */
static bool read_global_pool(struct builder *builder, const struct source *source, enum layer_op op,
                             int *output, struct error *error)
{
    struct layer layer = {.op = op};
    char name[256];
    bool keep;
    snprintf(name, sizeof name, "%s_flat", source->name);
    if (!check_data_format(builder, source->config, error) ||
        !keras_get_bool(source->config, "keepdims", false, &keep, error) ||
        !add_named(builder, source, &layer, keep ? name : source->name, NULL, output, error))
        return false;
    if (!keep)
        return true;
    int channels = builder->model->layers[*output].shape.dim[0], pooled = *output;
    struct layer reshape = {.op = LAYER_RESHAPE, .reshape = {{3, {1, 1, channels}}}};
    struct source behind = *source;
    behind.inputs = &pooled;
    return add(builder, &behind, &reshape, output, error);
}

static bool read_global_max_pool(struct builder *builder, const struct source *source, int *output,
                                 struct error *error)
{
    return read_global_pool(builder, source, LAYER_GLOBAL_MAX_POOL2D, output, error);
}

static bool read_global_average_pool(struct builder *builder, const struct source *source,
                                     int *output, struct error *error)
{
    return read_global_pool(builder, source, LAYER_GLOBAL_AVERAGE_POOL2D, output, error);
}

static bool read_flatten(struct builder *builder, const struct source *source, int *output,
                         struct error *error)
{
    struct layer layer = {.op = LAYER_FLATTEN};
    const json_t *format = json_object_get(source->config, "data_format");
    return (!format || check_data_format(builder, source->config, error)) &&
           add(builder, source, &layer, output, error);
}

/* target_shape may hold one -1: as many as are left. */
static bool read_target(const json_t *list, size_t values, struct shape *target,
                        struct error *error)
{
    int free_axis = -1;
    size_t known = 1;
    target->rank = (int)json_array_size(list);
    if (!json_is_array(list) || target->rank < 1 || target->rank > SHAPE_RANK_MAX)
        return error_set(error, "target_shape must be a list of 1 to %d numbers", SHAPE_RANK_MAX);
    for (int i = 0; i < target->rank; i++) {
        int side;
        if (!keras_to_int(json_array_get(list, (size_t)i), &side) || side < -1 || side == 0 ||
            (side == -1 && free_axis >= 0))
            return error_set(error, "target_shape must hold numbers above 0, and at most one -1");
        target->dim[i] = side;
        if (side == -1)
            free_axis = i;
        else if (__builtin_mul_overflow(known, (size_t)side, &known))
            return error_set(error, "target_shape is too large");
    }
    if (free_axis >= 0)
        target->dim[free_axis] = (int)(values / known); /* model_add_layer checks the product */
    return true;
}

static bool read_reshape(struct builder *builder, const struct source *source, int *output,
                         struct error *error)
{
    struct layer layer = {.op = LAYER_RESHAPE};
    if (builder->channels_first)
        return error_set(error, "Reshape is not supported with channels first");
    return read_target(json_object_get(source->config, "target_shape"),
                       shape_count(input_shape(builder, source)), &layer.reshape.target, error) &&
           add(builder, source, &layer, output, error);
}

static bool read_dropout(struct builder *builder, const struct source *source, int *output,
                         struct error *error)
{
    struct layer layer = {.op = LAYER_DROPOUT};
    double rate;
    if (!keras_get_number(source->config, "rate", 0, &rate, error))
        return false;
    layer.dropout.rate = (float)rate;
    return add(builder, source, &layer, output, error);
}

/* Layers that do something only while a network is trained. */
static bool read_identity(struct builder *builder, const struct source *source, int *output,
                          struct error *error)
{
    struct layer layer = {.op = LAYER_DROPOUT};
    return add(builder, source, &layer, output, error);
}

static bool read_add(struct builder *builder, const struct source *source, int *output,
                     struct error *error)
{
    struct layer layer = {.op = LAYER_ADD};
    return add(builder, source, &layer, output, error);
}

static bool read_concatenate(struct builder *builder, const struct source *source, int *output,
                             struct error *error)
{
    struct layer layer = {.op = LAYER_CONCATENATE};
    return check_axis(builder, source->config, input_shape(builder, source)->rank, error) &&
           add(builder, source, &layer, output, error);
}

/* padding: p, [h, w] or [[top, bottom], [left, right]] */
static bool read_zero_padding(struct builder *builder, const struct source *source, int *output,
                              struct error *error)
{
    struct layer layer = {.op = LAYER_ZERO_PADDING2D};
    const json_t *config = source->config;
    const json_t *rows = json_array_get(json_object_get(config, "padding"), 0);
    const json_t *columns = json_array_get(json_object_get(config, "padding"), 1);
    int pad[2][2];
    if (!check_data_format(builder, config, error))
        return false;
    if (json_is_array(rows)) {
        for (size_t i = 0; i < 2; i++)
            if (!keras_to_int(json_array_get(rows, i), &pad[0][i]) ||
                !keras_to_int(json_array_get(columns, i), &pad[1][i]))
                return error_set(error, "padding must be [[top, bottom], [left, right]]");
    } else {
        const int standard[2] = {1, 1};
        int sides[2];
        if (!keras_get_pair(config, "padding", standard, sides, error))
            return false;
        pad[0][0] = pad[0][1] = sides[0];
        pad[1][0] = pad[1][1] = sides[1];
    }
    layer.pool = (struct window){.pad_top = pad[0][0],
                                 .pad_bottom = pad[0][1],
                                 .pad_left = pad[1][0],
                                 .pad_right = pad[1][1]};
    return add(builder, source, &layer, output, error);
}

static bool read_rescaling(struct builder *builder, const struct source *source, int *output,
                           struct error *error)
{
    struct layer layer = {.op = LAYER_RESCALING};
    double scale, offset;
    if (!keras_get_number(source->config, "scale", 1, &scale, error) ||
        !keras_get_number(source->config, "offset", 0, &offset, error))
        return false;
    layer.rescaling.scale = (float)scale;
    layer.rescaling.offset = (float)offset;
    return add(builder, source, &layer, output, error);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct layer_class {
    const char *name;
    bool (*read)(struct builder *, const struct source *, int *, struct error *);
    bool other_name; /* an alias, or a rare identity: not in the list of what is supported */
} classes[] = {
    {"Conv2D", read_conv, false},
    {"Convolution2D", read_conv, true},
    {"DepthwiseConv2D", read_depthwise, false},
    {"SeparableConv2D", read_separable, false},
    {"SeparableConvolution2D", read_separable, true},
    {"Dense", read_dense, false},
    {"BatchNormalization", read_batch_norm, false},
    {"BatchNormalizationV1", read_batch_norm, true},
    {"BatchNormalizationV2", read_batch_norm, true},
    {"Activation", read_activation, false},
    {"ReLU", read_activation, false},
    {"LeakyReLU", read_activation, false},
    {"ELU", read_activation, false},
    {"Softmax", read_activation, false},
    {"MaxPooling2D", read_max_pool, false},
    {"MaxPool2D", read_max_pool, true},
    {"AveragePooling2D", read_average_pool, false},
    {"AvgPool2D", read_average_pool, true},
    {"GlobalMaxPooling2D", read_global_max_pool, false},
    {"GlobalMaxPool2D", read_global_max_pool, true},
    {"GlobalAveragePooling2D", read_global_average_pool, false},
    {"GlobalAvgPool2D", read_global_average_pool, true},
    {"Flatten", read_flatten, false},
    {"Reshape", read_reshape, false},
    {"Dropout", read_dropout, false},
    {"SpatialDropout2D", read_identity, true},
    {"AlphaDropout", read_identity, true},
    {"GaussianDropout", read_identity, true},
    {"GaussianNoise", read_identity, true},
    {"ActivityRegularization", read_identity, true},
    {"RandomFlip", read_identity, true},
    {"RandomRotation", read_identity, true},
    {"RandomZoom", read_identity, true},
    {"RandomTranslation", read_identity, true},
    {"RandomContrast", read_identity, true},
    {"RandomBrightness", read_identity, true},
    {"Add", read_add, false},
    {"Concatenate", read_concatenate, false},
    {"ZeroPadding2D", read_zero_padding, false},
    {"Rescaling", read_rescaling, false},
};

enum { CLASS_COUNT = sizeof classes / sizeof *classes };

static bool refuse_class(const struct source *source, struct error *error)
{
    char list[320];
    size_t used = 0;
    for (int i = 0; i < CLASS_COUNT; i++)
        if (!classes[i].other_name && used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, ", %s", classes[i].name);
    return error_set(error,
                     "layer %.60s: class %.60s is not supported; supported are: InputLayer%s",
                     source->name, source->class_name, list);
}

bool builder_add(struct builder *builder, const struct source *source, int *output,
                 struct error *error)
{
    for (int i = 0; i < CLASS_COUNT; i++) {
        if (strcmp(classes[i].name, source->class_name) != 0)
            continue;
        builder->named = false;
        if (classes[i].read(builder, source, output, error))
            return true;
        if (!builder->named)
            error_prefix(error, "layer %.60s (%s)", source->name, source->class_name);
        return false;
    }
    return refuse_class(source, error);
}
