#include "capture/pacer.h"

#include "common/clock.h"
#include "tests/suite.h"

static const int64_t START_NS = 5 * (int64_t)NS_PER_S;

START_TEST(frames_are_due_at_their_distance)
{
    struct pacer pacer;
    pacer_init(&pacer, 0.04);
    ck_assert_int_eq(pacer_due_ns(&pacer, 10.0, START_NS), START_NS);
    ck_assert_int_eq(pacer_due_ns(&pacer, 10.5, START_NS + 1), START_NS + NS_PER_S / 2);
    ck_assert_int_eq(pacer_due_ns(&pacer, 12.0, START_NS + 2), START_NS + 2 * (int64_t)NS_PER_S);
}
END_TEST

START_TEST(a_little_late_catches_up)
{
    struct pacer pacer;
    pacer_init(&pacer, 0.04);
    pacer_due_ns(&pacer, 0, START_NS);
    int64_t late_ns = START_NS + NS_PER_S;
    ck_assert_int_eq(pacer_due_ns(&pacer, 0.5, late_ns), START_NS + NS_PER_S / 2);
    ck_assert_int_eq(pacer_due_ns(&pacer, 1.5, late_ns), START_NS + 3 * (int64_t)NS_PER_S / 2);
}
END_TEST

START_TEST(very_late_goes_on_from_now)
{
    struct pacer pacer;
    pacer_init(&pacer, 0.04);
    pacer_due_ns(&pacer, 0, START_NS);
    int64_t late_ns = START_NS + 10 * (int64_t)NS_PER_S;
    ck_assert_int_eq(pacer_due_ns(&pacer, 0.5, late_ns), late_ns);
    ck_assert_int_eq(pacer_due_ns(&pacer, 1.0, late_ns), late_ns + NS_PER_S / 2);
}
END_TEST

START_TEST(a_loop_follows_after_one_interval)
{
    struct pacer pacer;
    pacer_init(&pacer, 0.04);
    pacer_due_ns(&pacer, 0, START_NS);
    pacer_due_ns(&pacer, 0.25, START_NS);
    pacer_loop(&pacer);
    ck_assert_int_eq(pacer_due_ns(&pacer, 0, START_NS), START_NS + NS_PER_S / 2);
    ck_assert_int_eq(pacer_due_ns(&pacer, 0.25, START_NS), START_NS + 3 * (int64_t)NS_PER_S / 4);
}
END_TEST

START_TEST(a_single_picture_repeats_at_the_given_interval)
{
    struct pacer pacer;
    pacer_init(&pacer, 0.5);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(pacer_due_ns(&pacer, 0, START_NS), START_NS + i * (int64_t)NS_PER_S / 2);
        pacer_loop(&pacer);
    }
}
END_TEST

TEST_MAIN(pacer, frames_are_due_at_their_distance, a_little_late_catches_up,
          very_late_goes_on_from_now, a_loop_follows_after_one_interval,
          a_single_picture_repeats_at_the_given_interval)
