#include "nn/train/arguments.h"

#include "common/text.h"
#include "nn/keras/save.h"
#include "nn/train/bind.h"
#include "nn/train/initializer.h"

#include <stdio.h>
#include <string.h>

/* Keras's signatures: the arguments in their positional order. What all layers take (name,
 * input_shape, trainable) and what only the trainer looks at (initializers, kernel_regularizer) is
 * keyword-only in recipes. Source: keras/layers of Keras 2. */
static const struct signature {
    const char *class_name;
    const char *arguments;
    bool has_kernel;
    int required; /* so many of the arguments have no default */
} signatures[] = {
    {"Conv2D",
     "filters kernel_size strides padding data_format dilation_rate groups activation use_bias",
     true, 2},
    {"DepthwiseConv2D",
     "kernel_size strides padding depth_multiplier data_format dilation_rate activation use_bias",
     true, 1},
    {"SeparableConv2D",
     "filters kernel_size strides padding data_format dilation_rate depth_multiplier activation "
     "use_bias",
     true, 2},
    {"Dense", "units activation use_bias", true, 1},
    {"BatchNormalization", "axis momentum epsilon center scale", false, 0},
    {"Activation", "activation", false, 1},
    {"ReLU", "max_value negative_slope threshold", false, 0},
    {"LeakyReLU", "alpha", false, 0},
    {"ELU", "alpha", false, 0},
    {"Softmax", "axis", false, 0},
    {"MaxPooling2D", "pool_size strides padding data_format", false, 0},
    {"MaxPool2D", "pool_size strides padding data_format", false, 0},
    {"AveragePooling2D", "pool_size strides padding data_format", false, 0},
    {"GlobalMaxPooling2D", "data_format keepdims", false, 0},
    {"GlobalAveragePooling2D", "data_format keepdims", false, 0},
    {"Flatten", "data_format", false, 0},
    {"Reshape", "target_shape", false, 1},
    {"Dropout", "rate", false, 1},
    {"Add", "", false, 0},
    {"Concatenate", "axis", false, 0},
    {"ZeroPadding2D", "padding data_format", false, 0},
    {"Rescaling", "scale offset", false, 1},
};

enum { SIGNATURE_COUNT = sizeof signatures / sizeof *signatures, NAME_BYTES = 64 };

/* Bounds that only training needs, inclusive. */
static const struct bounds {
    const char *class_name, *argument;
    double min, max;
} bounds[] = {
    {"Dropout", "rate", 0, 0.999},
    {"BatchNormalization", "momentum", 0, 1},
    {"LeakyReLU", "alpha", 0, 1e6},
};

static const struct signature *find_signature(const char *class_name)
{
    for (int i = 0; i < SIGNATURE_COUNT; i++)
        if (strcmp(signatures[i].class_name, class_name) == 0)
            return &signatures[i];
    return NULL;
}

static bool refuse_class(const struct script *script, const struct expr *call, struct error *error)
{
    char list[512];
    size_t used = 0;
    for (int i = 0; i < SIGNATURE_COUNT && used < sizeof list; i++)
        used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "",
                                 signatures[i].class_name);
    return error_set_usage(error, "%s:%d: no layer is called %.40s; there are: %s", script->path,
                           call->line, bind_callee(call), list);
}

/* The name at `index` of a space-separated list into `name`; false: the list is shorter. */
static bool nth_name(const char *list, int index, char name[NAME_BYTES])
{
    for (; index > 0 && list; index--) {
        list = strchr(list, ' ');
        list += list ? 1 : 0;
    }
    if (!list || !*list)
        return false;
    snprintf(name, NAME_BYTES, "%.*s", (int)strcspn(list, " "), list);
    return true;
}

static bool holds_name(const char *list, const char *name)
{
    char entry[NAME_BYTES];
    for (int i = 0; nth_name(list, i, entry); i++)
        if (strcmp(entry, name) == 0)
            return true;
    return false;
}

