/*
 * classifier: a frame through decode, resize and network. Holds the working memory of one thread;
 * nothing is allocated from the second frame on.
 *
 * The network's input is always made in this one way, from the frame alone, so that scores do not
 * depend on whether somebody watches.
 */
#ifndef PAWCAM_DAEMON_CLASSIFIER_H
#define PAWCAM_DAEMON_CLASSIFIER_H

#include "common/frame.h"
#include "common/prediction.h"
#include "daemon/stats.h"
#include "nn/model.h"

struct classifier;

/* The model must outlive it and classify pictures (see model_setup.h); `cpu` as for session_create.
 */
struct classifier *classifier_create(const struct model *model, const char *cpu,
                                     struct error *error);
void classifier_destroy(struct classifier *classifier); /* NULL is allowed */

/* Writes the model's class_count scores of a frame that has a picture, and adds the stages' times
 * to stats. false: the frame cannot be decoded, or the network's output is no number. */
bool classifier_run(struct classifier *classifier, const struct frame *frame,
                    double scores[PREDICTION_CLASSES_MAX], struct stats *stats,
                    struct error *error);

#endif
