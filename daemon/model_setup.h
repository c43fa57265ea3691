/* model_setup: finds and loads the network that the options name, and fits it to them. */
#ifndef PAWCAM_DAEMON_MODEL_SETUP_H
#define PAWCAM_DAEMON_MODEL_SETUP_H

#include "daemon/options.h"
#include "nn/model.h"

/* The model of options->model, ready to classify pictures, owned by the caller: "auto" is the
 * shipped catdog.h5, looked for in models/ beside the program and beside its build folder, in
 * ../share/pawcam, and in PREFIX/share/pawcam. Classes, channel order, scale and offset that the
 * options set take the place of the file's. NULL: no model there, not one that keras_load can read,
 * or not one that classifies pictures: the input must be height x width x 3 (or 1, grey), the
 * output at most PREDICTION_CLASSES_MAX classes, none of them called PREDICTION_UNKNOWN. */
struct model *model_setup(const struct options *options, struct error *error);

/* The threshold in force: the option's, else model_threshold. */
double model_setup_threshold(const struct options *options, const struct model *model);

#endif
