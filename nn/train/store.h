/* store: the state of a training as bytes in a file, in this machine's byte order: a checkpoint is
 * for going on, a model file (nn/keras/save.h) for passing on. */
#ifndef PAWCAM_NN_TRAIN_STORE_H
#define PAWCAM_NN_TRAIN_STORE_H

#include "nn/train/optimizer.h"

bool store_write(const struct parameters *parameters, const struct optimizer_state *optimizer,
                 float *weights, FILE *file, struct error *error);

/* Refuses state of another network or optimizer; then weights and optimizer are unchanged. If the
 * file ends early they are not. */
bool store_read(const struct parameters *parameters, struct optimizer_state *optimizer,
                float *weights, FILE *file, struct error *error);

#endif
