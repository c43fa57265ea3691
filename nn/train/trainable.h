/* trainable: can a network be trained? Found out before the data is read. */
#ifndef PAWCAM_NN_TRAIN_TRAINABLE_H
#define PAWCAM_NN_TRAIN_TRAINABLE_H

#include "nn/train/trainer.h"

/* With this loss, on our kernels. A usage error says why not; then *line is that of the layer at
 * fault, or 0 when it is the loss. */
bool trainable_check(const struct network *network, const struct trainer_settings *settings,
                     int *line, struct error *error);

#endif
