/*
 * schedule: the learning rate of each step. A plain function of the step's number, so that nothing
 * need be kept to resume a training.
 */
#ifndef PAWCAM_NN_TRAIN_SCHEDULE_H
#define PAWCAM_NN_TRAIN_SCHEDULE_H

enum schedule_kind {
    SCHEDULE_CONSTANT,
    SCHEDULE_STEP,   /* times `factor` every `epochs` epochs */
    SCHEDULE_COSINE, /* half a cosine down to alpha * rate (Loshchilov and Hutter 2016) */
};

struct schedule {
    enum schedule_kind kind;
    double rate;      /* the optimizer's learning rate */
    double decay;     /* Keras 1 and 2: the rate is divided by 1 + decay * step */
    int warmup_steps; /* the rate grows linearly from 0 in the first steps */
    int epochs;       /* SCHEDULE_STEP */
    double factor;    /* SCHEDULE_STEP */
    double alpha;     /* SCHEDULE_COSINE */
};

/* step counts from 0 over all epochs. */
double schedule_rate(const struct schedule *schedule, long step, int steps_per_epoch, int epochs);

#endif
