/* What needs no camera. The rest runs in the guest: tests/vm. */
#include "capture/backend.h"
#include "capture/v4l2_device.h"
#include "common/clock.h"
#include "tests/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct capture_settings settings = {
    .format = "auto", .controls = "", .width = 640, .height = 480, .fps = 30, .timeout_s = 1};

static enum capture_status open_status(const char *source, const char *format, struct error *error)
{
    struct capture_settings own = settings;
    own.source = source;
    own.format = format;
    enum capture_status status = CAPTURE_FRAME;
    ck_assert_ptr_null(backend_v4l2.open(&own, -1, &status, error));
    return status;
}

START_TEST(what_is_no_camera_can_never_work)
{
    static const char *const sources[] = {"/dev/null", "/dev/zero", "./Makefile", "/", "/dev/tty"};
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        struct error error = {0};
        ck_assert_int_eq(open_status(sources[i], "auto", &error), CAPTURE_FAILED);
        ck_assert_ptr_nonnull(strstr(error.message, "is not a V4L2 device"));
        ck_assert_ptr_nonnull(strstr(error.message, sources[i]));
    }
}
END_TEST

START_TEST(an_absent_camera_is_lost)
{
    struct error error = {0};
    ck_assert_int_eq(open_status("/dev/video999", "auto", &error), CAPTURE_LOST);
    ck_assert_str_eq(error.message, "/dev/video999: no such device; is the camera plugged in?");
    ck_assert_int_eq(open_status("No Such Camera", "auto", &error), CAPTURE_LOST);
    ck_assert_ptr_nonnull(strstr(error.message, "no camera is called \"No Such Camera\""));
}
END_TEST

START_TEST(a_format_that_does_not_exist_is_a_usage_error)
{
    struct error error = {0};
    ck_assert_int_eq(open_status("/dev/video999", "h264", &error), CAPTURE_FAILED);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "\"h264\" is no camera format"));
}
END_TEST

START_TEST(a_name_beyond_all_bounds_is_refused)
{
    char name[5000];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    struct error error = {0};
    ck_assert_int_eq(open_status(name, "auto", &error), CAPTURE_FAILED);
    ck_assert_ptr_nonnull(strstr(error.message, "too long"));
}
END_TEST

START_TEST(causes_are_explained)
{
    static const struct {
        int cause;
        const char *text;
    } cases[] = {
        {ENOENT, "no such device"},   {EACCES, "group video"},
        {EPERM, "permission denied"}, {EBUSY, "another program"},
        {ENODEV, "unplugged"},        {ENXIO, "unplugged"},
        {ENOSPC, "bandwidth"},        {EIO, "cannot read from it: Input/output error"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        ck_assert_int_eq(v4l2_explain("/dev/video0", "read from it", cases[i].cause, &error),
                         CAPTURE_LOST);
        ck_assert_msg(strstr(error.message, cases[i].text), "%s", error.message);
        /* It must fit into frame->lost, which the placeholder picture shows. */
        ck_assert_uint_lt(strlen(error.message), sizeof((struct frame *)0)->lost);
    }
}
END_TEST

START_TEST(a_camera_that_appears_later_is_waited_for)
{
    char path[] = "/tmp/pawcam-video-XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    unlink(path);
    struct capture_settings own = settings;
    own.source = path;
    struct error error = {0};
    struct capture *capture = capture_open_backend(&backend_v4l2, &own, &error);
    ck_assert_ptr_nonnull(capture);
    struct frame *frame = NULL;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_LOST);
        ck_assert_ptr_nonnull(strstr(error.message, "no such device"));
    }
    /* What appears turns out to be no camera at all. */
    fclose(fopen(path, "w"));
    ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_FAILED);
    unlink(path);
    capture_close(capture);
}
END_TEST

TEST_MAIN(v4l2, what_is_no_camera_can_never_work, an_absent_camera_is_lost,
          a_format_that_does_not_exist_is_a_usage_error, a_name_beyond_all_bounds_is_refused,
          causes_are_explained, a_camera_that_appears_later_is_waited_for)
