#include "daemon/predictions.h"

#include "tests/suite.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *const classes[] = {"cat", "dog"};
static const struct prediction example = {
    .frame = 7,
    .time_s = 0.28,
    .latency_ms = -1,
    .label = "cat",
    .score = 0.93,
    .class_count = 2,
    .classes = classes,
    .scores = {0.93, 0.07},
};
static const char example_line[] =
    "{\"frame\":7,\"time\":0.28,\"label\":\"cat\",\"score\":0.93,\"scores\":{\"cat\":0.93,"
    "\"dog\":0.07}}\n";

static void write_examples(const char *path, int count)
{
    struct error error;
    struct predictions *predictions = predictions_open(path, &error);
    ck_assert_msg(predictions != NULL, "%s", error.message);
    for (int i = 0; i < count; i++)
        ck_assert(predictions_write(predictions, &example, &error));
    ck_assert(predictions_close(predictions, &error));
}

static void assert_content(const char *path, const char *wanted)
{
    char content[1024] = "";
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_lt(fread(content, 1, sizeof content - 1, file), sizeof content - 1);
    fclose(file);
    ck_assert_str_eq(content, wanted);
}

START_TEST(file_is_appended_to)
{
    char path[] = "/tmp/pawcam-predictions-XXXXXX";
    close(mkstemp(path));
    write_examples(path, 1);
    write_examples(path, 1);
    char wanted[2 * sizeof example_line];
    snprintf(wanted, sizeof wanted, "%s%s", example_line, example_line);
    assert_content(path, wanted);
    unlink(path);
}
END_TEST

START_TEST(half_a_line_is_ended_before_the_next)
{
    char path[] = "/tmp/pawcam-predictions-XXXXXX";
    static const char half[] = "{\"frame\":6,\"ti";
    int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, half, sizeof half - 1), sizeof half - 1);
    close(fd);
    write_examples(path, 1);
    char wanted[sizeof half + sizeof example_line];
    snprintf(wanted, sizeof wanted, "%s\n%s", half, example_line);
    assert_content(path, wanted);
    unlink(path);
}
END_TEST

START_TEST(full_disk_is_an_error_that_names_the_file)
{
    struct error error;
    struct predictions *predictions = predictions_open("/dev/full", &error);
    ck_assert_ptr_nonnull(predictions);
    ck_assert(!predictions_write(predictions, &example, &error));
    ck_assert_str_eq(error.message,
                     "cannot write predictions to /dev/full: No space left on device");
    ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
    predictions_close(predictions, NULL);
}
END_TEST

START_TEST(line_that_does_not_fit_is_taken_back)
{
    char path[] = "/tmp/pawcam-predictions-XXXXXX";
    const struct rlimit limit = {sizeof example_line + 10, RLIM_INFINITY};
    struct error error;
    close(mkstemp(path));
    signal(SIGXFSZ, SIG_IGN);
    struct predictions *predictions = predictions_open(path, &error);
    ck_assert_ptr_nonnull(predictions);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert(predictions_write(predictions, &example, &error));
    bool written = predictions_write(predictions, &example, &error);
    setrlimit(RLIMIT_FSIZE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY});
    ck_assert(!written);
    ck_assert_msg(strstr(error.message, "File too large") != NULL, "%s", error.message);
    predictions_close(predictions, NULL);
    assert_content(path, example_line);
    unlink(path);
}
END_TEST

START_TEST(path_that_cannot_be_opened_is_an_error)
{
    struct error error;
    ck_assert_ptr_null(predictions_open("/nowhere/predictions", &error));
    ck_assert_str_eq(error.message,
                     "cannot write predictions to /nowhere/predictions: No such file or directory");
}
END_TEST

START_TEST(pipe_without_reader_is_an_error_at_once)
{
    char folder[] = "/tmp/pawcam-predictions-XXXXXX", path[64];
    struct error error;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/pipe", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    alarm(10);
    ck_assert_ptr_null(predictions_open(path, &error));
    ck_assert_msg(strstr(error.message, "nobody reads that pipe") != NULL, "%s", error.message);
    unlink(path);
    rmdir(folder);
}
END_TEST

/* Runs `test` with a pipe in the place of standard output. */
static void with_pipe(void (*test)(struct predictions *predictions, int reader))
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    int kept = dup(STDOUT_FILENO);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    struct error error;
    struct predictions *predictions = predictions_open("-", &error);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    ck_assert_msg(predictions != NULL, "%s", error.message);
    test(predictions, ends[0]);
    predictions_close(predictions, NULL);
}

static void read_at_once(struct predictions *predictions, int reader)
{
    char line[sizeof example_line] = "";
    ck_assert(predictions_write(predictions, &example, NULL));
    ck_assert_int_eq(read(reader, line, sizeof line), sizeof example_line - 1);
    ck_assert_str_eq(line, example_line);
    close(reader);
}

START_TEST(line_is_there_at_once)
{
    with_pipe(read_at_once);
}
END_TEST

static void close_reader(struct predictions *predictions, int reader)
{
    struct error error;
    close(reader);
    ck_assert(!predictions_write(predictions, &example, &error));
    ck_assert_str_eq(error.message, "cannot write predictions to standard output: Broken pipe");
}

START_TEST(reader_that_left_is_an_error)
{
    signal(SIGPIPE, SIG_IGN);
    with_pipe(close_reader);
}
END_TEST

static void *interrupt_soon(void *predictions)
{
    usleep(50000);
    predictions_interrupt(predictions);
    return NULL;
}

static void fill_and_interrupt(struct predictions *predictions, int reader)
{
    struct error error;
    pthread_t interrupter;
    pthread_create(&interrupter, NULL, interrupt_soon, predictions);
    while (predictions_write(predictions, &example, &error))
        continue; /* until the pipe is full and the interrupt comes */
    pthread_join(interrupter, NULL);
    ck_assert_ptr_nonnull(strstr(error.message, "was not reading"));
    close(reader);
}

START_TEST(reader_that_stalls_can_be_interrupted)
{
    with_pipe(fill_and_interrupt);
}
END_TEST

TEST_MAIN(predictions, file_is_appended_to, half_a_line_is_ended_before_the_next,
          full_disk_is_an_error_that_names_the_file, line_that_does_not_fit_is_taken_back,
          path_that_cannot_be_opened_is_an_error, pipe_without_reader_is_an_error_at_once,
          line_is_there_at_once, reader_that_left_is_an_error,
          reader_that_stalls_can_be_interrupted)
