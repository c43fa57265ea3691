/*
 * prefetch: batches made ahead of the training by threads of their own: pictures drawn in the
 * epoch's order, augmented, scaled, with their targets, those of a teacher among them.
 *
 * Which picture comes when, and what is done to it, follows from seed, epoch and its place alone,
 * whatever the number of threads; so a training can be taken up again in the middle of an epoch.
 */
#ifndef PAWCAM_NN_TRAIN_PREFETCH_H
#define PAWCAM_NN_TRAIN_PREFETCH_H

#include "nn/train/augment.h"
#include "nn/train/order.h"
#include "nn/train/teacher.h"

enum target_kind {
    TARGET_INDEX,   /* y [n]: the class as a number; sparse categorical cross-entropy */
    TARGET_ONE_HOT, /* y [n][classes] */
    TARGET_BINARY,  /* y [n]: 0 or 1 */
};

struct prefetch_settings {
    struct order_settings order;
    const struct augment_settings *augment; /* &augment_none: only resized */
    const struct picture_codec *codec;
    int height, width;         /* of the network's input */
    float scale[3], offset[3]; /* value = pixel * scale[c] + offset[c] */
    enum target_kind target;
    const struct teacher *teacher; /* checked (teacher.h); NULL: none */
    const char *cpu;               /* kernels that the teacher runs with, as in session.h */
    int batch;
    int threads;
};

struct batch {
    float *x; /* [n][height][width][channels] */
    float *y;
    int n; /* the last of an epoch may be smaller */
};

struct prefetch;

/* Starts the threads for one epoch (from 0), at the batch `first`. The settings must outlive it. */
struct prefetch *prefetch_start(const struct prefetch_settings *settings, int epoch, int first,
                                struct error *error);

/* The next batch, valid until the next call. NULL: the epoch is over, or it failed; *error is set
 * (its message not empty) in that case only. */
const struct batch *prefetch_next(struct prefetch *prefetch, struct error *error);

/* Seconds that prefetch_next had to wait so far: the time for which training starved. */
double prefetch_waited_s(const struct prefetch *prefetch);

/* Stops and joins the threads. NULL is allowed. */
void prefetch_stop(struct prefetch *prefetch);

/* Batches of one epoch; less than one: out of memory. */
int prefetch_batches(const struct prefetch_settings *settings);

#endif
