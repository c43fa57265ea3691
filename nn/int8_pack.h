/* int8_pack: Keras's weights on 8 bits, and in the order in which the kernels of nn/int8_kernels.h
 * read them. Each output channel has a scale of its own: w = scale * q with q in -127..127, its
 * largest weight at 127. Weights that were rounded so before give the same q again. */
#ifndef PAWCAM_NN_INT8_PACK_H
#define PAWCAM_NN_INT8_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kernel [rows][out], rounded. */
struct int8_weights {
    int8_t *q; /* [rows][out] */
    float *scales;
    int32_t *sums, *magnitudes; /* [out]: the sums of q and of its absolute values */
    int out;
};

/* false: out of memory. To be followed by int8_weights_finish in any case. */
bool int8_weights_init(struct int8_weights *weights, const float *kernel, size_t rows, int out);
void int8_weights_finish(struct int8_weights *weights);

/* Replaces each weight of a kernel [rows][out] by the nearest scale * q. */
void int8_round_kernel(float *kernel, size_t rows, int out);

/* How weights [taps][in][out] are to be packed; of depthwise layers [taps][out]. */
struct int8_pack {
    const struct int8_weights *weights;
    int taps, in, out;
    int taps_x; /* depthwise: taps in a row */
    int lanes, vectors;
    int unit;         /* values in a unit: 4 or 2 */
    int weight_bytes; /* 1 or 2 */
    bool plain;       /* the input is [height][width][in], not blocked */
};

/* Per group of `vectors` vectors: [block of in][tap][unit][vectors * lanes][values of a unit], and
 * then for each output channel 128 times the sum of its weights, 32 bits (kernels whose instruction
 * multiplies signed numbers begin with it). Groups overlap as in nn/pack.h. */
size_t int8_pack_conv_bytes(const struct int8_pack *pack);
void int8_pack_conv(const struct int8_pack *pack, int8_t *packed);

/*
 * 3x3 filters as nn/int8_kernels_winograd.c multiplies them, in integers: 36 matrices G k G^T,
 * `stride` bytes apart, each packed as a convolution of one tap with units of two 16-bit numbers.
 */
ptrdiff_t int8_pack_winograd_stride(const struct int8_pack *pack);
void int8_pack_winograd(const struct int8_pack *pack, int8_t *packed);

/* Are all sums, whatever the input, small enough to come out of these kernels? */
bool int8_winograd_is_exact(const struct int8_weights *weights);

/* Per block: [tap_y][unit of tap_x][lanes][values of a unit], and the sums. `in`, `vectors`
 * are not used. */
size_t int8_pack_depthwise_bytes(const struct int8_pack *pack);
void int8_pack_depthwise(const struct int8_pack *pack, int8_t *packed);

#endif
