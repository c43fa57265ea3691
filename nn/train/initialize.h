/*
 * initialize: weights to begin a training with. Names and formulas are those of
 * tf.keras.initializers; glorot: Glorot and Bengio 2010, he: He et al. 2015, lecun: LeCun 1998.
 */
#ifndef PAWCAM_NN_TRAIN_INITIALIZE_H
#define PAWCAM_NN_TRAIN_INITIALIZE_H

#include "nn/model.h"
#include "nn/train/random.h"

/* How an array of weights begins. */
struct initialization {
    const char *name; /* as initialize_find gives it; NULL: the array stays as it is (zero) */
    double mean;      /* added to what is drawn; the value of "constant" */
    double stddev;    /* of what is drawn; 0: the initializer's own */
};

/* All names, for messages: "glorot_uniform" (Keras's default), ... */
extern const char *const initialize_names;

/* The name that stands for this name or class name, "he_normal" for "HeNormal"; NULL: there is no
 * such initializer. Static. */
const char *initialize_find(const char *name);

/* Fills a layer's kernel and bias; does nothing for a layer without a kernel. */
void initialize_layer(const struct model *model, struct layer *layer,
                      const struct initialization *kernel, const struct initialization *bias,
                      struct random *random);

#endif
