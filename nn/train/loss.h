/*
 * loss: what the network is to make small, of one example at a time, in double precision.
 *
 * Cross-entropies take logits, what goes into the output's softmax or sigmoid: then value and
 * gradient need no logarithm of a number that rounded to zero (Goodfellow et al., Deep Learning,
 * 6.2.2). So a network with such a loss ends with that activation, and the engines leave it out.
 */
#ifndef PAWCAM_NN_TRAIN_LOSS_H
#define PAWCAM_NN_TRAIN_LOSS_H

#include "nn/train/trainer.h"

struct loss_function {
    enum loss kind;
    double smoothing; /* of the targets towards equal shares: t (1 - s) + s / classes */
    int outputs;      /* values per example */
    int targets;      /* the same; 1 for sparse targets */
};

/* For a network's output. Refuses an output that the loss cannot judge, by the layer's name. */
bool loss_init(struct loss_function *loss, const struct model *model,
               const struct trainer_settings *settings, struct error *error);

/* Does it take what goes into the last activation instead of what comes out? */
bool loss_takes_logits(const struct loss_function *loss);

/* One example. `values` are the network's outputs or logits, and become its scores (probabilities).
 * gradient, of this example's loss by `values`, may be NULL. Adds to *result. A target that is no
 * class makes loss and gradient NaN, and the values stay as they are. */
void loss_apply(const struct loss_function *loss, double *values, const float *target,
                double *gradient, struct trainer_result *result);

#endif
