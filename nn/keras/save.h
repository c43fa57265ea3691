/*
 * save: models as files that Keras 2 and 3, and keras_load, read: HDF5 with model_config as JSON
 * and the weights in Keras's order (`model.save`), or model.json and the weights alone (`to_json`,
 * `save_weights`). Source: keras/saving/hdf5_format.py of Keras 2.
 */
#ifndef PAWCAM_NN_KERAS_SAVE_H
#define PAWCAM_NN_KERAS_SAVE_H

#include "nn/model.h"

#include <jansson.h>

/* Writes the model with its preprocessing, class names and threshold (the pawcam_* attributes of
 * docs/models.md). NAME.json gets the network, and NAME_weights.h5 beside it the weights, as Keras
 * 3 wants them to be called; any other path gets all in one HDF5 file. Loaded again, the weights
 * are the same bits. The same model is the same bytes, whenever it is saved. A file appears under
 * its name only when it is complete. */
bool keras_save(const struct model *model, const char *path, struct error *error);

/* Writes the recommended threshold, in (0, 1], into the model file at `path`, which keras_load
 * could read; all else in it stays, whoever made it. A crash or a full disk leaves the old file. */
bool keras_store_threshold(const char *path, double threshold, struct error *error);

/* Longer names of layers would not fit into the paths of their weights. */
enum { KERAS_NAME_BYTES_MAX = 256 };

/* {"class_name": "Sequential" | "Functional", "config": ...}; the caller owns it. NULL: out of
 * memory, or something that Keras or JSON cannot express, by name. */
json_t *keras_config(const struct model *model, struct error *error);

#endif
