/*
 * mixing: pictures of a batch mixed with one another, and their targets alike: mixup (Zhang et al.
 * 2017, arXiv:1710.09412) or cutmix (Yun et al. 2019, arXiv:1905.04899). The batch is shuffled
 * already, so any fixed pairing is a random one.
 */
#ifndef PAWCAM_NN_TRAIN_MIXING_H
#define PAWCAM_NN_TRAIN_MIXING_H

#include "nn/train/augment.h"

struct mixing {
    float *x; /* [n][height][width][channels] */
    float *y; /* [n][targets] */
    int n, height, width, channels, targets;
};

/* Mixup in mixup_share of all batches, cutmix in cutmix_share of the others. */
void mixing_apply(const struct augment_settings *settings, const struct mixing *batch,
                  struct random *random);

#endif
