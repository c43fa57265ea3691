#include "common/clock.h"
#include "tests/capture/films.h"
#include "vision/vision.h"

#include <math.h>
#include <pthread.h>

/* --- every frame, once, in order -------------------------------------------------------------- */

static void check_whole(const char *path, enum pixel_format format)
{
    struct played played = play(path);
    ck_assert_msg(played.status == CAPTURE_END, "%s: %s", path, played.error.message);
    ck_assert_int_eq(played.frames, 100);
    ck_assert_int_eq(film_count(path), 100);
    for (int i = 0; i < 100; i++) {
        ck_assert_double_eq_tol(played.times[i], i * 0.04, 1e-3);
        ck_assert_int_eq(played.formats[i], format);
    }
}

START_TEST(every_container_gives_every_frame)
{
    const char *const h264[] = {"a.mp4", "a.mkv", "a.ts", "a.mov", "a.flv"};
    for (size_t i = 0; i < sizeof h264 / sizeof *h264; i++)
        check_whole(film_make(h264[i], FILM_TEST_PICTURE
                              "-c:v libx264 -preset ultrafast -bf 3 -pix_fmt yuv420p"),
                    PIXEL_YU12);
    check_whole(
        film_make("a.webm", FILM_TEST_PICTURE "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"),
        PIXEL_YU12);
    check_whole(film_make("a.avi", FILM_TEST_PICTURE "-c:v mpeg4 -bf 2"), PIXEL_YU12);
    check_whole(film_make("a.gif", FILM_TEST_PICTURE), PIXEL_BGR24);
}
END_TEST

START_TEST(a_stream_without_timestamps_is_timed_by_its_rate)
{
    check_whole(film_make("raw.h264", FILM_TEST_PICTURE
                          "-c:v libx264 -preset ultrafast -bf 2 -pix_fmt yuv420p"),
                PIXEL_YU12);
}
END_TEST

START_TEST(mjpeg_is_handed_on_undecoded)
{
    check_whole(film_make("m.avi", FILM_TEST_PICTURE "-c:v mjpeg"), PIXEL_JPEG);
    check_whole(film_make("m.mp4", FILM_TEST_PICTURE "-c:v mjpeg"), PIXEL_JPEG);
    check_whole(film_make("m.mjpeg", FILM_TEST_PICTURE "-c:v mjpeg"), PIXEL_JPEG);
}
END_TEST

