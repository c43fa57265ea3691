/* model_out: the model file that a command writes. */
#ifndef PAWCAM_TOOL_MODEL_OUT_H
#define PAWCAM_TOOL_MODEL_OUT_H

#include "common/error.h"

/* Is it the name of one: .json, or .h5 or .hdf5? A usage error if not. */
bool model_out_check(const char *path, struct error *error);

/* Says on standard output what was written. */
void model_out_tell(const char *path);

#endif
