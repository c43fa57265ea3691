#include "bench/timing.h"

#include "common/clock.h"

#include <stdlib.h>

static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / NS_PER_MS;
}

static bool run_round(struct timing *steps, int step_count, void *context, struct error *error)
{
    for (int i = 0; i < step_count; i++) {
        struct timing *step = &steps[i];
        double start_ms = cpu_ms();
        if (!step->run(context, error))
            return error_prefix(error, "%s", step->name);
        step->ms[step->count++] = cpu_ms() - start_ms;
    }
    return true;
}

bool timing_run(struct timing *steps, int step_count, int rounds, double time_s, void *context,
                struct error *error)
{
    if (!run_round(steps, step_count, context, error))
        return false;
    for (int i = 0; i < step_count; i++)
        steps[i].count = 0; /* forget the first round, which touched all memory */
    int64_t deadline_ns = clock_monotonic_ns() + clock_ns_from_seconds(time_s);
    for (int round = 0; round == 0 || (round < rounds && clock_monotonic_ns() < deadline_ns);
         round++)
        if (!run_round(steps, step_count, context, error))
            return false;
    return true;
}

static int compare(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

double timing_quantile(struct timing *step, double share)
{
    qsort(step->ms, (size_t)step->count, sizeof *step->ms, compare);
    return step->ms[(int)(share * (step->count - 1) + 0.5)];
}
