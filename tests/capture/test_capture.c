#include "capture/backend.h"
#include "common/clock.h"
#include "tests/suite.h"

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A source that follows a script: one letter for each call of open and read.
 * open: 'o' works, 'l' lost, 'f' failed. read: '.' a frame, 'L' lost, 'E' end, 'w' waits for the
 * interruption. */
static struct {
    const char *script;
    int opens, closes, rewinds;
    bool rewind_is_interrupted;
    uint64_t sequence; /* since the last open */
    double time_s;     /* since the last open or rewind */
    double step_s;     /* distance of frames */
    char source[32];   /* what the last open was given */
    int interrupt_fd;
    const char *name; /* what it says that it is called; NULL: "opened" */
} fake;

static void play(const char *script)
{
    memset(&fake, 0, sizeof fake);
    fake.script = script;
    fake.step_s = 0.02;
}

static void *fake_open(const struct capture_settings *settings, int interrupt_fd,
                       enum capture_status *status, struct error *error)
{
    fake.opens++;
    fake.sequence = 0;
    fake.time_s = 0;
    fake.interrupt_fd = interrupt_fd;
    snprintf(fake.source, sizeof fake.source, "%s", settings->source);
    char step = *fake.script++;
    ck_assert_msg(strchr("olf", step), "open is not expected at \"%c%s\"", step, fake.script);
    *status = step == 'o' ? CAPTURE_FRAME : step == 'l' ? CAPTURE_LOST : CAPTURE_FAILED;
    if (step != 'o')
        error_set(error, "open says %c", step);
    return step == 'o' ? &fake : NULL;
}

static enum capture_status wait_for_interrupt(void)
{
    struct pollfd interrupt = {.fd = fake.interrupt_fd, .events = POLLIN};
    ck_assert_int_eq(poll(&interrupt, 1, 10000), 1);
    return CAPTURE_INTERRUPTED;
}

static enum capture_status fake_read(void *self, struct frame **frame, struct error *error)
{
    ck_assert_ptr_eq(self, &fake);
    char step = *fake.script++;
    ck_assert_msg(strchr(".LEw", step) && step, "read is not expected at \"%c\"", step);
    switch (step) {
    case 'L':
        error_set(error, "read says L");
        return CAPTURE_LOST;
    case 'E':
        return CAPTURE_END;
    case 'w':
        return wait_for_interrupt();
    default:
        break;
    }
    *frame = frame_create(PIXEL_GREY, 1, 1, 1, 1);
    (*frame)->sequence = fake.sequence++;
    (*frame)->captured_ns = clock_monotonic_ns();
    (*frame)->time_s = fake.time_s;
    fake.time_s += fake.step_s;
    return CAPTURE_FRAME;
}

static enum capture_status fake_rewind(void *self, struct error *error)
{
    (void)self;
    (void)error;
    fake.rewinds++;
    fake.time_s = 0;
    return fake.rewind_is_interrupted ? CAPTURE_INTERRUPTED : CAPTURE_FRAME;
}

static const char *fake_describe(const void *self)
{
    (void)self;
    if (fake.name)
        return fake.name;
    return fake.opens > 1 ? "opened again" : "opened";
}

static void fake_close(void *self)
{
    ck_assert_ptr_eq(self, &fake);
    fake.closes++;
}

static const struct backend live = {.name = "live",
                                    .open = fake_open,
                                    .read = fake_read,
                                    .describe = fake_describe,
                                    .close = fake_close};
static const struct backend recording = {.name = "recording",
                                         .is_recording = true,
                                         .open = fake_open,
                                         .read = fake_read,
                                         .rewind = fake_rewind,
                                         .describe = fake_describe,
                                         .close = fake_close};

static const struct capture_settings settings = {
    .source = "fake", .fps = 50, .replay_speed = REPLAY_MAX, .replay_loop = 1};

static struct capture *open_capture(const struct backend *backend,
                                    const struct capture_settings *with)
{
    struct error error = {0};
    struct capture *capture = capture_open_backend(backend, with, &error);
    ck_assert_msg(capture, "%s", error.message);
    return capture;
}

