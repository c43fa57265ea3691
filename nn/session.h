/*
 * session: the scratch memory with which one thread runs one model. The model stays const and is
 * shared; it must outlive its sessions.
 */
#ifndef PAWCAM_NN_SESSION_H
#define PAWCAM_NN_SESSION_H

#include "nn/model.h"

#include <stdint.h>

struct session;

/* Lays out every buffer once; nothing is allocated per run. `cpu` chooses the kernels: NULL or
 * "auto" for the best that this machine has, "reference" for the plain loops. */
struct session *session_create(const struct model *model, const char *cpu, struct error *error);
void session_destroy(struct session *session);

/* Runs the network on a float input in the model's input shape (height, width, channels),
 * preprocessed already. Returns the output, shape_count(model_output_shape(model)) values, valid
 * until the next run. Same input, same bits. */
const float *session_run(struct session *session, const float *input);

/* Runs it on an 8-bit BGR picture (or one grey channel, as the model wants) of exactly the model's
 * input size; `stride` is the bytes from row to row. Applies the model's preprocessing. Writes one
 * score per class, class_count of them: a single sigmoid output p becomes {1 - p, p}. */
void session_classify(struct session *session, const uint8_t *pixels, int stride, float *scores);

#endif
