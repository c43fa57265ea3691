#include "nn/model.h"

#include "common/text.h"
#include "nn/layer.h"
#include "nn/shape.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- names ------------------------------------------------------------------------------------ */

const char *layer_op_name(enum layer_op op)
{
    static const char *const names[LAYER_OP_COUNT] = {
        [LAYER_INPUT] = "InputLayer",
        [LAYER_CONV2D] = "Conv2D",
        [LAYER_DEPTHWISE_CONV2D] = "DepthwiseConv2D",
        [LAYER_DENSE] = "Dense",
        [LAYER_BATCH_NORM] = "BatchNormalization",
        [LAYER_ACTIVATION] = "Activation",
        [LAYER_MAX_POOL2D] = "MaxPooling2D",
        [LAYER_AVERAGE_POOL2D] = "AveragePooling2D",
        [LAYER_GLOBAL_MAX_POOL2D] = "GlobalMaxPooling2D",
        [LAYER_GLOBAL_AVERAGE_POOL2D] = "GlobalAveragePooling2D",
        [LAYER_FLATTEN] = "Flatten",
        [LAYER_RESHAPE] = "Reshape",
        [LAYER_DROPOUT] = "Dropout",
        [LAYER_ADD] = "Add",
        [LAYER_CONCATENATE] = "Concatenate",
        [LAYER_ZERO_PADDING2D] = "ZeroPadding2D",
        [LAYER_RESCALING] = "Rescaling",
    };
    return (unsigned)op < LAYER_OP_COUNT ? names[op] : "unknown";
}

const char *activation_name(enum activation kind)
{
    static const char *const names[ACTIVATION_COUNT] = {
        [ACTIVATION_LINEAR] = "linear",
        [ACTIVATION_RELU] = "relu",
        [ACTIVATION_LEAKY_RELU] = "leaky_relu",
        [ACTIVATION_ELU] = "elu",
        [ACTIVATION_SIGMOID] = "sigmoid",
        [ACTIVATION_HARD_SIGMOID] = "hard_sigmoid",
        [ACTIVATION_TANH] = "tanh",
        [ACTIVATION_SOFTPLUS] = "softplus",
        [ACTIVATION_SWISH] = "swish",
        [ACTIVATION_SOFTMAX] = "softmax",
    };
    return (unsigned)kind < ACTIVATION_COUNT ? names[kind] : "unknown";
}

/* --- building --------------------------------------------------------------------------------- */

static bool out_of_memory(struct error *error)
{
    return error_set_memory(error, "out of memory");
}

static void free_layer(struct layer *layer)
{
    free(layer->name);
    free(layer->inputs);
    free(layer->bias);
    free(layer->gamma);
    free(layer->beta);
    free(layer->mean);
    free(layer->variance);
}

/* Makes room for one more layer; NULL: out of memory. The layer is not counted yet. */
static struct layer *next_layer(struct model *model)
{
    size_t count = (size_t)model->layer_count + 1;
    struct layer *layers = realloc(model->layers, count * sizeof *layers);
    if (!layers)
        return NULL;
    model->layers = layers;
    return &layers[model->layer_count];
}

static bool add_input(struct model *model, const struct shape *shape)
{
    struct layer *layer = next_layer(model);
    if (!layer)
        return false;
    *layer = (struct layer){.op = LAYER_INPUT, .shape = *shape, .name = strdup("input")};
    model->layer_count = 1;
    return layer->name != NULL;
}

struct model *model_create(const char *name, const struct shape *input, struct error *error)
{
    if (!shape_check(input, error)) {
        error_prefix(error, "model %s: input", name);
        return NULL;
    }
    struct model *model = calloc(1, sizeof *model);
    if (!model || !(model->name = strdup(name)) || !add_input(model, input)) {
        out_of_memory(error);
        model_destroy(model);
        return NULL;
    }
    for (int c = 0; c < 3; c++)
        model->preprocessing.scale[c] = 1.0f / 255;
    return model;
}

static bool check_inputs(const struct model *model, const struct layer *layer, struct error *error)
{
    bool joins = layer->op == LAYER_ADD || layer->op == LAYER_CONCATENATE;
    if (joins ? layer->input_count < 2 : layer->input_count != 1)
        return error_set(error, "it takes %s, not %d", joins ? "two inputs or more" : "one input",
                         layer->input_count);
    for (int i = 0; i < layer->input_count; i++)
        if (layer->inputs[i] < 0 || layer->inputs[i] >= model->layer_count)
            return error_set(error, "input %d of it is not an earlier layer", i);
    if (model->layer_count >= MODEL_LAYERS_MAX)
        return error_set(error, "the model has more than %d layers", MODEL_LAYERS_MAX);
    return true;
}

static bool check_activation(const struct layer *layer, struct error *error)
{
    const struct activation_params *activation = &layer->activation;
    if ((unsigned)activation->kind >= ACTIVATION_COUNT)
        return error_set(error, "its activation is unknown");
    if (!isfinite(activation->alpha) || isnan(activation->max_value))
        return error_set(error, "the parameters of its activation are no numbers");
    if (activation->kind == ACTIVATION_RELU && activation->max_value <= 0)
        return error_set(error, "the cap of its ReLU must be above 0, not %g",
                         (double)activation->max_value);
    return true;
}

