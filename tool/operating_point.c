#include "tool/operating_point.h"

#include "tool/figure.h"

#include <math.h>
#include <stdlib.h>

bool outcomes_init(struct outcomes *outcomes, int pictures, int class_count, int neither,
                   struct error *error)
{
    *outcomes = (struct outcomes){.neither = neither, .class_count = class_count, .room = pictures};
    outcomes->alarms = calloc((size_t)pictures, sizeof *outcomes->alarms);
    outcomes->names = calloc((size_t)pictures, sizeof *outcomes->names);
    return (outcomes->alarms && outcomes->names) || error_set(error, "out of memory");
}

void outcomes_finish(struct outcomes *outcomes)
{
    free(outcomes->alarms);
    free(outcomes->names);
    *outcomes = (struct outcomes){0};
}

void outcomes_add(struct outcomes *outcomes, int label, const float *scores)
{
    int best = 0;
    for (int i = 1; i < outcomes->class_count; i++)
        if (scores[i] > scores[best])
            best = i;
    bool other = label == outcomes->neither;
    outcomes->others += other;
    outcomes->animals += !other;
    if (best == outcomes->neither)
        return;
    if (other)
        outcomes->alarms[outcomes->alarm_count++] = scores[best];
    else
        outcomes->names[outcomes->named++] = scores[best];
}

/* How many scores are not below the threshold, as pawcamd compares them. */
static int count_reaching(const float *scores, int count, double threshold)
{
    int reaching = 0;
    for (int i = 0; i < count; i++)
        reaching += !((double)scores[i] < threshold);
    return reaching;
}

struct operating_point operating_point_at(const struct outcomes *outcomes, double threshold)
{
    int alarms = count_reaching(outcomes->alarms, outcomes->alarm_count, threshold);
    int named = count_reaching(outcomes->names, outcomes->named, threshold);
    return (struct operating_point){
        .threshold = threshold,
        .false_alarm = figure_share(alarms, outcomes->others),
        .missed = figure_share(outcomes->animals - named, outcomes->animals),
    };
}

bool operating_point_choose(const struct outcomes *outcomes, double false_alarm_max,
                            struct operating_point *point, struct error *error)
{
    enum { STEPS = 1000 };
    int first = (int)ceil((double)STEPS / outcomes->class_count);
    for (int i = first; i <= STEPS; i++) {
        *point = operating_point_at(outcomes, (double)i / STEPS);
        if (point->false_alarm <= false_alarm_max)
            return true;
    }
    return error_set(
        error, "no threshold has so few false alarms: at 1 they are still %.4f of the pictures",
        point->false_alarm);
}
