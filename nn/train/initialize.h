/*
 * initialize: weights to begin a training with. Names and formulas are those of
 * tf.keras.initializers; glorot: Glorot and Bengio 2010, he: He et al. 2015, lecun: LeCun 1998.
 */
#ifndef PAWCAM_NN_TRAIN_INITIALIZE_H
#define PAWCAM_NN_TRAIN_INITIALIZE_H

#include "nn/model.h"
#include "nn/train/random.h"

/* "glorot_uniform" (Keras's default), "glorot_normal", "he_uniform", "he_normal", "lecun_uniform",
 * "lecun_normal", "random_normal" (0.05), "random_uniform" (+-0.05), "zeros", "ones". */
bool initializer_exists(const char *name);

/* Fills a layer's kernel; does nothing for a layer without one. The bias stays as it is (zero).
 * `stddev` takes the place of the initializer's own standard deviation; 0: keep that. */
void initialize_kernel(const struct model *model, struct layer *layer, const char *initializer,
                       double stddev, struct random *random);

#endif
