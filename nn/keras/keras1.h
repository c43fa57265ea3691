/*
 * keras1: what Keras 1 wrote otherwise. Its configurations are rewritten to Keras 2's words before
 * anything else reads them; networks with dim_ordering "th" (channels first, Theano) become
 * channels-last ones. Sources: keras/layers of Keras 1.2, keras/legacy/interfaces.py and
 * preprocess_weights_for_loading in keras/engine/topology.py of Keras 2.0.
 */
#ifndef PAWCAM_NN_KERAS_KERAS1_H
#define PAWCAM_NN_KERAS_KERAS1_H

#include "nn/model.h"

#include <jansson.h>

/* Rewrites a whole configuration in place: class names, keys, dim_ordering to data_format. */
bool keras1_modernize(json_t *root, struct error *error);

/* Does a modernized configuration have its channels first? Mixed ones are refused. */
bool keras1_channels_first(const json_t *root, bool *first, struct error *error);

/* Theano's "same" puts the padding elsewhere than TensorFlow's unless the window is odd and slides
 * by one; such windows are refused. */
bool keras1_check_window(const struct window *window, struct error *error);

/* A Flatten of a channels-first network lists its values channel by channel. Returns the picture
 * (height, width, channels) that the layer's input lists so, NULL where the order is ours. */
const struct shape *keras1_flattened(const struct model *model, const struct layer *layer);

/* Refuses channels-first networks in which something else than Dense reads that order. */
bool keras1_check_order(const struct model *model, struct error *error);

/* Theano's [out][in][kernel_h][kernel_w] to [kernel_h][kernel_w][in][out]. */
void keras1_convert_kernel(const float *from, const int dim[4], float *to);

/* Turns [kernel_h][kernel_w][values] by 180 degrees: Theano convolves, the rest of the field
 * correlates. */
void keras1_turn_kernel(float *kernel, int kernel_h, int kernel_w, size_t values);

/* Puts the rows of a Dense kernel [inputs][units] from channels-first into our order. */
void keras1_permute_rows(const float *from, const struct shape *picture, int units, float *to);

#endif
