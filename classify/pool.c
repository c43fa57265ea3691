#include "classify/pool.h"

#include <math.h>
#include <string.h>

/* A score of `nobody` below it counts as this: the odds of one view must not be without bound. */
static const double nobody_min = 1e-6;

static double weight(const struct views *views, int view)
{
    if (view == 0)
        return 1;
    if (view <= views->parts)
        return 1.0 / views->parts;
    return 0.5 / (views->count - 1 - views->parts);
}

/* What of a view's scores is averaged. */
static double evidence(const struct pool_view *view, int class, int nobody)
{
    const double score = fmax(0, view->scores[class]);
    return nobody == POOL_NO_CLASS ? score : cbrt(score / fmax(nobody_min, view->scores[nobody]));
}

/* From means of evidence, in place; the odds of `nobody` against itself are 1. */
static void to_scores(double *means, int count, int nobody)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += means[i] = i == nobody ? 1 : pow(means[i], 3);
    for (int i = 0; i < count; i++)
        means[i] /= sum;
}

void pool_scores(const struct views *views, const struct pool_view *list, int count, int nobody,
                 double *scores)
{
    int seen = 0, last = 0;
    double weights = 0;
    memset(scores, 0, (size_t)count * sizeof *scores);
    for (int view = 0; view < views->count; view++) {
        if (!list[view].seen)
            continue;
        for (int i = 0; i < count; i++)
            scores[i] += weight(views, view) * evidence(&list[view], i, nobody);
        weights += weight(views, view);
        last = view;
        seen++;
    }
    if (seen == 1) { /* to the last bit */
        memcpy(scores, list[last].scores, (size_t)count * sizeof *scores);
        return;
    }
    for (int i = 0; i < count; i++)
        scores[i] /= weights;
    if (nobody != POOL_NO_CLASS)
        to_scores(scores, count, nobody);
}

void pool_looks(const struct looks *looks, int count, int nobody, double *scores)
{
    struct pool_view list[VIEWS_MAX] = {{0}};
    for (int i = 0; i < looks->count; i++) {
        struct pool_view *view = &list[looks->list[i].view];
        view->seen = true;
        memcpy(view->scores, looks->list[i].scores, (size_t)count * sizeof *view->scores);
    }
    pool_scores(&looks->views, list, count, nobody, scores);
}
