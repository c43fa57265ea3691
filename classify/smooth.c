#include "classify/smooth.h"

#include <math.h>

void smooth_reset(struct smooth *smooth)
{
    *smooth = (struct smooth){.decision = SMOOTH_UNKNOWN};
}

static bool begins_anew(const struct smooth *smooth, double time_s, const struct views *views)
{
    double dt = time_s - smooth->time_s;
    return !smooth->started || dt < 0 || dt > SMOOTH_GAP_S || !views_same(views, &smooth->views);
}

static void average(struct smooth *smooth, const struct look *look, double tau, double time_s,
                    int count)
{
    struct pool_view *view = &smooth->list[look->view];
    const double dt = time_s - smooth->time_of[look->view];
    const double alpha = tau > 0 && view->seen ? -expm1(-dt / tau) : 1;
    for (int i = 0; i < count; i++)
        view->scores[i] += alpha * (look->scores[i] - view->scores[i]);
    view->seen = true;
    smooth->time_of[look->view] = time_s;
}

static int best_class(const double *scores, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* What the scores call for by themselves. */
static int decide_anew(const double *scores, int count, const struct smooth_settings *settings)
{
    const int best = best_class(scores, count);
    return scores[best] >= settings->threshold ? best : SMOOTH_UNKNOWN;
}

static int decide(const double *scores, int count, int before,
                  const struct smooth_settings *settings)
{
    const int anew = decide_anew(scores, count, settings);
    if (before == SMOOTH_UNKNOWN)
        return anew;
    const bool better =
        anew != SMOOTH_UNKNOWN && scores[anew] > scores[before] + settings->hysteresis;
    if (better && anew != settings->nobody)
        return anew;
    if (scores[before] >= settings->release)
        return before;
    if (better)
        return anew;
    return scores[before] >= settings->threshold ? before : SMOOTH_UNKNOWN;
}

/* The decision in force, once `wanted` has waited long enough. */
static int hold(struct smooth *smooth, double hold_s, double time_s, int wanted)
{
    if (wanted != smooth->wanted)
        smooth->wanted_since_s = time_s;
    smooth->wanted = wanted;
    return time_s - smooth->wanted_since_s >= hold_s ? wanted : smooth->decision;
}

int smooth_update(struct smooth *smooth, const struct smooth_settings *settings, double time_s,
                  const struct looks *looks, int count)
{
    bool first = begins_anew(smooth, time_s, &looks->views);
    if (first) {
        smooth_reset(smooth);
        smooth->started = true;
        smooth->views = looks->views;
    }
    for (int i = 0; i < looks->count; i++)
        average(smooth, &looks->list[i], settings->time_s, time_s, count);
    pool_scores(&looks->views, smooth->list, count, settings->nobody, smooth->scores);
    if (first) {
        smooth->decision = smooth->wanted = decide_anew(smooth->scores, count, settings);
    } else {
        const int wanted = decide(smooth->scores, count, smooth->decision, settings);
        smooth->decision = hold(smooth, settings->hold_s, time_s, wanted);
    }
    smooth->time_s = time_s;
    return smooth->decision;
}
