#include "capture/pacer.h"

#include "common/clock.h"

enum { LATE_MAX_NS = NS_PER_S };

void pacer_init(struct pacer *pacer, double interval_s)
{
    *pacer = (struct pacer){.interval_s = interval_s};
}

static void anchor(struct pacer *pacer, double time_s, int64_t at_ns)
{
    pacer->anchored = true;
    pacer->anchor_s = time_s;
    pacer->anchor_ns = at_ns;
}

int64_t pacer_due_ns(struct pacer *pacer, double time_s, int64_t now_ns)
{
    if (!pacer->anchored)
        anchor(pacer, time_s, pacer->due_ns > now_ns ? pacer->due_ns : now_ns);
    else if (time_s > pacer->last_s)
        pacer->interval_s = time_s - pacer->last_s;

    int64_t due_ns = pacer->anchor_ns + clock_ns_from_seconds(time_s - pacer->anchor_s);
    if (due_ns < now_ns - LATE_MAX_NS) {
        due_ns = now_ns;
        anchor(pacer, time_s, now_ns);
    }
    pacer->last_s = time_s;
    pacer->due_ns = due_ns;
    return due_ns;
}

void pacer_loop(struct pacer *pacer)
{
    pacer->due_ns += clock_ns_from_seconds(pacer->interval_s);
    pacer->anchored = false;
}
