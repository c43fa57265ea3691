/*
 * tuning: what was measured of a model on one kind of processor: the kernel that runs each layer
 * fastest. A plan prefers it to the guess of nn/choose.h. nn/tune.h measures it, and
 * nn/keras/tuning_file.h keeps it beside the model's file.
 */
#ifndef PAWCAM_NN_TUNING_H
#define PAWCAM_NN_TUNING_H

#include "nn/model.h"

#include <stdint.h>

/* One layer. All zero: the guess is good enough. */
struct tuned_layer {
    int rows, columns, vectors; /* convolution: its register tile (nn/kernels.h) */
    int side, block;            /* Winograd, as in nn/choose.h; 0: the tile alone */
    bool halved;                /* weights kept in 16 bits, which moves the scores a little */
};

struct tuning {
    char kernels[16]; /* name of those that it is for; sessions on others do not use it */
    int layer_count;
    struct tuned_layer layers[]; /* one for each of the model's layers */
};

/* All layers zero, for free(). NULL: out of memory. */
struct tuning *tuning_create(const struct model *model, const char *kernels);

/* A number that changes with all that a tuning depends on: layers, shapes and weights (FNV-1a on
 * 32-bit words). */
uint64_t tuning_hash(const struct model *model);

#endif
