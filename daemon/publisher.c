#include "daemon/publisher.h"

#include "common/clock.h"
#include "common/text.h"

#include <stdio.h>

enum { FAILURE_LOG_INTERVAL_S = 60 };

void publisher_init(struct publisher *publisher, struct slot *snapshots,
                    struct source_name *source_name)
{
    *publisher = (struct publisher){.snapshots = snapshots, .source_name = source_name};
    publisher_show_loss(publisher, "waiting for the first frame");
}

void publisher_finish(struct publisher *publisher)
{
    frame_unref(&publisher->frame);
}

void publisher_show_loss(struct publisher *publisher, const char *why)
{
    frame_unref(&publisher->frame);
    publisher->source.online = false;
    text_copy(publisher->source.lost, sizeof publisher->source.lost, why);
    publisher->changed = true;
}

void publisher_show_frame(struct publisher *publisher, struct frame *frame,
                          const struct prediction *prediction)
{
    struct source_state *source = &publisher->source;
    ref_take(&frame->ref);
    frame_unref(&publisher->frame);
    publisher->frame = frame;
    publisher->prediction = *prediction;
    publisher->captured_ns = frame->captured_ns;
    source->online = true;
    source->lost[0] = '\0';
    source->width = frame->width;
    source->height = frame->height;
    snprintf(source->format, sizeof source->format, "%s", pixel_format_name(frame->format));
    publisher->changed = true;
}

static void paint(struct publisher *publisher, struct painter *painter, struct snapshot *snapshot,
                  struct stats *stats)
{
    struct error error;
    int64_t start_ns = clock_monotonic_ns();
    if (painter_paint(painter, publisher->frame, snapshot, &error))
        stats_stage(stats, STAGE_PICTURE, start_ns, clock_monotonic_ns());
    else if (log_limiter_event(&publisher->failures, FAILURE_LOG_INTERVAL_S))
        log_warning("no picture for the viewers: %s", error.message);
}

static struct snapshot *make_snapshot(struct publisher *publisher, const struct stats *stats,
                                      int64_t now_ns)
{
    struct snapshot *snapshot = snapshot_create();
    if (!snapshot)
        return NULL;
    snapshot->source = publisher->source;
    source_name_get(publisher->source_name, snapshot->source.name);
    snapshot->source.captured_fps = stats_captured_fps(stats, now_ns);
    snapshot->source.processed_fps = stats_processed_fps(stats, now_ns);
    snapshot->source.dropped = stats->dropped;
    snapshot->has_prediction = publisher->frame != NULL;
    snapshot->prediction = publisher->prediction;
    snapshot->captured_ns = publisher->captured_ns;
    snapshot->wall_s = clock_wall_s();
    return snapshot;
}

void publisher_update(struct publisher *publisher, struct painter *painter, struct stats *stats)
{
    int64_t now_ns = clock_monotonic_ns();
    bool watched = slot_watchers(publisher->snapshots) > 0;
    if (!publisher->changed && !(watched && !publisher->had_picture) &&
        now_ns - publisher->published_ns < NS_PER_S)
        return;
    publisher->changed = false;
    publisher->had_picture = watched;
    publisher->published_ns = now_ns;
    struct snapshot *snapshot = make_snapshot(publisher, stats, now_ns);
    if (!snapshot)
        return; /* out of memory; the next second tries again */
    if (watched)
        paint(publisher, painter, snapshot, stats);
    slot_put(publisher->snapshots, &snapshot->ref);
}
