/*
 * int8_plan: the 8-bit part of a plan. Layers whose inputs have a known range run on bytes (values
 * 0..255, which some kernels keep in 16 bits), the others on floats; where a value is made in one
 * form and read in the other, a step converts it.
 *   int8_plan.c    which nodes run on bytes, and where their bytes lie
 *   int8_choose.c  which kernel convolves
 *   int8_steps.c   the steps of one node, and its weights packed for them
 *   int8_input.c   the model's input as bytes
 * The functions are called by nn/plan*.c and do nothing for models that are not quantized.
 */
#ifndef PAWCAM_NN_INT8_PLAN_H
#define PAWCAM_NN_INT8_PLAN_H

#include "nn/plan_private.h"

/* Sets plan->int8 and what each node reads and writes. The layer that yields the scores stays on
 * floats. */
void int8_decide(struct plan *plan);

/* Does the node write values 0..255 itself? Else floats, which may become such values later. */
static inline bool int8_writes_values(const struct planned *planned)
{
    return planned->int8.runs && !planned->int8.floats;
}

/* Values of a pixel that lie together in what the node reads. */
static inline int int8_in_lanes(const struct plan *plan, int index)
{
    return plan->planned[plan->graph.nodes[index].inputs[0]].int8.out.lanes;
}

/* Of a node that runs on bytes: its kernel, and what it needs of its inputs. */
void int8_lay_out(struct plan *plan, int index);

/* Once all borders are known: the bytes that each tensor takes. */
void int8_size_tensors(struct plan *plan);

/* The convolution that a node is (a Dense behind a Flatten is one as large as the picture). */
struct window int8_window(const struct node *node);

/* What its convolution has to do. */
struct int8_task int8_task_of(const struct plan *plan, int index);

/* Does a convolution of the picture read the taps of a row, which lie side by side in memory, as
 * one long tap? */
bool int8_is_merged(const struct plan *plan, int index);

/* --- steps; false: out of memory -------------------------------------------------------------- */

bool int8_add_node(struct plan *plan, int index);

/* If a node's floats are read as bytes, too: the step that makes them. */
bool int8_add_quantization(struct plan *plan, int index);

void int8_run_step(const struct int8_step *step);

/* A tensor of bytes as the kernels see it. */
struct int8_view int8_view_of(const struct plan *plan, const struct tensor *tensor);

/* Adds the step that fills the border, unless it stays filled. */
bool int8_add_border(struct plan *plan, int index);

/* --- the input -------------------------------------------------------------------------------- */

struct int8_input;

/* Scale and zero of a picture's bytes by its preprocessing: pixels become bytes without loss if it
 * treats all channels alike. */
void int8_input_range(const struct plan *plan, float *scale, float *zero);

bool int8_make_input(struct plan *plan);
void int8_free_input(struct int8_input *input);

/* As plan_run and plan_run_pixels take them; values beyond those of pixels 0..255 are clipped. */
void int8_take_values(const struct plan *plan, const float *values);
void int8_take_pixels(const struct plan *plan, const uint8_t *pixels, int stride);

#endif
