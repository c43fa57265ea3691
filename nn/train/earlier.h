/* earlier: what a model that was trained before has in common with the one in training. */
#ifndef PAWCAM_NN_TRAIN_EARLIER_H
#define PAWCAM_NN_TRAIN_EARLIER_H

#include "nn/model.h"

/* Are pixels scaled the same for both, within rounding? By their preprocessing, not by layers. */
bool earlier_preprocesses_alike(const struct model *a, const struct model *b);

/* Has its file names for the classes? If not they are "class 0", "class 1", ... */
bool earlier_names_classes(const struct model *model);

#endif
