/*
 * backend: what a kind of source implements. capture.c does the rest for all of them: choosing the
 * backend, retrying a lost source once a second with a full close and reopen (but for a pipe),
 * pacing a recording in real time by its timestamps, looping, the frame limit, and numbering a
 * recording's frames.
 */
#ifndef PAWCAM_CAPTURE_BACKEND_H
#define PAWCAM_CAPTURE_BACKEND_H

#include "capture/capture.h"

struct backend {
    const char *name;  /* for logs: "v4l2", "video", "images", "stdin", "synthetic" */
    bool is_recording; /* its frames may all be wanted, it has an end, and `rewind` works */
    bool stays_open;   /* after CAPTURE_LOST it is read on: a pipe cannot be opened again */

    /* Opens the source. `interrupt_fd` becomes readable when capture_interrupt is called; a wait
     * inside open or read polls it too and then returns CAPTURE_INTERRUPTED. Returns the backend's
     * own state and CAPTURE_FRAME in *status, or NULL with CAPTURE_LOST (worth trying again),
     * CAPTURE_FAILED (never) or CAPTURE_INTERRUPTED, and the reason. */
    void *(*open)(const struct capture_settings *settings, int interrupt_fd,
                  enum capture_status *status, struct error *error);

    /* The next frame; the caller owns its reference. Live sources set captured_ns and
     * sequence (from 0 after each open); recordings set captured_ns and time_s (seconds since their
     * start), and capture.c numbers them. After CAPTURE_LOST the caller closes and reopens, unless
     * `stays_open`. */
    enum capture_status (*read)(void *self, struct frame **frame, struct error *error);

    /* Recordings: back to the first frame, CAPTURE_FRAME, or not, CAPTURE_FAILED or
     * CAPTURE_INTERRUPTED. NULL: cannot be played again (a pipe). */
    enum capture_status (*rewind)(void *self, struct error *error);

    /* What is captured, for people: "/dev/video0 (vivid), 640x480 YUYV, 25 frames/s". */
    const char *(*describe)(const void *self);

    void (*close)(void *self);
};

/* The backend that a source string belongs to, by its form and by what lies on the disk (see
 * choose.c); it does not open anything. NULL with the reason: the module it needs is not there. */
const struct backend *backend_choose(const char *source, struct error *error);

/* capture_open with a given backend instead of the one that settings->source would choose. */
struct capture *capture_open_backend(const struct backend *backend,
                                     const struct capture_settings *settings, struct error *error);

/* The rate of sources that have none of their own (pictures, a pipe, the drawn scene): the wanted
 * one, or 25 frames/s where none is wanted (0). */
static inline double backend_fps(const struct capture_settings *settings)
{
    return settings->fps > 0 ? settings->fps : 25;
}

/* Backends in files of their own. A source string belongs to the first that claims it in
 * choose.c: "synthetic", "-", camera paths and names, folders and single pictures, all else video.
 */
extern const struct backend backend_v4l2;
extern const struct backend backend_images;
extern const struct backend backend_stdin;
extern const struct backend backend_synthetic;

/* Recordings and network streams live in pawcam-video.so (libavformat and its 136 libraries), which
 * is loaded when it is first needed: from beside the program, else from PREFIX/lib/pawcam. Returns
 * the backend for this source: a URL is a stream (not a recording: it has no end, only loss), all
 * else a recording. NULL with the reason when the module is not there. */
const struct backend *backend_video_load(const char *source, struct error *error);

#endif
