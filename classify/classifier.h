/*
 * classifier: a frame through decode, resize and network, from one view or more (classify/views.h).
 * A model without a class "neither" is shown the whole only: of a piece of carpet it would have to
 * say whether it is a cat or a dog.
 *
 * Holds the working memory of one thread, and whose turn it is; nothing is allocated once each view
 * was looked at.
 *
 * The network's input is always made in this one way, from the frame alone, so that scores do not
 * depend on whether somebody watches.
 */
#ifndef PAWCAM_CLASSIFY_CLASSIFIER_H
#define PAWCAM_CLASSIFY_CLASSIFIER_H

#include "classify/pool.h"
#include "common/frame.h"
#include "nn/model.h"
#include "vision/vision.h"

struct classifier;

/* CLOCK_MONOTONIC at the end of each step of one frame. */
struct classifier_times {
    int64_t start_ns, decoded_ns, resized_ns, scored_ns;
};

/* Can a model's input be a picture, and its output be the scores of 1 to PREDICTION_CLASSES_MAX
 * classes? The error says what it is instead. */
bool classifier_check_model(const struct model *model, struct error *error);

/* The class of pictures that show none of the others, "neither", if the model has it and scores
 * that are shares of one; else POOL_NO_CLASS. */
int classifier_nobody(const struct model *model);

/* From where pictures are looked at with this model: as asked for, or the whole only, if it has
 * nobody or is none that classifier_check_model accepts. */
enum views_mode classifier_mode(const struct model *model, enum views_mode mode);

/* The model must outlive it and be one of these; `cpu` as for session_create. */
struct classifier *classifier_create(const struct model *model, const char *cpu,
                                     enum views_mode mode, struct error *error);
void classifier_destroy(struct classifier *classifier); /* NULL is allowed */

/* Writes the model's class_count scores of a frame that has a picture, from each view whose turn it
 * is, and the times if they are wanted (else NULL). false: the frame cannot be decoded, or the
 * network's output is no number. */
bool classifier_run(struct classifier *classifier, const struct frame *frame, struct looks *looks,
                    struct classifier_times *times, struct error *error);

/* The same of a single picture in B, G, R, from all its views in their order; it may have been
 * decoded at a fraction of its size that leaves classifier_min_side pixels to its sides. */
bool classifier_look(struct classifier *classifier, const struct image *picture,
                     struct looks *looks, struct error *error);
int classifier_min_side(const struct classifier *classifier);

/* What was seen is over: the next frame is the first, and is looked at from all views. */
void classifier_reset(struct classifier *classifier);

#endif
