/* catdog: what matters of a network of animals beyond accuracy: right between cat and dog, false
 * alarms, missed animals. */
#ifndef PAWCAM_TOOL_CATDOG_H
#define PAWCAM_TOOL_CATDOG_H

#include "nn/model.h"

struct catdog {
    int cat, dog, neither; /* classes; -1: the model has none of that name */
    double threshold;      /* a best score below it decides neither */
    long pairs, right;     /* pictures of cats or dogs; of these, the right one of the two leads */
    long animals, missed;  /* pictures of any class but neither; of these, decided neither */
    long others, alarms;   /* pictures of neither; of these, decided something else */
};

struct catdog catdog_begin(const struct model *model, double threshold);
void catdog_add(struct catdog *catdog, int label, int class_count, const float *scores);

/* Are there both cats and dogs, and is there a class "neither" beside others? */
bool catdog_has_pair(const struct catdog *catdog);
bool catdog_has_neither(const struct catdog *catdog);

/* Shares of the pictures counted so far; NaN where they do not apply: right between cat and dog;
 * called an animal though it is neither, called neither though it is one. */
double catdog_accuracy(const struct catdog *catdog);
double catdog_false_alarm(const struct catdog *catdog);
double catdog_missed(const struct catdog *catdog);

#endif
