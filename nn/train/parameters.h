/*
 * parameters: all weights of a network in one flat array, so that optimizer, averages and
 * checkpoints need not know about layers. Every array of the same network (weights, gradients,
 * optimizer slots) has this layout:
 *
 *   the trainable arrays, then the others (moving averages, frozen ones); each as [rows][pitch],
 * where the columns are the output channels and pitch rounds them up to PARAMETER_PITCH. The
 * padding is zero and stays zero: a zero weight with a zero gradient is moved by no optimizer.
 */
#ifndef PAWCAM_NN_TRAIN_PARAMETERS_H
#define PAWCAM_NN_TRAIN_PARAMETERS_H

#include "nn/layer.h"
#include "nn/train/network.h"

/* Floats; the longest vector of the kernels, so that each row begins on a cache line. */
enum { PARAMETER_PITCH = 16 };

struct parameter_array {
    int layer;             /* index in the model */
    struct parameter what; /* name, shape and place in the layer; not trainable when frozen */
    bool frozen;           /* of a layer with trainable=False */
    int rows, columns, pitch;
    size_t offset; /* floats, of row 0 in a flat array */
    double l2;     /* weight of sum(w^2) in the loss */
    bool decays;   /* weight decay applies: a kernel, no bias and nothing of BatchNormalization */
};

struct parameters {
    struct parameter_array *arrays; /* owned */
    int count;
    size_t trainable, total; /* floats, padding included */
};

bool parameters_init(struct parameters *parameters, const struct network *network,
                     struct error *error);
void parameters_finish(struct parameters *parameters);

/* Model to flat array (padding becomes zero) and back. */
void parameters_read(const struct parameters *parameters, const struct model *model, float *flat);
void parameters_write(const struct parameters *parameters, const float *flat, struct model *model);

/* The L2 terms of the loss: the sum of l2 w^2 over the trainable arrays. */
double parameters_penalty(const struct parameters *parameters, const float *flat);

/* The layer's array of this member of struct layer; NULL: it has none. */
const struct parameter_array *parameters_find(const struct parameters *parameters, int layer,
                                              size_t member);

#endif
