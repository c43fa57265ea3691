/*
 * tuning_file: a model's tuning (nn/tuning.h) as JSON beside its file, MODEL.tuning: on which
 * processor and for which model it was measured, and the kernel of each layer where a better one
 * than the guess was found. `pawcam tune` writes it.
 */
#ifndef PAWCAM_NN_KERAS_TUNING_FILE_H
#define PAWCAM_NN_KERAS_TUNING_FILE_H

#include "nn/tuning.h"

/* Gives the model the tuning that lies beside its file. Without one, or with one that is damaged
 * or belongs to another processor, model or version of the kernels, it runs as guessed. A damaged
 * one is a warning in the log, one that belongs elsewhere a line on level info. */
void tuning_file_load(const char *model_path, struct model *model);

/* MODEL.tuning, for free(). NULL: out of memory. */
char *tuning_file_path(const char *model_path);

/* The contents of a file, for free(). NULL: out of memory. */
char *tuning_file_text(const struct model *model, const struct tuning *tuning);

#endif
