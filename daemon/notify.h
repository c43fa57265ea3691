/*
 * notify: what systemd is told: ready, reloading, stopping, a line of status, and that all is well
 * (sd_notify(3)). Without systemd (NOTIFY_SOCKET not set) every function does nothing.
 */
#ifndef PAWCAM_DAEMON_NOTIFY_H
#define PAWCAM_DAEMON_NOTIFY_H

#include "common/snapshot.h"

struct notify {
    bool wanted;         /* somebody listens */
    int64_t watchdog_ns; /* WatchdogSec of the unit; 0: none */
};

/* Finds out who listens. */
void notify_init(struct notify *notify);

void notify_ready(void);
void notify_reloading(void);
void notify_stopping(void);

/* How often notify_alive and notify_status should be called, in milliseconds; -1: never. */
int notify_interval_ms(const struct notify *notify);

/* Feeds the watchdog if the pipeline's heartbeat is young enough. The heart may pause for
 * `silence_s`, the time that the source is given before it counts as lost, and half the watchdog's
 * time on top. After that systemd hears nothing more and restarts the service. */
void notify_alive(const struct notify *notify, int64_t heartbeat_ns, double silence_s);

/* One line for systemctl status: "cat 0.93, 25.0 frames/s from /dev/video0". */
void notify_status(const struct notify *notify, const struct snapshot *snapshot);

#endif
