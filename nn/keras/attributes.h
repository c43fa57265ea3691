/* attributes: what pawcam keeps in a Keras file besides the network; docs/models.md lists it. */
#ifndef PAWCAM_NN_KERAS_ATTRIBUTES_H
#define PAWCAM_NN_KERAS_ATTRIBUTES_H

#include "nn/keras/hdf5_file.h"
#include "nn/model.h"

/* Reads the pawcam_* attributes of the root group into the finished model; absent ones leave what
 * is there. */
bool attributes_read(struct model *model, struct hdf5_file *file, struct error *error);

#endif
