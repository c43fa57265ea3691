/* score: a whole dataset through a model, with the inference that the daemon uses. */
#ifndef PAWCAM_TOOL_SCORE_H
#define PAWCAM_TOOL_SCORE_H

#include "classify/views.h"
#include "nn/model.h"
#include "nn/train/dataset.h"

/* Called with each picture's class_count scores, in the pictures' order and from the caller's
 * thread; a single sigmoid p is {1 - p, p}. */
typedef void (*score_visit)(void *self, int index, const float *scores);

/* Resizes the pictures to the network's input where they differ. Works on all processors. A dataset
 * that does not fit the model is a usage error; a score that is no number is an error, too, which
 * names the picture. */
bool score_dataset(const struct model *model, const char *cpu, const struct dataset *data,
                   score_visit visit, void *self, struct error *error);

/* The same of the files that the pictures came from, decoded and looked at as pawcamd does with the
 * first frame of a source; as score_dataset with VIEWS_WHOLE, of a dataset without files, and for a
 * model that pawcamd does not take. */
bool score_pictures(const struct model *model, const char *cpu, const struct dataset *data,
                    enum views_mode mode, score_visit visit, void *self, struct error *error);

#endif