/* Reads one frame and returns its number. */
static uint64_t next_number(struct capture *capture)
{
    struct frame *frame = NULL;
    struct error error = {0};
    enum capture_status status = capture_read(capture, &frame, &error);
    ck_assert_msg(status == CAPTURE_FRAME, "status %d: %s", (int)status, error.message);
    uint64_t sequence = frame->sequence;
    frame_unref(&frame);
    return sequence;
}

static enum capture_status next_status(struct capture *capture, struct error *error)
{
    struct frame *frame = NULL;
    enum capture_status status = capture_read(capture, &frame, error);
    ck_assert_ptr_null(frame);
    return status;
}

START_TEST(settings_are_copied)
{
    play("oLo.");
    char source[] = "mine";
    struct capture_settings own = settings;
    own.source = source;
    struct capture *capture = open_capture(&live, &own);
    memset(source, 'x', sizeof source - 1);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_LOST);
    next_number(capture);
    ck_assert_str_eq(fake.source, "mine");
    capture_close(capture);
}
END_TEST

START_TEST(a_source_that_can_never_work_does_not_open)
{
    play("f");
    struct error error = {0};
    ck_assert_ptr_null(capture_open_backend(&live, &settings, &error));
    ck_assert_str_eq(error.message, "open says f");
    ck_assert_int_eq(fake.closes, 0);
}
END_TEST

START_TEST(a_name_is_one_line)
{
    play("o");
    fake.name = "camera\nSTOPPING=1\x7f";
    struct capture *capture = open_capture(&live, &settings);
    ck_assert_str_eq(capture_name(capture), "camera?STOPPING=1?");
    capture_close(capture);
}
END_TEST

START_TEST(an_absent_source_opens_and_is_reported_at_once)
{
    play("ll");
    int64_t start_ns = clock_monotonic_ns();
    struct capture *capture = open_capture(&live, &settings);
    ck_assert_str_eq(capture_name(capture), "fake");
    struct error error = {0};
    ck_assert_int_eq(next_status(capture, &error), CAPTURE_LOST);
    ck_assert_str_eq(error.message, "open says l");
    ck_assert_int_eq(fake.opens, 1); /* it has not waited for the next attempt */
    ck_assert_int_eq(next_status(capture, &error), CAPTURE_LOST);
    ck_assert_int_eq(fake.opens, 2);
    ck_assert_int_ge(clock_monotonic_ns() - start_ns, NS_PER_S);
    capture_close(capture);
}
END_TEST

START_TEST(a_lost_source_is_closed_and_comes_back)
{
    play("o..Llo..");
    struct capture *capture = open_capture(&live, &settings);
    ck_assert_str_eq(capture_name(capture), "opened");
    ck_assert_uint_eq(next_number(capture), 0);
    ck_assert_uint_eq(next_number(capture), 1);
    struct error error = {0};
    ck_assert_int_eq(next_status(capture, &error), CAPTURE_LOST);
    ck_assert_str_eq(error.message, "read says L");
    ck_assert_int_eq(fake.closes, 1);
    ck_assert_int_eq(next_status(capture, &error), CAPTURE_LOST);
    ck_assert_uint_eq(next_number(capture), 2); /* the numbers go on */
    ck_assert_uint_eq(next_number(capture), 3);
    ck_assert_str_eq(capture_name(capture), "opened again");
    ck_assert_int_eq(fake.opens, 3);
    capture_close(capture);
    ck_assert_int_eq(fake.closes, 2);
}
END_TEST

START_TEST(a_source_that_fails_for_good_while_lost_says_so)
{
    play("oLf");
    struct capture *capture = open_capture(&live, &settings);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_LOST);
    struct error error = {0};
    ck_assert_int_eq(next_status(capture, &error), CAPTURE_FAILED);
    ck_assert_str_eq(error.message, "open says f");
    capture_close(capture);
}
END_TEST

START_TEST(what_delivered_once_is_not_hopeless)
{
    play("o.Lfo.");
    struct capture *capture = open_capture(&live, &settings);
    ck_assert_uint_eq(next_number(capture), 0);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_LOST);
    struct error error = {0};
    ck_assert_int_eq(next_status(capture, &error), CAPTURE_LOST);
    ck_assert_str_eq(error.message, "open says f");
    ck_assert_uint_eq(next_number(capture), 1);
    capture_close(capture);
}
END_TEST

