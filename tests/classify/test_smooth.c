#include "classify/smooth.h"

#include "tests/suite.h"

#include <math.h>

enum { CAT, DOG, NEITHER };

static const struct smooth_settings plain = {
    .time_s = 0, .hysteresis = 0, .threshold = 0.6, .release = 1, .nobody = NEITHER};

/* One view of a frame that has `views`. */
static int look(struct smooth *smooth, const struct smooth_settings *settings, double time_s,
                int views, int view, const double scores[3])
{
    struct looks looks = {
        .views = {.count = views, .places = views, .parts = views - 1}, 1, {{.view = view}}};
    for (int i = 0; i < 3; i++)
        looks.list[0].scores[i] = scores[i];
    return smooth_update(smooth, settings, time_s, &looks, 3);
}

static int update(struct smooth *smooth, const struct smooth_settings *settings, double time_s,
                  double cat, double dog)
{
    const struct looks looks = {{.count = 1, .places = 1}, 1, {{.scores = {cat, dog}}}};
    return smooth_update(smooth, settings, time_s, &looks, 2);
}

static int see(struct smooth *smooth, const struct smooth_settings *settings, double time_s,
               double cat, double dog, double neither)
{
    return look(smooth, settings, time_s, 1, 0, (double[]){cat, dog, neither});
}

START_TEST(first_frame_decides_by_itself)
{
    struct smooth smooth;
    smooth_reset(&smooth);
    struct smooth_settings slow = {
        .nobody = POOL_NO_CLASS, .time_s = 10, .hysteresis = 0.3, .threshold = 0.6};
    ck_assert_int_eq(update(&smooth, &slow, 100, 0.61, 0.39), CAT);
    ck_assert_double_eq(smooth.scores[CAT], 0.61);
    smooth_reset(&smooth);
    ck_assert_int_eq(update(&smooth, &slow, 100, 0.59, 0.41), SMOOTH_UNKNOWN);
}
END_TEST

START_TEST(without_a_time_constant_the_frame_alone_counts)
{
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(update(&smooth, &plain, 0.00, 0.9, 0.1), CAT);
    ck_assert_int_eq(update(&smooth, &plain, 0.04, 0.1, 0.9), DOG);
    ck_assert_int_eq(update(&smooth, &plain, 0.08, 0.5, 0.5), SMOOTH_UNKNOWN);
    ck_assert_int_eq(update(&smooth, &plain, 0.12, 0.6, 0.4), CAT);
    for (int i = 0; i <= 1000; i++) { /* to the last bit, whatever was before */
        smooth_reset(&smooth);
        update(&smooth, &plain, 1 + i, i / 1000.0, 1 - i / 1000.0);
        ck_assert_int_eq(update(&smooth, &plain, 1.5 + i, 0.6, 0.4), CAT);
    }
}
END_TEST

/* After a step the average has gone 1 - exp(-t / tau) of the way, whatever the frame rate. */
START_TEST(average_depends_on_time_not_on_the_frame_rate)
{
    struct smooth_settings settings = {.nobody = POOL_NO_CLASS, .time_s = 0.5, .threshold = 0.6};
    for (int rate = 5; rate <= 120; rate *= 2) {
        struct smooth smooth;
        smooth_reset(&smooth);
        update(&smooth, &settings, 0, 1, 0);
        for (int i = 1; i <= rate; i++)
            update(&smooth, &settings, (double)i / rate, 0, 1);
        ck_assert_double_eq_tol(smooth.scores[CAT], exp(-2), 1e-12);
        ck_assert_double_eq_tol(smooth.scores[CAT] + smooth.scores[DOG], 1, 1e-12);
    }
}
END_TEST

START_TEST(same_time_changes_nothing)
{
    struct smooth_settings settings = {.nobody = POOL_NO_CLASS, .time_s = 0.5, .threshold = 0.6};
    struct smooth smooth;
    smooth_reset(&smooth);
    update(&smooth, &settings, 3, 0.8, 0.2);
    update(&smooth, &settings, 3, 0, 1);
    ck_assert_double_eq(smooth.scores[CAT], 0.8);
}
END_TEST

START_TEST(hysteresis_holds_the_label_until_another_is_clearly_better)
{
    struct smooth_settings settings = {
        .nobody = POOL_NO_CLASS, .hysteresis = 0.2, .threshold = 0.3, .release = 1};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(update(&smooth, &settings, 0.0, 0.55, 0.45), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.1, 0.45, 0.55), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.2, 0.39, 0.61), DOG);
    ck_assert_int_eq(update(&smooth, &settings, 0.3, 0.55, 0.45), DOG);
}
END_TEST

