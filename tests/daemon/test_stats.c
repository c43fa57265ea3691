#include "daemon/stats.h"

#include "common/clock.h"
#include "tests/suite.h"

#include <string.h>

static struct stats stats;

static void process(uint64_t sequence, int64_t at_ns)
{
    stats_frame(&stats, sequence);
    stats_processed(&stats, at_ns);
}

START_TEST(rates_tell_captured_from_processed)
{
    stats = (struct stats){0};
    for (uint64_t i = 0; i < 50; i++) /* 30 frames/s captured, every third dropped */
        process(i + i / 2, (int64_t)(i + i / 2) * NS_PER_S / 30);
    int64_t now_ns = (int64_t)73 * NS_PER_S / 30;
    ck_assert_double_eq_tol(stats_captured_fps(&stats, now_ns), 30, 0.6);
    ck_assert_double_eq_tol(stats_processed_fps(&stats, now_ns), 20, 0.6);
    ck_assert_uint_eq(stats.processed, 50);
    ck_assert_uint_eq(stats.dropped, 24);
    ck_assert_uint_eq(stats.captured, 74);
}
END_TEST

START_TEST(rates_fall_to_zero_when_nothing_comes)
{
    stats = (struct stats){0};
    ck_assert_double_eq(stats_captured_fps(&stats, 0), 0);
    process(0, 0);
    ck_assert_double_eq(stats_captured_fps(&stats, 0), 0);
    process(1, NS_PER_S / 10);
    ck_assert_double_eq_tol(stats_captured_fps(&stats, NS_PER_S / 10), 10, 1e-9);
    ck_assert_double_eq(stats_captured_fps(&stats, (int64_t)4 * NS_PER_S), 0);
}
END_TEST

START_TEST(rates_hold_when_more_frames_come_than_the_ring_remembers)
{
    stats = (struct stats){0};
    for (uint64_t i = 0; i < 1000; i++)
        process(i, (int64_t)i * NS_PER_MS);
    ck_assert_double_eq_tol(stats_processed_fps(&stats, 999 * (int64_t)NS_PER_MS), 1000, 1e-6);
}
END_TEST

START_TEST(sequence_that_falls_back_drops_nothing)
{
    stats = (struct stats){0};
    process(100, 0); /* the first seen is no jump */
    process(101, 1);
    process(0, 2); /* camera came back, its count began anew */
    process(1, 3);
    ck_assert_uint_eq(stats.dropped, 0);
    ck_assert_uint_eq(stats.captured, 4);
}
END_TEST

START_TEST(damaged_frames_are_captured_but_not_processed)
{
    stats = (struct stats){0};
    process(0, 0);
    stats_frame(&stats, 1);
    stats_damaged(&stats, NS_PER_S / 2);
    process(2, NS_PER_S);
    ck_assert_double_eq_tol(stats_captured_fps(&stats, NS_PER_S), 2, 1e-9);
    ck_assert_double_eq_tol(stats_processed_fps(&stats, NS_PER_S), 1, 1e-9);
    ck_assert_uint_eq(stats.damaged, 1);
}
END_TEST

START_TEST(describes_only_the_stages_that_ran)
{
    stats = (struct stats){0};
    process(0, 0);
    ck_assert_int_eq(stats_stage(&stats, STAGE_NETWORK, 5, 5 + 2 * NS_PER_MS), 5 + 2 * NS_PER_MS);
    stats_stage(&stats, STAGE_NETWORK, 0, 4 * NS_PER_MS);
    char text[200];
    stats_describe(&stats, text, sizeof text);
    ck_assert_str_eq(text, "1 frames, 1 classified, 0 dropped, 0 damaged; "
                           "mean (longest) ms: network 3.00 (4.00)");
    char tiny[10];
    stats_describe(&stats, tiny, sizeof tiny);
    ck_assert_uint_eq(strlen(tiny), sizeof tiny - 1);
}
END_TEST

TEST_MAIN(stats, rates_tell_captured_from_processed, rates_fall_to_zero_when_nothing_comes,
          rates_hold_when_more_frames_come_than_the_ring_remembers,
          sequence_that_falls_back_drops_nothing, damaged_frames_are_captured_but_not_processed,
          describes_only_the_stages_that_ran)