START_TEST(live_frames_carry_the_wall_clock)
{
    play("o.");
    struct capture *capture = open_capture(&live, &settings);
    ck_assert(!capture_is_recording(capture));
    struct frame *frame = NULL;
    double before_s = clock_wall_s();
    ck_assert_int_eq(capture_read(capture, &frame, NULL), CAPTURE_FRAME);
    ck_assert_double_ge(frame->time_s, before_s);
    ck_assert_double_le(frame->time_s, clock_wall_s());
    frame_unref(&frame);
    capture_close(capture);
}
END_TEST

START_TEST(a_recording_ends_and_stays_ended)
{
    play("o..EE");
    struct capture *capture = open_capture(&recording, &settings);
    ck_assert(capture_is_recording(capture));
    next_number(capture);
    next_number(capture);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_END);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_END);
    ck_assert_int_eq(fake.rewinds, 0);
    capture_close(capture);
}
END_TEST

START_TEST(loops_are_counted_and_numbers_go_on)
{
    play("o..E..E..E");
    struct capture_settings thrice = settings;
    thrice.replay_loop = 3;
    struct capture *capture = open_capture(&recording, &thrice);
    for (uint64_t i = 0; i < 6; i++)
        ck_assert_uint_eq(next_number(capture), i);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_END);
    ck_assert_int_eq(fake.rewinds, 2);
    capture_close(capture);
}
END_TEST

START_TEST(a_stop_while_it_rewinds_is_no_failure)
{
    play("o.E");
    fake.rewind_is_interrupted = true;
    struct capture_settings forever = settings;
    forever.replay_loop = 0;
    struct capture *capture = open_capture(&recording, &forever);
    next_number(capture);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_INTERRUPTED);
    capture_close(capture);
}
END_TEST

START_TEST(what_stays_open_is_read_on_after_a_loss)
{
    play("o.L.E");
    struct backend pipe_like = recording;
    pipe_like.rewind = NULL;
    pipe_like.stays_open = true;
    struct capture *capture = open_capture(&pipe_like, &settings);
    ck_assert_uint_eq(next_number(capture), 0);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_LOST);
    ck_assert_uint_eq(next_number(capture), 1);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_END);
    ck_assert_int_eq(fake.opens, 1);
    ck_assert_int_eq(fake.closes, 0);
    capture_close(capture);
}
END_TEST

START_TEST(an_empty_recording_does_not_loop_for_ever)
{
    play("oE");
    struct capture_settings forever = settings;
    forever.replay_loop = 0;
    struct capture *capture = open_capture(&recording, &forever);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_END);
    capture_close(capture);
}
END_TEST

START_TEST(a_pipe_cannot_loop)
{
    play("o.E");
    struct backend pipe_like = recording;
    pipe_like.rewind = NULL;
    struct capture_settings forever = settings;
    forever.replay_loop = 0;
    struct capture *capture = open_capture(&pipe_like, &forever);
    next_number(capture);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_END);
    capture_close(capture);
}
END_TEST

START_TEST(the_limit_ends_it)
{
    play("o..");
    struct capture_settings two = settings;
    two.limit = 2;
    struct capture *capture = open_capture(&live, &two);
    next_number(capture);
    next_number(capture);
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_END);
    capture_close(capture);
}
END_TEST

START_TEST(real_time_is_kept)
{
    play("o.....E.....E");
    struct capture_settings realtime = settings;
    realtime.replay_speed = REPLAY_REALTIME;
    realtime.replay_loop = 2;
    struct capture *capture = open_capture(&recording, &realtime);
    int64_t start_ns = clock_monotonic_ns();
    for (int i = 0; i < 10; i++) {
        struct frame *frame = NULL;
        ck_assert_int_eq(capture_read(capture, &frame, NULL), CAPTURE_FRAME);
        /* Not too early. When each is due, tests/capture/test_pacer.c says: a busy machine may be
         * late by any time. */
        ck_assert_int_ge(frame->captured_ns, start_ns + i * (int64_t)NS_PER_S / 50);
        frame_unref(&frame);
    }
    capture_close(capture);
}
END_TEST

START_TEST(full_speed_does_not_wait)
{
    play("o.....");
    fake.step_s = 3600;
    struct capture *capture = open_capture(&recording, &settings);
    for (int i = 0; i < 5; i++)
        next_number(capture);
    capture_close(capture);
}
END_TEST

