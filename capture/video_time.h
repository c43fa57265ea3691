/*
 * video_time: the time of each frame of a recording, whatever its file says. Times begin at 0 and
 * always grow; a timestamp that is missing, goes backward, or jumps where the container allows
 * jumps is replaced by the time of the frame before plus one frame period. Pure.
 */
#ifndef PAWCAM_CAPTURE_VIDEO_TIME_H
#define PAWCAM_CAPTURE_VIDEO_TIME_H

#include <stdbool.h>
#include <stdint.h>

struct video_time {
    double period_s; /* one frame, > 0 */
    double jump_s;   /* a longer step is a jump, not a pause; 0: trust every step */

    bool started;
    bool based; /* base_s is known */
    double base_s;
    double last_s;
    uint64_t repaired; /* frames whose time was made up */
};

void video_time_init(struct video_time *time, double period_s, double jump_s);

/* The time in seconds of the next frame, whose timestamp is `stamp_s` (NAN: it has none). */
double video_time_next(struct video_time *time, double stamp_s);

#endif
