/*
 * costs_fit: the constants of nn/choose.h's cost model, from measured convolutions.
 */
#ifndef PAWCAM_BENCH_COSTS_FIT_H
#define PAWCAM_BENCH_COSTS_FIT_H

#include "nn/choose.h"

/* A convolution that was done in one way. */
struct cost_sample {
    int layer; /* samples of one layer stand together in the list */
    struct conv_task task;
    struct conv_choice choice;
    double us; /* measured */
};

struct cost_samples {
    struct cost_sample *list;
    int count;
    int lanes;
};

/* The sample, of those from `first` to the end of its layer, that these costs would choose; *end is
 * where the next layer begins. */
int costs_choose(const struct cost_table *costs, const struct cost_samples *samples, int first,
                 int *end);

/* The time of what these costs choose in every layer, in all; 1 is that of the fastest ways. */
double costs_regret(const struct cost_table *costs, const struct cost_samples *samples);

/* By how much they foretell the time wrongly: the deviation of the logarithms, whatever the unit.
 */
double costs_error(const struct cost_table *costs, const struct cost_samples *samples);

/* Costs that choose better: from `start`, which nothing pulls them away from but what was measured.
 */
struct cost_table costs_fit(const struct cost_table *start, const struct cost_samples *samples);

#endif
