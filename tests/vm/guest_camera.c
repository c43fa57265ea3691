/*
 * What capture does with real V4L2 drivers. Runs as root in the guest, never on the host, and finds
 * there what tests/vm/test_camera loads:
 *
 * vivid: the webcams /dev/video0 and /dev/video1 and the output /dev/video2; raw formats, injected
 * errors (Documentation/admin-guide/media/vivid.rst of the kernel).
 * v4l2loopback: /dev/video10 to 15, "Loop A" to "Loop F": whatever is written into them. Each test
 * has one of its own, because they keep the format of their last writer.
 */
#include "capture/backend.h"
#include "common/clock.h"
#include "common/log.h"
#include "tests/suite.h"
#include "vision/jpeg.h"
#include "vision/vision.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char CAMERA[] = "/dev/video0";

static const struct capture_settings defaults = {.source = CAMERA,
                                                 .format = "yuyv",
                                                 .controls = "",
                                                 .width = 640,
                                                 .height = 480,
                                                 .fps = 25,
                                                 .timeout_s = 2};

/* --- the machine ------------------------------------------------------------------------------ */

/* Runs a shell command that must succeed. */
__attribute__((format(printf, 1, 2))) static void run(const char *format, ...)
{
    char command[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command, sizeof command, format, arguments);
    va_end(arguments);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
}

/* Cameras as if just plugged in, with a picture that has no changing text in it. */
static void reset_cameras(void)
{
    run("cd /sys/bus/platform/drivers/vivid && echo vivid.0 >unbind && echo vivid.0 >bind");
    run("v4l2-ctl -d %s -c osd_text_mode=2", CAMERA);
}

static void press(const char *button)
{
    run("v4l2-ctl -d %s -c %s=1", CAMERA, button);
}

/* Starts a program in the background, silently. */
static pid_t start(const char *command)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        freopen("/dev/null", "w", stdout);
        freopen("/dev/null", "w", stderr);
        execl("/bin/sh", "sh", "-c", command, NULL);
        _exit(127);
    }
    return child;
}

static void stop(pid_t child)
{
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
}

static int open_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    ck_assert_ptr_nonnull(folder);
    int count = 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static int mapped_buffers(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    ck_assert_ptr_nonnull(maps);
    char line[512];
    int count = 0;
    while (fgets(line, sizeof line, maps))
        count += strstr(line, "/dev/video") != NULL;
    fclose(maps);
    return count;
}

/* What the program logs between the two calls. */
static int saved_stderr;

static void begin_log(void)
{
    fflush(stderr);
    saved_stderr = dup(STDERR_FILENO);
    int file = open("/tmp/log", O_RDWR | O_CREAT | O_TRUNC, 0600);
    ck_assert_int_ge(file, 0);
    dup2(file, STDERR_FILENO);
    close(file);
}

