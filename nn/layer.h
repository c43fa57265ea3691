/* layer: what can be asked of one layer of a model: its weights as a list, its cost. */
#ifndef PAWCAM_NN_LAYER_H
#define PAWCAM_NN_LAYER_H

#include "nn/model.h"

/* One array of weights, in the order in which Keras keeps them. */
struct parameter {
    const char *name; /* Keras's name: "kernel", "depthwise_kernel", "bias", "gamma", "beta",
                       * "moving_mean", "moving_variance" */
    size_t member;    /* offset of the `float *` in struct layer */
    int rank;         /* 1..4 */
    int dim[4];
    bool trainable; /* false for the moving averages */
};

enum { LAYER_PARAMETERS_MAX = 4 };

/* Fills `list` with the weights that the layer has by its op; returns how many (0 for most ops).
 * The layer's inputs must exist in the model; the arrays need not be allocated yet. */
int layer_parameters(const struct model *model, const struct layer *layer,
                     struct parameter list[LAYER_PARAMETERS_MAX]);

size_t parameter_count(const struct parameter *parameter);

/* The array itself: parameter_count values, owned by the model. */
float *parameter_values(const struct layer *layer, const struct parameter *parameter);

/* Multiply-adds of convolutions and Dense for one picture; 0 for other ops. */
double layer_macs(const struct model *model, const struct layer *layer);

#endif
