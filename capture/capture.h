/*
 * capture: frames from a camera, a recording, a network stream, pictures or the drawn scene.
 *
 * One interface for all sources; backends are const structs of functions (capture/backend.h).
 * Loss is a state, not an exit: a camera that is missing, busy, unplugged or silent makes
 * capture_read return CAPTURE_LOST with the reason, about once a second, while every call tries a
 * full close and reopen; the first frame after that is the return.
 */
#ifndef PAWCAM_CAPTURE_CAPTURE_H
#define PAWCAM_CAPTURE_CAPTURE_H

#include "common/error.h"
#include "common/frame.h"

enum replay_speed {
    REPLAY_REALTIME, /* pace a recording by its timestamps; the newest frame wins */
    REPLAY_MAX,      /* as fast as frames are consumed; the consumer must not drop any */
};

/* Strings are the caller's; capture_open copies what it needs. */
struct capture_settings {
    const char *source; /* "auto", a device path, /dev/v4l/by-id name or card name, a file, a
                           folder of pictures, a URL, "-" (MJPEG on standard input), "synthetic" */
    const char *format; /* wanted camera format: "auto" or a pixel_format_name in lower case */
    int width, height;  /* wanted camera size in pixels; also the synthetic scene's size */
    double fps;         /* wanted camera rate; also the rate of pictures and the synthetic scene */
    const char
        *controls;    /* camera controls: "exposure_time_absolute=200, power_line_frequency=1" */
    double timeout_s; /* a camera or stream without a frame for this long counts as lost */
    enum replay_speed replay_speed;
    int replay_loop; /* how often a recording is played; 0: for ever */
    int seed;        /* of the synthetic scene */
    int limit;       /* end after this many frames; 0: no limit */
};

enum capture_status {
    CAPTURE_FRAME,       /* *frame holds a new frame; the caller owns its reference */
    CAPTURE_LOST,        /* no frame; the error says why; call again to retry */
    CAPTURE_END,         /* the recording is over */
    CAPTURE_INTERRUPTED, /* capture_interrupt was called */
    CAPTURE_FAILED,      /* the source can never work; the error says why */
};

/* Whether the text can be the setting of that name, for the check of a configuration: opens
 * nothing, so that whether the camera has the format or control is seen later. Usage errors. */
bool capture_check_format(const char *format, struct error *error);
bool capture_check_controls(const char *controls, struct error *error);

struct capture;

/* Opens the source. NULL: it can never work (not a V4L2 device, not a video, an empty folder ...).
 * A camera that is merely absent, busy or forbidden opens, in the lost state. */
struct capture *capture_open(const struct capture_settings *settings, struct error *error);

/* Waits for the next frame: at most timeout_s (then the source is lost), and about a second while
 * it is lost. One thread reads. */
enum capture_status capture_read(struct capture *capture, struct frame **frame,
                                 struct error *error);

/* Makes the current and all later reads return CAPTURE_INTERRUPTED soon (well under a second). Safe
 * from any thread. */
void capture_interrupt(struct capture *capture);

/* True for sources whose frames may all be wanted in replay: recordings, pictures, the drawn scene.
 */
bool capture_is_recording(const struct capture *capture);

/* What is captured, for people, on one line; valid until close. May change when a lost camera comes
 * back. */
const char *capture_name(const struct capture *capture);

/* NULL is allowed. No other thread may still read. */
void capture_close(struct capture *capture);

#endif
