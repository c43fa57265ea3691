/*
 * shape: how each op makes the shape of its output from those of its inputs, and where the padding
 * of windows goes. Source: TensorFlow's guide "Neural network support: padding" (SAME and VALID),
 * and compute_output_shape of Keras's layers.
 */
#ifndef PAWCAM_NN_SHAPE_H
#define PAWCAM_NN_SHAPE_H

#include "nn/model.h"

/* Works out layer->shape and the padding of its window; layer->inputs must be indices of layers of
 * the model. Refuses what does not fit, with a reason that does not name the layer yet. */
bool shape_infer(const struct model *model, struct layer *layer, struct error *error);

/* rank 1..3, every side at least 1, at most TENSOR_VALUES_MAX values in all. */
bool shape_check(const struct shape *shape, struct error *error);

bool shape_equal(const struct shape *a, const struct shape *b);

/* "128 x 128 x 3" into text; returns text. */
enum { SHAPE_TEXT_BYTES = 48 };
const char *shape_text(const struct shape *shape, char text[SHAPE_TEXT_BYTES]);

#endif
