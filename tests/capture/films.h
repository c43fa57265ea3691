/* films: what the tests of sources share: files that ffmpeg makes, and playing a source to its end.
 */
#ifndef PAWCAM_TESTS_CAPTURE_FILMS_H
#define PAWCAM_TESTS_CAPTURE_FILMS_H

#include "capture/capture.h"
#include "tests/suite.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char films_folder[64]; /* of this test; removed when its process ends */

static inline void films_remove(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", films_folder);
    if (system(command) != 0)
        fprintf(stderr, "cannot remove %s\n", films_folder);
}

/* folder/name, for a file of this test. The string lives until the 16th call after this one. */
static inline const char *film_path(const char *name)
{
    static char paths[16][PATH_MAX];
    static unsigned next;
    if (!films_folder[0]) {
        strcpy(films_folder, "/tmp/pawcam-test-XXXXXX");
        ck_assert_ptr_nonnull(mkdtemp(films_folder));
        atexit(films_remove);
    }
    char *path = paths[next++ % 16];
    snprintf(path, PATH_MAX, "%s/%s", films_folder, name);
    return path;
}

/* Runs a shell command; its output goes to the test's. */
__attribute__((format(printf, 1, 2))) static inline void run(const char *format, ...)
{
    char command[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    ck_assert_msg(system(command) == 0, "failed: %s", command);
}

/* A file made by ffmpeg with these options (input and output ones). */
__attribute__((format(printf, 2, 3))) static inline const char *film_make(const char *name,
                                                                          const char *format, ...)
{
    char options[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(options, sizeof options, format, args);
    va_end(args);
    const char *path = film_path(name);
    run("ffmpeg -v error -nostdin -y %s '%s'", options, path);
    return path;
}

/* 100 frames of a moving test picture. */
#define FILM_TEST_PICTURE "-f lavfi -i testsrc2=size=320x240:rate=25:duration=4 "

/* Keeps the first `share` of a file. */
static inline const char *film_cut(const char *name, const char *from, double share)
{
    const char *path = film_path(name);
    run("cp '%s' '%s'", from, path);
    struct stat info;
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_int_eq(truncate(path, (off_t)((double)info.st_size * share)), 0);
    return path;
}

/* Writes random bytes over `count` places in the middle half of a file; the same in every run. */
static inline void film_damage(const char *path, int count)
{
    FILE *file = fopen(path, "r+b");
    ck_assert_ptr_nonnull(file);
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    srand(1);
    for (int i = 0; i < count; i++) {
        fseek(file, size / 4 + rand() % (size / 2), SEEK_SET);
        for (int byte = 0; byte < 200; byte++)
            fputc(rand() & 0xFF, file);
    }
    fclose(file);
}

/* How many frames ffprobe counts. */
static inline int film_count(const char *path)
{
    char command[PATH_MAX + 160];
    snprintf(command, sizeof command,
             "ffprobe -v quiet -count_frames -select_streams v:0 -show_entries "
             "stream=nb_read_frames -of default=nokey=1:noprint_wrappers=1 '%s'",
             path);
    FILE *probe = popen(command, "r");
    ck_assert_ptr_nonnull(probe);
    int count = -1;
    ck_assert_int_eq(fscanf(probe, "%d", &count), 1);
    pclose(probe);
    return count;
}

/* What playing a source gave. */
struct played {
    enum capture_status status; /* that ended it */
    struct error error;         /* CAPTURE_LOST, CAPTURE_FAILED, or the source did not open */
    int frames;
    double times[1024]; /* of the first frames */
    enum pixel_format formats[1024];
    int width, height; /* of the last frame */
    uint64_t hash;     /* of all bytes of all frames */
    char name[256];
};

static inline void played_add(struct played *played, const struct frame *frame)
{
    if (played->frames < 1024) {
        played->times[played->frames] = frame->time_s;
        played->formats[played->frames] = frame->format;
    }
    ck_assert_uint_eq(frame->sequence, (unsigned)played->frames);
    ck_assert_int_gt(frame->captured_ns, 0);
    played->frames++;
    played->width = frame->width;
    played->height = frame->height;
    for (size_t i = 0; i < frame->size; i++)
        played->hash = (played->hash ^ frame->data[i]) * 0x100000001B3u;
}

/* Plays as fast as it can, with all else of the settings as given. */
static inline struct played play_with(struct capture_settings settings)
{
    struct played played = {.status = CAPTURE_FAILED, .hash = 0xCBF29CE484222325u};
    settings.replay_speed = REPLAY_MAX;
    struct capture *capture = capture_open(&settings, &played.error);
    if (!capture)
        return played;
    struct frame *frame;
    while ((played.status = capture_read(capture, &frame, &played.error)) == CAPTURE_FRAME) {
        played_add(&played, frame);
        frame_unref(&frame);
    }
    snprintf(played.name, sizeof played.name, "%s", capture_name(capture));
    capture_close(capture);
    return played;
}

static inline struct played play(const char *source)
{
    return play_with((struct capture_settings){.source = source, .replay_loop = 1, .timeout_s = 5});
}

/* Everything that the code under test logs, as a string; valid until the next call. Call
 * log_catch first. */
static inline void log_catch(void)
{
    ck_assert_ptr_nonnull(freopen(film_path("log"), "w", stderr));
}

static inline const char *log_caught(void)
{
    static char text[8192];
    FILE *file = fopen(film_path("log"), "r");
    ck_assert_ptr_nonnull(file);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

static inline int count_text(const char *text, const char *wanted)
{
    int count = 0;
    for (; (text = strstr(text, wanted)); text++)
        count++;
    return count;
}

/* The main of a test program that needs ffmpeg. */
#define FILM_TEST_MAIN(name, ...)                                                                  \
    int main(void)                                                                                 \
    {                                                                                              \
        if (system("command -v ffmpeg ffprobe >/dev/null") != 0) {                                 \
            puts("skipped: ffmpeg and ffprobe are needed to make the videos");                     \
            return TEST_SKIPPED;                                                                   \
        }                                                                                          \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return suite_run(#name, tests, sizeof tests / sizeof *tests, 120);                         \
    }

#endif
