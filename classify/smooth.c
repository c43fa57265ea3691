#include "classify/smooth.h"

#include <math.h>
#include <string.h>

void smooth_reset(struct smooth *smooth)
{
    *smooth = (struct smooth){.decision = SMOOTH_UNKNOWN};
}

static bool begins_anew(const struct smooth *smooth, double time_s)
{
    double dt = time_s - smooth->time_s;
    return !smooth->started || dt < 0 || dt > SMOOTH_GAP_S;
}

static void average(struct smooth *smooth, double tau, double dt, const double *raw, int count)
{
    double alpha = tau > 0 ? -expm1(-dt / tau) : 1;
    for (int i = 0; i < count; i++)
        smooth->scores[i] += alpha * (raw[i] - smooth->scores[i]);
}

static int best_class(const double *scores, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* The score at which "unknown" is left. */
static double entry_threshold(const struct smooth_settings *settings)
{
    double half_way = (1 + settings->threshold) / 2;
    return fmin(settings->threshold + settings->hysteresis, half_way);
}

static int decide(const double *scores, int count, int before,
                  const struct smooth_settings *settings)
{
    int best = best_class(scores, count);
    if (before == SMOOTH_UNKNOWN)
        return scores[best] >= entry_threshold(settings) ? best : SMOOTH_UNKNOWN;
    int in_charge = scores[best] > scores[before] + settings->hysteresis ? best : before;
    return scores[in_charge] >= settings->threshold ? in_charge : SMOOTH_UNKNOWN;
}

/* The decision in force, once `wanted` has waited long enough. */
static int hold(struct smooth *smooth, double hold_s, double time_s, int wanted)
{
    if (wanted != smooth->wanted)
        smooth->wanted_since_s = time_s;
    smooth->wanted = wanted;
    return time_s - smooth->wanted_since_s >= hold_s ? wanted : smooth->decision;
}

static void begin(struct smooth *smooth, const struct smooth_settings *settings, const double *raw,
                  int count)
{
    memcpy(smooth->scores, raw, (size_t)count * sizeof *raw);
    int best = best_class(raw, count);
    smooth->decision = raw[best] >= settings->threshold ? best : SMOOTH_UNKNOWN;
    smooth->wanted = smooth->decision;
    smooth->started = true;
}

int smooth_update(struct smooth *smooth, const struct smooth_settings *settings, double time_s,
                  const double *raw, int count)
{
    if (begins_anew(smooth, time_s)) {
        begin(smooth, settings, raw, count);
    } else {
        average(smooth, settings->time_s, time_s - smooth->time_s, raw, count);
        int wanted = decide(smooth->scores, count, smooth->decision, settings);
        smooth->decision = hold(smooth, settings->hold_s, time_s, wanted);
    }
    smooth->time_s = time_s;
    return smooth->decision;
}