START_TEST(label_stays_until_its_release)
{
    struct smooth_settings settings = {
        .nobody = NEITHER, .hysteresis = 0.1, .threshold = 0.6, .release = 0.2};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(see(&smooth, &settings, 0.0, 0.59, 0.01, 0.40), SMOOTH_UNKNOWN);
    ck_assert_int_eq(see(&smooth, &settings, 0.1, 0.60, 0.00, 0.40), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.2, 0.30, 0.10, 0.60), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.3, 0.20, 0.00, 0.80), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.4, 0.19, 0.01, 0.80), NEITHER);
    ck_assert_int_eq(see(&smooth, &settings, 0.5, 0.20, 0.00, 0.80), NEITHER);
    ck_assert_int_eq(see(&smooth, &settings, 0.6, 0.19, 0.56, 0.25), NEITHER);
    ck_assert_int_eq(see(&smooth, &settings, 0.7, 0.45, 0.40, 0.15), SMOOTH_UNKNOWN);
}
END_TEST

/* Not sure enough to choose another, and no more sure enough to stay. */
START_TEST(label_goes_to_unknown_where_nothing_is_sure)
{
    struct smooth_settings settings = {.nobody = NEITHER, .threshold = 0.6, .release = 0.4};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(see(&smooth, &settings, 0.0, 0.9, 0.05, 0.05), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.1, 0.3, 0.35, 0.35), SMOOTH_UNKNOWN);
}
END_TEST

START_TEST(another_animal_does_not_wait_for_the_release)
{
    struct smooth_settings settings = {
        .nobody = NEITHER, .hysteresis = 0.2, .threshold = 0.5, .release = 0.1};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(see(&smooth, &settings, 0.0, 0.90, 0.10, 0.00), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.1, 0.20, 0.49, 0.31), CAT); /* not sure enough */
    ck_assert_int_eq(see(&smooth, &settings, 0.2, 0.41, 0.59, 0.00), CAT); /* not better enough */
    ck_assert_int_eq(see(&smooth, &settings, 0.3, 0.30, 0.55, 0.15), DOG);
}
END_TEST

START_TEST(release_from_the_threshold_on_lets_no_label_stay_below_it)
{
    for (int i = 0; i < 2; i++) {
        struct smooth_settings settings = {
            .nobody = POOL_NO_CLASS, .hysteresis = 0.1, .threshold = 0.6, .release = i ? 1 : 0.6};
        struct smooth smooth;
        smooth_reset(&smooth);
        ck_assert_int_eq(update(&smooth, &settings, 0.0, 0.9, 0.1), CAT);
        ck_assert_int_eq(update(&smooth, &settings, 0.1, 0.6, 0.4), CAT);
        ck_assert_int_eq(update(&smooth, &settings, 0.2, 0.59, 0.41), SMOOTH_UNKNOWN);
        ck_assert_int_eq(update(&smooth, &settings, 0.3, 0.39, 0.61), DOG);
    }
}
END_TEST

START_TEST(another_label_is_held_back_until_it_was_called_for_long_enough)
{
    struct smooth_settings settings = {
        .nobody = POOL_NO_CLASS, .threshold = 0.6, .release = 1, .hold_s = 0.3};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(update(&smooth, &settings, 0.0, 0.9, 0.1), CAT); /* the first at once */
    ck_assert_int_eq(update(&smooth, &settings, 0.1, 0.1, 0.9), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.3, 0.1, 0.9), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.35, 0.9, 0.1), CAT); /* a break: all over again */
    ck_assert_int_eq(update(&smooth, &settings, 0.4, 0.1, 0.9), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.5, 0.5, 0.5), CAT); /* another one: as well */
    ck_assert_int_eq(update(&smooth, &settings, 0.75, 0.5, 0.5), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.85, 0.5, 0.5), SMOOTH_UNKNOWN);
    ck_assert_int_eq(update(&smooth, &settings, 1.0, 0.1, 0.9), SMOOTH_UNKNOWN);
    ck_assert_int_eq(update(&smooth, &settings, 1.375, 0.1, 0.9), DOG);
    ck_assert_double_eq(smooth.scores[DOG], 0.9); /* scores do not wait */
}
END_TEST

