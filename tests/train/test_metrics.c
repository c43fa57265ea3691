#include "nn/train/metrics.h"

#include "tests/suite.h"

#include <math.h>

static struct metrics metrics;
static struct error error;

START_TEST(counts_what_was_decided)
{
    const float right[] = {0.8F, 0.1F, 0.1F}, wrong[] = {0.2F, 0.7F, 0.1F};
    ck_assert(metrics_init(&metrics, 3, 2, &error));
    ck_assert_int_eq(metrics_add(&metrics, 0, 0, right), 0);
    ck_assert_int_eq(metrics_add(&metrics, 1, 0, wrong), 1);
    ck_assert_int_eq(metrics_add(&metrics, 2, 1, wrong), 1);
    ck_assert_int_eq(metrics_add(&metrics, 3, 1, right), 0);
    ck_assert_double_eq(metrics_accuracy(&metrics), 0.5);
    ck_assert_double_eq_tol(metrics_loss(&metrics),
                            -(log(0.8) + log(0.2) + log(0.7) + log(0.1)) / 4, 1e-6);
    ck_assert(metrics.confusion[0] == 1 && metrics.confusion[1] == 1);
    ck_assert(metrics.confusion[3] == 1 && metrics.confusion[4] == 1);
    ck_assert_double_eq(metrics_precision(&metrics, 0), 0.5);
    ck_assert_double_eq(metrics_recall(&metrics, 1), 0.5);
    ck_assert(isnan(metrics_precision(&metrics, 2)) && isnan(metrics_recall(&metrics, 2)));
    metrics_finish(&metrics);
}
END_TEST

/* Ten pictures at 0.75, of which 6 are right, and ten at 0.95, all right. */
START_TEST(calibration)
{
    const float low[] = {0.75F, 0.25F}, high[] = {0.95F, 0.05F};
    ck_assert(metrics_init(&metrics, 2, 0, &error));
    for (int i = 0; i < 10; i++) {
        metrics_add(&metrics, i, i >= 6, low);
        metrics_add(&metrics, i, 0, high);
    }
    ck_assert_double_eq_tol(metrics_ece(&metrics), (10 * 0.15 + 10 * 0.05) / 20, 1e-6);
    metrics_finish(&metrics);
}
END_TEST

START_TEST(keeps_the_worst)
{
    ck_assert(metrics_init(&metrics, 2, 3, &error));
    const float scores[] = {0.6F, 0.9F, 0.7F, 0.99F, 0.8F, 1.0F};
    for (int i = 0; i < 6; i++)
        metrics_add(&metrics, i, 1, (const float[]){scores[i], 1 - scores[i]});
    metrics_add(&metrics, 6, 0, (const float[]){0.5F, 0.5F}); /* right */
    ck_assert_int_eq(metrics.worst_count, 3);
    ck_assert(metrics.worst[0].index == 5 && metrics.worst[1].index == 3 &&
              metrics.worst[2].index == 1);
    ck_assert(isfinite(metrics.worst[0].loss));
    metrics_finish(&metrics);
}
END_TEST

TEST_MAIN(metrics, counts_what_was_decided, calibration, keeps_the_worst)