/* A constant as JSON; NULL: it is none. */
static json_t *to_json(const struct expr *e)
{
    switch (e->kind) {
    case EXPR_NUMBER:
        return e->is_integer ? json_integer((json_int_t)e->number) : json_real(e->number);
    case EXPR_STRING:
        return json_string(e->text);
    case EXPR_NAME:
        if (strcmp(e->text, "True") == 0 || strcmp(e->text, "False") == 0)
            return json_boolean(e->text[0] == 'T');
        return strcmp(e->text, "None") == 0 ? json_null() : NULL;
    case EXPR_TUPLE: {
        json_t *list = json_array();
        for (int i = 0; i < e->count; i++)
            if (json_array_append_new(list, to_json(&e->items[i])) != 0) {
                json_decref(list);
                return NULL;
            }
        return list;
    }
    case EXPR_CALL:
        break;
    }
    return NULL;
}

/* l2(0.001), regularizers.L2(l2=0.001), 'l2' for Keras's default, None for none */
static bool bind_l2(const struct script *script, const struct expr *e, const char *key, double *l2,
                    struct error *error)
{
    static const struct field fields[] = {
        {"l2", FIELD_NUMBER, 0, 0, 1e6}, {"l", FIELD_NUMBER, 0, 0, 1e6}, /* its older name */
    };
    const char *name = e->kind == EXPR_STRING ? e->text : bind_callee(e);
    *l2 = 0;
    if (e->kind == EXPR_NAME && strcmp(e->text, "None") == 0)
        return true;
    *l2 = 0.01;
    if (!name || (strcmp(name, "l2") != 0 && strcmp(name, "L2") != 0))
        return bind_refuse(script, e->line, error, "%s must be l2(number)", key);
    return e->kind == EXPR_STRING || bind_call(script, e, FIELDS(fields), l2, error);
}

/* A model file must be able to hold it, behind which SeparableConv2D puts a word. */
enum { NAME_BYTES_MAX = KERAS_NAME_BYTES_MAX - 16 };

bool arguments_bind_name(const struct script *script, const struct expr *e, const char **name,
                         struct error *error)
{
    if (e->kind != EXPR_STRING || e->text[0] == '\0' || strchr(e->text, '/'))
        return error_set_usage(error, "%s:%d: a layer's name must be a string without '/'",
                               script->path, e->line);
    if (!text_is_plain(e->text) || strlen(e->text) > NAME_BYTES_MAX)
        return error_set_usage(error,
                               "%s:%d: a layer's name must be UTF-8 without control characters, "
                               "of at most %d bytes",
                               script->path, e->line, NAME_BYTES_MAX);
    *name = e->text;
    return true;
}

/* 'relu', or the function of that name: activations.relu, tf.nn.relu. */
static json_t *activation_to_json(const struct expr *e)
{
    const char *dot = e->kind == EXPR_NAME ? strrchr(e->text, '.') : NULL;
    return dot ? json_string(dot + 1) : to_json(e);
}

static bool bind_config(const struct script *script, const struct expr *e, const char *key,
                        json_t *config, struct error *error)
{
    if (json_object_get(config, key))
        return error_set_usage(error, "%s:%d: argument %s is given twice", script->path, e->line,
                               key);
    json_t *value = strcmp(key, "activation") == 0 ? activation_to_json(e) : to_json(e);
    if (!value)
        return error_set_usage(error, "%s:%d: %s must be a constant", script->path, e->line, key);
    return json_object_set_new(config, key, value) == 0 || error_set_memory(error, "out of memory");
}

static bool check_bounds(const struct script *script, const struct signature *signature,
                         const struct expr *e, const char *key, struct error *error)
{
    for (size_t i = 0; i < sizeof bounds / sizeof *bounds; i++) {
        const struct bounds *b = &bounds[i];
        if (strcmp(b->class_name, signature->class_name) != 0 || strcmp(b->argument, key) != 0)
            continue;
        if (e->kind != EXPR_NUMBER || !(e->number >= b->min && e->number <= b->max))
            return error_set_usage(error, "%s:%d: %s of %s must be a number from %g to %g",
                                   script->path, e->line, key, b->class_name, b->min, b->max);
    }
    return true;
}

