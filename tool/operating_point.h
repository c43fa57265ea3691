/*
 * operating_point: the threshold as a bargain between false alarms (a picture of `neither` that is
 * called something else) and misses (any other picture that is called `neither`, by its score or
 * for a best score below the threshold). A higher threshold means fewer of the first, more of the
 * second.
 */
#ifndef PAWCAM_TOOL_OPERATING_POINT_H
#define PAWCAM_TOOL_OPERATING_POINT_H

#include "common/error.h"

struct outcomes {
    int neither; /* index of that class */
    int class_count;
    int room;                /* of the arrays: the number of pictures */
    int others, alarm_count; /* pictures of neither; of these, those that are called else */
    float *alarms;           /* [alarm_count] their best scores, owned */
    int animals, named;      /* the other pictures; of these, those that are not called neither */
    float *names;            /* [named] their best scores, owned */
};

struct operating_point {
    double threshold;
    double false_alarm, missed; /* shares; NaN where there is no such picture */
};

/* Room for so many pictures. */
bool outcomes_init(struct outcomes *outcomes, int pictures, int class_count, int neither,
                   struct error *error);
void outcomes_finish(struct outcomes *outcomes);
void outcomes_add(struct outcomes *outcomes, int label, const float *scores);

struct operating_point operating_point_at(const struct outcomes *outcomes, double threshold);

/* The lowest threshold, in thousandths, with this share of false alarms or less: it has the fewest
 * misses. Never below 1 / classes, which the best of scores that sum to one always reaches. false:
 * there is none up to 1. */
bool operating_point_choose(const struct outcomes *outcomes, double false_alarm_max,
                            struct operating_point *point, struct error *error);

#endif
