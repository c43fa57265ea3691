/*
 * plan: a model compiled for one set of kernels: the list of steps that run it, its weights in the
 * order in which they are read, and one arena for everything that lives during a run. Making it
 * allocates, running it does not. A plan belongs to one thread and borrows the model.
 */
#ifndef PAWCAM_NN_PLAN_H
#define PAWCAM_NN_PLAN_H

#include "nn/kernels.h"
#include "nn/model.h"
#include "nn/observer.h"

struct plan;

/* NULL: out of memory. Every model that model_finish accepted can be compiled. */
struct plan *plan_create(const struct model *model, const struct kernels *kernels,
                         struct error *error);
void plan_destroy(struct plan *plan);

/* `input` in the model's input shape, any alignment. Returns the output in the model's output
 * shape, valid until the next run. */
const float *plan_run(struct plan *plan, const float *input);

/* The same from 8-bit B, G, R pixels, `stride` bytes from row to row; the model's input must have
 * three channels. Applies the model's preprocessing as it was at plan_create. */
const float *plan_run_pixels(struct plan *plan, const uint8_t *pixels, int stride);

/* How a layer of the model is run ("direct 1x14x2", "folded into conv1"), valid as long as the
 * plan. */
const char *plan_describe(const struct plan *plan, int layer);

/* Shows the following runs to the observer, which is copied; only values that are floats. */
void plan_observe(struct plan *plan, const struct observer *observer);

void plan_memory(const struct plan *plan, size_t *arena_bytes, size_t *weight_bytes);

#endif
