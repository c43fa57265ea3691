/* arguments: the arguments of a layer's line, bound to Keras's names and made a configuration. */
#ifndef PAWCAM_NN_TRAIN_ARGUMENTS_H
#define PAWCAM_NN_TRAIN_ARGUMENTS_H

#include "nn/train/initialize.h"
#include "nn/train/script.h"

#include <jansson.h>

struct layer_arguments {
    json_t *config;   /* as Keras's get_config, what the line says; owned by the caller */
    const char *name; /* points into the script; NULL: none given */
    const struct expr *input_shape;     /* NULL: none given */
    struct initialization kernel, bias; /* Keras's defaults where none are given */
    bool frozen;                        /* trainable=False */
    double l2;                          /* kernel_regularizer=l2(x); 0: none given */
};

/* Binds the arguments of a layer's call. Refuses unknown classes, unknown, repeated and surplus
 * arguments, by file:line. On failure nothing is owned. */
bool arguments_bind(const struct script *script, const struct expr *call,
                    struct layer_arguments *arguments, struct error *error);

/* The argument `name` of a layer. */
bool arguments_bind_name(const struct script *script, const struct expr *e, const char **name,
                         struct error *error);

#endif
