/* pacer: when the frames of a recording are due, so that it plays in real time. */
#ifndef PAWCAM_CAPTURE_PACER_H
#define PAWCAM_CAPTURE_PACER_H

#include <stdbool.h>
#include <stdint.h>

struct pacer {
    bool anchored;     /* recording time anchor_s is due at anchor_ns */
    double anchor_s;   /* recording's clock */
    int64_t anchor_ns; /* CLOCK_MONOTONIC */
    int64_t due_ns;    /* of the newest frame */
    double last_s;     /* time of the newest frame */
    double interval_s; /* between the two newest frames */
};

/* interval_s: the distance of frames as long as the recording has not shown its own. */
void pacer_init(struct pacer *pacer, double interval_s);

/* When the frame of time_s is due, on CLOCK_MONOTONIC. The first one is due now. A recording that
 * is more than a second late (slow machine, suspend, a jump back) goes on from now on instead of
 * rushing to catch up. */
int64_t pacer_due_ns(struct pacer *pacer, double time_s, int64_t now_ns);

/* The recording begins again: its first frame follows the last one after one interval. */
void pacer_loop(struct pacer *pacer);

#endif
