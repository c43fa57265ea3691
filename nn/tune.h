/*
 * tune: measures the ways in which a model's layers can be run on this processor, and takes the
 * fastest of each. Every measurement runs the whole network, so that a layer finds the caches as it
 * will find them later: one plan runs each layer in the way that nn/choose.h puts first, the next
 * in the second way, and so on. Each plan takes turns with the first: what counts is the ratio of
 * two runs that are milliseconds apart, so that other programs on the machine disturb both alike.
 */
#ifndef PAWCAM_NN_TUNE_H
#define PAWCAM_NN_TUNE_H

#include "nn/plan.h"

enum { TUNE_RUNS_MAX = 32 };

/* A layer run in one way. */
struct tune_sample {
    int layer;
    struct plan_way way;
    double us;    /* on the processor, median */
    double ratio; /* to the first way, median of the pairs of runs */
    int count;
    double all_us[TUNE_RUNS_MAX], all_ratios[TUNE_RUNS_MAX];
};

struct tune_samples {
    struct tune_sample *list; /* owned; all ways of all layers that have a choice */
    int count;
};

/* Measures for about `seconds`, but each way at least in one plan. */
bool tune_measure(const struct model *model, const struct kernels *kernels, double seconds,
                  struct tune_samples *samples, struct error *error);
void tune_free(struct tune_samples *samples);

/* The sample of a layer that is run in the way of this place; NULL: there is none. */
struct tune_sample *tune_find(const struct tune_samples *samples, int layer, int place);

/* Weights in 16 bits, of layers that wait for them to come from memory. */
enum tune_halving {
    TUNE_HALVE_NEVER,
    TUNE_HALVE_AUTO, /* where it is faster and no output moves by more than TUNE_MOVED_MAX */
    TUNE_HALVE_ALWAYS
};

#define TUNE_MOVED_MAX 1e-3

/* What weights in 16 bits are tried on besides noise, which stirs a trained network too little: B,
 * G, R pixels of the model's size, one picture behind the other. {0}: nothing, and so for models
 * that do not take three channels. */
struct tune_pictures {
    const uint8_t *pixels;
    int count;
};

/* The fastest way of each layer, if it is also faster when all layers run in theirs: by 3 % at
 * least, else the guess stays. For free(). NULL: out of memory. */
struct tuning *tune_choose(const struct model *model, const struct kernels *kernels,
                           const struct tune_samples *samples, enum tune_halving halving,
                           struct tune_pictures pictures, struct error *error);

#endif
