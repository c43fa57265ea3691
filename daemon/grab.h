/*
 * grab: the capture thread: reads the source and puts its frames into a slot.
 *
 * A lost source is a frame too (PIXEL_NONE with the reason), once for each time that capture_read
 * reports it, which is about once a second (of a pipe each capture-timeout). The log tells of a
 * loss once, and once of the return; at most once a minute of a source that is lost again within
 * seconds.
 */
#ifndef PAWCAM_DAEMON_GRAB_H
#define PAWCAM_DAEMON_GRAB_H

#include "capture/capture.h"
#include "common/slot.h"
#include "daemon/source_name.h"

#include <pthread.h>

struct grab_settings {
    bool lossless;     /* wait until each frame was taken, instead of replacing it */
    bool exit_on_loss; /* a lost source is a failure */
};

struct grab {
    struct grab_settings settings;
    struct capture *capture;  /* the caller's */
    struct slot *frames;      /* the caller's */
    struct source_name *name; /* the caller's; kept up to date with capture_name */
    pthread_t thread;
    bool failed, ended; /* ended: by itself; read them after grab_join */
};

/* Starts the thread, which ends, closing the slot, at the end of a recording, on a failure, when
 * the slot is closed, or after capture_interrupt. It logs a failure itself. */
bool grab_start(struct grab *grab, const struct grab_settings *settings, struct capture *capture,
                struct slot *frames, struct source_name *name, struct error *error);

/* Waits for the thread's end. false: the source failed, and it was logged. */
bool grab_join(struct grab *grab);

#endif
