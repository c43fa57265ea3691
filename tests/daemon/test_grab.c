#include "daemon/grab.h"

#include "capture/backend.h"
#include "common/log.h"
#include "tests/suite.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* A source that does what `script` says, letter by letter: f a frame, l a loss, x a failure; it
 * ends with the script. */
static const char *script;

static void *script_open(const struct capture_settings *settings, int interrupt_fd,
                         enum capture_status *status, struct error *error)
{
    (void)settings, (void)interrupt_fd, (void)error;
    *status = CAPTURE_FRAME;
    return &script;
}

static enum capture_status script_read(void *self, struct frame **frame, struct error *error)
{
    (void)self;
    switch (*script ? *script++ : '\0') {
    case 'f':
        *frame = frame_create(PIXEL_GREY, 2, 2, 2, 4);
        return CAPTURE_FRAME;
    case 'l':
        error_set(error, "unplugged");
        return CAPTURE_LOST;
    case 'x':
        error_set(error, "broken for good");
        return CAPTURE_FAILED;
    }
    return CAPTURE_END;
}

static const char *script_describe(const void *self)
{
    (void)self;
    return "a script";
}

static void script_close(void *self)
{
    (void)self;
}

static const struct backend backend_script = {
    .name = "script",
    .open = script_open,
    .read = script_read,
    .describe = script_describe,
    .close = script_close,
};

static struct slot frames;
static struct source_name name;
static char log_text[4096];

/* Plays the script to its end and returns what came as letters, with what was logged in log_text.
 */
static const char *play(const char *letters, struct grab_settings settings, bool *fine)
{
    static char seen[64];
    struct capture_settings source = {.source = "script", .replay_loop = 1};
    struct error error = {0};
    struct grab grab;
    size_t count = 0;
    FILE *log_file = tmpfile();
    int kept = dup(STDERR_FILENO);

    dup2(fileno(log_file), STDERR_FILENO);
    script = letters;
    slot_init(&frames);
    source_name_init(&name);
    struct capture *capture = capture_open_backend(&backend_script, &source, &error);
    ck_assert_msg(capture != NULL, "%s", error.message);
    ck_assert(grab_start(&grab, &settings, capture, &frames, &name, &error));
    while (!slot_closed(&frames) || frames.newest) {
        struct frame *frame = (struct frame *)slot_take(&frames, 1000000);
        if (frame)
            seen[count++] = frame->format == PIXEL_NONE ? 'l' : 'f';
        frame_unref(&frame);
    }
    seen[count] = '\0';
    *fine = grab_join(&grab);
    capture_close(capture);
    dup2(kept, STDERR_FILENO);
    close(kept);
    rewind(log_file);
    log_text[fread(log_text, 1, sizeof log_text - 1, log_file)] = '\0';
    fclose(log_file);
    return seen;
}

static int count(const char *text, const char *part)
{
    int found = 0;
    for (const char *at = text; (at = strstr(at, part)); at++)
        found++;
    return found;
}

static const struct grab_settings lossless = {.lossless = true};

START_TEST(every_frame_arrives_when_none_may_be_lost)
{
    bool fine;
    ck_assert_str_eq(play("ffffffffff", lossless, &fine), "ffffffffff");
    ck_assert(fine);
    char text[SOURCE_NAME_BYTES];
    source_name_get(&name, text);
    ck_assert_str_eq(text, "a script");
}
END_TEST

START_TEST(loss_is_a_frame_and_is_logged_once_with_its_return)
{
    bool fine;
    ck_assert_str_eq(play("fllf", lossless, &fine), "fllf");
    ck_assert(fine);
    ck_assert_int_eq(count(log_text, "source lost: unplugged"), 1);
    ck_assert_int_eq(count(log_text, "source back after "), 1);
}
END_TEST

/* The first two losses are logged, then one a minute. */
START_TEST(a_source_that_comes_and_goes_does_not_fill_the_log)
{
    bool fine;
    ck_assert_str_eq(play("flflflf", lossless, &fine), "flflflf");
    ck_assert(fine);
    ck_assert_int_eq(count(log_text, "source lost: unplugged"), 2);
    ck_assert_int_eq(count(log_text, "source back after "), 2);
}
END_TEST

/* ... but for one that then stays away. */
START_TEST(a_last_loss_is_logged)
{
    bool fine;
    ck_assert_str_eq(play("flflfllllllll", lossless, &fine), "flflfllllllll");
    ck_assert_int_eq(count(log_text, "source lost: unplugged"), 3);
    ck_assert_int_eq(count(log_text, "source back after "), 2);
}
END_TEST

START_TEST(loss_ends_it_where_that_is_wanted)
{
    bool fine;
    struct grab_settings settings = {.lossless = true, .exit_on_loss = true};
    ck_assert_str_eq(play("flf", settings, &fine), "f");
    ck_assert(!fine);
    ck_assert_int_eq(count(log_text, "error: source lost: unplugged"), 1);
}
END_TEST

START_TEST(failure_ends_it_and_is_logged)
{
    bool fine;
    ck_assert_str_eq(play("fxf", lossless, &fine), "f");
    ck_assert(!fine);
    ck_assert_int_eq(count(log_text, "error: broken for good"), 1);
}
END_TEST

TEST_MAIN(grab, every_frame_arrives_when_none_may_be_lost,
          loss_is_a_frame_and_is_logged_once_with_its_return,
          a_source_that_comes_and_goes_does_not_fill_the_log, a_last_loss_is_logged,
          loss_ends_it_where_that_is_wanted, failure_ends_it_and_is_logged)
