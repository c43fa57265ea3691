/* earlier: what a model that was trained before has in common with the one in training. */
#ifndef PAWCAM_NN_TRAIN_EARLIER_H
#define PAWCAM_NN_TRAIN_EARLIER_H

#include "nn/model.h"

/* Do both make the same of a picture, within rounding? */
bool earlier_preprocesses_alike(const struct model *a, const struct model *b);

/* Has its file names for the classes? If not they are "class 0", "class 1", ... */
bool earlier_names_classes(const struct model *model);

#endif