START_TEST(begins_anew_after_a_gap_a_step_back_and_a_reset)
{
    struct smooth_settings settings = {
        .nobody = POOL_NO_CLASS, .time_s = 100, .hysteresis = 0.1, .threshold = 0.6, .release = 1};
    struct smooth smooth;
    smooth_reset(&smooth);
    update(&smooth, &settings, 50, 1, 0);
    ck_assert_int_eq(update(&smooth, &settings, 50.0 + SMOOTH_GAP_S, 0, 1), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 50.1 + 2 * SMOOTH_GAP_S, 0, 1), DOG);
    ck_assert_int_eq(update(&smooth, &settings, 0, 1, 0), CAT);
    smooth_reset(&smooth);
    ck_assert_int_eq(update(&smooth, &settings, 0.1, 0, 1), DOG);
    ck_assert_double_eq(smooth.scores[CAT], 0);
}
END_TEST

START_TEST(neither_is_decided_for_like_any_other)
{
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(look(&smooth, &plain, 0, 1, 0, (double[]){0.2, 0.1, 0.7}), NEITHER);
    ck_assert_int_eq(look(&smooth, &plain, 0.1, 1, 0, (double[]){0.7, 0.1, 0.2}), CAT);
}
END_TEST

/* What becomes of the views' scores is for test_pool.c. */
START_TEST(views_are_pooled)
{
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(look(&smooth, &plain, 0.0, 3, 0, (double[]){0.1, 0.0, 0.9}), NEITHER);
    ck_assert_double_eq(smooth.scores[NEITHER], 0.9); /* the others were not looked at yet */
    ck_assert_int_eq(look(&smooth, &plain, 0.1, 3, 1, (double[]){0.0, 0.999, 0.001}), DOG);
    ck_assert_double_lt(smooth.scores[DOG], 0.995);
    const double before = smooth.scores[DOG];
    look(&smooth, &plain, 0.2, 3, 2, (double[]){0.0, 0.01, 0.99});
    ck_assert_double_lt(smooth.scores[DOG], before);
    ck_assert_int_eq(look(&smooth, &plain, 0.3, 3, 1, (double[]){0.0, 0.01, 0.99}), NEITHER);
}
END_TEST

/* A cat in one part and a dog in another: whoever was named first goes on, until the other is
 * clearly better. */
START_TEST(hysteresis_holds_between_views_too)
{
    const struct smooth_settings settings = {
        .threshold = 0.3, .release = 1, .hysteresis = 0.2, .nobody = NEITHER};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(look(&smooth, &settings, 0.0, 2, 0, (double[]){0.9, 0.0, 0.1}), CAT);
    ck_assert_int_eq(look(&smooth, &settings, 0.1, 2, 1, (double[]){0.0, 0.92, 0.08}), CAT);
    ck_assert_double_gt(smooth.scores[DOG], smooth.scores[CAT]);
    ck_assert_int_eq(look(&smooth, &settings, 0.2, 2, 1, (double[]){0.0, 0.99, 0.01}), DOG);
}
END_TEST

START_TEST(animal_does_not_wait_for_the_release_of_neither)
{
    struct smooth_settings settings = {.nobody = NEITHER, .threshold = 0.6, .release = 0.2};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(see(&smooth, &settings, 0.0, 0.00, 0, 1.00), NEITHER);
    ck_assert_int_eq(see(&smooth, &settings, 0.1, 0.75, 0, 0.25), CAT);
}
END_TEST

/* What is chosen takes over from what may not stay, also where it is not better by the hysteresis.
 */
START_TEST(one_label_follows_another_without_unknown_between)
{
    struct smooth_settings settings = {.nobody = NEITHER, .hysteresis = 0.2, .release = 0.2};
    struct smooth smooth;
    smooth_reset(&smooth);
    settings.threshold = 0.25;
    ck_assert_int_eq(see(&smooth, &settings, 0.0, 0.90, 0.10, 0.00), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.1, 0.19, 0.37, 0.34), DOG);
    settings.hysteresis = 1;
    settings.threshold = 0.6;
    ck_assert_int_eq(see(&smooth, &settings, 0.2, 0.00, 0.19, 0.81), NEITHER);
    ck_assert_int_eq(see(&smooth, &settings, 0.3, 0.25, 0.75, 0.00), DOG);
}
END_TEST

/* Exact in binary: 1/8 more is not more than 1/8. */
START_TEST(better_by_the_hysteresis_is_not_better_enough)
{
    struct smooth_settings settings = {
        .nobody = POOL_NO_CLASS, .hysteresis = 0.125, .threshold = 0.25, .release = 0.25};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(update(&smooth, &settings, 0.0, 1, 0), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.1, 0.4375, 0.5625), CAT);
    ck_assert_int_eq(update(&smooth, &settings, 0.2, 0.4365, 0.5635), DOG);
}
END_TEST