START_TEST(two_runs_give_the_same_bytes)
{
    const char *path =
        film_make("a.mp4", FILM_TEST_PICTURE "-c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    struct played first = play(path), second = play(path);
    ck_assert_int_eq(first.frames, 100);
    ck_assert_uint_eq(first.hash, second.hash);
}
END_TEST

START_TEST(a_file_url_is_the_recording)
{
    const char *path =
        film_make("a.mp4", FILM_TEST_PICTURE "-c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    char url[512];
    snprintf(url, sizeof url, "file://%s", path);
    struct played first = play(path), second = play(url);
    ck_assert_msg(second.status == CAPTURE_END, "%s", second.error.message);
    ck_assert_int_eq(second.frames, 100);
    ck_assert_uint_eq(first.hash, second.hash);
}
END_TEST

START_TEST(a_loop_gives_every_frame_again)
{
    const char *path =
        film_make("a.mp4", FILM_TEST_PICTURE "-c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    struct played once = play(path);
    struct played thrice = play_with((struct capture_settings){.source = path, .replay_loop = 3});
    ck_assert_int_eq(once.frames, 100);
    ck_assert_int_eq(thrice.frames, 300);
    ck_assert_double_eq_tol(thrice.times[100], 0, 1e-9);
}
END_TEST

START_TEST(uneven_frames_keep_their_times)
{
    const char *path =
        film_make("vfr.mkv", FILM_TEST_PICTURE "-vf \"select='not(mod(n,2))+not(mod(n,3))'\" "
                                               "-fps_mode vfr -c:v libx264 -preset ultrafast");
    struct played played = play(path);
    ck_assert_int_eq(played.frames, film_count(path));
    const double expected[] = {0, 0.08, 0.12, 0.16, 0.24, 0.32, 0.36};
    for (int i = 0; i < 7; i++)
        ck_assert_double_eq_tol(played.times[i], expected[i], 2e-3);
}
END_TEST

START_TEST(joined_recordings_have_growing_times)
{
    const char *part =
        film_make("part.ts", FILM_TEST_PICTURE "-c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    const char *joined = film_path("joined.ts");
    run("cat '%s' '%s' > '%s'", part, part, joined);
    struct played played = play(joined);
    ck_assert_int_eq(played.frames, 200);
    for (int i = 1; i < 200; i++)
        ck_assert_double_eq_tol(played.times[i] - played.times[i - 1], 0.04, 1e-3);
}
END_TEST

START_TEST(size_may_change_in_the_middle)
{
    const char *small = film_make("small.ts", FILM_TEST_PICTURE
                                  "-frames:v 10 -c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    const char *large =
        film_make("large.ts", FILM_TEST_PICTURE
                  "-frames:v 10 -vf scale=640:480 -c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    const char *joined = film_path("sizes.ts");
    run("cat '%s' '%s' > '%s'", small, large, joined);
    struct played played = play(joined);
    ck_assert_int_eq(played.frames, 20);
    ck_assert_int_eq(played.width, 640);
    ck_assert_int_eq(played.height, 480);
}
END_TEST

/* --- colours and geometry --------------------------------------------------------------------- */

/* The first frame of a recording as BGR. */
static struct image first_picture(const char *path, enum pixel_format *format)
{
    struct capture_settings settings = {.source = path, .replay_speed = REPLAY_MAX};
    struct error error = {0};
    struct capture *capture = capture_open(&settings, &error);
    ck_assert_msg(capture != NULL, "%s", error.message);
    struct frame *frame;
    ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_FRAME);
    struct image bgr = {0};
    ck_assert_msg(vision_frame_to_bgr(frame, 0, &bgr, &error), "%s", error.message);
    *format = frame->format;
    frame_unref(&frame);
    capture_close(capture);
    return bgr;
}

static void check_pixel(const struct image *bgr, int x, int y, int b, int g, int r)
{
    const uint8_t *pixel = bgr->data + y * bgr->stride + 3 * x;
    ck_assert_msg(abs(pixel[0] - b) <= 6 && abs(pixel[1] - g) <= 6 && abs(pixel[2] - r) <= 6,
                  "at %d, %d: %d %d %d instead of %d %d %d", x, y, pixel[0], pixel[1], pixel[2], b,
                  g, r);
}

/* Left half 0x30A0E0 (red 48, green 160, blue 224), right half 0xC02040. */
#define FILM_TWO_COLOURS                                                                           \
    "-f lavfi -i color=0x30A0E0:size=64x48:rate=5:duration=1 -f lavfi -i "                         \
    "color=0xC02040:size=64x48:rate=5:duration=1 "

static void check_colours(const char *filter, const char *output, enum pixel_format expected)
{
    const char *path =
        film_make("colours.mp4",
                  FILM_TWO_COLOURS "-filter_complex "
                                   "\"[0]format=gbrp[a];[1]format=gbrp[b];[a][b]"
                                   "hstack,%s\" -c:v libx264 -preset ultrafast -qp 1 %s",
                  filter, output);
    enum pixel_format format;
    struct image bgr = first_picture(path, &format);
    ck_assert_int_eq(format, expected);
    ck_assert_int_eq(bgr.width, 128);
    check_pixel(&bgr, 20, 20, 0xE0, 0xA0, 0x30);
    check_pixel(&bgr, 100, 40, 0x40, 0x20, 0xC0);
    image_free(&bgr);
}

START_TEST(colours_are_right_whatever_matrix_and_range)
{
    check_colours("scale=out_color_matrix=bt601:out_range=tv,format=yuv420p", "", PIXEL_YU12);
    check_colours("scale=out_color_matrix=bt601:out_range=tv,format=yuv420p",
                  "-colorspace smpte170m -color_range tv", PIXEL_YU12);
    check_colours("scale=out_color_matrix=bt709:out_range=tv,format=yuv420p",
                  "-colorspace bt709 -color_range tv", PIXEL_BGR24);
    check_colours("scale=out_color_matrix=bt601:out_range=pc,format=yuv420p",
                  "-colorspace smpte170m -color_range pc", PIXEL_BGR24);
    check_colours("scale=out_color_matrix=bt709:out_range=pc,format=yuv444p",
                  "-colorspace bt709 -color_range pc", PIXEL_BGR24);
    check_colours("format=gbrp", "-c:v libx264rgb -pix_fmt rgb24", PIXEL_BGR24);
}
END_TEST

/* The first frame as ffmpeg shows it, which turns pictures upright by itself. */
static void check_like_ffmpeg(const char *path, int width, int height)
{
    const char *raw =
        film_make("upright.bgr", "-i '%s' -frames:v 1 -f rawvideo -pix_fmt bgr24", path);
    FILE *file = fopen(raw, "r");
    uint8_t expected[64 * 64 * 3];
    ck_assert_uint_eq(fread(expected, 1, sizeof expected, file), (size_t)(3 * width * height));
    fclose(file);
    enum pixel_format format;
    struct image bgr = first_picture(path, &format);
    ck_assert_int_eq(bgr.width, width);
    ck_assert_int_eq(bgr.height, height);
    for (int y = 4; y < height; y += 8)
        for (int x = 4; x < width; x += 8) {
            const uint8_t *pixel = expected + 3 * (y * width + x);
            check_pixel(&bgr, x, y, pixel[0], pixel[1], pixel[2]);
        }
    image_free(&bgr);
}

/* Each quarter of the picture has a colour of its own. */
#define QUARTERS                                                                                   \
    "-f lavfi -i color=black:size=64x48:rate=5:duration=1 -vf "                                    \
    "drawbox=x=0:y=0:w=32:h=24:c=red:t=fill,drawbox=x=32:y=0:w=32:h=24:c=lime:t=fill,"             \
    "drawbox=x=32:y=24:w=32:h=24:c=blue:t=fill -c:v libx264 -preset ultrafast -qp 1 "              \
    "-pix_fmt yuv420p"

START_TEST(a_turned_camera_gives_upright_pictures)
{
    const char *upright = film_make("upright.mp4", QUARTERS);
    check_like_ffmpeg(upright, 64, 48);
    for (int degrees = 90; degrees < 360; degrees += 90) {
        const char *turned =
            film_make("turned.mp4", "-i '%s' -c copy -metadata:s:v rotate=%d", upright, degrees);
        if (degrees == 180)
            check_like_ffmpeg(turned, 64, 48);
        else
            check_like_ffmpeg(turned, 48, 64);
    }
}
END_TEST

/* Writes a, b, c, d of the matrix of the first track (ISO 14496-12, 8.3.2: tkhd, version 0). */
static void set_matrix(const char *path, const int matrix[4])
{
    static const int places[] = {0, 1, 3, 4};
    static uint8_t bytes[1 << 16];
    FILE *file = fopen(path, "r+");
    const size_t size = fread(bytes, 1, sizeof bytes, file);
    const uint8_t *box = memmem(bytes, size, "tkhd", 4);
    ck_assert(box && size < sizeof bytes);
    for (int i = 0; i < 4; i++) {
        const uint32_t number = (uint32_t)matrix[i] * 65536;
        const uint8_t fixed[] = {(uint8_t)(number >> 24), (uint8_t)(number >> 16),
                                 (uint8_t)(number >> 8), (uint8_t)number};
        fseek(file, box - bytes + 44 + 4 * places[i], SEEK_SET);
        fwrite(fixed, 1, sizeof fixed, file);
    }
    ck_assert_int_eq(fclose(file), 0);
}

/* What is mirrored is shown upright, though not mirrored. */
START_TEST(a_mirrored_recording_is_upright)
{
    static const uint8_t red[] = {0, 0, 255}, lime[] = {0, 255, 0}, blue[] = {255, 0, 0},
                         black[] = {0, 0, 0};
    static const struct {
        int matrix[4];
        int width, height;
        const uint8_t *corners[4]; /* upper left and right, lower left and right */
    } cases[] = {
        {{-1, 0, 0, 1}, 64, 48, {red, lime, black, blue}},
        {{1, 0, 0, -1}, 64, 48, {blue, black, lime, red}},
        {{0, 1, 1, 0}, 48, 64, {black, red, blue, lime}},
        {{0, -1, -1, 0}, 48, 64, {lime, blue, red, black}},
    };
    const char *path = film_make("mirrored.mp4", QUARTERS);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum pixel_format format;
        set_matrix(path, cases[i].matrix);
        struct image bgr = first_picture(path, &format);
        ck_assert_int_eq(bgr.width, cases[i].width);
        ck_assert_int_eq(bgr.height, cases[i].height);
        for (int corner = 0; corner < 4; corner++) {
            const uint8_t *colour = cases[i].corners[corner];
            check_pixel(&bgr, corner % 2 ? bgr.width - 8 : 8, corner / 2 ? bgr.height - 8 : 8,
                        colour[0], colour[1], colour[2]);
        }
        image_free(&bgr);
    }
}
END_TEST

START_TEST(odd_sizes_work)
{
    const char *path = film_make(
        "odd.mkv",
        "-f lavfi -i color=0x30A0E0:size=64x48:rate=5:duration=1 -vf format=gbrp,crop=63:47 "
        "-c:v libx264 -preset ultrafast -qp 1 -pix_fmt yuv444p");
    enum pixel_format format;
    struct image bgr = first_picture(path, &format);
    ck_assert_int_eq(bgr.width, 63);
    ck_assert_int_eq(bgr.height, 47);
    check_pixel(&bgr, 62, 46, 0xE0, 0xA0, 0x30);
    image_free(&bgr);
}
END_TEST

/* --- damage ----------------------------------------------------------------------------------- */

START_TEST(a_truncated_recording_is_played_and_said_to_be_one)
{
    const char *const names[] = {"whole.mkv", "whole.mp4", "whole.avi"};
    const char *const codecs[] = {"libx264 -preset ultrafast",
                                  "libx264 -preset ultrafast -movflags faststart", "mpeg4"};
    for (int i = 0; i < 3; i++) {
        log_catch();
        const char *whole =
            film_make(names[i], FILM_TEST_PICTURE "-pix_fmt yuv420p -c:v %s", codecs[i]);
        const char *cut = film_cut(names[i] + 2, whole, 0.5);
        struct played played =
            play_with((struct capture_settings){.source = cut, .replay_loop = 2});
        ck_assert_int_eq(played.status, CAPTURE_END);
        ck_assert_int_gt(played.frames, 10);
        ck_assert_int_eq(played.frames, 2 * film_count(cut));
        ck_assert_int_eq(count_text(log_caught(), "truncated"), 1);
    }
}
END_TEST

START_TEST(a_whole_recording_is_not_said_to_be_damaged)
{
    const char *path =
        film_make("a.mp4", FILM_TEST_PICTURE "-f lavfi -i sine=duration=9 "
                                             "-c:v libx264 -preset ultrafast -pix_fmt yuv420p");
    log_catch();
    ck_assert_int_eq(play(path).frames, 100);
    ck_assert_int_eq(count_text(log_caught(), "warning"), 0);
}
END_TEST

START_TEST(garbage_in_the_middle_is_skipped_and_counted)
{
    const char *const names[] = {"a.mkv", "a.mp4", "a.ts", "a.avi"};
    for (int i = 0; i < 4; i++) {
        const char *path = film_make(names[i], FILM_TEST_PICTURE "-g 10 -bf 0 -c:v %s",
                                     i == 3 ? "mjpeg" : "mpeg2video");
        film_damage(path, 12);
        log_catch();
        struct played played = play(path);
        ck_assert_int_eq(played.status, CAPTURE_END);
        ck_assert_int_eq(played.frames, film_count(path));
        ck_assert_int_gt(played.frames, 50);
        ck_assert_msg(i == 3 || count_text(log_caught(), "damaged; pictures skipped") == 1,
                      "%s: %s", names[i], log_caught());
    }
}
END_TEST

static void check_refused(const char *path, const char *why)
{
    struct played played = play(path);
    ck_assert_int_eq(played.status, CAPTURE_FAILED);
    ck_assert_int_eq(played.error.code, EXIT_CODE_RUNTIME);
    ck_assert_int_eq(played.frames, 0);
    ck_assert_msg(strstr(played.error.message, path) && strstr(played.error.message, why), "%s",
                  played.error.message);
}

START_TEST(what_is_no_video_is_refused_in_one_line)
{
    const char *text = film_path("text.mp4");
    run("seq 1 20000 > '%s'", text);
    check_refused(text, "not a video");
    const char *art = film_path("art.txt");
    run("seq 1 100000 > '%s'", art);
    check_refused(art, "there is no video in it");
    const char *empty = film_path("empty.mkv");
    run(": > '%s'", empty);
    check_refused(empty, "not a video");
    check_refused(film_make("sound.mp4", "-f lavfi -i sine=duration=1"), "there is no video in it");
    check_refused(film_path("missing.mp4"), "No such file");
    const char *whole = film_make("a.mp4", FILM_TEST_PICTURE "-c:v libx264 -preset ultrafast");
    check_refused(film_cut("no-index.mp4", whole, 0.5), "moov atom not found");
    const char *pipe = film_path("pipe.mp4");
    run("mkfifo '%s'", pipe);
    check_refused(pipe, "not a file");
}
END_TEST

/* --- streams ---------------------------------------------------------------------------------- */

/* ffmpeg as an HTTP server for one client; port 0 of a listening socket would not tell its number,
 * so one is derived from the process's. */
static int server_port(void)
{
    return 20000 + getpid() % 20000;
}

/* Returns when it listens. To try it by connecting would be its one client. */
static void start_server(const char *input, const char *output)
{
    run("(ffmpeg -v quiet -nostdin %s %s -listen 1 http://127.0.0.1:%d/live >/dev/null 2>&1 & "
        "echo $! > '%s')",
        input, output, server_port(), film_path("server.pid"));
    run("for i in $(seq 400); do grep -q ':%04X 00000000:0000 0A ' /proc/net/tcp && exit; "
        "sleep 0.05; done; exit 1",
        (unsigned)server_port());
}

static void stop_server(void)
{
    run("kill $(cat '%s') 2>/dev/null || true", film_path("server.pid"));
}

static struct capture *open_stream(const char *url, double timeout_s)
{
    struct capture_settings settings = {
        .source = url, .timeout_s = timeout_s, .replay_speed = REPLAY_REALTIME};
    struct error error = {0};
    struct capture *capture = capture_open(&settings, &error);
    ck_assert_msg(capture != NULL, "%s", error.message);
    return capture;
}

/* Reads until a frame comes (counting losses), at most for the given time. */
static struct frame *await_frame(struct capture *capture, double limit_s, struct error *error)
{
    int64_t end_ns = clock_monotonic_ns() + clock_ns_from_seconds(limit_s);
    struct frame *frame = NULL;
    while (clock_monotonic_ns() < end_ns)
        if (capture_read(capture, &frame, error) == CAPTURE_FRAME)
            return frame;
    return NULL;
}

START_TEST(an_http_stream_is_live_and_comes_back_after_a_loss)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/live", server_port());
    start_server("-re " FILM_TEST_PICTURE, "-frames:v 30 -c:v mjpeg -f mpjpeg");
    struct capture *capture = open_stream(url, 5);
    ck_assert(!capture_is_recording(capture));
    struct error error = {0};
    struct frame *frame = NULL;
    enum capture_status status;
    int frames = 0;
    while ((status = capture_read(capture, &frame, &error)) == CAPTURE_FRAME) {
        ck_assert_int_eq(frame->format, PIXEL_JPEG);
        ck_assert_uint_eq(frame->sequence, (unsigned)frames++);
        ck_assert_double_eq_tol(frame->time_s, clock_wall_s(), 0.5);
        frame_unref(&frame);
    }
    ck_assert_int_eq(status, CAPTURE_LOST);
    ck_assert_int_ge(frames, 29); /* ffmpeg's mpjpeg demuxer drops a last part without boundary */
    start_server("-re " FILM_TEST_PICTURE, "-c:v mjpeg -f mpjpeg");
    frame = await_frame(capture, 10, &error);
    ck_assert_msg(frame != NULL, "%s", error.message);
    ck_assert_uint_ge(frame->sequence, (unsigned)frames);
    frame_unref(&frame);
    capture_close(capture);
    stop_server();
}
END_TEST

START_TEST(an_ending_stream_gives_what_the_decoder_still_holds)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/live", server_port());
    start_server(FILM_TEST_PICTURE,
                 "-c:v libx264 -preset ultrafast -bf 3 -pix_fmt yuv420p -f matroska");
    struct played played = play_with((struct capture_settings){.source = url, .timeout_s = 5});
    ck_assert_int_eq(played.status, CAPTURE_LOST);
    ck_assert_int_eq(played.frames, 100);
    stop_server();
}
END_TEST

START_TEST(nobody_at_the_address_is_a_loss_without_the_password)
{
    char url[96];
    snprintf(url, sizeof url, "http://user:secret@127.0.0.1:%d/live?key=hidden", server_port());
    struct capture *capture = open_stream(url, 5);
    struct frame *frame;
    struct error error = {0};
    ck_assert_ptr_nonnull(strstr(capture_name(capture), "http://127.0.0.1:"));
    ck_assert_ptr_null(strstr(capture_name(capture), "secret"));
    ck_assert_ptr_null(strstr(capture_name(capture), "hidden"));
    ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_LOST);
    ck_assert_ptr_nonnull(strstr(error.message, "Connection refused"));
    ck_assert_ptr_nonnull(strstr(error.message, "http://127.0.0.1:"));
    ck_assert_ptr_null(strstr(error.message, "secret"));
    ck_assert_ptr_null(strstr(error.message, "hidden"));
    capture_close(capture);
}
END_TEST

START_TEST(an_unknown_protocol_can_never_work)
{
    struct played played = play("smoke://signals");
    ck_assert_int_eq(played.status, CAPTURE_FAILED);
    ck_assert_ptr_nonnull(strstr(played.error.message, "Protocol not found"));
}
END_TEST

/* A port that accepts connections and never says anything. */
static void start_silence(void)
{
    run("(/usr/bin/python3 -c 'import socket, time; s = socket.create_server((\"127.0.0.1\", %d)); "
        "time.sleep(20)' & echo $! > '%s'); sleep 0.5",
        server_port(), film_path("server.pid"));
}

START_TEST(a_silent_stream_is_lost_in_time)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/live", server_port());
    start_silence();
    int64_t start_ns = clock_monotonic_ns();
    struct capture *capture = open_stream(url, 0.5);
    struct frame *frame;
    struct error error = {0};
    ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_LOST);
    ck_assert_ptr_nonnull(strstr(error.message, "nothing came for 0.5 s"));
    ck_assert_int_lt(clock_monotonic_ns() - start_ns, 3 * (int64_t)NS_PER_S);
    capture_close(capture);
    stop_server();
}
END_TEST

