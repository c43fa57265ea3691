/*
 * session: the scratch memory with which one thread runs one model. The model stays const and is
 * shared; it must outlive its sessions.
 */
#ifndef PAWCAM_NN_SESSION_H
#define PAWCAM_NN_SESSION_H

#include "nn/model.h"
#include "nn/observer.h"

#include <stdint.h>

struct session;

/* Whether `cpu` names kernels that this machine has: NULL or "auto" for the best of them,
 * "reference" for the plain loops, or the name of an engine. Errors are usage errors. */
bool session_check_cpu(const char *cpu, struct error *error);

/* Lays out every buffer once; nothing is allocated per run. Runs with the kernels that `cpu` names,
 * which it checks as well. */
struct session *session_create(const struct model *model, const char *cpu, struct error *error);
void session_destroy(struct session *session);

/* Runs the network on a float input in the model's input shape (height, width, channels),
 * preprocessed already. Returns the output, shape_count(model_output_shape(model)) values, valid
 * until the next run. Same input, same bits. */
const float *session_run(struct session *session, const float *input);

/* Runs it on an 8-bit picture, B, G, R, of exactly the model's input size; `stride` is the bytes
 * from row to row. Applies the model's preprocessing; a model with one input channel sees the luma,
 * as cv::cvtColor(COLOR_BGR2GRAY) makes it. Writes one score per class, class_count of them: a
 * single sigmoid output p becomes {1 - p, p}. Only for models that model_takes_picture and whose
 * class_count is not 0. */
void session_classify(struct session *session, const uint8_t *pixels, int stride, float *scores);

/* Does it hold all weights in an order of its own, so that it can do without the model's? */
bool session_holds_weights(const struct session *session);

/* Shows the following runs to the observer, which is copied. false: its engine cannot. */
bool session_observe(struct session *session, const struct observer *observer);

/* What it runs with, for `pawcam summary`: the engine's name; the kernel of one layer in a few
 * words (valid as long as the session); bytes of scratch memory and of weights in the engine's own
 * layout (0 where it uses the model's). */
const char *session_engine_name(const struct session *session);
const char *session_describe(const struct session *session, int layer);
void session_memory(const struct session *session, size_t *scratch, size_t *weights);

#endif
