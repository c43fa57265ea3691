/*
 * pool: from the scores of a frame's views (classify/views.h) to those of the frame.
 *
 * The animal may be in any of them, and most views of a room with a cat show no cat. So a view's
 * evidence is the odds of a class against `nobody`, and the frame's odds are their power mean
 *
 *     odds = (sum of weight * odds_of_view ^ p) ^ (1 / p)        p = 1/2, the weights' sum is 1
 *
 * (a generalised f-mean; Hardy, Littlewood, Polya 1934, chapter II). p = 1 would let one view
 * decide, p -> 0, the geometric mean, would want most of them to agree. The whole frame, all
 * parts together and all near views together weigh the same, and a view's odds count as 1000 at
 * most. docs/evaluation.md has the measurements behind p and the weights. Odds multiplied by a bias
 * for each class in every view are, up to that bound, pooled to odds multiplied by it.
 */
#ifndef PAWCAM_CLASSIFY_POOL_H
#define PAWCAM_CLASSIFY_POOL_H

#include "classify/views.h"

enum { POOL_NO_CLASS = -1 };

struct pool_view {
    bool seen;
    double scores[PREDICTION_CLASSES_MAX]; /* their sum is one */
};

/* list: [views->count], one or more of them seen. Writes `count` scores, whose sum is one as well;
 * of a single view that was seen, its own. nobody: a class; POOL_NO_CLASS only where there is a
 * single view, since without one a view without an animal cannot say so. */
void pool_scores(const struct views *views, const struct pool_view *list, int count, int nobody,
                 double *scores);

/* Enters what was looked at into a list, [VIEWS_MAX] and zero at first, of what each of the frame's
 * views showed last. */
void pool_remember(struct pool_view *list, const struct looks *looks, int count);

/* The scores of a picture by itself, of which these views were looked at. */
void pool_looks(const struct looks *looks, int count, int nobody, double *scores);

#endif
