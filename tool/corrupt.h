/*
 * corrupt: pictures made worse in one way at a time, to measure what a model bears. Unlike
 * augmentation (nn/train/augment.h), whose machinery it uses, each is a fixed strength. After
 * Hendrycks and Dietterich 2019, "Benchmarking neural network robustness to common corruptions and
 * perturbations", with what webcams do.
 */
#ifndef PAWCAM_TOOL_CORRUPT_H
#define PAWCAM_TOOL_CORRUPT_H

#include "nn/train/dataset.h"

#include <stdbool.h>

enum { CORRUPT_STRENGTHS = 3, CORRUPT_COUNT = 12 };

/* Sizes in the table are shares of a picture's side. Pictures should have so many pixels a side at
 * least; below that, compression and noise are not those of a camera. */
enum { CORRUPT_SIDE_MIN = 160 };

struct corrupt_desk; /* corrupt.c's own */

struct corruption {
    const char *name; /* "noise" */
    bool (*apply)(struct corrupt_desk *desk, double strength);
    struct {
        const char *text; /* for people; NULL: there are fewer strengths */
        double value;
    } strengths[CORRUPT_STRENGTHS]; /* rising */
};

extern const struct corruption corruptions[CORRUPT_COUNT];

/* Which of them a list of names, "noise,jpeg", means; "" is all. Unknown names: a usage error that
 * lists the known ones. */
bool corrupt_choose(const char *names, bool chosen[CORRUPT_COUNT], struct error *error);

/* Writes the pictures of `from`, changed, into those of `to`, which has the same geometry, on all
 * processors. What is random depends on the picture's index alone. */
bool corrupt_dataset(int which, int strength, const struct dataset *from, struct dataset *to,
                     struct error *error);

#endif
