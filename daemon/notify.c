#include "daemon/notify.h"

#include "common/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <systemd/sd-daemon.h>

enum { STATUS_INTERVAL_MS = 1000 };

void notify_init(struct notify *notify)
{
    uint64_t watchdog_us = 0;
    *notify = (struct notify){.wanted = getenv("NOTIFY_SOCKET") != NULL};
    if (sd_watchdog_enabled(0, &watchdog_us) > 0)
        notify->watchdog_ns = (int64_t)watchdog_us * 1000;
}

void notify_ready(void)
{
    sd_notify(0, "READY=1");
}

void notify_reloading(void)
{
    /* systemd 253 and later compare the time with that of the request (Type=notify-reload). */
    sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_monotonic_ns() / 1000);
}

void notify_stopping(void)
{
    sd_notify(0, "STOPPING=1");
}

int notify_interval_ms(const struct notify *notify)
{
    if (!notify->wanted)
        return -1;
    int64_t quarter_ms = notify->watchdog_ns / 4 / NS_PER_MS;
    return quarter_ms > 0 && quarter_ms < STATUS_INTERVAL_MS ? (int)quarter_ms : STATUS_INTERVAL_MS;
}

void notify_alive(const struct notify *notify, int64_t heartbeat_ns, double silence_s)
{
    int64_t limit_ns = notify->watchdog_ns / 2 + clock_ns_from_seconds(silence_s);
    if (notify->watchdog_ns > 0 && clock_monotonic_ns() - heartbeat_ns < limit_ns)
        sd_notify(0, "WATCHDOG=1");
}

void notify_status(const struct notify *notify, const struct snapshot *snapshot)
{
    if (!notify->wanted)
        return;
    const struct source_state *source = &snapshot->source;
    if (snapshot->has_prediction)
        sd_notifyf(0, "STATUS=%s %.2f, %.1f frames/s from %s", snapshot->prediction.label,
                   snapshot->prediction.score, source->processed_fps, source->name);
    else
        sd_notifyf(0, "STATUS=no picture from %s: %s", source->name, source->lost);
}
