#include "common/clock.h"
#include "tests/capture/films.h"

#include <fcntl.h>
#include <pthread.h>

/* Makes the file this process's standard input. */
static void use_file(const char *path)
{
    int file = open(path, O_RDONLY);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(dup2(file, STDIN_FILENO), STDIN_FILENO);
    close(file);
}

/* Makes a pipe this process's standard input; returns the end to write into. */
static int use_pipe(void)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(dup2(ends[0], STDIN_FILENO), STDIN_FILENO);
    close(ends[0]);
    return ends[1];
}

START_TEST(concatenated_pictures)
{
    use_file(film_make("a.mjpeg", FILM_TEST_PICTURE "-c:v mjpeg"));
    struct played played = play("-");
    ck_assert_int_eq(played.status, CAPTURE_END);
    ck_assert_int_eq(played.frames, 100);
    ck_assert_int_eq(played.formats[99], PIXEL_JPEG);
    ck_assert_int_eq(played.width, 320);
    ck_assert_double_eq_tol(played.times[99], 99 * 0.04, 1e-9);
}
END_TEST

START_TEST(a_multipart_stream_gives_the_same_pictures)
{
    const char *plain = film_make("a.mjpeg", FILM_TEST_PICTURE "-c:v mjpeg");
    const char *parts = film_path("a.parts");
    run("ffmpeg -v error -i '%s' -c copy -f mpjpeg '%s'", plain, parts);
    use_file(plain);
    struct played expected = play("-");
    use_file(parts);
    struct played played = play("-");
    ck_assert_int_eq(played.frames, 100);
    ck_assert_uint_eq(played.hash, expected.hash);
}
END_TEST

static void *write_slowly(void *argument)
{
    int pipe_end = *(int *)argument;
    FILE *file = fopen(film_path("a.mjpeg"), "r");
    uint8_t buffer[3000];
    for (size_t count; (count = fread(buffer, 1, sizeof buffer, file)) > 0;)
        ck_assert_int_eq(write(pipe_end, buffer, count), (ssize_t)count);
    fclose(file);
    close(pipe_end);
    return NULL;
}

START_TEST(a_pipe_loses_nothing)
{
    film_make("a.mjpeg", FILM_TEST_PICTURE "-c:v mjpeg");
    int pipe_end = use_pipe();
    pthread_t thread;
    pthread_create(&thread, NULL, write_slowly, &pipe_end);
    struct played played = play("-");
    pthread_join(thread, NULL);
    ck_assert_int_eq(played.status, CAPTURE_END);
    ck_assert_int_eq(played.frames, 100);
}
END_TEST

START_TEST(it_is_played_once)
{
    use_file(film_make("a.mjpeg", FILM_TEST_PICTURE "-c:v mjpeg"));
    struct played played = play_with((struct capture_settings){.source = "-", .replay_loop = 0});
    ck_assert_int_eq(played.status, CAPTURE_END);
    ck_assert_int_eq(played.frames, 100);
}
END_TEST

START_TEST(damage_costs_pictures_not_the_stream)
{
    const char *path = film_make("a.mjpeg", FILM_TEST_PICTURE "-c:v mjpeg");
    film_damage(path, 10);
    use_file(path);
    log_catch();
    struct played played = play("-");
    ck_assert_int_eq(played.status, CAPTURE_END);
    ck_assert_int_ge(played.frames, 80);
    ck_assert_int_lt(played.frames, 100);
    ck_assert_int_ge(count_text(log_caught(), "damaged pictures skipped"), 1);
}
END_TEST

START_TEST(a_cut_off_end_is_said)
{
    use_file(film_cut("cut.mjpeg", film_make("a.mjpeg", FILM_TEST_PICTURE "-c:v mjpeg"), 0.505));
    log_catch();
    struct played played = play("-");
    ck_assert_int_eq(played.status, CAPTURE_END);
    ck_assert_int_gt(played.frames, 40);
    ck_assert_int_eq(count_text(log_caught(), "in the middle of a picture"), 1);
}
END_TEST

START_TEST(endless_coded_data_is_given_up)
{
    const char *path = film_make("a.mjpeg", FILM_TEST_PICTURE "-frames:v 1 -c:v mjpeg");
    const char *flood = film_path("flood");
    run("(head -c 3000 '%s'; head -c 20M /dev/zero; cat '%s') > '%s'", path, path, flood);
    use_file(flood);
    log_catch();
    struct played played = play("-");
    ck_assert_int_eq(played.status, CAPTURE_END);
    ck_assert_int_eq(played.frames, 1);
    ck_assert_int_eq(count_text(log_caught(), "no end of a picture in 16 MiB"), 1);
}
END_TEST

