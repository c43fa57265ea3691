/*
 * keras: models as Keras files: HDF5 (`model.save`, Keras 2; weights and model_config) and
 * model.json + weights. Sources: keras/saving/hdf5_format.py of Keras 2, and its layers'
 * get_config.
 */
#ifndef PAWCAM_NN_KERAS_KERAS_H
#define PAWCAM_NN_KERAS_KERAS_H

#include "nn/model.h"

/* Reads a model. `path` is an .h5/.hdf5 file with a model_config, or a .json file whose weights lie
 * beside it: NAME.json with the first of NAME_weights.h5, NAME.weights.h5, NAME.h5, NAME.hdf5.
 * Preprocessing, class names and threshold come from the file's pawcam_* attributes where it has
 * them; else pixel / 255, RGB, "class 0", ... The caller owns the result. NULL: the reason in one
 * line: not HDF5, no model in it, unsupported layer (by name, with the list of the supported),
 * missing weights, wrong shape, NaN. */
struct model *keras_load(const char *path, struct error *error);

/* The same, but a file that makes libhdf5 crash or hang is refused, too, because a child process
 * (trial.h) loads it first; and the model gets the tuning that lies beside it (tuning_file.h). For
 * programs, as long as they have no other threads. Tests that damage files use keras_load, or they
 * would not see our own crashes. */
struct model *keras_load_guarded(const char *path, struct error *error);

#endif
