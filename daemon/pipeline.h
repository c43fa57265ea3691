/*
 * pipeline: the hot path. One thread takes the newest frame, classifies it, smooths, writes the
 * predictions line, paints the picture if somebody watches, and publishes a snapshot.
 *
 * A lost source is published too, as a placeholder that says why; when nothing new comes the last
 * picture is published again (daemon/publisher.h). A frame that cannot be decoded is counted,
 * logged at most once a minute, and dropped. When that is all that comes for a while, the source
 * counts as lost.
 */
#ifndef PAWCAM_DAEMON_PIPELINE_H
#define PAWCAM_DAEMON_PIPELINE_H

#include "classify/smooth.h"
#include "common/slot.h"
#include "daemon/painter.h"
#include "daemon/predictions.h"
#include "daemon/source_name.h"
#include "nn/model.h"

/* What the pipeline works with; all the caller's, must outlive it. */
struct pipeline_parts {
    const struct model *model;
    const char *cpu; /* as for session_create */
    enum views_mode views;
    struct slot *frames;             /* in: of struct frame; its closing ends the pipeline */
    struct slot *snapshots;          /* out: of struct snapshot */
    struct source_name *source_name; /* what is captured */
    struct predictions *predictions; /* NULL: no lines are wanted */
    bool lossless;                   /* a replay at full speed: latency means nothing */
    double timeout_s;                /* without a good frame for so long the source is lost */
    int ended_fd;                    /* an eventfd that is told when the pipeline has ended */
};

struct pipeline;

/* Prepares; the thread does not run yet. Takes over the painter in any case. */
struct pipeline *pipeline_create(const struct pipeline_parts *parts,
                                 const struct smooth_settings *smooth, struct painter *painter,
                                 struct error *error);

/* Starts the thread. It ends when `frames` is closed and empty, or when a predictions line cannot
 * be written. */
bool pipeline_start(struct pipeline *pipeline, struct error *error);

/* New settings from the next frame on; takes over the painter. Safe from any thread. */
void pipeline_configure(struct pipeline *pipeline, const struct smooth_settings *smooth,
                        struct painter *painter);

/* CLOCK_MONOTONIC of the last time that the pipeline had dealt with a frame or with the news of a
 * loss, in the beginning that of its start. Safe from any thread. */
int64_t pipeline_heartbeat_ns(const struct pipeline *pipeline);

/* Waits for the thread's end. false: the error says what failed. */
bool pipeline_join(struct pipeline *pipeline, struct error *error);

/* After pipeline_join: false when frames came but none could be classified; the error says why not
 * the last one. */
bool pipeline_classified(const struct pipeline *pipeline, struct error *error);

/* After pipeline_join, or if it was never started. NULL is allowed. */
void pipeline_destroy(struct pipeline *pipeline);

#endif
