/*
 * video_module: the seam between the program and pawcam-video.so.
 *
 * The module has its own copy of the stateless parts of common/ (see VIDEO_SHARED in the Makefile),
 * so the program exports no symbols that could get in the way of the 136 libraries. What has state,
 * the log, stays the program's and reaches the module as functions.
 */
#ifndef PAWCAM_CAPTURE_VIDEO_MODULE_H
#define PAWCAM_CAPTURE_VIDEO_MODULE_H

#include "capture/backend.h"
#include "common/log.h"

struct video_host {
    void (*log_warning)(const char *format, ...) __attribute__((format(printf, 1, 2)));
    void (*log_debug)(const char *format, ...) __attribute__((format(printf, 1, 2)));
    uint64_t (*log_limiter_event)(struct log_limiter *limiter, double interval_s);
};

/* The module exports one of these under the name pawcam_video_module. */
struct video_module {
    const char *version; /* PAWCAM_VERSION; the program refuses a module of another version */
    void (*start)(const struct video_host *host); /* once, before a backend is used */
    const struct backend *recording;
    const struct backend *stream;
};

#endif
