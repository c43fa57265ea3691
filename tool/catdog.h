/* catdog: what matters of a cat and dog network beyond accuracy: right between the two, false
 * alarms, missed animals. */
#ifndef PAWCAM_TOOL_CATDOG_H
#define PAWCAM_TOOL_CATDOG_H

#include "nn/model.h"

struct catdog {
    int cat, dog, neither; /* classes; -1: the model has none of that name */
    double threshold;      /* a best score below it decides neither */
    long animals, right;   /* pictures of cats or dogs; of these, the right one of the two leads */
    long missed;           /* of these, decided neither */
    long others, alarms;   /* pictures of neither; of these, decided cat or dog */
};

struct catdog catdog_begin(const struct model *model, double threshold);
void catdog_add(struct catdog *catdog, int label, int class_count, const float *scores);

/* Are there both cats and dogs to count? */
bool catdog_applies(const struct catdog *catdog);

/* Shares of the pictures counted so far; NaN where they do not apply: right between the two, called
 * cat or dog though it is neither, called neither though it is one. The last two need a class
 * "neither". */
double catdog_accuracy(const struct catdog *catdog);
double catdog_false_alarm(const struct catdog *catdog);
double catdog_missed(const struct catdog *catdog);

#endif
