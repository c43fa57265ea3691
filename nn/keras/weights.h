/* weights: from the groups of an HDF5 file into the model's arrays. */
#ifndef PAWCAM_NN_KERAS_WEIGHTS_H
#define PAWCAM_NN_KERAS_WEIGHTS_H

#include "nn/keras/builder.h"
#include "nn/keras/hdf5_file.h"

/* Fills every slot of the builder from the file's group model_weights, or from its root (a file of
 * save_weights). Missing arrays and wrong shapes are refused by name. */
bool weights_read(struct builder *builder, struct hdf5_file *file, struct error *error);

/* The group that the layers' groups lie in, as the start of a path: "/model_weights", or "". */
const char *weights_root(struct hdf5_file *file);

#endif
