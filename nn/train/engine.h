/*
 * engine: a way to work out the gradient of the loss. trainer.c chooses one by name and owns
 * weights and optimizer; an engine owns activations and their gradients. Weights and gradients are
 * flat arrays as parameters.h lays them out. Where a flat gradient has a place for a moving mean or
 * variance, the engine leaves the batch's own there; where it has one for a frozen array, nothing
 * of use.
 */
#ifndef PAWCAM_NN_TRAIN_ENGINE_H
#define PAWCAM_NN_TRAIN_ENGINE_H

#include "nn/train/kernels_train.h"
#include "nn/train/loss.h"
#include "nn/train/parameters.h"
#include "nn/train/team.h"
#include "nn/train/trainer.h"

/* Most inputs of an Add or Concatenate. */
enum { TRAIN_INPUTS_MAX = 64 };

/* What all engines are made from; outlives them. */
struct train_setup {
    const struct model *model;
    const bool *needed; /* by layer: does the output depend on it? */
    const struct parameters *parameters;
    struct loss_function loss;
    struct team *team;
    const struct train_kernels *kernels; /* for this machine */
    int batch;                           /* the largest */
    uint64_t seed;
};

struct train_batch {
    const float *x, *y;
    int n;
    uint64_t step; /* number of the optimizer step, from 0: dropout draws by it */
};

struct train_engine {
    /* NULL with the reason. */
    void *(*create)(const struct train_setup *setup, struct error *error);

    /* Gradient of the mean loss over the batch (all of `gradient` is written), with dropout and the
     * batch's own statistics. Loss and hits, as sums. */
    struct trainer_result (*learn)(void *self, const struct train_batch *batch,
                                   const float *weights, float *gradient);

    /* As at inference; scores [n][outputs] may be NULL. */
    struct trainer_result (*evaluate)(void *self, const struct train_batch *batch,
                                      const float *weights, float *scores);

    void (*destroy)(void *self); /* accepts NULL */
};

/* Plain loops in double precision, the lessons' way: one thread, runs everywhere. */
extern const struct train_engine train_engine_reference;

/* Blocked kernels on all threads: fast.h. */
extern const struct train_engine train_engine_fast;

#endif
