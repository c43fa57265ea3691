/* reference_conv: convolutions of the reference engine; a part of reference_layers.h. */
#ifndef PAWCAM_NN_TRAIN_REFERENCE_CONV_H
#define PAWCAM_NN_TRAIN_REFERENCE_CONV_H

#include "nn/train/reference_layers.h"

/* Values of the columns of one example. */
size_t reference_conv_scratch(const struct layer *layer, const struct shape *in);

void reference_conv_forward(const struct layer_pass *pass);
void reference_conv_backward(const struct layer_pass *pass);
void reference_depthwise_forward(const struct layer_pass *pass);
void reference_depthwise_backward(const struct layer_pass *pass);

#endif