static double weights_of(const struct model *model, const struct layer *layer)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    int count = layer_parameters(model, layer, list);
    double sum = 0;
    for (int i = 0; i < count; i++) {
        double values = 1; /* in double: the product may be too large for any integer */
        for (int d = 0; d < list[i].rank; d++)
            values *= list[i].dim[d];
        sum += values;
    }
    return sum;
}

static bool check_size(const struct model *model, const struct layer *layer, struct error *error)
{
    double sum = weights_of(model, layer);
    for (int i = 0; i < model->layer_count; i++)
        sum += weights_of(model, &model->layers[i]);
    if (sum > MODEL_WEIGHTS_MAX)
        return error_set(error, "brings the model to %.0f weights, more than %d", sum,
                         MODEL_WEIGHTS_MAX);
    return true;
}

static bool allocate_weights(struct model *model, struct layer *layer, struct error *error)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    int count = layer_parameters(model, layer, list);
    for (int i = 0; i < count; i++) {
        size_t values = parameter_count(&list[i]);
        float *memory = list[i].member == offsetof(struct layer, kernel)
                            ? memory_pool_allocate(&model->kernels, values)
                            : calloc(values, sizeof *memory);
        if (!memory)
            return error_set_memory(error, "no memory for its %zu weights", values);
        *(float **)((char *)layer + list[i].member) = memory;
    }
    if (layer->op == LAYER_BATCH_NORM)
        for (int c = 0; c < shape_channels(&layer->shape); c++) {
            layer->variance[c] = 1;
            if (layer->gamma)
                layer->gamma[c] = 1;
        }
    return true;
}

/* Copies what the caller owns; free_layer frees the copy also after failure. */
static bool copy_layer(const struct layer *from, struct layer *to, struct error *error)
{
    size_t bytes = (size_t)from->input_count * sizeof *from->inputs;
    *to = *from;
    to->kernel = to->bias = to->gamma = to->beta = to->mean = to->variance = NULL;
    to->name = strdup(from->name);
    to->inputs = malloc(bytes);
    if (!to->name || !to->inputs)
        return out_of_memory(error);
    memcpy(to->inputs, from->inputs, bytes);
    return true;
}

struct layer *model_add_layer(struct model *model, const struct layer *layer, struct error *error)
{
    struct layer *added = NULL;
    if (!check_inputs(model, layer, error) || !check_activation(layer, error))
        goto refused;
    added = next_layer(model);
    if (!added) {
        out_of_memory(error);
        goto refused;
    }
    if (!copy_layer(layer, added, error) || !shape_infer(model, added, error) ||
        !check_size(model, added, error) || !allocate_weights(model, added, error)) {
        free_layer(added);
        goto refused;
    }
    model->output = model->layer_count++;
    return added;

refused:
    error_prefix(error, "layer %s (%s)", layer->name, layer_op_name(layer->op));
    return NULL;
}

/* --- finishing -------------------------------------------------------------------------------- */

/* A float whose exponent is all ones is infinite or no number. Without a branch, and on integers,
 * compilers make vectors of this loop; models have millions of weights. */
static bool all_finite(const float *values, size_t count)
{
    const uint32_t exponent = 0x7f800000;
    uint32_t bad = 0;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        bad |= (bits & exponent) == exponent;
    }
    return bad == 0;
}

static bool check_finite(const struct model *model, const struct layer *layer, struct error *error)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    int count = layer_parameters(model, layer, list);
    for (int i = 0; i < count; i++) {
        const float *values = parameter_values(layer, &list[i]);
        size_t length = parameter_count(&list[i]);
        if (all_finite(values, length))
            continue;
        for (size_t k = 0; k < length; k++)
            if (!isfinite(values[k]))
                return error_set(error,
                                 "layer %s (%s): value %zu of %s is %s; the file is damaged or "
                                 "the training diverged",
                                 layer->name, layer_op_name(layer->op), k, list[i].name,
                                 isnan(values[k]) ? "NaN" : "infinite");
    }
    return true;
}

static bool check_variance(const struct layer *layer, struct error *error)
{
    for (int c = 0; layer->op == LAYER_BATCH_NORM && c < shape_channels(&layer->shape); c++)
        if (!((double)layer->variance[c] + (double)layer->batch_norm.epsilon > 0))
            return error_set(error,
                             "layer %s (%s): variance %g of channel %d and epsilon %g have no "
                             "square root to divide by; the file is damaged",
                             layer->name, layer_op_name(layer->op), (double)layer->variance[c], c,
                             (double)layer->batch_norm.epsilon);
    return true;
}

static int output_classes(const struct model *model)
{
    const struct shape *output = model_output_shape(model);
    size_t count = shape_count(output);
    if (count != (size_t)shape_channels(output) || count > MODEL_CLASSES_MAX)
        return 0;
    return count == 1 ? 2 : (int)count;
}

