/*
 * builder: what the parts of the loader share while a Keras configuration becomes a model. Strings
 * point into the configuration, which outlives the builder.
 */
#ifndef PAWCAM_NN_KERAS_BUILDER_H
#define PAWCAM_NN_KERAS_BUILDER_H

#include "nn/layer.h"

#include <jansson.h>

/* One array of weights that the model needs, and what the file calls it. */
struct slot {
    const char *group;          /* the outermost model's layer that it belongs to: an HDF5 group */
    const char *layer;          /* the layer itself; differs from `group` in nested models */
    const char *name;           /* "kernel", "pointwise_kernel", ... */
    int index;                  /* of the layer in the model */
    struct parameter parameter; /* where it goes */
};

struct builder {
    struct model *model;
    struct slot *slots; /* in Keras's order; owned */
    int slot_count;
    const char *group;   /* being built */
    int keras_version;   /* 1, 2 or 3 */
    bool channels_first; /* the whole model; only Keras 1 (see keras1.h) */
    bool named;          /* the error of a refused layer names it already */
    bool theano;         /* kernels were turned by 180 degrees when they were applied */
};

/* A layer as the configuration describes it, and the model's layers that it reads. */
struct source {
    const char *class_name, *name;
    const json_t *config;
    const int *inputs;
    int input_count;
};

/* layers.c: appends the layer (or the few that one of Keras's stands for); *output is the index of
 * the last. Refuses unknown classes and arguments by name. */
bool builder_add(struct builder *builder, const struct source *source, int *output,
                 struct error *error);

/* graph.c: reads the whole configuration: creates builder->model and appends all layers. `root` is
 * {"class_name": ..., "config": ...}. The caller destroys the model also after failure. */
bool builder_read(struct builder *builder, const json_t *root, const char *name,
                  struct error *error);

/* activation.c: a name, a serialized function or a serialized layer; null is linear. */
bool builder_read_activation(const struct builder *builder, const json_t *value,
                             struct activation_params *params, struct error *error);

/* activation.c: the layers ReLU, LeakyReLU, ELU and Softmax, by their own arguments. */
bool builder_read_activation_layer(const char *class_name, const json_t *config, int rank,
                                   struct activation_params *params, struct error *error);

#endif
