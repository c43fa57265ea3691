/*
 * snapshot: what the pipeline publishes and the web serves. Picture, prediction and state of the
 * source always belong together. Reference-counted, immutable once it was put into a slot.
 */
#ifndef PAWCAM_COMMON_SNAPSHOT_H
#define PAWCAM_COMMON_SNAPSHOT_H

#include "common/prediction.h"
#include "common/ref.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct source_state {
    char name[128];       /* what is captured, for people: "/dev/video0 (vivid)", "clip.mp4" */
    char format[16];      /* pixel_format_name of the newest frame */
    int width, height;    /* of the newest real frame; 0 before the first */
    bool online;          /* false: the picture is a placeholder, or no frame came yet */
    char lost[160];       /* why it is not online, for people; else empty */
    double captured_fps;  /* frames per second that the source delivered lately */
    double processed_fps; /* frames per second that went through the network lately */
    uint64_t dropped;     /* frames skipped since the start because a newer one was there */
};

struct snapshot {
    struct ref ref;
    struct source_state source;
    bool has_prediction; /* false: before the first frame, and while the source is lost */
    struct prediction prediction;
    int64_t captured_ns; /* CLOCK_MONOTONIC of the newest real frame; 0: none came yet */
    double wall_s;       /* CLOCK_REALTIME of publication, for X-Timestamp */
    size_t jpeg_size;    /* 0: nobody watches, no picture was encoded */
    uint8_t *jpeg;       /* owned; annotated picture or placeholder */
};

/* All zero, one reference, owned by the caller. NULL: out of memory. */
struct snapshot *snapshot_create(void);

/* Drops the caller's reference and clears the pointer; *snapshot may be NULL. */
void snapshot_unref(struct snapshot **snapshot);

#endif
