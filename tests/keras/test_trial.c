#include "nn/keras/trial.h"

#include "nn/keras/keras.h"
#include "tests/suite.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(void *context)
{
    *(int *)context = 1;
}

static void die(void *context)
{
    (void)context;
    signal(SIGSEGV, SIG_DFL); /* the sanitizers' report is not wanted */
    raise(SIGSEGV);
}

static void give_up(void *context)
{
    (void)context;
    _exit(1);
}

static void compute_for_ever(void *context)
{
    volatile unsigned *count = context;
    for (;;)
        ++*count;
}

START_TEST(what_ends_survives_and_leaves_no_trace)
{
    int noted = 0;
    ck_assert(trial_survives(note, &noted, 5));
    ck_assert_int_eq(noted, 0);
}
END_TEST

START_TEST(what_crashes_or_gives_up_does_not)
{
    ck_assert(!trial_survives(die, NULL, 5));
    ck_assert(!trial_survives(give_up, NULL, 5));
}
END_TEST

START_TEST(what_hangs_is_ended)
{
    unsigned count = 0;
    ck_assert(!trial_survives(compute_for_ever, &count, 1));
}
END_TEST

/* Without a writer, opening it would wait for ever. */
START_TEST(a_pipe_is_refused_at_once)
{
    char folder[] = "/tmp/pawcam-trial-XXXXXX", path[64];
    struct error error = {0};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model.h5", folder);
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    alarm(10);
    ck_assert_ptr_null(keras_load(path, &error));
    ck_assert_msg(strstr(error.message, "is not a file") != NULL, "%s", error.message);
    unlink(path);
    rmdir(folder);
}
END_TEST

TEST_MAIN(trial, what_ends_survives_and_leaves_no_trace, what_crashes_or_gives_up_does_not,
          what_hangs_is_ended, a_pipe_is_refused_at_once)