static void *interrupt_later(void *capture)
{
    usleep(300 * 1000);
    capture_interrupt(capture);
    return NULL;
}

START_TEST(waiting_for_a_stream_can_be_interrupted)
{
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d/live", server_port());
    start_server("-re " FILM_TEST_PICTURE, "-frames:v 5 -c:v mjpeg -f mpjpeg");
    struct capture *capture = open_stream(url, 30);
    stop_server();
    start_silence();
    pthread_t thread;
    pthread_create(&thread, NULL, interrupt_later, capture);
    int64_t start_ns = clock_monotonic_ns();
    struct frame *frame;
    struct error error = {0};
    enum capture_status status;
    while ((status = capture_read(capture, &frame, &error)) != CAPTURE_INTERRUPTED)
        if (status == CAPTURE_FRAME)
            frame_unref(&frame);
    ck_assert_int_lt(clock_monotonic_ns() - start_ns, 3 * (int64_t)NS_PER_S);
    pthread_join(thread, NULL);
    capture_close(capture);
    stop_server();
}
END_TEST

FILM_TEST_MAIN(
    video, every_container_gives_every_frame, a_stream_without_timestamps_is_timed_by_its_rate,
    mjpeg_is_handed_on_undecoded, two_runs_give_the_same_bytes, a_file_url_is_the_recording,
    a_loop_gives_every_frame_again, uneven_frames_keep_their_times,
    joined_recordings_have_growing_times, size_may_change_in_the_middle,
    colours_are_right_whatever_matrix_and_range, a_turned_camera_gives_upright_pictures,
    a_mirrored_recording_is_upright, odd_sizes_work,
    a_truncated_recording_is_played_and_said_to_be_one, a_whole_recording_is_not_said_to_be_damaged,
    garbage_in_the_middle_is_skipped_and_counted, what_is_no_video_is_refused_in_one_line,
    an_http_stream_is_live_and_comes_back_after_a_loss,
    an_ending_stream_gives_what_the_decoder_still_holds,
    nobody_at_the_address_is_a_loss_without_the_password, an_unknown_protocol_can_never_work,
    a_silent_stream_is_lost_in_time, waiting_for_a_stream_can_be_interrupted)