static void *interrupt_soon(void *capture)
{
    struct timespec moment = clock_timespec(50 * NS_PER_MS);
    nanosleep(&moment, NULL);
    capture_interrupt(capture);
    return NULL;
}

/* Reads frames until the interruption. What it interrupts would last for ever, or fail. */
static void expect_interruption(const struct backend *backend, const struct capture_settings *with)
{
    struct capture *capture = open_capture(backend, with);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_soon, capture), 0);
    int64_t start_ns = clock_monotonic_ns();
    enum capture_status status = CAPTURE_FRAME;
    while (status == CAPTURE_FRAME || status == CAPTURE_LOST) {
        struct frame *frame = NULL;
        status = capture_read(capture, &frame, NULL);
        frame_unref(&frame);
    }
    ck_assert_int_eq(status, CAPTURE_INTERRUPTED);
    ck_assert_int_lt(clock_monotonic_ns() - start_ns, 5 * (int64_t)NS_PER_S); /* a busy machine */
    ck_assert_int_eq(next_status(capture, NULL), CAPTURE_INTERRUPTED);        /* and stays so */
    pthread_join(thread, NULL);
    capture_close(capture);
}

START_TEST(interrupts_a_backend_that_waits)
{
    play("ow");
    expect_interruption(&live, &settings);
}
END_TEST

START_TEST(interrupts_the_wait_before_a_retry)
{
    play("l");
    expect_interruption(&live, &settings);
}
END_TEST

START_TEST(interrupts_the_wait_until_a_frame_is_due)
{
    play("o..");
    fake.step_s = 3600;
    struct capture_settings realtime = settings;
    realtime.replay_speed = REPLAY_REALTIME;
    expect_interruption(&recording, &realtime);
}
END_TEST

START_TEST(sources_find_their_backend)
{
    char folder[] = "/tmp/pawcam-test-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    const struct {
        const char *source;
        const struct backend *backend;
    } cases[] = {
        {"synthetic", &backend_synthetic},
        {"-", &backend_stdin},
        {"/dev/video7", &backend_v4l2},
        {"/dev/v4l/by-id/usb-046d_C920-video-index0", &backend_v4l2},
        {"/dev/null", &backend_v4l2},
        {"vivid", &backend_v4l2},
        {"USB2.0 HD UVC WebCam", &backend_v4l2},
        {"UVC Camera (046d:0825)", &backend_v4l2},
        {"usb-046d_HD_Pro_Webcam_C920-video-index0", &backend_v4l2},
        {folder, &backend_images},
        {"cat.JPG", &backend_images},
        {"pictures/cat.webp", &backend_images},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct backend *backend = backend_choose(cases[i].source, NULL);
        ck_assert_msg(backend == cases[i].backend, "%s: %s", cases[i].source,
                      backend ? backend->name : "none");
    }
    ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(all_else_is_video)
{
    static const char *const sources[] = {"clip.mp4", "missing/clip", "rtsp://camera/1",
                                          "http://camera/stream.jpg", "Makefile"};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct error error = {0};
        const struct backend *backend = backend_choose(sources[i], &error);
        /* Without the module beside the test there is a reason instead. */
        ck_assert_msg(backend ? strstr(backend->name, "video") || strstr(backend->name, "stream")
                              : error.message[0],
                      "%s: %s", sources[i], backend ? backend->name : "none, and no reason");
    }
}
END_TEST

TEST_MAIN(capture, settings_are_copied, a_name_is_one_line,
          a_source_that_can_never_work_does_not_open,
          an_absent_source_opens_and_is_reported_at_once, a_lost_source_is_closed_and_comes_back,
          a_source_that_fails_for_good_while_lost_says_so, what_delivered_once_is_not_hopeless,
          live_frames_carry_the_wall_clock, a_recording_ends_and_stays_ended,
          loops_are_counted_and_numbers_go_on, an_empty_recording_does_not_loop_for_ever,
          a_stop_while_it_rewinds_is_no_failure, what_stays_open_is_read_on_after_a_loss,
          a_pipe_cannot_loop, the_limit_ends_it, real_time_is_kept, full_speed_does_not_wait,
          interrupts_a_backend_that_waits, interrupts_the_wait_before_a_retry,
          interrupts_the_wait_until_a_frame_is_due, sources_find_their_backend, all_else_is_video)