/* While another label waits, the one in force is still what stays or not. */
START_TEST(hold_time_and_release_go_together)
{
    struct smooth_settings settings = {
        .nobody = NEITHER, .threshold = 0.6, .release = 0.2, .hold_s = 0.3};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(see(&smooth, &settings, 0.0, 0.9, 0.1, 0.0), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.1, 0.1, 0.0, 0.9), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.2, 0.4, 0.0, 0.6), CAT); /* neither would stay */
    ck_assert_int_eq(see(&smooth, &settings, 0.5, 0.1, 0.0, 0.9), CAT);
    ck_assert_int_eq(see(&smooth, &settings, 0.8, 0.1, 0.0, 0.9), NEITHER);
}
END_TEST

START_TEST(a_model_without_neither_is_unsure_below_its_threshold)
{
    ck_assert_double_lt(smooth_release_auto(NEITHER), 0.5);
    ck_assert_double_eq(smooth_release_auto(POOL_NO_CLASS), 1);
}
END_TEST

/* A view that was seen well counts in full until it is looked at again: the frame's scores are
 * averaged over time, not the view's. */
START_TEST(frames_are_averaged_not_views)
{
    const struct smooth_settings settings = {
        .time_s = 0.5, .threshold = 0.6, .release = 1, .nobody = NEITHER};
    const double nothing[] = {0, 0.01, 0.99}, dog[] = {0, 0.99, 0.01};
    struct smooth smooth, alone;
    smooth_reset(&smooth);
    look(&smooth, &settings, 0.0, 2, 0, nothing);
    look(&smooth, &settings, 0.0, 2, 1, nothing);
    const double before = smooth.scores[DOG];
    look(&smooth, &settings, 0.1, 2, 1, dog);
    smooth_reset(&alone); /* what the frame would have by itself */
    look(&alone, &settings, 0.0, 2, 0, nothing);
    look(&alone, &plain, 0.0, 2, 1, dog);
    ck_assert_double_gt(alone.scores[DOG], before + 0.2);
    ck_assert_double_eq_tol(smooth.scores[DOG],
                            before + (1 - exp(-0.2)) * (alone.scores[DOG] - before), 1e-12);
    look(&smooth, &settings, 0.6, 2, 0, nothing);
    ck_assert_double_eq_tol(smooth.scores[DOG],
                            before + (1 - exp(-1.2)) * (alone.scores[DOG] - before), 1e-12);
}
END_TEST

START_TEST(another_number_of_views_begins_anew)
{
    struct smooth smooth;
    smooth_reset(&smooth);
    look(&smooth, &plain, 0.0, 3, 2, (double[]){1, 0, 0});
    ck_assert_int_eq(look(&smooth, &plain, 0.1, 1, 0, (double[]){0, 0.2, 0.8}), NEITHER);
}
END_TEST

/* A camera that was turned, or the next of several pictures: as many views, of other places. */
START_TEST(another_shape_begins_anew)
{
    const struct smooth_settings slow = {.time_s = 100, .threshold = 0.6, .nobody = NEITHER};
    struct looks looks = {.views = {.count = 1, .places = 1, .width = 640, .height = 360},
                          .count = 1,
                          .list = {{.scores = {0.9, 0, 0.1}}}};
    struct smooth smooth;
    smooth_reset(&smooth);
    ck_assert_int_eq(smooth_update(&smooth, &slow, 0, &looks, 3), CAT);
    looks.list[0] = (struct look){.scores = {0, 0.9, 0.1}};
    ck_assert_int_eq(smooth_update(&smooth, &slow, 0.1, &looks, 3), CAT);
    looks.views.width = 360;
    looks.views.height = 640;
    ck_assert_int_eq(smooth_update(&smooth, &slow, 0.2, &looks, 3), DOG);
}
END_TEST

TEST_MAIN(smooth, first_frame_decides_by_itself, without_a_time_constant_the_frame_alone_counts,
          average_depends_on_time_not_on_the_frame_rate, same_time_changes_nothing,
          hysteresis_holds_the_label_until_another_is_clearly_better, label_stays_until_its_release,
          label_goes_to_unknown_where_nothing_is_sure, another_animal_does_not_wait_for_the_release,
          release_from_the_threshold_on_lets_no_label_stay_below_it,
          another_label_is_held_back_until_it_was_called_for_long_enough,
          animal_does_not_wait_for_the_release_of_neither,
          one_label_follows_another_without_unknown_between,
          better_by_the_hysteresis_is_not_better_enough, hold_time_and_release_go_together,
          a_model_without_neither_is_unsure_below_its_threshold,
          begins_anew_after_a_gap_a_step_back_and_a_reset, neither_is_decided_for_like_any_other,
          views_are_pooled, hysteresis_holds_between_views_too, frames_are_averaged_not_views,
          another_number_of_views_begins_anew, another_shape_begins_anew)
