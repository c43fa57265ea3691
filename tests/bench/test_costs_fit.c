/* Costs that are known must come out of times that they foretell. */
#include "bench/costs_fit.h"
#include "nn/cpu.h"
#include "tests/suite.h"

/* As SSE2 and NEON, one of which every machine of ours has. */
static const struct kernels *four_lanes(void)
{
    const struct kernels *const *k = cpu_all_kernels();
    while (*k && (*k)->lanes != 4)
        k++;
    ck_assert_ptr_nonnull(*k);
    return *k;
}

/* Layers as N1 to N3 have them. */
static const struct conv_task tasks[] = {
    {64, 64, 1, 8, 3, 9, true, false, true, false},
    {64, 64, 8, 16, 32, 9, true, true, false, false},
    {32, 32, 16, 32, 64, 9, true, true, false, false},
    {16, 16, 32, 32, 128, 9, true, true, false, false},
    {16, 16, 16, 16, 64, 9, false, true, false, false},
    {8, 8, 32, 32, 128, 9, false, true, false, false},
    {4, 4, 64, 64, 256, 9, false, true, false, false},
    {16, 16, 32, 16, 128, 1, false, false, false, false},
    {64, 64, 4, 8, 16, 1, false, false, false, false},
    {4, 4, 64, 128, 256, 1, false, false, false, false},
    {16, 16, 8, 16, 32, 9, false, false, false, false},
    {32, 32, 8, 8, 32, 9, false, true, false, false},
};
enum { TASKS = sizeof tasks / sizeof *tasks };

static struct cost_samples measure_as(const struct cost_table *truth)
{
    const struct kernels *kernels = four_lanes();
    struct cost_samples samples = {.lanes = kernels->lanes};
    struct conv_choice ways[CONV_CHOICES_MAX];
    samples.list = calloc(TASKS * CONV_CHOICES_MAX, sizeof *samples.list);
    ck_assert_ptr_nonnull(samples.list);
    for (int t = 0; t < TASKS; t++) {
        const int count = choose_list(kernels, &tasks[t], ways);
        for (int i = 0; i < count; i++)
            samples.list[samples.count++] = (struct cost_sample){
                .layer = t,
                .task = tasks[t],
                .choice = ways[i],
                .us = choose_cost(truth, kernels->lanes, &tasks[t], &ways[i]) / 3000,
            };
    }
    return samples;
}

/* Another processor: slower loads and stores, cheap transforms. */
static struct cost_table another(void)
{
    struct cost_table costs = *choose_costs(4);
    costs.load *= 1.8;
    costs.store *= 2;
    costs.tile *= 0.5;
    costs.transform_in *= 0.4;
    costs.transform_out *= 0.4;
    return costs;
}

START_TEST(true_costs_choose_the_fastest)
{
    const struct cost_table truth = another();
    struct cost_samples samples = measure_as(&truth);
    ck_assert_double_eq_tol(costs_regret(&truth, &samples), 1, 1e-12);
    ck_assert_double_le(costs_error(&truth, &samples), 1e-6); /* whatever the unit */
    int end;
    const int chosen = costs_choose(&truth, &samples, 0, &end);
    ck_assert_int_gt(end, 1);
    for (int i = 0; i < end; i++) {
        ck_assert_int_eq(samples.list[i].layer, 0);
        ck_assert_double_le(samples.list[chosen].us, samples.list[i].us);
    }
    ck_assert(end == samples.count || samples.list[end].layer == 1);
    free(samples.list);
}
END_TEST

START_TEST(a_fit_finds_costs_that_choose_better)
{
    const struct cost_table truth = another(), *start = choose_costs(4);
    struct cost_samples samples = measure_as(&truth);
    const struct cost_table fitted = costs_fit(start, &samples);
    ck_assert_double_gt(costs_regret(start, &samples), 1.01); /* or there is nothing to find */
    ck_assert_double_le(costs_regret(&fitted, &samples), 1.005);
    ck_assert_double_le(costs_error(&fitted, &samples), 0.5 * costs_error(start, &samples));
    ck_assert_double_eq(fitted.multiply, start->multiply);
    free(samples.list);
}
END_TEST

START_TEST(costs_that_are_right_stay)
{
    const struct cost_table *start = choose_costs(4);
    struct cost_samples samples = measure_as(start);
    const struct cost_table fitted = costs_fit(start, &samples);
    ck_assert_mem_eq(&fitted, start, sizeof fitted);
    free(samples.list);
}
END_TEST

TEST_MAIN(costs_fit, true_costs_choose_the_fastest, a_fit_finds_costs_that_choose_better,
          costs_that_are_right_stay)