static bool check_required(const struct script *script, const struct signature *signature,
                           const struct expr *call, const json_t *config, struct error *error)
{
    char name[NAME_BYTES];
    for (int i = 0; i < signature->required && nth_name(signature->arguments, i, name); i++)
        if (!json_object_get(config, name))
            return error_set_usage(error, "%s:%d: %s needs its %s", script->path, call->line,
                                   signature->class_name, name);
    return true;
}

static bool bind_trainable(const struct script *script, const struct expr *e, bool *frozen,
                           struct error *error)
{
    *frozen = e->kind == EXPR_NAME && strcmp(e->text, "False") == 0;
    return *frozen || (e->kind == EXPR_NAME && strcmp(e->text, "True") == 0) ||
           error_set_usage(error, "%s:%d: trainable must be True or False", script->path, e->line);
}

/* Keras calls the kernel of a depthwise convolution by another name. */
static bool is_depthwise(const struct signature *signature)
{
    return strcmp(signature->class_name, "DepthwiseConv2D") == 0;
}

static const char *initializer_key(const struct signature *signature)
{
    return is_depthwise(signature) ? "depthwise_initializer" : "kernel_initializer";
}

static const char *regularizer_key(const struct signature *signature)
{
    return is_depthwise(signature) ? "depthwise_regularizer" : "kernel_regularizer";
}

static bool bind_one(const struct script *script, const struct signature *signature,
                     const struct expr *e, const char *key, struct layer_arguments *arguments,
                     struct error *error)
{
    if (strcmp(key, "name") == 0)
        return arguments_bind_name(script, e, &arguments->name, error);
    if (strcmp(key, "input_shape") == 0) {
        arguments->input_shape = e;
        return true;
    }
    if (strcmp(key, "trainable") == 0)
        return bind_trainable(script, e, &arguments->frozen, error);
    if (signature->has_kernel && strcmp(key, initializer_key(signature)) == 0)
        return initializer_bind(script, e, &arguments->kernel, error);
    if (signature->has_kernel && strcmp(key, "bias_initializer") == 0)
        return initializer_bind(script, e, &arguments->bias, error);
    if (signature->has_kernel && strcmp(key, regularizer_key(signature)) == 0)
        return bind_l2(script, e, key, &arguments->l2, error);
    if (!holds_name(signature->arguments, key))
        return error_set_usage(
            error,
            "%s:%d: %s takes no argument %.40s; it takes: %s%sname input_shape trainable%s%s%s%s",
            script->path, e->line, signature->class_name, key, signature->arguments,
            *signature->arguments ? " " : "", signature->has_kernel ? " bias_initializer " : "",
            signature->has_kernel ? regularizer_key(signature) : "",
            signature->has_kernel ? " " : "",
            signature->has_kernel ? initializer_key(signature) : "");
    return check_bounds(script, signature, e, key, error) &&
           bind_config(script, e, key, arguments->config, error);
}

static bool bind_all(const struct script *script, const struct signature *signature,
                     const struct expr *call, struct layer_arguments *arguments,
                     struct error *error)
{
    char positional[NAME_BYTES];
    for (int i = 0; i < call->count; i++) {
        const char *key = call->keys[i];
        if (!key && !nth_name(signature->arguments, i, positional))
            return error_set_usage(error, "%s:%d: %s takes at most %d positional arguments",
                                   script->path, call->line, signature->class_name, i);
        if (!bind_one(script, signature, &call->items[i], key ? key : positional, arguments, error))
            return false;
    }
    return true;
}

bool arguments_bind(const struct script *script, const struct expr *call,
                    struct layer_arguments *arguments, struct error *error)
{
    const struct signature *signature = find_signature(bind_callee(call));
    *arguments = (struct layer_arguments){.kernel.name = "glorot_uniform"};
    if (!signature)
        return refuse_class(script, call, error);
    arguments->config = json_object();
    if (!arguments->config)
        return error_set_memory(error, "out of memory");
    if (bind_all(script, signature, call, arguments, error) &&
        check_required(script, signature, call, arguments->config, error))
        return true;
    json_decref(arguments->config);
    arguments->config = NULL;
    return false;
}
