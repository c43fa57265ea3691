/*
 * reference_ops: every layer in plain loops, as its definition says it. Slow and obvious, kept for
 * tests and for reading; the fast engine must agree with them.
 *
 * x is the input of shape *in, y the output of shape layer->shape, both row by row with the channel
 * last; they do not overlap unless said. Sums are kept in double: the results then carry
 * practically no rounding of their own, so a test's difference is the other side's.
 */
#ifndef PAWCAM_NN_REFERENCE_OPS_H
#define PAWCAM_NN_REFERENCE_OPS_H

#include "nn/model.h"

/* y[i][j][f] = bias[f] + sum over (u, v, c) of x[i s + u d - pad][j s + v d - pad][c]
 *              * kernel[u][v][c][f]; outside of the picture x is 0. */
void reference_conv2d(const struct layer *layer, const struct shape *in, const float *x, float *y);

/* The same as one matrix product, as the lessons teach it: im2col writes the patch under every
 * position of the window as one row of `columns` [out_h * out_w][kernel_h * kernel_w * in], and the
 * kernel is a matrix [kernel_h * kernel_w * in][filters] already. Source: Chellapilla, Puri, Simard
 * 2006, "High performance convolutional neural networks for document processing". */
size_t reference_im2col_count(const struct layer *layer, const struct shape *in);
void reference_im2col(const struct layer *layer, const struct shape *in, const float *x,
                      float *columns);
void reference_conv2d_im2col(const struct layer *layer, const struct shape *in, const float *x,
                             float *columns, float *y);

/* Each channel for itself: output channel c * multiplier + m belongs to input channel c. */
void reference_depthwise(const struct layer *layer, const struct shape *in, const float *x,
                         float *y);

/* On the last axis; the leading axes are a list of vectors. */
void reference_dense(const struct layer *layer, const struct shape *in, const float *x, float *y);

/* (x - mean) / sqrt(variance + epsilon) * gamma + beta per channel; y may be x. Source: Ioffe,
 * Szegedy 2015. */
void reference_batch_norm(const struct layer *layer, const struct shape *in, const float *x,
                          float *y);

/* Padding takes no part: the maximum and the mean are those of the values inside the picture. */
void reference_max_pool(const struct layer *layer, const struct shape *in, const float *x,
                        float *y);
void reference_average_pool(const struct layer *layer, const struct shape *in, const float *x,
                            float *y);
void reference_global_max_pool(const struct shape *in, const float *x, float *y);
void reference_global_average_pool(const struct shape *in, const float *x, float *y);

void reference_zero_padding(const struct layer *layer, const struct shape *in, const float *x,
                            float *y);
void reference_rescaling(const struct layer *layer, const struct shape *in, const float *x,
                         float *y);

/* y += x. */
void reference_add(const struct shape *in, const float *x, float *y);

/* Puts x into the channels of y that begin at `first`. */
void reference_concatenate(const struct layer *layer, const struct shape *in, const float *x,
                           int first, float *y);

/* In place. Formulas: keras/activations.py of Keras 2; softmax over the last axis, with the largest
 * value taken off first so that no exponential overflows. */
void reference_activate(const struct activation_params *activation, const struct shape *shape,
                        float *y);

#endif
