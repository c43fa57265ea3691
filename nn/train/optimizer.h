/*
 * optimizer: from gradients to new weights, on flat arrays (parameters.h). The rules are
 * PyTorch's (torch.optim.SGD, RMSprop, Adam, AdamW), which for a constant learning rate are those
 * of Keras but for the place of Adam's epsilon: outside of the bias correction, as in Kingma and
 * Ba, arXiv:1412.6980, algorithm 1. Clipping is Keras's.
 */
#ifndef PAWCAM_NN_TRAIN_OPTIMIZER_H
#define PAWCAM_NN_TRAIN_OPTIMIZER_H

#include "nn/train/kernels_train.h"
#include "nn/train/parameters.h"
#include "nn/train/team.h"
#include "nn/train/trainer.h"

struct optimizer_state {
    enum optimizer kind;
    const struct train_kernels *kernels;
    uint64_t step;  /* steps done */
    float *first;   /* momentum, or Adam's first moment; NULL where the rule has none */
    float *second;  /* mean of squares; NULL where the rule has none */
    float *average; /* moving average of the trainable weights, with room for the others behind;
                     * NULL: not wanted */
    double *parts;  /* [arrays][TEAM_MAX]: each worker's share of the squares of an array */
    double squares; /* of the last gradient, L2 terms included, unclipped: its norm squared */
    double penalty; /* sum of l2 w^2 before the last step */
};

/* `weights` are the initial ones. On failure nothing is owned. */
bool optimizer_init(struct optimizer_state *state, const struct trainer_settings *settings,
                    const struct parameters *parameters, const struct train_kernels *kernels,
                    const float *weights, struct error *error);
void optimizer_finish(struct optimizer_state *state);

/* Adds the L2 terms to the gradient, works out squares and penalty, and clips single values. */
void optimizer_prepare(struct optimizer_state *state, const struct trainer_settings *settings,
                       const struct parameters *parameters, struct team *team, const float *weights,
                       float *gradient);

/* One step with a prepared gradient. */
void optimizer_update(struct optimizer_state *state, const struct trainer_settings *settings,
                      const struct parameters *parameters, struct team *team, double rate,
                      const float *gradient, float *weights);

#endif
