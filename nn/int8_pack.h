/* int8_pack: Keras's weights as bytes, in the order in which the kernels of nn/int8_kernels.h read
 * them. Each output channel has a scale of its own: w = scale * q with q in -127..127, its largest
 * weight at 127. Weights that were rounded so before give the same q again. */
#ifndef PAWCAM_NN_INT8_PACK_H
#define PAWCAM_NN_INT8_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kernel [taps][in][out]; a depthwise one is [taps][out]. */
struct int8_pack {
    const float *kernel;
    int taps, in, out;
    int taps_x; /* depthwise: taps in a row */
    int lanes, vectors;
    bool plain;    /* the input is [height][width][4 bytes], not blocked */
    bool reversed; /* its channels come in reverse order */
};

/* scales[out], and sums[out] of the rounded weights. Depthwise: `in` is 1. */
void int8_weight_scales(const struct int8_pack *pack, float *scales, int32_t *sums);

/* Replaces each weight of a kernel [rows][out] by the nearest scale * q. */
void int8_round_kernel(float *kernel, size_t rows, int out);

/* Per group of `vectors` vectors: [block of in][tap][quad][vectors * lanes][4], and then for each
 * output channel 128 times the sum of its weights, 32 bits (kernels whose instruction multiplies
 * signed numbers begin with it). Groups overlap as in nn/pack.h. */
size_t int8_pack_conv_bytes(const struct int8_pack *pack);
void int8_pack_conv(const struct int8_pack *pack, const float *scales, int8_t *packed);

/* Per block: [tap_y][four tap_x][lanes][4], and the sums. `in`, `vectors` are not used. */
size_t int8_pack_depthwise_bytes(const struct int8_pack *pack);
void int8_pack_depthwise(const struct int8_pack *pack, const float *scales, int8_t *packed);

#endif
