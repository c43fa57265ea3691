/* open_source: opens the source such that a stop signal does not have to wait for it. */
#ifndef PAWCAM_DAEMON_OPEN_SOURCE_H
#define PAWCAM_DAEMON_OPEN_SOURCE_H

#include "capture/capture.h"

/* Calls capture_open in a thread of its own, because a network stream that does not answer can take
 * seconds, and waits for it or for SIGINT or SIGTERM, which every thread must have blocked. In that
 * case *stopped is true, the result NULL, and the thread is still at work with `settings`: nothing
 * is left to do but to leave by _exit. */
struct capture *open_source(const struct capture_settings *settings, bool *stopped,
                            struct error *error);

#endif
