#include "capture/video_time.h"

#include <math.h>

void video_time_init(struct video_time *time, double period_s, double jump_s)
{
    *time = (struct video_time){.period_s = period_s, .jump_s = jump_s};
}

double video_time_next(struct video_time *time, double stamp_s)
{
    double expected_s = time->started ? time->last_s + time->period_s : 0;
    if (!time->based && !isnan(stamp_s)) {
        time->base_s = stamp_s - expected_s;
        time->based = true;
    }
    double time_s = stamp_s - time->base_s;
    bool backward = time->started && !(time_s > time->last_s); /* true for NAN as well */
    bool jumped = time->jump_s > 0 && time_s > time->last_s + time->jump_s;
    if (isnan(time_s) || backward || jumped) {
        time_s = expected_s;
        time->repaired++;
    }
    time->started = true;
    time->last_s = time_s;
    return time_s;
}
