#include "capture/backend.h"

#include "capture/pacer.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { RETRY_INTERVAL_NS = NS_PER_S };

struct capture {
    struct capture_settings settings; /* its strings are owned */
    const struct backend *backend;
    int interrupt_fd; /* eventfd; readable for ever once capture_interrupt was called */

    void *state; /* the backend's; NULL while the source is lost */
    char name[256];
    struct error lost; /* with `report_lost`: why the source was lost when nobody was reading */
    bool report_lost;
    int64_t retry_ns; /* CLOCK_MONOTONIC of the next attempt to open */

    struct pacer pacer;
    uint64_t next_sequence;
    uint64_t sequence_base; /* added to a live backend's own count, which begins anew */
    uint64_t frames;        /* delivered so far, for `limit` */
    uint64_t loops;         /* how often the recording was played to its end */
    bool played;            /* the current pass gave a frame */
};

/* Waits until the given time of CLOCK_MONOTONIC. Returns true when it was interrupted. */
static bool wait_until(const struct capture *capture, int64_t until_ns)
{
    for (;;) {
        int64_t left_ns = until_ns - clock_monotonic_ns();
        struct timespec timeout = clock_timespec(left_ns > 0 ? left_ns : 0);
        struct pollfd interrupt = {.fd = capture->interrupt_fd, .events = POLLIN};
        if (ppoll(&interrupt, 1, &timeout, NULL) > 0)
            return true;
        if (left_ns <= 0)
            return false;
    }
}

static bool interrupted(const struct capture *capture)
{
    return wait_until(capture, 0);
}

static void close_source(struct capture *capture)
{
    if (capture->state)
        capture->backend->close(capture->state);
    capture->state = NULL;
    capture->retry_ns = clock_monotonic_ns() + RETRY_INTERVAL_NS;
    capture->sequence_base = capture->next_sequence;
}

static void update_name(struct capture *capture)
{
    char name[sizeof capture->name];
    text_copy(name, sizeof name, capture->backend->describe(capture->state));
    text_one_line(name); /* a camera says itself what it is called */
    if (strcmp(name, capture->name) == 0)
        return;
    memcpy(capture->name, name, sizeof name);
    log_info("source: %s", capture->name);
}

static enum capture_status open_source(struct capture *capture, struct error *error)
{
    enum capture_status status = CAPTURE_FAILED;
    capture->state =
        capture->backend->open(&capture->settings, capture->interrupt_fd, &status, error);
    if (!capture->state) {
        close_source(capture);
        return status;
    }
    update_name(capture);
    return CAPTURE_FRAME;
}

static bool copy_settings(struct capture *capture, const struct capture_settings *settings)
{
    capture->settings = *settings;
    capture->settings.source = strdup(settings->source);
    capture->settings.format = strdup(settings->format ? settings->format : "auto");
    capture->settings.controls = strdup(settings->controls ? settings->controls : "");
    return capture->settings.source && capture->settings.format && capture->settings.controls;
}

struct capture *capture_open_backend(const struct backend *backend,
                                     const struct capture_settings *settings, struct error *error)
{
    struct capture *capture = calloc(1, sizeof *capture);
    if (!capture) {
        error_set(error, "out of memory");
        return NULL;
    }
    capture->backend = backend;
    capture->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pacer_init(&capture->pacer, settings->fps > 0 ? 1 / settings->fps : 0);
    if (capture->interrupt_fd < 0) {
        error_set(error, "cannot make an eventfd: %s", strerror(errno));
        goto fail;
    }
    if (!copy_settings(capture, settings)) {
        error_set(error, "out of memory");
        goto fail;
    }
    text_public_url(capture->name, sizeof capture->name, settings->source);
    text_one_line(capture->name);
    if (open_source(capture, &capture->lost) == CAPTURE_FAILED) {
        if (error)
            *error = capture->lost;
        goto fail;
    }
    capture->report_lost = !capture->state;
    return capture;
fail:
    capture_close(capture);
    return NULL;
}

