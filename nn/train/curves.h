/* curves: histories drawn as an SVG picture: loss on the left, accuracy on the right; training as a
 * thin line, validation as a bold one, each run in a colour of its own. */
#ifndef PAWCAM_NN_TRAIN_CURVES_H
#define PAWCAM_NN_TRAIN_CURVES_H

#include "nn/train/history.h"

enum { CURVES_RUNS_MAX = 8 };

struct curves_run {
    const char *name; /* for the legend */
    struct history history;
};

/* The file is replaced when it is complete. */
bool curves_write(const struct curves_run *runs, int count, const char *path, struct error *error);

#endif
