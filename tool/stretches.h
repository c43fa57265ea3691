/*
 * stretches: what recordings show, and when: a text file with a line `file,start_s,end_s,label` for
 * each stretch of time; times in seconds, the file's name without folders, the label a class of the
 * model, `neither`, or `unsure` for what cannot be judged. The heading may be left out.
 */
#ifndef PAWCAM_TOOL_STRETCHES_H
#define PAWCAM_TOOL_STRETCHES_H

#include "classify/smooth.h"
#include "nn/model.h"

/* No animal: the label `neither`, and what a class of that name and SMOOTH_UNKNOWN both mean. */
enum { STRETCH_NOBODY = SMOOTH_UNKNOWN };

struct stretch {
    double start_s, end_s; /* from the start on, before the end */
    int label;             /* a class of the model, or STRETCH_NOBODY */
};

struct stretches {
    int count;
    struct stretch *list; /* by start, not overlapping; owned */
};

/* The stretches of one recording that are to be judged. A line that cannot be understood is an
 * error wherever it stands, and so is a recording without any line that can be judged. */
bool stretches_read(struct stretches *stretches, const char *path, const char *file,
                    const struct model *model, struct error *error);
void stretches_free(struct stretches *stretches);

/* The one that holds the time, or NULL. */
const struct stretch *stretches_find(const struct stretches *stretches, double time_s);

/* The decision with STRETCH_NOBODY for the class `neither`. */
int stretch_meaning(const struct model *model, int decision);

#endif
