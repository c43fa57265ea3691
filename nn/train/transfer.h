/*
 * transfer: the weights of an earlier model to begin a training with, in place of random ones
 * (fine-tuning). Layers are matched by their order and the shapes of their weights; names and sizes
 * of pictures do not matter, so that a network that ends in global pooling can go on with larger
 * pictures. The statistics of BatchNormalization are weights like the others.
 *
 * The head, a Dense layer that makes the scores, may have other classes: it is taken class by
 * class, by name.
 */
#ifndef PAWCAM_NN_TRAIN_TRANSFER_H
#define PAWCAM_NN_TRAIN_TRANSFER_H

#include "nn/model.h"

/* Takes everything but the head. false, by the first layer that does not fit: the model is
 * unchanged. */
bool transfer_body(const struct model *from, struct model *to, struct error *error);

/* Takes the head after transfer_body, when the classes of both models are known. Classes of the
 * same name keep their weights; classes of a file that names none ("class 0", ...) count by their
 * place. A class that is new keeps the weights that it has. kept[to->class_count] says which were
 * taken; a network without a head, or with one output, takes all or nothing. */
void transfer_head(const struct model *from, struct model *to, bool *kept);

#endif
