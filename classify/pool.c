#include "classify/pool.h"

#include <math.h>
#include <string.h>

/* A score of `nobody` below it counts as this: one view must not be able to outweigh all others. */
static const double nobody_min = 1e-3;

static double weight(const struct views *views, int view)
{
    const int place = view % views->places;
    if (place == 0)
        return 1;
    if (place <= views->parts)
        return 1.0 / views->parts;
    return 1.0 / (views->places - 1 - views->parts);
}

/* Adds a view's share to each class's sum. */
static void add(const struct pool_view *view, double weight, int count, int nobody, double *sums)
{
    const double nobodys = fmax(nobody_min, view->scores[nobody]);
    for (int i = 0; i < count; i++)
        sums[i] += weight * sqrt(view->scores[i] / nobodys);
}

/* From means of roots of odds, in place; the odds of `nobody` against itself are 1. */
static void to_scores(double *means, int count, int nobody)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += means[i] = i == nobody ? 1 : means[i] * means[i];
    for (int i = 0; i < count; i++)
        means[i] /= sum;
}

void pool_scores(const struct views *views, const struct pool_view *list, int count, int nobody,
                 double *scores)
{
    int seen = 0, last = 0;
    double weights = 0;
    for (int view = 0; view < views->count; view++)
        if (list[view].seen) {
            weights += weight(views, view);
            last = view;
            seen++;
        }
    if (seen == 1) {
        memcpy(scores, list[last].scores, (size_t)count * sizeof *scores);
        return;
    }
    memset(scores, 0, (size_t)count * sizeof *scores);
    for (int view = 0; view < views->count; view++)
        if (list[view].seen)
            add(&list[view], weight(views, view) / weights, count, nobody, scores);
    to_scores(scores, count, nobody);
}

void pool_remember(struct pool_view *list, const struct looks *looks, int count)
{
    for (int i = 0; i < looks->count; i++) {
        struct pool_view *view = &list[looks->list[i].view];
        view->seen = true;
        memcpy(view->scores, looks->list[i].scores, (size_t)count * sizeof *view->scores);
    }
}

void pool_looks(const struct looks *looks, int count, int nobody, double *scores)
{
    struct pool_view list[VIEWS_MAX] = {{0}};
    pool_remember(list, looks, count);
    pool_scores(&looks->views, list, count, nobody, scores);
}
