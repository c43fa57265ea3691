/*
 * reference_layers: every layer forward and backward over a batch, in double precision, as the
 * textbooks write them. Convolution goes through im2col and col2im, as in "Deep Learning from
 * Scratch" (Saito 2016). This is what the fast engine is tested against; itself it is tested by
 * finite differences.
 */
#ifndef PAWCAM_NN_TRAIN_REFERENCE_LAYERS_H
#define PAWCAM_NN_TRAIN_REFERENCE_LAYERS_H

#include "nn/model.h"

#include <stdint.h>

/* Weights of a layer or their gradients, in the layout of parameters.h; NULL where it has none. */
struct layer_arrays {
    double *kernel, *bias, *gamma, *beta, *mean, *variance;
};

/* One layer at work. Values are [n][height][width][channels]. */
struct layer_pass {
    const struct layer *layer;
    int n;
    bool training; /* dropout, and BatchNormalization by the batch's own statistics */
    uint64_t seed, step;
    int index; /* of the layer in the model, for dropout */
    int kernel_pitch;

    const struct shape **in; /* of each input */
    double **x;              /* each input */
    double **dx;             /* its gradient, added to; NULL: not wanted */
    double *z;               /* before the activation */
    double *y;               /* after it */
    double *dy;              /* gradient by y; backward turns it into that by z */

    struct layer_arrays weights, gradients; /* gradients are added to, statistics are set */
    double *scratch;                        /* reference_scratch() values */
};

/* Values of scratch that a layer needs. */
size_t reference_scratch(const struct layer *layer, const struct shape *in);

/* Sets z and, unless they are the same memory, y. */
void reference_layer_forward(const struct layer_pass *pass);

/* Needs what forward left. Adds to dx and to the gradients. */
void reference_layer_backward(const struct layer_pass *pass);

#endif
