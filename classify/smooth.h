/*
 * smooth: from the scores of single frames to one steady decision. Pure functions, no clock.
 *
 * 1. Exponentially weighted moving average per view (classify/views.h) and class, in continuous
 *    time, so that it does not depend on the frame rate: with dt seconds since the view was looked
 *    at before and time constant tau,
 *
 *        alpha = 1 - exp(-dt / tau)            tau = 0: alpha = 1, no smoothing
 *        s     = s + alpha * (x - s)           the first time: s = x
 *
 *    After a step of x, s has gone 63 % of the way in tau seconds. Scores that sum to one stay so.
 * 2. One view speaks for the frame: the one in which a class has the best s of all, `nobody` left
 *    aside, since most views of a room with a cat show no cat.
 * 3. Hysteresis: another view takes over only when its best s is better by `hysteresis`, and
 * another class only when its s is.
 * 4. Threshold: when the class in charge has s < threshold, the decision is SMOOTH_UNKNOWN. It is
 *    left again at threshold + hysteresis, but at most half-way from threshold to 1, so that it can
 *    always be left.
 * 5. Minimum time: another decision comes into force only when every frame for `hold_s` seconds has
 *    called for it; until then the old one stays, whatever its score. 0: at once.
 *
 * The averages begin anew, and with them the decision, on the first frame, when time runs backwards
 * (a recording starts over, the clock was set), after a gap of more than SMOOTH_GAP_S, and when the
 * number of views changes. But for 2., `nobody` is a class like any other.
 */
#ifndef PAWCAM_CLASSIFY_SMOOTH_H
#define PAWCAM_CLASSIFY_SMOOTH_H

#include "classify/views.h"

#include <stdbool.h>

enum { SMOOTH_UNKNOWN = -1, SMOOTH_NO_CLASS = -1, SMOOTH_GAP_S = 5 };

struct smooth_settings {
    double time_s;     /* tau, seconds */
    double hysteresis; /* 0..1 */
    double threshold;  /* 0..1 */
    double hold_s;     /* seconds, >= 0 */
    int nobody;        /* the class "neither", or SMOOTH_NO_CLASS */
};

/* What pawcamd does when nothing else is said, as text: for tables of options. The threshold is the
 * model's own (model_threshold). */
#define SMOOTH_TIME_DEFAULT       "0.5"
#define SMOOTH_HYSTERESIS_DEFAULT "0.1"
#define SMOOTH_HOLD_DEFAULT       "0"

struct smooth {
    bool started;
    double time_s;                         /* of the newest frame */
    int decision;                          /* index of a class, or SMOOTH_UNKNOWN */
    int wanted;                            /* what the newest frame calls for ... */
    double wanted_since_s;                 /* ... and all since this one */
    double scores[PREDICTION_CLASSES_MAX]; /* s of the view that speaks */
    int views;                             /* that frames have */
    int speaker;                           /* the view that speaks */
    struct smooth_view {
        bool seen;
        double time_s; /* when it was looked at last */
        double scores[PREDICTION_CLASSES_MAX];
    } list[VIEWS_MAX];
};

/* Forgets everything: the next frame is the first. */
void smooth_reset(struct smooth *smooth);

/* Takes in what was seen in the frame at time_s, `count` scores from each view, and returns the
 * decision. count is 1..PREDICTION_CLASSES_MAX and the same in every call between two resets. */
int smooth_update(struct smooth *smooth, const struct smooth_settings *settings, double time_s,
                  const struct looks *looks, int count);

#endif