START_TEST(text_is_refused)
{
    const char *path = film_path("text");
    run("seq 1 100000 > '%s'", path);
    use_file(path);
    struct played played = play("-");
    ck_assert_int_eq(played.status, CAPTURE_FAILED);
    ck_assert_ptr_nonnull(strstr(played.error.message, "without one whole JPEG picture"));
}
END_TEST

static void *interrupt_later(void *capture)
{
    usleep(100 * 1000);
    capture_interrupt(capture);
    return NULL;
}

START_TEST(waiting_can_be_interrupted)
{
    int pipe_end = use_pipe();
    struct capture_settings settings = {.source = "-", .replay_speed = REPLAY_MAX};
    struct error error = {0};
    struct capture *capture = capture_open(&settings, &error);
    pthread_t thread;
    pthread_create(&thread, NULL, interrupt_later, capture);
    int64_t start_ns = clock_monotonic_ns();
    struct frame *frame;
    ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_INTERRUPTED);
    ck_assert_int_lt(clock_monotonic_ns() - start_ns, 5 * (int64_t)NS_PER_S); /* a busy machine */
    pthread_join(thread, NULL);
    capture_close(capture);
    close(pipe_end);
}
END_TEST

START_TEST(silence_is_a_loss)
{
    int pipe_end = use_pipe();
    struct capture_settings settings = {
        .source = "-", .replay_speed = REPLAY_REALTIME, .timeout_s = 0.2};
    struct error error = {0};
    struct capture *capture = capture_open(&settings, &error);
    struct frame *frame;
    ck_assert_int_eq(capture_read(capture, &frame, &error), CAPTURE_LOST);
    ck_assert_ptr_nonnull(strstr(error.message, "nothing came for 0.2 s"));
    capture_close(capture);
    close(pipe_end);
}
END_TEST

/* Reads to the next loss or to the end; adds the pictures that came. */
static enum capture_status read_on(struct capture *capture, int *pictures, double *time_s)
{
    struct error error = {0};
    for (;;) {
        struct frame *frame;
        const enum capture_status status = capture_read(capture, &frame, &error);
        if (status != CAPTURE_FRAME)
            return status;
        ++*pictures;
        ck_assert_double_ge(frame->time_s, *time_s);
        *time_s = frame->time_s;
        frame_unref(&frame);
    }
}

/* With a pause in the middle of a picture. */
START_TEST(after_a_silence_it_is_read_on)
{
    FILE *file = fopen(film_make("a.mjpeg", FILM_TEST_PICTURE "-frames:v 3 -c:v mjpeg"), "r");
    static uint8_t buffer[1 << 16]; /* what a pipe holds */
    const size_t size = fread(buffer, 1, sizeof buffer, file);
    fclose(file);
    int pipe_end = use_pipe(), pictures = 0;
    struct capture_settings settings = {
        .source = "-", .replay_speed = REPLAY_REALTIME, .timeout_s = 0.2, .replay_loop = 1};
    struct error error = {0};
    struct capture *capture = capture_open(&settings, &error);
    double time_s = 0;
    ck_assert_int_eq(write(pipe_end, buffer, size / 2), (ssize_t)(size / 2));
    ck_assert_int_eq(read_on(capture, &pictures, &time_s), CAPTURE_LOST);
    ck_assert_int_eq(pictures, 1);
    ck_assert_int_eq(write(pipe_end, buffer + size / 2, size - size / 2),
                     (ssize_t)(size - size / 2));
    close(pipe_end);
    ck_assert_int_eq(read_on(capture, &pictures, &time_s), CAPTURE_END);
    ck_assert_int_eq(pictures, 3);
    ck_assert_double_ge(time_s, 0.2); /* since the first picture, not since the pause */
    capture_close(capture);
}
END_TEST

FILM_TEST_MAIN(stdin, concatenated_pictures, a_multipart_stream_gives_the_same_pictures,
               a_pipe_loses_nothing, it_is_played_once, damage_costs_pictures_not_the_stream,
               a_cut_off_end_is_said, endless_coded_data_is_given_up, text_is_refused,
               waiting_can_be_interrupted, silence_is_a_loss, after_a_silence_it_is_read_on)