static void free_classes(char **names, int count)
{
    for (int i = 0; names && i < count; i++)
        free(names[i]);
    free(names);
}

/* Names of classes: copies of `from`, or "class 0", "class 1", ... where it is NULL. */
static char **copy_classes(const char *const *from, int count)
{
    char **names = calloc((size_t)count, sizeof *names);
    for (int i = 0; names && i < count; i++) {
        char text[32];
        snprintf(text, sizeof text, "class %d", i);
        names[i] = strdup(from ? from[i] : text);
        if (!names[i]) {
            free_classes(names, count);
            return NULL;
        }
    }
    return names;
}

static bool replace_classes(struct model *model, const char *const *from, int count,
                            struct error *error)
{
    char **names = copy_classes(from, count);
    if (!names)
        return out_of_memory(error);
    free_classes(model->class_names, model->class_count);
    model->class_names = names;
    model->class_count = count;
    return true;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names are keys of JSON objects and are told apart by people. */
static bool check_names(const char *const *names, int count, struct error *error)
{
    for (int i = 0; i < count; i++)
        if (!*names[i] || !text_is_plain(names[i]))
            return error_set(error, "the name of class %d is %s", i,
                             *names[i] ? "not UTF-8, or has control characters in it" : "empty");
    const char **sorted = malloc((size_t)count * sizeof *sorted);
    if (!sorted)
        return out_of_memory(error);
    memcpy(sorted, names, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_names);
    bool good = true;
    for (int i = 1; good && i < count; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0)
            good = error_set(error, "two classes are called \"%.60s\"", sorted[i]);
    free(sorted);
    return good;
}

bool model_set_classes(struct model *model, const char *const *names, int count,
                       struct error *error)
{
    int wanted = output_classes(model);
    if (wanted == 0)
        return error_set(error, "model %s: its output is no list of class scores", model->name);
    if (count != wanted)
        return error_set(error, "model %s decides between %d classes, but %d names are given",
                         model->name, wanted, count);
    return check_names(names, count, error) && replace_classes(model, names, count, error);
}

bool model_finish(struct model *model, struct error *error)
{
    if (model->output <= 0 || model->output >= model->layer_count)
        return error_set(error, "model %s has no layers", model->name);
    for (int i = 0; i < model->layer_count; i++)
        if (!check_finite(model, &model->layers[i], error) ||
            !check_variance(&model->layers[i], error))
            return false;
    int classes = output_classes(model);
    if (classes > 0 && model->class_count != classes)
        return replace_classes(model, NULL, classes, error);
    return true;
}

bool model_check_scores(const struct model *model, const float *scores, struct error *error)
{
    for (int i = 0; i < model->class_count; i++)
        if (!isfinite(scores[i]))
            return error_set(error, "the network's score of \"%s\" is not a number",
                             model->class_names[i]);
    return true;
}

double model_threshold(const struct model *model)
{
    return model->threshold > 0 ? model->threshold : MODEL_THRESHOLD_DEFAULT;
}

void model_drop_kernels(struct model *model)
{
    for (int i = 0; i < model->layer_count; i++)
        model->layers[i].kernel = NULL;
    memory_pool_free(&model->kernels);
}

void model_destroy(struct model *model)
{
    if (!model)
        return;
    for (int i = 0; i < model->layer_count; i++)
        free_layer(&model->layers[i]);
    free(model->layers);
    memory_pool_free(&model->kernels);
    free_classes(model->class_names, model->class_count);
    free(model->tuning);
    free(model->name);
    free(model);
}

bool model_gives_shares(const struct model *model)
{
    const struct layer *last = &model->layers[model->output];
    return last->activation.kind == ACTIVATION_SOFTMAX ||
           (last->activation.kind == ACTIVATION_SIGMOID && shape_count(&last->shape) == 1);
}

bool model_takes_picture(const struct model *model)
{
    const struct shape *shape = model_input_shape(model);
    return shape->rank == 3 && (shape->dim[2] == 1 || shape->dim[2] == 3);
}

/* Does the layer read the input as it is? Augmentation has become Dropout, which does nothing. */
static bool reads_input(const struct model *model, const struct layer *layer)
{
    int from = layer->inputs[0];
    while (
        from > 0 &&
        (model->layers[from].op == LAYER_DROPOUT || model->layers[from].op == LAYER_ACTIVATION) &&
        model->layers[from].activation.kind == ACTIVATION_LINEAR)
        from = model->layers[from].inputs[0];
    return from == 0;
}

bool model_rescales(const struct model *model)
{
    for (int i = 1; i < model->layer_count; i++)
        if (model->layers[i].op == LAYER_RESCALING && reads_input(model, &model->layers[i]))
            return true;
    return false;
}

const struct shape *model_input_shape(const struct model *model)
{
    return &model->layers[0].shape;
}

const struct shape *model_output_shape(const struct model *model)
{
    return &model->layers[model->output].shape;
}
