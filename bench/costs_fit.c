#include "bench/costs_fit.h"

#include <math.h>

enum { COSTS = sizeof(struct cost_table) / sizeof(double), SWEEPS = 100 };

/* What a wrong forecast and a step away from the start weigh beside the regret. The time of the
 * chosen ways is what counts, but it does not change while costs change a little: the forecast
 * leads the way there. */
static const double error_weight = 0.3, distance_weight = 0.002;

int costs_choose(const struct cost_table *costs, const struct cost_samples *samples, int first,
                 int *end)
{
    double least = INFINITY;
    int best = first, i = first;
    for (; i < samples->count && samples->list[i].layer == samples->list[first].layer; i++) {
        const struct cost_sample *sample = &samples->list[i];
        const double cost = choose_cost(costs, samples->lanes, &sample->task, &sample->choice);
        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    *end = i;
    return best;
}

double costs_regret(const struct cost_table *costs, const struct cost_samples *samples)
{
    double chosen = 0, best = 0;
    for (int i = 0, end; i < samples->count; i = end) {
        chosen += samples->list[costs_choose(costs, samples, i, &end)].us;
        double least = INFINITY;
        for (int k = i; k < end; k++)
            least = fmin(least, samples->list[k].us);
        best += least;
    }
    return chosen / best;
}

double costs_error(const struct cost_table *costs, const struct cost_samples *samples)
{
    double sum = 0, squares = 0;
    for (int i = 0; i < samples->count; i++) {
        const struct cost_sample *sample = &samples->list[i];
        const double wrong =
            log(choose_cost(costs, samples->lanes, &sample->task, &sample->choice) / sample->us);
        sum += wrong;
        squares += wrong * wrong;
    }
    const double mean = sum / samples->count;
    return sqrt(fmax(0, squares / samples->count - mean * mean));
}

static double distance(const double *costs, const double *start)
{
    double sum = 0;
    for (int i = 0; i < COSTS; i++)
        sum += pow(log(costs[i] / start[i]), 2);
    return sum;
}

static double judge(const struct cost_table *costs, const struct cost_table *start,
                    const struct cost_samples *samples)
{
    return costs_regret(costs, samples) + error_weight * costs_error(costs, samples) +
           distance_weight * distance((const double *)costs, (const double *)start);
}

/* One cost after the other, in large and in small steps, as long as it helps. The first stays: only
 * ratios matter. */
struct cost_table costs_fit(const struct cost_table *start, const struct cost_samples *samples)
{
    static const double steps[] = {1.3, 1 / 1.3, 1.05, 1 / 1.05};
    struct cost_table best = *start;
    double least = judge(&best, start, samples);
    bool moved = true;
    for (int sweep = 0; moved && sweep < SWEEPS; sweep++) {
        moved = false;
        for (int k = 0; k < (COSTS - 1) * 4; k++) {
            struct cost_table tried = best;
            ((double *)&tried)[1 + k / 4] *= steps[k % 4];
            const double judged = judge(&tried, start, samples);
            if (judged < least) {
                least = judged;
                best = tried;
                moved = true;
            }
        }
    }
    return best;
}
