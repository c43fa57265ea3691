/* stdin: MJPEG on standard input ("-"), as `ffmpeg -f mjpeg -` or a camera's HTTP stream has it. */
#include "capture/backend.h"
#include "capture/mjpeg_split.h"
#include "common/clock.h"
#include "common/log.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BUFFER_FIRST = 256 * 1024,
    BUFFER_MAX = 16 * 1024 * 1024, /* a larger picture is taken for garbage */
    READ_MIN = 16 * 1024,
};

struct input {
    enum replay_speed speed;
    double period_s;
    double timeout_s;
    int interrupt_fd;

    uint8_t *buffer; /* owned; `capacity` bytes, `filled` of them read and not yet done with */
    size_t capacity;
    size_t filled;
    struct mjpeg_split split;
    uint64_t bad_reported; /* how many of split.bad a log line told of */
    struct log_limiter limiter;
    uint64_t pictures;
    int64_t first_ns; /* when the first picture came */
    bool ended;
};

static void input_close(void *self)
{
    struct input *input = self;
    if (!input)
        return;
    free(input->buffer);
    free(input);
}

static void *input_open(const struct capture_settings *settings, int interrupt_fd,
                        enum capture_status *status, struct error *error)
{
    *status = CAPTURE_FAILED;
    if (isatty(STDIN_FILENO)) {
        error_set(error, "standard input is a terminal; pipe MJPEG into it, for example: "
                         "ffmpeg -i VIDEO -f mjpeg - | pawcamd --source -");
        return NULL;
    }
    struct input *input = calloc(1, sizeof *input);
    uint8_t *buffer = malloc(BUFFER_FIRST);
    if (!input || !buffer) {
        free(input);
        free(buffer);
        error_set(error, "standard input: out of memory");
        return NULL;
    }
    input->speed = settings->replay_speed;
    input->period_s = 1 / backend_fps(settings);
    input->timeout_s = settings->timeout_s;
    input->interrupt_fd = interrupt_fd;
    input->buffer = buffer;
    input->capacity = BUFFER_FIRST;
    *status = CAPTURE_FRAME;
    return input;
}

static void report_bad(struct input *input)
{
    log_warning("standard input: damaged pictures skipped so far: %llu",
                (unsigned long long)input->split.bad);
    input->bad_reported = input->split.bad;
}

/* A pipe has no timestamps. At full speed the rate from the settings makes times that are the same
 * in every run; in real time a picture's time is when it came. */
static double picture_time(struct input *input, int64_t now_ns)
{
    if (input->pictures == 0)
        input->first_ns = now_ns;
    if (input->speed == REPLAY_MAX)
        return (double)input->pictures * input->period_s;
    return (double)(now_ns - input->first_ns) / NS_PER_S;
}

static enum capture_status make_frame(struct input *input, const struct mjpeg_picture *picture,
                                      struct frame **frame, struct error *error)
{
    *frame = frame_create(PIXEL_JPEG, picture->width, picture->height, 0, picture->size);
    if (!*frame) {
        error_set(error, "standard input: out of memory");
        return CAPTURE_FAILED;
    }
    memcpy((*frame)->data, picture->data, picture->size);
    (*frame)->captured_ns = clock_monotonic_ns();
    (*frame)->time_s = picture_time(input, (*frame)->captured_ns);
    input->pictures++;
    return CAPTURE_FRAME;
}

static void drop_done(struct input *input)
{
    input->filled -= input->split.start;
    memmove(input->buffer, input->buffer + input->split.start, input->filled);
    input->split.start = 0;
}

/* Makes room for READ_MIN bytes. */
static bool make_room(struct input *input, struct error *error)
{
    drop_done(input);
    if (input->capacity - input->filled >= READ_MIN)
        return true;
    if (input->capacity >= BUFFER_MAX) {
        log_warning("standard input: no end of a picture in %d MiB, looking for the next one",
                    BUFFER_MAX >> 20);
        mjpeg_split_give_up(&input->split, input->filled);
        drop_done(input);
        return true;
    }
    uint8_t *larger = realloc(input->buffer, 2 * input->capacity);
    if (!larger)
        return error_set(error, "standard input: out of memory");
    input->buffer = larger;
    input->capacity *= 2;
    return true;
}

/* CAPTURE_FRAME: there are bytes, or the end, to read. */
static enum capture_status wait_for_bytes(const struct input *input, struct error *error)
{
    struct pollfd fds[] = {{.fd = input->interrupt_fd, .events = POLLIN},
                           {.fd = STDIN_FILENO, .events = POLLIN}};
    bool patient = input->speed == REPLAY_MAX || input->timeout_s <= 0;
    int timeout_ms = patient ? -1 : (int)(input->timeout_s * 1000);
    int ready;
    do
        ready = poll(fds, 2, timeout_ms);
    while (ready < 0 && errno == EINTR);
    if (ready < 0) {
        error_set(error, "standard input: %s", strerror(errno));
        return CAPTURE_FAILED;
    }
    if (fds[0].revents)
        return CAPTURE_INTERRUPTED;
    if (ready == 0) {
        error_set(error, "standard input: nothing came for %g s", input->timeout_s);
        return CAPTURE_LOST;
    }
    return CAPTURE_FRAME;
}

static enum capture_status read_bytes(struct input *input, struct error *error)
{
    if (!make_room(input, error))
        return CAPTURE_FAILED;
    enum capture_status status = wait_for_bytes(input, error);
    if (status != CAPTURE_FRAME)
        return status;
    ssize_t count =
        read(STDIN_FILENO, input->buffer + input->filled, input->capacity - input->filled);
    if (count < 0 && errno != EINTR && errno != EAGAIN) {
        error_set(error, "standard input: %s", strerror(errno));
        return CAPTURE_FAILED;
    }
    input->ended = count == 0;
    input->filled += count > 0 ? (size_t)count : 0;
    return CAPTURE_FRAME;
}

static enum capture_status end(struct input *input, struct error *error)
{
    if (input->pictures == 0) {
        error_set(error, "standard input ended without one whole JPEG picture; "
                         "it takes MJPEG, as from: ffmpeg -i VIDEO -f mjpeg -");
        return CAPTURE_FAILED;
    }
    if (input->split.bad != input->bad_reported)
        report_bad(input);
    if (input->split.inside)
        log_warning("standard input ended in the middle of a picture");
    input->split.inside = false;
    return CAPTURE_END;
}

static enum capture_status input_read(void *self, struct frame **frame, struct error *error)
{
    struct input *input = self;
    for (;;) {
        struct mjpeg_picture picture;
        bool found = mjpeg_split_next(&input->split, input->buffer, input->filled, &picture);
        if (input->split.bad != input->bad_reported && log_limiter_event(&input->limiter, 60))
            report_bad(input);
        if (found)
            return make_frame(input, &picture, frame, error);
        if (input->ended)
            return end(input, error);
        enum capture_status status = read_bytes(input, error);
        if (status != CAPTURE_FRAME)
            return status;
    }
}

static const char *input_describe(const void *self)
{
    (void)self;
    return "standard input (MJPEG)";
}

const struct backend backend_stdin = {.name = "stdin",
                                      .is_recording = true,
                                      .stays_open = true,
                                      .open = input_open,
                                      .read = input_read,
                                      .describe = input_describe,
                                      .close = input_close};
