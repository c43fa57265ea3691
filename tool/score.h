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
 * it sees the files that they came from as pawcamd sees a source that stands still; where there are
 * none, or pawcamd would not take the model or show it the whole only, it is as with VIEWS_WHOLE.
 * Works on all processors. A dataset that does not fit the model is a usage error. */
bool score_dataset(const struct model *model, const char *cpu, const struct dataset *data,
                   enum views_mode mode, score_visit visit, void *self, struct error *error);

/* What a model says of a picture, before it is pooled. */
struct view_scores {
    struct views views;
    float *scores; /* [views.count][class_count], owned */
};

/* The same of each picture, [data->count]; the caller's, to be freed. NULL on failure. */
struct view_scores *score_views(const struct model *model, const char *cpu,
                                const struct dataset *data, enum views_mode mode,
                                struct error *error);
void view_scores_free(struct view_scores *list, int count); /* NULL is allowed */

/* The picture's scores from those of its views, [views->count][count], count at most
 * PREDICTION_CLASSES_MAX where there is more than one; nobody: as in pool_scores. */
void score_pool(const struct views *views, const float *scores, int count, int nobody,
                float *pooled);

#endif
