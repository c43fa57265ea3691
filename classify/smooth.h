/*
 * smooth: from the scores of single frames to one steady decision. Pure functions, no clock.
 *
 * 1. The frame's scores are pooled (classify/pool.h) from what each of its views (classify/views.h)
 *    showed when it was looked at last.
 * 2. Exponentially weighted moving average of these, in continuous time, so that it does not depend
 *    on the frame rate: with dt seconds since the frame before and time constant tau,
 *
 *        alpha = 1 - exp(-dt / tau)            tau = 0: alpha = 1, no smoothing
 *        s     = s + alpha * (x - s)           the first time: s = x
 *
 *    After a step of x, s has gone 63 % of the way in tau seconds. Scores that sum to one stay so.
 *    (Averaging by view, before pooling, would lose what is seen well for a moment: a view's score
 *    of 0.98 among many of 0.1 is no evidence any more.)
 * 3. Two thresholds, as of a Schmitt trigger (or the edges of Canny 1986). A class is decided for
 *    when its score is the best and at least `threshold`. It stays while its score is at least the
 *    lower of `release` and `threshold`, until another that is decided for is better by more than
 *    `hysteresis`: an animal that was seen well a moment ago and turns its back is still there.
 *    `nobody` does not take over from an animal so, since it says only that none is seen: it waits
 *    for the release.
 * 4. Where none stays and none is decided for, the decision is SMOOTH_UNKNOWN.
 * 5. Minimum time: another decision comes into force only when every frame for `hold_s` seconds has
 *    called for it; until then the old one stays, whatever its score. 0: at once.
 *
 * The averages begin anew, and with them the decision, on the first frame, when time runs backwards
 * (a recording starts over, the clock was set), after a gap of more than SMOOTH_GAP_S, and when the
 * views are others.
 */
#ifndef PAWCAM_CLASSIFY_SMOOTH_H
#define PAWCAM_CLASSIFY_SMOOTH_H

#include "classify/pool.h"

#include <stdbool.h>

enum { SMOOTH_UNKNOWN = -1, SMOOTH_GAP_S = VIEWS_GAP_S };

struct smooth_settings {
    double time_s;     /* tau, seconds */
    double hysteresis; /* 0..1 */
    double threshold;  /* 0..1 */
    double release;    /* 0..1 */
    double hold_s;     /* seconds, >= 0 */
    int nobody;        /* the class "neither" (classifier_nobody), or POOL_NO_CLASS */
};

/* What pawcamd does when nothing else is said, as text: for tables of options. The threshold is the
 * model's own (model_threshold). */
#define SMOOTH_RELEASE_DEFAULT    "auto"
#define SMOOTH_TIME_DEFAULT       "0.5"
#define SMOOTH_HYSTERESIS_DEFAULT "0.1"
#define SMOOTH_HOLD_DEFAULT       "0"

struct smooth {
    bool started;
    double time_s;                         /* of the newest frame */
    int decision;                          /* index of a class, or SMOOTH_UNKNOWN */
    int wanted;                            /* what the newest frame calls for ... */
    double wanted_since_s;                 /* ... and all since this one */
    double scores[PREDICTION_CLASSES_MAX]; /* the average */
    struct views views;                    /* of the newest frame */
    struct pool_view list[VIEWS_MAX];      /* as each was looked at last */
};

/* What the release is when nothing else is said. 1, that is the threshold, where no class is
 * nobody: to be unsure is all that such a model can say of an empty room. */
double smooth_release_auto(int nobody);

/* Forgets everything: the next frame is the first. */
void smooth_reset(struct smooth *smooth);

/* Takes in what was seen in the frame at time_s, `count` scores from each view, and returns the
 * decision. count is 1..PREDICTION_CLASSES_MAX and the same in every call between two resets. */
int smooth_update(struct smooth *smooth, const struct smooth_settings *settings, double time_s,
                  const struct looks *looks, int count);

#endif
