/* timing: how long steps take that are run in turns, so that a busy moment of the machine hits all
 * of them alike. The time is the CPU's, of this thread (CLOCK_THREAD_CPUTIME_ID): what other
 * programs take of the machine does not count, and neither would a wait. Reading that clock takes
 * 0.5 us. */
#ifndef PAWCAM_BENCH_TIMING_H
#define PAWCAM_BENCH_TIMING_H

#include "common/error.h"

enum { TIMING_ROUNDS_MAX = 2000 };

struct timing {
    const char *name;
    bool (*run)(void *context, struct error *error);
    int count;
    double ms[TIMING_ROUNDS_MAX];
};

/* Runs every step once to warm up and then `rounds` times, one after the other in each round; fewer
 * when time_s seconds are over before, but at least once. */
bool timing_run(struct timing *steps, int step_count, int rounds, double time_s, void *context,
                struct error *error);

/* Milliseconds below which this share of the rounds lies: 0.5 is the median. */
double timing_quantile(struct timing *step, double share);

#endif
