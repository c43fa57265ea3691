/*
 * trainer: one network being trained: forward, loss, backward, optimizer step, on all threads. It
 * knows nothing of files, pictures or epochs; fit.h drives it.
 *
 * Batches are float32, NHWC, already preprocessed: x [n][height][width][channels] (or [n][values]);
 * targets y are what the loss takes: class indices as float [n] for sparse categorical, one-hot or
 * soft [n][classes] for categorical, [n][units] for binary and mse.
 */
#ifndef PAWCAM_NN_TRAIN_TRAINER_H
#define PAWCAM_NN_TRAIN_TRAINER_H

#include "nn/train/network.h"

#include <stdio.h>

enum loss {
    LOSS_MSE,
    LOSS_BINARY_CROSSENTROPY,
    LOSS_CATEGORICAL_CROSSENTROPY,
    LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
};

enum optimizer { OPTIMIZER_SGD, OPTIMIZER_RMSPROP, OPTIMIZER_ADAM, OPTIMIZER_ADAMW };

struct trainer_settings {
    enum loss loss;
    double label_smoothing;
    enum optimizer optimizer;
    double momentum; /* SGD; RMSprop's is 0 */
    bool nesterov;   /* SGD */
    double rho;      /* RMSprop */
    double beta_1, beta_2;
    double epsilon;
    double weight_decay; /* decoupled for AdamW; L2 in the gradient for SGD; not on biases and BN */
    double clip_norm;    /* of each weight array's gradient, Keras's clipnorm; 0: none */
    double global_clip_norm; /* of the whole gradient, Keras's global_clipnorm; 0: none */
    double clip_value;       /* of each value of the gradient; 0: none */
    double ema;              /* decay of the weights' moving average; 0: none. The statistics of
                              * BatchNormalization are not averaged but the latest: they are moving
                              * averages already, and averaged once more they were measured to be
                              * worse, as long as the weights still change much */
    int batch;               /* the largest batch that trainer_step will get */
    int threads;             /* 0: all that the machine has */
    const char *cpu;         /* kernels, as in session.h */
    uint64_t seed;           /* of dropout */
};

/* Sums over a batch; divide by n. */
struct trainer_result {
    int n;
    double loss;    /* data loss, without the L2 terms */
    double penalty; /* the L2 terms, once per batch */
    int correct;    /* argmax (or p > 0.5 for one sigmoid) agrees with the target */
    bool finite;    /* false: loss or gradient is NaN or infinite; the weights were not changed */
};

struct trainer;

/* Takes its weights from network->model, which must outlive it. NULL: out of memory, or a network
 * that cannot be trained with this loss (by name). */
struct trainer *trainer_create(struct network *network, const struct trainer_settings *settings,
                               struct error *error);
void trainer_destroy(struct trainer *trainer);

/* One optimizer step on n <= batch examples with this learning rate. The same seed, data and
 * kernels give the same bits for one thread count; other thread counts agree up to rounding. */
struct trainer_result trainer_step(struct trainer *trainer, const float *x, const float *y, int n,
                                   double learning_rate);

/* Loss, penalty and hits of n <= batch examples without learning (moving statistics, no dropout),
 * by the average of the weights where there is one, because that is what is kept; scores
 * [n][outputs] may be NULL. */
struct trainer_result trainer_evaluate(struct trainer *trainer, const float *x, const float *y,
                                       int n, float *scores);

/* False: a weight or a moving average is NaN or infinite. A step looks at the loss before its own
 * update only. */
bool trainer_is_finite(const struct trainer *trainer);

/* Copies the weights into the model: the trained ones, or their moving average if there is one. */
void trainer_store(struct trainer *trainer, bool average);

/* All state that a resumed training needs besides the model: weights, optimizer slots, averages,
 * step count, random state. Written to and read from an open file; the reader checks that it fits.
 */
bool trainer_save(struct trainer *trainer, FILE *file, struct error *error);
bool trainer_load(struct trainer *trainer, FILE *file, struct error *error);

#endif