/* Opens a lost source again, once its time has come. */
static enum capture_status reopen(struct capture *capture, struct error *error)
{
    if (capture->report_lost) {
        capture->report_lost = false;
        if (error)
            *error = capture->lost;
        return CAPTURE_LOST;
    }
    if (wait_until(capture, capture->retry_ns))
        return CAPTURE_INTERRUPTED;
    /* What delivered once is not hopeless: a relay that starts again may have no video for a
     * moment. */
    const enum capture_status status = open_source(capture, error);
    return status == CAPTURE_FAILED && capture->frames > 0 ? CAPTURE_LOST : status;
}

/* The end of one pass through a recording: plays it again where that is wanted. */
static enum capture_status next_pass(struct capture *capture, struct error *error)
{
    capture->loops++;
    uint64_t wanted = (uint64_t)capture->settings.replay_loop; /* 0: for ever */
    bool again = wanted == 0 || capture->loops < wanted;
    if (!capture->backend->is_recording || !again || !capture->played || !capture->backend->rewind)
        return CAPTURE_END;
    enum capture_status status = capture->backend->rewind(capture->state, error);
    if (status == CAPTURE_FRAME) {
        capture->played = false;
        pacer_loop(&capture->pacer);
    }
    return status;
}

static enum capture_status read_source(struct capture *capture, struct frame **frame,
                                       struct error *error)
{
    enum capture_status status = capture->backend->read(capture->state, frame, error);
    if (status == CAPTURE_END) {
        status = next_pass(capture, error);
        if (status == CAPTURE_FRAME)
            status = capture->backend->read(capture->state, frame, error);
    }
    if (status == CAPTURE_LOST && !capture->backend->stays_open)
        close_source(capture);
    return status;
}

static void number(struct capture *capture, struct frame *frame)
{
    if (capture->backend->is_recording)
        frame->sequence = capture->next_sequence;
    else
        frame->sequence += capture->sequence_base;
    capture->next_sequence = frame->sequence + 1;
    capture->frames++;
    capture->played = true;
}

/* Waits until the frame of a recording is due. Returns false when that was interrupted. */
static bool pace(struct capture *capture, struct frame *frame)
{
    int64_t due_ns = pacer_due_ns(&capture->pacer, frame->time_s, clock_monotonic_ns());
    if (wait_until(capture, due_ns))
        return false;
    frame->captured_ns = clock_monotonic_ns(); /* the wait is no latency */
    return true;
}

static bool deliver(struct capture *capture, struct frame **frame)
{
    number(capture, *frame);
    if (!capture->backend->is_recording)
        (*frame)->time_s = clock_wall_s();
    else if (capture->settings.replay_speed == REPLAY_REALTIME && !pace(capture, *frame)) {
        frame_unref(frame);
        return false;
    }
    return true;
}

enum capture_status capture_read(struct capture *capture, struct frame **frame, struct error *error)
{
    *frame = NULL;
    if (interrupted(capture))
        return CAPTURE_INTERRUPTED;
    if (capture->settings.limit > 0 && capture->frames >= (uint64_t)capture->settings.limit)
        return CAPTURE_END;

    enum capture_status status = CAPTURE_FRAME;
    if (!capture->state)
        status = reopen(capture, error);
    if (status == CAPTURE_FRAME)
        status = read_source(capture, frame, error);
    if (status == CAPTURE_FRAME && !deliver(capture, frame))
        status = CAPTURE_INTERRUPTED;
    return status;
}

void capture_interrupt(struct capture *capture)
{
    /* It fails only when the counter is full, and then the descriptor is readable already. */
    (void)!eventfd_write(capture->interrupt_fd, 1);
}

bool capture_is_recording(const struct capture *capture)
{
    return capture->backend->is_recording;
}

const char *capture_name(const struct capture *capture)
{
    return capture->name;
}

void capture_close(struct capture *capture)
{
    if (!capture)
        return;
    if (capture->state)
        capture->backend->close(capture->state);
    if (capture->interrupt_fd >= 0)
        close(capture->interrupt_fd);
    free((char *)capture->settings.source);
    free((char *)capture->settings.format);
    free((char *)capture->settings.controls);
    free(capture);
}
