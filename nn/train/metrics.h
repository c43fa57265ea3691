/*
 * metrics: how good the scores of a classifier are: confusion, accuracy, loss, calibration, and
 * which pictures were worst. Scores are probabilities, one per class.
 */
#ifndef PAWCAM_NN_TRAIN_METRICS_H
#define PAWCAM_NN_TRAIN_METRICS_H

#include "common/error.h"

enum { METRICS_BINS = 15 };

/* A picture and how wrong the model was about it. */
struct worst {
    int index;
    double loss;
    int decided;
};

struct metrics {
    int class_count;
    int n;
    long *confusion; /* [true class][decided class], owned; decided: the highest score */
    double loss_sum; /* of -log(score of the true class) */
    /* Calibration: pictures by the score of the decided class, in METRICS_BINS equal bins. */
    struct {
        long n, right;
        double score_sum;
    } bins[METRICS_BINS];
    struct worst *worst; /* the wrong ones with the highest loss, in falling order, owned */
    int worst_count, worst_max;
};

bool metrics_init(struct metrics *metrics, int class_count, int worst_max, struct error *error);
void metrics_finish(struct metrics *metrics);

/* Counts one picture; returns the decided class. `index` is what metrics.worst names it by. */
int metrics_add(struct metrics *metrics, int index, int label, const float *scores);

double metrics_accuracy(const struct metrics *metrics);
double metrics_loss(const struct metrics *metrics);

/* Expected calibration error: the mean difference between score and accuracy of the bins, weighted
 * by their size (Guo et al. 2017, "On calibration of modern neural networks"). */
double metrics_ece(const struct metrics *metrics);

/* NaN where the class was never decided, or never true. */
double metrics_precision(const struct metrics *metrics, int class_index);
double metrics_recall(const struct metrics *metrics, int class_index);

#endif