static const char *end_log(void)
{
    static char text[8192];
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    FILE *file = fopen("/tmp/log", "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static int count_lines_with(const char *text, const char *part)
{
    int count = 0;
    for (; (text = strstr(text, part)); text++)
        count++;
    return count;
}

/* --- capture ---------------------------------------------------------------------------------- */

static struct capture *open_with(const struct capture_settings *settings)
{
    struct error error = {0};
    struct capture *capture = capture_open_backend(&backend_v4l2, settings, &error);
    ck_assert_msg(capture, "%s", error.message);
    return capture;
}

static struct capture *open_source(const char *source)
{
    struct capture_settings settings = defaults;
    settings.source = source;
    return open_with(&settings);
}

static struct frame *next_frame(struct capture *capture)
{
    struct frame *frame = NULL;
    struct error error = {0};
    enum capture_status status = capture_read(capture, &frame, &error);
    ck_assert_msg(status == CAPTURE_FRAME, "status %d: %s", (int)status, error.message);
    return frame;
}

/* Reads `count` frames; returns how many numbers were skipped between them. */
static uint64_t read_frames(struct capture *capture, int count)
{
    uint64_t first = 0, last = 0;
    for (int i = 0; i < count; i++) {
        struct frame *frame = next_frame(capture);
        ck_assert(i == 0 || frame->sequence > last);
        last = frame->sequence;
        first = i == 0 ? last : first;
        frame_unref(&frame);
    }
    return last - first + 1 - (uint64_t)count;
}

/* Reads until the source is lost, which must happen within `frames` frames and for this reason. */
static void expect_lost(struct capture *capture, int frames, const char *reason)
{
    struct error error = {0};
    enum capture_status status = CAPTURE_FRAME;
    for (int i = 0; i <= frames && status == CAPTURE_FRAME; i++) {
        struct frame *frame = NULL;
        status = capture_read(capture, &frame, &error);
        frame_unref(&frame);
    }
    ck_assert_msg(status == CAPTURE_LOST, "status %d, not lost", (int)status);
    ck_assert_msg(strstr(error.message, reason), "\"%s\", not \"%s\"", error.message, reason);
}

/* Frames must flow again; a writer on a busy host takes some seconds to start. */
static void expect_return(struct capture *capture)
{
    struct error error = {0};
    for (int attempts = 0; attempts < 20; attempts++) {
        struct frame *frame = NULL;
        enum capture_status status = capture_read(capture, &frame, &error);
        frame_unref(&frame);
        if (status == CAPTURE_FRAME) {
            read_frames(capture, 3);
            return;
        }
        ck_assert_msg(status == CAPTURE_LOST, "status %d: %s", (int)status, error.message);
    }
    ck_abort_msg("did not come back: %s", error.message);
}

/* --- frames ----------------------------------------------------------------------------------- */

START_TEST(yuyv_at_the_wanted_size_and_rate)
{
    reset_cameras();
    struct capture *capture = open_source(CAMERA);
    ck_assert_str_eq(capture_name(capture), "/dev/video0 (vivid), 640x480 YUYV, 25 frames/s");
    struct frame *frame = next_frame(capture);
    ck_assert_uint_eq(frame->sequence, 0);
    ck_assert_int_eq(frame->format, PIXEL_YUYV);
    ck_assert_int_eq(frame->width, 640);
    ck_assert_int_eq(frame->height, 480);
    ck_assert_uint_eq(frame->size, 640 * 480 * 2);
    int64_t first_ns = frame->captured_ns;
    frame_unref(&frame);
    read_frames(capture, 25);
    frame = next_frame(capture);
    /* Counted by the driver's numbers: a busy host makes it skip some. */
    double seconds = (double)(frame->captured_ns - first_ns) / NS_PER_S;
    ck_assert_double_eq_tol((double)frame->sequence / seconds, 25, 1);
    ck_assert_double_eq_tol(frame->time_s, clock_wall_s(), 1);
    frame_unref(&frame);
    capture_close(capture);
}
END_TEST

/* vivid's first pattern, left to right: white, yellow, cyan, green, magenta, red, blue, black at
 * 75 %, as B, G, R (tpg_colors in the kernel's v4l2-tpg-colors.c). */
static const int colour_bars[8][3] = {{191, 191, 191}, {0, 191, 191}, {191, 191, 0}, {0, 191, 0},
                                      {191, 0, 191},   {0, 0, 191},   {191, 0, 0},   {0, 0, 0}};

static void mean_colour(const struct image *bgr, int x, int y, int side, double colour[3])
{
    for (int channel = 0; channel < 3; channel++) {
        double sum = 0;
        for (int row = y; row < y + side; row++)
            for (int column = x; column < x + side; column++)
                sum += bgr->data[row * bgr->stride + column * 3 + channel];
        colour[channel] = sum / (side * side);
    }
}

static void check_colour_bars(const struct frame *frame)
{
    struct image bgr = {0};
    struct error error = {0};
    ck_assert_msg(vision_frame_to_bgr(frame, 0, &bgr, &error), "%s", error.message);
    for (int bar = 0; bar < 8; bar++) {
        double colour[3];
        mean_colour(&bgr, (2 * bar + 1) * frame->width / 16 - 8, frame->height / 2, 16, colour);
        const int *expected = colour_bars[bar];
        /* vivid weighs its grey as Rec. 709 does. */
        double luma = 0.0722 * expected[0] + 0.7152 * expected[1] + 0.2126 * expected[2];
        for (int channel = 0; channel < 3; channel++) {
            double wanted = frame->format == PIXEL_GREY ? luma : expected[channel];
            ck_assert_msg(colour[channel] > wanted - 4 && colour[channel] < wanted + 4,
                          "%s: bar %d, channel %d is %.1f, not %.1f",
                          pixel_format_name(frame->format), bar, channel, colour[channel], wanted);
        }
    }
    image_free(&bgr);
}

START_TEST(every_raw_format_shows_the_colour_bars)
{
    reset_cameras();
    for (int i = PIXEL_JPEG + 1; i < PIXEL_FORMAT_COUNT; i++) {
        struct capture_settings settings = defaults;
        settings.format = pixel_format_name((enum pixel_format)i);
        struct capture *capture = open_with(&settings);
        struct frame *frame = next_frame(capture);
        ck_assert_int_eq(frame->format, i);
        check_colour_bars(frame);
        frame_unref(&frame);
        capture_close(capture);
    }
}
END_TEST

START_TEST(auto_takes_the_cheapest_raw_format)
{
    reset_cameras();
    struct capture_settings settings = defaults;
    settings.format = "auto";
    struct capture *capture = open_with(&settings);
    ck_assert_str_eq(capture_name(capture), "/dev/video0 (vivid), 640x480 NV12, 25 frames/s");
    struct frame *frame = next_frame(capture);
    check_colour_bars(frame);
    frame_unref(&frame);
    capture_close(capture);
}
END_TEST

START_TEST(what_the_driver_gives_is_taken)
{
    reset_cameras();
    struct capture_settings settings = defaults;
    settings.width = 650;
    settings.height = 470;
    settings.fps = 1000;
    struct capture *capture = open_with(&settings);
    ck_assert_str_eq(capture_name(capture), "/dev/video0 (vivid), 640x480 YUYV, 25 frames/s");
    read_frames(capture, 2);
    capture_close(capture);
}
END_TEST

static pid_t feed(const char *loopback, const char *arguments)
{
    char command[256];
    snprintf(command, sizeof command,
             "exec ffmpeg -re -f lavfi -i testsrc2=size=640x480:rate=30 %s -f v4l2 %s", arguments,
             loopback);
    return start(command);
}

START_TEST(mjpeg_from_ffmpeg_and_its_pauses)
{
    struct capture_settings settings = defaults;
    settings.source = "/dev/video10";
    settings.format = "auto";
    settings.fps = 30;
    struct capture *capture = open_with(&settings);
    expect_lost(capture, 0, "is not a capture device"); /* as long as nobody writes into it */
    pid_t ffmpeg = feed("/dev/video10", "-c:v mjpeg -pix_fmt yuvj420p");
    expect_return(capture);
    for (int i = 0; i < 20; i++) {
        struct frame *frame = next_frame(capture);
        struct image bgr = {0};
        struct error error = {0};
        ck_assert_int_eq(frame->format, PIXEL_JPEG);
        ck_assert_int_eq(frame->width, 640);
        ck_assert_msg(vision_frame_to_bgr(frame, 0, &bgr, &error), "%s", error.message);
        image_free(&bgr);
        frame_unref(&frame);
    }
    kill(ffmpeg, SIGSTOP);
    expect_lost(capture, 20, "no frames");
    kill(ffmpeg, SIGCONT);
    expect_return(capture);
    capture_close(capture);
    stop(ffmpeg);
}
END_TEST

START_TEST(a_camera_without_a_known_format_lists_what_it_has)
{
    pid_t ffmpeg = feed("/dev/video11", "-pix_fmt rgb565le");
    run("timeout 20 sh -c 'until v4l2-ctl -d /dev/video11 --get-fmt-video; do sleep 0.2; done' "
        ">/dev/null 2>&1");
    struct capture *capture = open_source("/dev/video11");
    expect_lost(capture, 0, "offers no YUYV; it has RGBP");
    capture_close(capture);
    stop(ffmpeg);
}
END_TEST

/* --- bad frames ------------------------------------------------------------------------------- */

static int open_writer(const char *loopback, uint32_t fourcc, size_t size)
{
    int writer = open(loopback, O_RDWR);
    ck_assert_int_ge(writer, 0);
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_OUTPUT};
    format.fmt.pix.pixelformat = fourcc;
    format.fmt.pix.width = 640;
    format.fmt.pix.height = 480;
    format.fmt.pix.sizeimage = (uint32_t)size;
    ck_assert_int_eq(ioctl(writer, VIDIOC_S_FMT, &format), 0);
    return writer;
}

static void write_frame(int writer, const uint8_t *data, size_t size)
{
    ck_assert_int_eq(write(writer, data, size), (ssize_t)size);
}

static uint8_t *make_jpeg(size_t *size)
{
    struct image image = {0};
    uint8_t *jpeg = NULL;
    struct error error = {0};
    ck_assert(image_reserve(&image, 640, 480, 3, &error));
    memset(image.data, 100, (size_t)(image.stride * image.height));
    ck_assert_msg(jpeg_encode(&image, 85, &jpeg, size, &error), "%s", error.message);
    image_free(&image);
    return jpeg;
}

START_TEST(bad_jpegs_are_dropped_with_one_line)
{
    size_t size;
    uint8_t *jpeg = make_jpeg(&size);
    int writer = open_writer("/dev/video12", V4L2_PIX_FMT_MJPEG, 640 * 480);
    write_frame(writer, jpeg, size);
    struct capture_settings settings = defaults;
    settings.source = "/dev/video12";
    settings.format = "jpeg";
    settings.timeout_s = 0.5;
    begin_log();
    struct capture *capture = open_with(&settings);
    const size_t truncated[] = {0, size / 2, size - 1, 20};
    for (int i = 0; i < 12; i++) {
        write_frame(writer, jpeg, size);
        struct frame *frame = next_frame(capture);
        ck_assert_uint_eq(frame->size, size);
        frame_unref(&frame);
        size_t bad = truncated[i % 4];
        write_frame(writer, jpeg, bad);
    }
    expect_lost(capture, 12, "no good frame for 0.5 s");
    capture_close(capture);
    const char *log = end_log();
    ck_assert_msg(count_lines_with(log, "bad frame") == 1, "%s", log);
    close(writer);
    free(jpeg);
}
END_TEST

START_TEST(short_raw_pictures_are_dropped)
{
    const size_t size = 640 * 480 * 2;
    uint8_t *picture = calloc(1, size);
    ck_assert_ptr_nonnull(picture);
    int writer = open_writer("/dev/video13", V4L2_PIX_FMT_YUYV, size);
    write_frame(writer, picture, size);
    struct capture_settings settings = defaults;
    settings.source = "/dev/video13";
    settings.timeout_s = 0.5;
    struct capture *capture = open_with(&settings);
    write_frame(writer, picture, size);
    read_frames(capture, 1);
    write_frame(writer, picture, size - 1);
    expect_lost(capture, 1, "no good frame for 0.5 s: too short");
    capture_close(capture);
    close(writer);
    free(picture);
}
END_TEST

/* --- loss and return -------------------------------------------------------------------------- */

START_TEST(unplugged_and_plugged_in_ten_times)
{
    reset_cameras();
    int descriptors = open_descriptors();
    struct capture *capture = open_source(CAMERA);
    uint64_t last = 0;
    for (int i = 0; i < 10; i++) {
        struct frame *frame = next_frame(capture);
        ck_assert(i == 0 || frame->sequence > last);
        last = frame->sequence;
        frame_unref(&frame);
        run("echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind");
        expect_lost(capture, 8, "unplugged");
        ck_assert_int_eq(mapped_buffers(), 0);
        expect_lost(capture, 0, "no such device");
        run("echo vivid.0 >/sys/bus/platform/drivers/vivid/bind");
        expect_return(capture);
    }
    capture_close(capture);
    ck_assert_int_eq(open_descriptors(), descriptors);
    ck_assert_int_eq(mapped_buffers(), 0);
}
END_TEST

START_TEST(injected_damaged_buffer_is_dropped)
{
    reset_cameras();
    struct capture *capture = open_source(CAMERA);
    read_frames(capture, 2);
    begin_log();
    press("inject_v4l2_buf_flag_error");
    uint64_t skipped = read_frames(capture, 25);
    const char *log = end_log();
    ck_assert_uint_ge(skipped, 1);
    ck_assert_msg(strstr(log, "dropped 1 bad frame (marked as damaged"), "%s", log);
    capture_close(capture);
}
END_TEST

START_TEST(injected_disconnect)
{
    reset_cameras();
    struct capture *capture = open_source(CAMERA);
    read_frames(capture, 2);
    press("disconnect");
    expect_lost(capture, 8, "unplugged");
    expect_return(capture);
    capture_close(capture);
}
END_TEST

START_TEST(injected_fatal_streaming_error)
{
    reset_cameras();
    struct capture *capture = open_source(CAMERA);
    read_frames(capture, 2);
    press("inject_fatal_streaming_error");
    expect_lost(capture, 8, "cannot read from it");
    expect_return(capture);
    capture_close(capture);
}
END_TEST

START_TEST(injected_error_of_giving_a_buffer_back)
{
    reset_cameras();
    struct capture *capture = open_source(CAMERA);
    read_frames(capture, 2);
    press("inject_vidioc_qbuf_error");
    expect_lost(capture, 8, "cannot give a buffer back");
    expect_return(capture);
    capture_close(capture);
}
END_TEST

START_TEST(injected_errors_of_the_start)
{
    reset_cameras();
    press("inject_vidioc_reqbufs_error");
    struct capture *capture = open_source(CAMERA);
    expect_lost(capture, 0, "cannot get its buffers");
    expect_return(capture);
    capture_close(capture);
    press("inject_vidioc_streamon_error");
    capture = open_source(CAMERA);
    expect_lost(capture, 0, "cannot start streaming");
    ck_assert_int_eq(mapped_buffers(), 0);
    expect_return(capture);
    capture_close(capture);
}
END_TEST

START_TEST(frames_that_the_driver_drops_leave_gaps)
{
    reset_cameras();
    struct capture *capture = open_source(CAMERA);
    run("v4l2-ctl -d %s -c percentage_of_dropped_buffers=50", CAMERA);
    ck_assert_uint_gt(read_frames(capture, 20), 0);
    run("v4l2-ctl -d %s -c percentage_of_dropped_buffers=100", CAMERA);
    expect_lost(capture, 8, "delivers no frames");
    run("v4l2-ctl -d %s -c percentage_of_dropped_buffers=0", CAMERA);
    expect_return(capture);
    capture_close(capture);
}
END_TEST

START_TEST(wrapped_driver_counters_go_on)
{
    reset_cameras();
    run("v4l2-ctl -d %s -c wrap_sequence_number=1,wrap_timestamp=1", CAMERA);
    struct capture *capture = open_source(CAMERA);
    ck_assert_uint_lt(read_frames(capture, 150), 100); /* some for a busy host, not 2^32 */
    capture_close(capture);
}
END_TEST

static void *interrupt_soon(void *capture)
{
    usleep(200000);
    capture_interrupt(capture);
    return NULL;
}

START_TEST(a_silent_camera_can_be_interrupted)
{
    reset_cameras();
    struct capture_settings settings = defaults;
    settings.timeout_s = 30;
    struct capture *capture = open_with(&settings);
    run("v4l2-ctl -d %s -c percentage_of_dropped_buffers=100", CAMERA);
    pthread_t thread;
    ck_assert_int_eq(pthread_create(&thread, NULL, interrupt_soon, capture), 0);
    int64_t start_ns = clock_monotonic_ns();
    enum capture_status status = CAPTURE_FRAME;
    while (status == CAPTURE_FRAME) {
        struct frame *frame = NULL;
        status = capture_read(capture, &frame, NULL);
        frame_unref(&frame);
    }
    ck_assert_int_eq(status, CAPTURE_INTERRUPTED);
    ck_assert_int_lt(clock_monotonic_ns() - start_ns, 5 * (int64_t)NS_PER_S); /* a busy machine */
    pthread_join(thread, NULL);
    capture_close(capture);
}
END_TEST

/* --- devices that cannot be used -------------------------------------------------------------- */

START_TEST(a_busy_camera_is_waited_for)
{
    reset_cameras();
    int other = open(CAMERA, O_RDWR); /* a user is an open file, not a process */
    struct v4l2_requestbuffers request = {
        .count = 2, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    ck_assert_int_eq(ioctl(other, VIDIOC_REQBUFS, &request), 0);
    struct capture *capture = open_source(CAMERA);
    expect_lost(capture, 0, "is busy: another program uses the camera");
    close(other);
    expect_return(capture);
    capture_close(capture);
}
END_TEST

START_TEST(a_forbidden_camera_is_waited_for)
{
    enum { NOBODY = 65534 };
    reset_cameras();
    ck_assert_int_eq(chmod(CAMERA, 0600), 0);
    ck_assert_int_eq(seteuid(NOBODY), 0);
    struct capture *capture = open_source(CAMERA);
    expect_lost(capture, 0, "permission denied; add the user to the group video");
    ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(CAMERA, 0666), 0);
    ck_assert_int_eq(seteuid(NOBODY), 0);
    expect_return(capture);
    capture_close(capture);
    ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(a_missing_camera_is_waited_for)
{
    reset_cameras();
    run("echo vivid.0 >/sys/bus/platform/drivers/vivid/unbind");
    struct capture *by_path = open_source(CAMERA);
    struct capture *by_name = open_source("Loop E");
    expect_lost(by_path, 0, "no such device");
    expect_lost(by_name, 0, "no camera is called \"Loop E\"; there is none");
    run("echo vivid.0 >/sys/bus/platform/drivers/vivid/bind");
    expect_return(by_path);
    capture_close(by_path);
    pid_t ffmpeg = feed("/dev/video14", "-pix_fmt yuyv422");
    expect_return(by_name);
    capture_close(by_name);
    stop(ffmpeg);
}
END_TEST

START_TEST(what_is_no_camera_is_refused)
{
    struct capture *output = open_source("/dev/video2");
    expect_lost(output, 0, "is not a capture device");
    capture_close(output);
    struct capture_settings settings = defaults;
    struct error error = {0};
    settings.source = "/dev/null";
    ck_assert_ptr_null(capture_open_backend(&backend_v4l2, &settings, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/dev/null is not a V4L2 device"));
}
END_TEST

/* --- names and controls ----------------------------------------------------------------------- */

START_TEST(cameras_are_found_by_name)
{
    reset_cameras();
    size_t size;
    uint8_t *jpeg = make_jpeg(&size);
    int writer = open_writer("/dev/video15", V4L2_PIX_FMT_MJPEG, 640 * 480);
    write_frame(writer, jpeg, size);

    struct capture *capture = open_source("vivid");
    expect_lost(capture, 0,
                "2 cameras are called \"vivid\": vivid (/dev/video0), vivid (/dev/video1)");
    capture_close(capture);
    capture = open_source("webcam");
    expect_lost(capture, 0, "no camera is called \"webcam\"; there is vivid (/dev/video0)");
    capture_close(capture);
    run("mkdir -p /dev/v4l/by-id; ln -sf ../../video1 /dev/v4l/by-id/usb-Test-video-index0");
    capture = open_source("usb-Test-video-index0");
    ck_assert_ptr_nonnull(strstr(capture_name(capture), "usb-Test-video-index0 (vivid), 640x480"));
    read_frames(capture, 2);
    capture_close(capture);

    struct capture_settings settings = defaults;
    settings.format = "auto";
    settings.source = "loop f";
    capture = open_with(&settings);
    ck_assert_ptr_nonnull(strstr(capture_name(capture), "/dev/video15 (Loop F)"));
    capture_close(capture);
    close(writer);
    free(jpeg);
}
END_TEST

static void expect_control(const char *name, const char *value)
{
    run("test \"$(v4l2-ctl -d %s -C %s)\" = \"%s: %s\"", CAMERA, name, name, value);
}

START_TEST(controls_are_set_by_name)
{
    reset_cameras();
    struct capture_settings settings = defaults;
    settings.controls = "brightness=100, boolean = no, menu=menu item 4, integer_menu=3, "
                        "contrast=999, Integer_32_Bits=-5, bitmask=0x80000000, horizontal_flip=on, "
                        "saturation=lots, no_such_control=1, read_only_integer_32_bits=3";
    begin_log();
    struct capture *capture = open_with(&settings);
    const char *log = end_log();
    read_frames(capture, 2);
    expect_control("brightness", "100");
    expect_control("boolean", "0");
    expect_control("menu", "4 (Menu Item 4)");
    expect_control("integer_menu", "3 (3 0x3)");
    expect_control("contrast", "255");
    expect_control("integer_32_bits", "-5");
    expect_control("bitmask", "-2147483648");
    expect_control("horizontal_flip", "1");
    ck_assert_ptr_nonnull(strstr(log, "contrast=999 is outside 0..255; 255 is taken"));
    ck_assert_ptr_nonnull(strstr(log, "\"lots\" is no value of the control saturation"));
    ck_assert_ptr_nonnull(strstr(log, "no control is called \"no_such_control\"; there are "
                                      "brightness, contrast, saturation"));
    ck_assert_ptr_nonnull(strstr(log, "no control is called \"read_only_integer_32_bits\""));
    capture_close(capture);
}
END_TEST

TEST_MAIN(camera, yuyv_at_the_wanted_size_and_rate, every_raw_format_shows_the_colour_bars,
          auto_takes_the_cheapest_raw_format, what_the_driver_gives_is_taken,
          mjpeg_from_ffmpeg_and_its_pauses, a_camera_without_a_known_format_lists_what_it_has,
          bad_jpegs_are_dropped_with_one_line, short_raw_pictures_are_dropped,
          unplugged_and_plugged_in_ten_times, injected_damaged_buffer_is_dropped,
          injected_disconnect, injected_fatal_streaming_error,
          injected_error_of_giving_a_buffer_back, injected_errors_of_the_start,
          frames_that_the_driver_drops_leave_gaps, wrapped_driver_counters_go_on,
          a_silent_camera_can_be_interrupted, a_busy_camera_is_waited_for,
          a_forbidden_camera_is_waited_for, a_missing_camera_is_waited_for,
          what_is_no_camera_is_refused, cameras_are_found_by_name, controls_are_set_by_name)
