/*
 * network: from the [network] section of a recipe to a model. The section is written as in Keras,
 * Sequential or functional:
 *
 *   model = Sequential()
 *   model.add(Conv2D(32, (3, 3), padding='same', activation='relu', input_shape=(128, 128, 3)))
 *   model.add(Flatten())
 *
 *   x = Input((128, 128, 3))
 *   y = Conv2D(64, 3, strides=2, padding='same')(x)
 *   x = Add()([x, y])
 *   model = Model(inputs, x)           may be left out: the last layer is the output
 */
#ifndef PAWCAM_NN_TRAIN_NETWORK_H
#define PAWCAM_NN_TRAIN_NETWORK_H

#include "nn/model.h"
#include "nn/train/initialize.h"
#include "nn/train/script.h"

#include <stdint.h>

/* What a layer's line says beyond the model itself, for the trainer. */
struct layer_training {
    int line;  /* of the recipe; 0 for the input */
    int first; /* layer of the same call: SeparableConv2D(...) makes two */
    struct initialization kernel, bias;
    double l2;   /* weight of kernel^2 in the loss (kernel_regularizer=l2(...)) */
    bool frozen; /* trainable=False: its weights stay as they are, and a
                  * BatchNormalization works as at inference */
};

struct network {
    struct model *model;           /* owned */
    struct layer_training *layers; /* one per layer of the model, owned */
};

/* Reads the section, or the whole file where it has no sections, and draws the initial weights from
 * the seed. Errors name file:line; unknown layers and arguments are errors. On failure the network
 * is empty. The script must outlive it. */
bool network_build(struct network *network, const struct script *script, uint64_t seed,
                   struct error *error);

/* Freezes all layers before the one of this name, which is trained as a whole where its call made
 * more than one. A usage error when there is none. */
bool network_freeze_before(struct network *network, const char *layer, struct error *error);

void network_free(struct network *network);

#endif
