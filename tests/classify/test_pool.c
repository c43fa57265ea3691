#include "classify/pool.h"

#include "tests/suite.h"

#include <math.h>

enum { CAT, DOG, NEITHER, CLASSES };

/* 16:9 from near: the whole, three parts, eight near views, and all mirrored. */
static struct views many(void)
{
    return views_of(VIEWS_CLOSER, 1280, 720, 128, 128);
}

/* Every view says the same. */
static void all_say(struct pool_view *list, int count, double cat, double dog)
{
    for (int i = 0; i < count; i++)
        list[i] = (struct pool_view){true, {cat, dog, 1 - cat - dog}};
}

static double odds(const double *scores, int class)
{
    return scores[class] / scores[NEITHER];
}

START_TEST(one_view_speaks_for_itself)
{
    const struct views views = many();
    struct pool_view list[VIEWS_MAX] = {{0}};
    double scores[CLASSES];
    list[5] = (struct pool_view){true, {0.1, 0.7, 0.2}};
    pool_scores(&views, list, CLASSES, NEITHER, scores);
    ck_assert(scores[CAT] == 0.1 && scores[DOG] == 0.7 && scores[NEITHER] == 0.2);
}
END_TEST

START_TEST(what_all_agree_on_is_said)
{
    const struct views views = many();
    struct pool_view list[VIEWS_MAX] = {{0}};
    double scores[CLASSES];
    all_say(list, views.count, 0.6, 0.1);
    pool_scores(&views, list, CLASSES, NEITHER, scores);
    ck_assert_double_eq_tol(scores[CAT], 0.6, 1e-12);
    ck_assert_double_eq_tol(scores[DOG], 0.1, 1e-12);
    ck_assert_double_eq_tol(scores[NEITHER], 0.3, 1e-12);
}
END_TEST

/* By the formula: weights 1 for the whole, for three parts and for eight near views, and as much
 * mirrored. */
START_TEST(odds_become_their_power_mean)
{
    const struct views views = many();
    struct pool_view list[VIEWS_MAX] = {{0}};
    double scores[CLASSES];
    all_say(list, views.count, 0.1, 0.1);
    list[0] = (struct pool_view){true, {0.8, 0.1, 0.1}};      /* odds 8 and 1 */
    list[12 + 2] = (struct pool_view){true, {0.0, 0.0, 1.0}}; /* a part, mirrored */
    list[9] = (struct pool_view){true, {0.1, 0.5, 0.4}};      /* 1/4 and 5/4 */
    pool_scores(&views, list, CLASSES, NEITHER, scores);
    const double others = (1 + 5.0 / 3 + 15.0 / 8) * sqrt(0.125), near = 1.0 / 8;
    ck_assert_double_eq_tol(odds(scores, CAT), pow((sqrt(8) + others + near * sqrt(0.25)) / 6, 2),
                            1e-12);
    ck_assert_double_eq_tol(odds(scores, DOG), pow((sqrt(1) + others + near * sqrt(1.25)) / 6, 2),
                            1e-12);
    ck_assert_double_eq_tol(scores[CAT] + scores[DOG] + scores[NEITHER], 1, 1e-12);
}
END_TEST

/* Until all were looked at, those that were share the weights. */
START_TEST(views_not_seen_yet_do_not_count)
{
    const struct views views = many();
    struct pool_view list[VIEWS_MAX] = {{0}};
    double scores[CLASSES];
    all_say(list, views.count, 0.1, 0.8);
    for (int view = 0; view < views.count; view += 3)
        list[view] = (struct pool_view){false, {0.9, 0.05, 0.05}};
    pool_scores(&views, list, CLASSES, NEITHER, scores);
    ck_assert_double_eq_tol(scores[DOG], 0.8, 1e-12);
}
END_TEST

/* Of eight views, two of the whole, one says cat and nothing else, the others neither: sixfold
 * weight less, squared. */
START_TEST(no_view_is_surer_than_a_thousandth)
{
    const struct views views = views_of(VIEWS_PARTS, 640, 360, 128, 128);
    struct pool_view list[VIEWS_MAX] = {{0}};
    double scores[CLASSES];
    ck_assert_int_eq(views.count, 8);
    for (int i = 0; i < 3; i++) {
        all_say(list, views.count, 0, 0);
        list[1] = (struct pool_view){true, {1, 0, (double[]){0, 1e-7, 1e-3}[i]}};
        pool_scores(&views, list, CLASSES, NEITHER, scores);
        ck_assert_double_eq_tol(odds(scores, CAT), 1000.0 / 144, 1e-9);
    }
}
END_TEST

/* A bias for each class, the same in all views, is the same in the frame: so calibration can be put
 * into the network. */
START_TEST(biases_come_through)
{
    static const double bias[CLASSES] = {2, 0.5, 1.25};
    const struct views views = many();
    struct pool_view list[VIEWS_MAX] = {{0}};
    double before[CLASSES], after[CLASSES];
    for (int i = 0; i < views.count; i++)
        list[i] = (struct pool_view){true, {0.01 + 0.03 * i, 0.1, 0.89 - 0.03 * i}};
    pool_scores(&views, list, CLASSES, NEITHER, before);
    for (int i = 0; i < views.count; i++) {
        double sum = 0;
        for (int k = 0; k < CLASSES; k++)
            sum += list[i].scores[k] *= bias[k];
        for (int k = 0; k < CLASSES; k++)
            list[i].scores[k] /= sum;
    }
    pool_scores(&views, list, CLASSES, NEITHER, after);
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq_tol(odds(after, k), odds(before, k) * bias[k] / bias[NEITHER], 1e-12);
}
END_TEST

/* What was seen of a picture, in any order, and of which some may be left out. */
START_TEST(looks_are_pooled_by_their_views)
{
    struct looks looks = {.views = many(), .count = 3};
    struct pool_view list[VIEWS_MAX] = {{0}};
    double scores[CLASSES], expected[CLASSES];
    static const int seen[] = {17, 0, 4};
    for (int i = 0; i < looks.count; i++) {
        const double cat = 0.2 + 0.1 * i;
        looks.list[i] = (struct look){seen[i], {cat, 0.1, 0.9 - cat}};
        list[seen[i]] = (struct pool_view){true, {cat, 0.1, 0.9 - cat}};
    }
    pool_looks(&looks, CLASSES, NEITHER, scores);
    pool_scores(&looks.views, list, CLASSES, NEITHER, expected);
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq(scores[k], expected[k]);
    ck_assert_double_gt(scores[CAT], scores[DOG]);
}
END_TEST

TEST_MAIN(pool, one_view_speaks_for_itself, what_all_agree_on_is_said, odds_become_their_power_mean,
          views_not_seen_yet_do_not_count, no_view_is_surer_than_a_thousandth, biases_come_through,
          looks_are_pooled_by_their_views)
