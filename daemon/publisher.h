/*
 * publisher: what is shown at the moment, and its way into the slot of snapshots. Used by the
 * pipeline's thread alone.
 *
 * A picture is painted only while somebody watches. When nothing new is shown, the same is
 * published again each second (browsers and proxies need that), and at once when a watcher appears
 * and the last snapshot had no picture for him.
 */
#ifndef PAWCAM_DAEMON_PUBLISHER_H
#define PAWCAM_DAEMON_PUBLISHER_H

#include "common/frame.h"
#include "common/log.h"
#include "common/slot.h"
#include "common/snapshot.h"
#include "daemon/painter.h"
#include "daemon/source_name.h"
#include "daemon/stats.h"

struct publisher {
    struct slot *snapshots;          /* out; the caller's */
    struct source_name *source_name; /* the caller's */
    struct frame *frame;             /* what is shown; NULL: the source is lost, or none came yet */
    struct source_state source;
    struct prediction prediction; /* of `frame` */
    int64_t captured_ns;          /* of the newest real frame */
    int64_t published_ns;
    bool changed;     /* it is not published yet */
    bool had_picture; /* the last snapshot was published with a picture */
    struct log_limiter failures;
};

/* In the beginning the source counts as lost: the first frame is being waited for. */
void publisher_init(struct publisher *publisher, struct slot *snapshots,
                    struct source_name *source_name);
void publisher_finish(struct publisher *publisher);

/* What is shown from now on: a frame (a reference is added) with its prediction, or the loss. */
void publisher_show_frame(struct publisher *publisher, struct frame *frame,
                          const struct prediction *prediction);
void publisher_show_loss(struct publisher *publisher, const char *why);

/* Publishes a snapshot, with a picture if there are watchers, when it is time to. */
void publisher_update(struct publisher *publisher, struct painter *painter, struct stats *stats);

#endif
