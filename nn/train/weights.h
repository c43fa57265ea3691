/* weights: all of a model's weights as one array, in the order of its layers. */
#ifndef PAWCAM_NN_TRAIN_WEIGHTS_H
#define PAWCAM_NN_TRAIN_WEIGHTS_H

#include "nn/model.h"

size_t weights_count(const struct model *model);
void weights_get(const struct model *model, float *weights);
void weights_set(struct model *model, const float *weights);

#endif
