#include "classify/smooth.h"

#include <math.h>

double smooth_release_auto(int nobody)
{
    return nobody == POOL_NO_CLASS ? 1 : 0.2;
}

void smooth_reset(struct smooth *smooth)
{
    *smooth = (struct smooth){.decision = SMOOTH_UNKNOWN};
}

static bool begins_anew(const struct smooth *smooth, double time_s, const struct views *views)
{
    double dt = time_s - smooth->time_s;
    return !smooth->started || dt < 0 || dt > SMOOTH_GAP_S || !views_same(views, &smooth->views);
}

/* alpha: how far the average goes towards the frame's scores. */
static void average(struct smooth *smooth, double alpha, int nobody, int count)
{
    double scores[PREDICTION_CLASSES_MAX];
    pool_scores(&smooth->views, smooth->list, count, nobody, scores);
    for (int i = 0; i < count; i++)
        smooth->scores[i] = alpha * scores[i] + (1 - alpha) * smooth->scores[i];
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
    if (before == SMOOTH_UNKNOWN || anew == before)
        return anew;
    const bool better =
        anew != SMOOTH_UNKNOWN && scores[anew] > scores[before] + settings->hysteresis;
    if (better && (anew != settings->nobody || scores[before] < settings->release))
        return anew;
    return scores[before] >= fmin(settings->release, settings->threshold) ? before : anew;
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
    const bool first = begins_anew(smooth, time_s, &looks->views);
    const double tau = settings->time_s;
    const double alpha = first || tau == 0 ? 1 : -expm1(-(time_s - smooth->time_s) / tau);
    if (first) {
        smooth_reset(smooth);
        smooth->started = true;
        smooth->views = looks->views;
    }
    pool_remember(smooth->list, looks, count);
    average(smooth, alpha, settings->nobody, count);
    if (first) {
        smooth->decision = smooth->wanted = decide_anew(smooth->scores, count, settings);
    } else {
        const int wanted = decide(smooth->scores, count, smooth->decision, settings);
        smooth->decision = hold(smooth, settings->hold_s, time_s, wanted);
    }
    smooth->time_s = time_s;
    return smooth->decision;
}
