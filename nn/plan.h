/*
 * plan: a model compiled for one set of kernels: the list of steps that run it, its weights in the
 * order in which they are read, and one arena for everything that lives during a run. Making it
 * allocates, running it does not. A plan belongs to one thread and borrows the model.
 */
#ifndef PAWCAM_NN_PLAN_H
#define PAWCAM_NN_PLAN_H

#include "nn/choose.h"
#include "nn/kernels.h"
#include "nn/model.h"
#include "nn/observer.h"
#include "nn/tuning.h"

struct plan;

/* NULL: out of memory. Every model that model_finish accepted can be compiled. Follows the model's
 * tuning if it is for these kernels. */
struct plan *plan_create(const struct model *model, const struct kernels *kernels,
                         struct error *error);
void plan_destroy(struct plan *plan);

/* The same, told how to run layers that can be run in several ways: each as `tuning` has it (NULL:
 * it has none), else in the way that takes this place, from 0, in the order of what nn/choose.h
 * expects, those with weights of 16 bits behind all others; the first where there are fewer. What
 * of a tuning does not fit the model is ignored. */
struct plan *plan_create_guided(const struct model *model, const struct kernels *kernels,
                                const struct tuning *tuning, int place, struct error *error);

/* How a layer is run of which that can be chosen. */
struct plan_way {
    int place, ways;           /* of how many; an entry of the tuning has place 0 */
    struct conv_task task;     /* a convolution's; */
    struct conv_choice kernel; /* ... and how it is done; no kernel in it: a Dense */
    bool halved;               /* its weights are kept in 16 bits: half floats; Dense: bfloat16 */
};

/* false: there is only one way. */
bool plan_way(const struct plan *plan, int layer, struct plan_way *way);

/* `input` in the model's input shape, any alignment. Returns the output in the model's output
 * shape, valid until the next run. */
const float *plan_run(struct plan *plan, const float *input);

/* The same from 8-bit B, G, R pixels, `stride` bytes from row to row; the model's input must have
 * three channels. Applies the model's preprocessing as it was at plan_create. */
const float *plan_run_pixels(struct plan *plan, const uint8_t *pixels, int stride);

/* Runs as plan_run, and adds to ns[layer] the time of each layer's steps on the processor. */
void plan_time(struct plan *plan, const float *input, int64_t *ns);

/* How a layer of the model is run ("direct 1x14x2", "folded into conv1"), valid as long as the
 * plan. */
const char *plan_describe(const struct plan *plan, int layer);

/* Shows the following runs to the observer, which is copied; only values that are floats. */
void plan_observe(struct plan *plan, const struct observer *observer);

void plan_memory(const struct plan *plan, size_t *arena_bytes, size_t *weight_bytes);

#endif
