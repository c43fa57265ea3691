/*
 * stats: what the pipeline measures of itself: rates over the last seconds, frames dropped, time
 * per stage. Owned and used by the pipeline's thread; no clock of its own, all times are
 * CLOCK_MONOTONIC in nanoseconds.
 */
#ifndef PAWCAM_DAEMON_STATS_H
#define PAWCAM_DAEMON_STATS_H

#include <stddef.h>
#include <stdint.h>

enum stage {
    STAGE_DECODE,  /* the frame to BGR, small, for the network */
    STAGE_RESIZE,  /* to the network's input size */
    STAGE_NETWORK, /* preprocessing and network */
    STAGE_OUTPUT,  /* smoothing, decision and the predictions line */
    STAGE_PICTURE, /* full decode, label and JPEG; only while somebody watches */
    STAGE_COUNT
};

/* Rates are taken over this time, or over STATS_EVENTS_MAX frames where those come faster. */
enum { STATS_WINDOW_S = 2, STATS_EVENTS_MAX = 128 };

struct stats {
    uint64_t captured;  /* frames that the source delivered, by their sequence numbers */
    uint64_t processed; /* frames that went through the network */
    uint64_t dropped;   /* captured, but a newer frame was there before this one's turn */
    uint64_t damaged;   /* taken, but they could not be decoded */
    uint64_t next_sequence;
    struct {
        int64_t at_ns;
        uint64_t captured, processed;
    } events[STATS_EVENTS_MAX]; /* ring: the newest is events[(event_count - 1) % MAX] */
    uint64_t event_count;
    struct {
        uint64_t count;
        int64_t total_ns, longest_ns;
    } stages[STAGE_COUNT];
};

/* Counts a frame that was taken from the slot. A sequence number that jumps ahead means dropped
 * frames; one that falls back means that the source began anew. */
void stats_frame(struct stats *stats, uint64_t sequence);

/* Ends the count of that frame: it went through the network (or it was damaged). */
void stats_processed(struct stats *stats, int64_t now_ns);
void stats_damaged(struct stats *stats, int64_t now_ns);

/* Adds one run of a stage that began at start_ns; returns now_ns, the start of the next. */
int64_t stats_stage(struct stats *stats, enum stage stage, int64_t start_ns, int64_t now_ns);

/* Frames per second in the window before now_ns; 0 when there were fewer than two. */
double stats_captured_fps(const struct stats *stats, int64_t now_ns);
double stats_processed_fps(const struct stats *stats, int64_t now_ns);

/* "812 frames, 800 classified, 12 dropped, 0 damaged; mean (longest) ms: decode 0.9 (2.1), ..." */
void stats_describe(const struct stats *stats, char *text, size_t size);

#endif
