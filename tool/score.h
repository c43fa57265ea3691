/* score: a whole dataset through a model, with the inference that the daemon uses. */
#ifndef PAWCAM_TOOL_SCORE_H
#define PAWCAM_TOOL_SCORE_H

#include "classify/views.h"
#include "nn/model.h"
#include "nn/train/dataset.h"

/* Called with each picture's class_count scores, in the pictures' order and from the caller's
 * thread; a single sigmoid p is {1 - p, p}. */
typedef void (*score_visit)(void *self, int index, const float *scores);

/* VIEWS_WHOLE: the network sees the pictures resized to its input where they differ. Other modes:
 * it sees the files that they came from as pawcamd sees the first frame of a source; where there
 * are none, or pawcamd would not take the model, it is as with VIEWS_WHOLE. Works on all
 * processors. A dataset that does not fit the model is a usage error. */
bool score_dataset(const struct model *model, const char *cpu, const struct dataset *data,
                   enum views_mode mode, score_visit visit, void *self, struct error *error);

#endif
