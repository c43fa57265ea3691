#include "daemon/grab.h"

#include "common/clock.h"
#include "common/log.h"

#include <string.h>

enum { FLAPPING_S = 5, FLAPPING_LOG_INTERVAL_S = 60 };

/* Whether the source is lost, and since when, for the log. */
struct loss {
    bool lost;
    int64_t since_ns;
    int64_t returned_ns; /* 0: it was not lost before */
    bool told;           /* the log was told of this loss */
    struct log_limiter limiter;
};

/* A source that comes and goes all the time is told of once a minute, until it stays away. */
static bool is_told(struct loss *loss)
{
    const int64_t limit_ns = (int64_t)FLAPPING_S * NS_PER_S;
    const bool flaps = loss->returned_ns != 0 && loss->since_ns - loss->returned_ns < limit_ns &&
                       clock_monotonic_ns() - loss->since_ns < limit_ns;
    return !flaps || log_limiter_event(&loss->limiter, FLAPPING_LOG_INTERVAL_S) > 0;
}

static void note_loss(struct loss *loss, const char *why)
{
    if (!loss->lost) {
        loss->lost = true;
        loss->told = false;
        loss->since_ns = clock_monotonic_ns();
    }
    if (loss->told)
        return;
    loss->told = is_told(loss);
    if (loss->told)
        log_warning("source lost: %s; waiting for its return", why);
}

static void note_return(struct loss *loss, const struct grab *grab)
{
    loss->lost = false;
    source_name_set(grab->name, capture_name(grab->capture));
    loss->returned_ns = clock_monotonic_ns();
    double seconds = (double)(loss->returned_ns - loss->since_ns) / NS_PER_S;
    if (loss->told)
        log_info("source back after %.1f s: %s", seconds, capture_name(grab->capture));
}

static void put(struct grab *grab, struct frame *frame)
{
    if (grab->settings.lossless)
        slot_put_wait(grab->frames, &frame->ref);
    else
        slot_put(grab->frames, &frame->ref);
}

/* false: the source failed for good. */
static bool handle_loss(struct grab *grab, struct loss *loss, const char *why)
{
    if (grab->settings.exit_on_loss) {
        log_error("source lost: %s", why);
        return false;
    }
    note_loss(loss, why);
    struct frame *news = frame_create_lost(why);
    if (news)
        put(grab, news);
    return true;
}

/* Returns whether the source ended as it should. */
static bool read_all(struct grab *grab)
{
    struct loss loss = {0};
    while (!slot_closed(grab->frames)) {
        struct frame *frame = NULL;
        struct error error = {0};
        switch (capture_read(grab->capture, &frame, &error)) {
        case CAPTURE_FRAME:
            if (loss.lost)
                note_return(&loss, grab);
            put(grab, frame);
            break;
        case CAPTURE_LOST:
            if (!handle_loss(grab, &loss, error.message))
                return false;
            break;
        case CAPTURE_FAILED:
            log_error("%s", error.message);
            return false;
        case CAPTURE_END:
            grab->ended = true;
            return true;
        case CAPTURE_INTERRUPTED:
            return true;
        }
    }
    return true;
}

static void *run(void *argument)
{
    struct grab *grab = argument;
    grab->failed = !read_all(grab);
    slot_close(grab->frames);
    return NULL;
}

bool grab_start(struct grab *grab, const struct grab_settings *settings, struct capture *capture,
                struct slot *frames, struct source_name *name, struct error *error)
{
    *grab =
        (struct grab){.settings = *settings, .capture = capture, .frames = frames, .name = name};
    source_name_set(name, capture_name(capture));
    int failure = pthread_create(&grab->thread, NULL, run, grab);
    if (failure)
        return error_set(error, "cannot start the capture thread: %s", strerror(failure));
    pthread_setname_np(grab->thread, "capture");
    return true;
}

bool grab_join(struct grab *grab)
{
    pthread_join(grab->thread, NULL);
    return !grab->failed;
}
