#include "capture/video_time.h"

#include "tests/suite.h"

#include <math.h>

static void check(double period_s, double jump_s, const double *stamps, const double *expected,
                  int count, uint64_t repaired)
{
    struct video_time time;
    video_time_init(&time, period_s, jump_s);
    for (int i = 0; i < count; i++)
        ck_assert_double_eq_tol(video_time_next(&time, stamps[i]), expected[i], 1e-9);
    ck_assert_uint_eq(time.repaired, repaired);
}

START_TEST(times_begin_at_zero)
{
    check(0.04, 0, (double[]){5, 5.04, 5.5}, (double[]){0, 0.04, 0.5}, 3, 0);
}
END_TEST

START_TEST(missing_timestamps_follow_the_rate)
{
    check(0.1, 0, (double[]){NAN, NAN, NAN}, (double[]){0, 0.1, 0.2}, 3, 3);
    check(0.1, 0, (double[]){7, NAN, 7.3}, (double[]){0, 0.1, 0.3}, 3, 1);
    check(0.1, 0, (double[]){NAN, 7, 7.3}, (double[]){0, 0.1, 0.4}, 3, 1);
}
END_TEST

START_TEST(times_never_go_backward_or_stand_still)
{
    check(0.1, 0, (double[]){1, 1.1, 0.5, 1.3}, (double[]){0, 0.1, 0.2, 0.3}, 4, 1);
    check(0.1, 0, (double[]){1, 1.1, 1.1, 1.3}, (double[]){0, 0.1, 0.2, 0.3}, 4, 1);
    check(0.1, 0, (double[]){9, 9.1, 0, 0.1}, (double[]){0, 0.1, 0.2, 0.3}, 4, 2);
}
END_TEST

START_TEST(a_pause_stays_and_a_jump_goes)
{
    check(0.1, 0, (double[]){0, 60}, (double[]){0, 60}, 2, 0);
    check(0.1, 10, (double[]){0, 9, 95000, 95000.1}, (double[]){0, 9, 9.1, 9.2}, 4, 2);
}
END_TEST

TEST_MAIN(video_time, times_begin_at_zero, missing_timestamps_follow_the_rate,
          times_never_go_backward_or_stand_still, a_pause_stays_and_a_jump_goes)
