#include "nn/keras/builder.h"
#include "nn/keras/json.h"

#include <math.h>
#include <string.h>

/* Defaults of keras.activations: alpha 1 of elu, 0.2 of leaky_relu (tf.nn.leaky_relu, Keras 3). */
static const struct {
    const char *name;
    struct activation_params params;
} functions[] = {
    {"linear", {ACTIVATION_LINEAR, 0, 0}},
    {"relu", {ACTIVATION_RELU, 0, INFINITY}},
    {"relu6", {ACTIVATION_RELU, 0, 6}},
    {"leaky_relu", {ACTIVATION_LEAKY_RELU, 0.2f, 0}},
    {"elu", {ACTIVATION_ELU, 1, 0}},
    {"sigmoid", {ACTIVATION_SIGMOID, 0, 0}},
    {"hard_sigmoid", {ACTIVATION_HARD_SIGMOID, 0, 0}},
    {"tanh", {ACTIVATION_TANH, 0, 0}},
    {"softplus", {ACTIVATION_SOFTPLUS, 0, 0}},
    {"swish", {ACTIVATION_SWISH, 0, 0}},
    {"silu", {ACTIVATION_SWISH, 0, 0}},
    {"softmax", {ACTIVATION_SOFTMAX, 0, 0}},
};

static bool by_name(const struct builder *builder, const char *name,
                    struct activation_params *params, struct error *error)
{
    if (builder->keras_version >= 3 && strcmp(name, "hard_sigmoid") == 0)
        return error_set(error, "hard_sigmoid of Keras 3 is not supported; it is another function "
                                "than that of Keras 2");
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        if (strcmp(functions[i].name, name) == 0) {
            *params = functions[i].params;
            return true;
        }
    return error_set(error,
                     "activation %s is not supported; supported are: linear, relu, relu6, "
                     "leaky_relu, elu, sigmoid, hard_sigmoid, tanh, softplus, swish, silu, softmax",
                     name);
}

static bool read_relu(const json_t *config, struct activation_params *params, struct error *error)
{
    double maximum, slope, threshold;
    if (!keras_get_number(config, "max_value", INFINITY, &maximum, error) ||
        !keras_get_number(config, "negative_slope", 0, &slope, error) ||
        !keras_get_number(config, "threshold", 0, &threshold, error))
        return false;
    if (threshold != 0)
        return error_set(error, "threshold %g is not supported, only 0", threshold);
    *params = (struct activation_params){ACTIVATION_RELU, (float)slope, (float)maximum};
    return true;
}

/* `second` is what Keras 3 calls the argument. */
static bool read_alpha(const json_t *config, const char *second, double standard,
                       enum activation kind, struct activation_params *params, struct error *error)
{
    double alpha;
    const char *key = json_object_get(config, second) ? second : "alpha";
    if (!keras_get_number(config, key, standard, &alpha, error))
        return false;
    *params = (struct activation_params){kind, (float)alpha, 0};
    return true;
}

static bool read_softmax(const json_t *config, int rank, struct activation_params *params,
                         struct error *error)
{
    int axis;
    if (!keras_get_int(config, "axis", -1, &axis, error))
        return false;
    if (axis != -1 && axis != rank)
        return error_set(error, "axis %d is not supported, only the last", axis);
    *params = (struct activation_params){.kind = ACTIVATION_SOFTMAX};
    return true;
}

bool builder_read_activation_layer(const char *class_name, const json_t *config, int rank,
                                   struct activation_params *params, struct error *error)
{
    if (strcmp(class_name, "ReLU") == 0)
        return read_relu(config, params, error);
    if (strcmp(class_name, "LeakyReLU") == 0)
        return read_alpha(config, "negative_slope", 0.3, ACTIVATION_LEAKY_RELU, params, error);
    if (strcmp(class_name, "ELU") == 0)
        return read_alpha(config, "alpha", 1, ACTIVATION_ELU, params, error);
    if (strcmp(class_name, "Softmax") == 0)
        return read_softmax(config, rank, params, error);
    return error_set(error, "activation %s is not supported", class_name);
}

bool builder_read_activation(const struct builder *builder, const json_t *value,
                             struct activation_params *params, struct error *error)
{
    if (!value || json_is_null(value)) {
        *params = (struct activation_params){.kind = ACTIVATION_LINEAR};
        return true;
    }
    if (json_is_string(value))
        return by_name(builder, json_string_value(value), params, error);

    /* {"class_name": "function", "config": "relu"} or {"class_name": "LeakyReLU", "config": {..}}
     */
    const json_t *config = json_object_get(value, "config");
    const char *class_name = json_string_value(json_object_get(value, "class_name"));
    if (json_is_string(config))
        return by_name(builder, json_string_value(config), params, error);
    if (class_name && json_is_object(config))
        return builder_read_activation_layer(class_name, config, -1, params, error);
    return error_set(error, "its activation is neither a name nor a serialized layer");
}
