#include "daemon/stats.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void stats_frame(struct stats *stats, uint64_t sequence)
{
    uint64_t skipped = sequence > stats->next_sequence ? sequence - stats->next_sequence : 0;
    /* Frames before the very first that is seen were nobody's loss. */
    if (stats->captured == 0)
        skipped = 0;
    stats->captured += skipped + 1;
    stats->dropped += skipped;
    stats->next_sequence = sequence + 1;
}

static void remember(struct stats *stats, int64_t now_ns)
{
    size_t at = stats->event_count++ % STATS_EVENTS_MAX;
    stats->events[at].at_ns = now_ns;
    stats->events[at].captured = stats->captured;
    stats->events[at].processed = stats->processed;
}

void stats_processed(struct stats *stats, int64_t now_ns)
{
    stats->processed++;
    remember(stats, now_ns);
}

void stats_damaged(struct stats *stats, int64_t now_ns)
{
    stats->damaged++;
    remember(stats, now_ns);
}

int64_t stats_stage(struct stats *stats, enum stage stage, int64_t start_ns, int64_t now_ns)
{
    int64_t took_ns = now_ns - start_ns;
    stats->stages[stage].count++;
    stats->stages[stage].total_ns += took_ns;
    if (took_ns > stats->stages[stage].longest_ns)
        stats->stages[stage].longest_ns = took_ns;
    return now_ns;
}

/* Finds the oldest and the newest event of the window; false when there are fewer than two. */
static bool find_window(const struct stats *stats, int64_t now_ns, size_t *oldest, size_t *newest)
{
    uint64_t known = stats->event_count < STATS_EVENTS_MAX ? stats->event_count : STATS_EVENTS_MAX;
    int64_t begin_ns = now_ns - (int64_t)STATS_WINDOW_S * NS_PER_S;
    uint64_t inside = 0;
    while (inside < known) {
        size_t at = (stats->event_count - 1 - inside) % STATS_EVENTS_MAX;
        if (stats->events[at].at_ns < begin_ns)
            break;
        *oldest = at;
        inside++;
    }
    *newest = (stats->event_count - 1) % STATS_EVENTS_MAX;
    return inside >= 2 && stats->events[*newest].at_ns > stats->events[*oldest].at_ns;
}

double stats_captured_fps(const struct stats *stats, int64_t now_ns)
{
    size_t oldest, newest;
    if (!find_window(stats, now_ns, &oldest, &newest))
        return 0;
    return (double)(stats->events[newest].captured - stats->events[oldest].captured) * NS_PER_S /
           (double)(stats->events[newest].at_ns - stats->events[oldest].at_ns);
}

double stats_processed_fps(const struct stats *stats, int64_t now_ns)
{
    size_t oldest, newest;
    if (!find_window(stats, now_ns, &oldest, &newest))
        return 0;
    return (double)(stats->events[newest].processed - stats->events[oldest].processed) * NS_PER_S /
           (double)(stats->events[newest].at_ns - stats->events[oldest].at_ns);
}

void stats_describe(const struct stats *stats, char *text, size_t size)
{
    static const char *const names[STAGE_COUNT] = {
        [STAGE_DECODE] = "decode", [STAGE_RESIZE] = "resize",   [STAGE_NETWORK] = "network",
        [STAGE_OUTPUT] = "output", [STAGE_PICTURE] = "picture",
    };
    int used = snprintf(text, size,
                        "%" PRIu64 " frames, %" PRIu64 " classified, %" PRIu64 " dropped, %" PRIu64
                        " damaged",
                        stats->captured, stats->processed, stats->dropped, stats->damaged);
    const char *separator = "; mean (longest) ms: ";
    for (int i = 0; i < STAGE_COUNT && used >= 0 && (size_t)used < size; i++) {
        if (stats->stages[i].count == 0)
            continue;
        double mean_ns = (double)stats->stages[i].total_ns / (double)stats->stages[i].count;
        used += snprintf(text + used, size - (size_t)used, "%s%s %.2f (%.2f)", separator, names[i],
                         mean_ns / NS_PER_MS, (double)stats->stages[i].longest_ns / NS_PER_MS);
        separator = ", ";
    }
}
