/*
 * order: which pictures an epoch shows, and in which order. It follows from seed and epoch alone,
 * so that a training can be resumed.
 *
 * Every picture of a source without a share is shown once. Of a source with a share there are as
 * many as make it that part of the epoch. With `balance` each class of a source is shown as often
 * as the source's largest one. Where a group of pictures does not fit its number, the epochs go
 * round in it, each time in a new order: all its pictures are seen equally often in the long run.
 */
#ifndef PAWCAM_NN_TRAIN_ORDER_H
#define PAWCAM_NN_TRAIN_ORDER_H

#include "nn/train/dataset.h"

struct order_settings {
    const struct subset *pictures;
    bool shuffle, balance;
    uint64_t seed;
    bool judged; /* every picture once, whatever its share: for validation */
};

/* How many pictures an epoch shows, the same in each; -1: out of memory. */
int order_length(const struct order_settings *settings);

/* The places in pictures->indices that the epoch (from 0) shows: (*order)[*length], which the
 * caller frees. */
bool order_draw(const struct order_settings *settings, int epoch, int **order, int *length,
                struct error *error);

#endif
