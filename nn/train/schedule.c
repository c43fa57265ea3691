#include "nn/train/schedule.h"

#include <math.h>

static double cosine(const struct schedule *schedule, long step, long steps)
{
    double first = schedule->warmup_steps;
    double done = (double)steps > first ? ((double)step - first) / ((double)steps - first) : 1;
    double share = 0.5 * (1 + cos(M_PI * fmin(fmax(done, 0), 1)));
    return schedule->alpha + (1 - schedule->alpha) * share;
}

double schedule_rate(const struct schedule *schedule, long step, int steps_per_epoch, int epochs)
{
    double rate = schedule->rate / (1 + schedule->decay * (double)step);
    if (step < schedule->warmup_steps)
        return rate * (double)(step + 1) / schedule->warmup_steps;
    switch (schedule->kind) {
    case SCHEDULE_STEP:
        return rate * pow(schedule->factor, (double)(step / steps_per_epoch / schedule->epochs));
    case SCHEDULE_COSINE:
        return rate * cosine(schedule, step, (long)steps_per_epoch * epochs);
    case SCHEDULE_CONSTANT:
        break;
    }
    return rate;
}
