/*
 * pack: Keras's weights into the order in which the kernels (nn/kernels.h) read them, front to
 * back. `lanes` is the vector length; output channels beyond the last are zero. `scale` is one
 * factor per output channel (a folded BatchNorm), or NULL.
 *
 * Output channels come in groups of `vectors` vectors; where their number does not divide, the last
 * group begins earlier and repeats some of the group before, or the last `narrow` groups have a
 * vector less.
 */
#ifndef PAWCAM_NN_PACK_H
#define PAWCAM_NN_PACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A kernel [taps][in][out], taps = kernel_h * kernel_w. */
struct pack {
    const float *kernel;
    const float *scale;
    int taps, in, out;
    int lanes, vectors;
    int narrow;    /* conv: groups with a vector less, which make up what is missing; or 0 */
    int side;      /* of Winograd's tiles of outputs: 4 or 2 */
    bool plain;    /* conv: the input is [height][width][in], not blocked */
    bool reversed; /* conv: its channels come in reverse order (B, G, R for a network on R, G, B) */
};

/* Blocks of `lanes` channels. */
static inline int pack_blocks(int channels, int lanes)
{
    return (channels + lanes - 1) / lanes;
}

/* [group][block of in][tap][channel of in][vectors * lanes] */
size_t pack_conv_count(const struct pack *pack);
void pack_conv(const struct pack *pack, float *packed);

/* G k G^T of each 3x3 filter: winograd_matrices(side) matrices [group][channel of in][vectors *
 * lanes], `stride` floats apart; for plain input [group][matrix][channel of in][vectors * lanes].
 */
ptrdiff_t pack_winograd_stride(const struct pack *pack);
size_t pack_winograd_count(const struct pack *pack);
void pack_winograd(const struct pack *pack, float *packed);

/* [group][input][DENSE_VECTORS * lanes]; inputs in the order in which a tensor of taps = height *
 * width pixels with `in` channels lies in memory: plain, or blocked and padded. The kernel is
 * [taps * in][out]. `vectors` is not used. */
size_t pack_dense_inputs(const struct pack *pack);
size_t pack_dense_count(const struct pack *pack);
void pack_dense(const struct pack *pack, float *packed);

/* The same in half the memory: a word holds the weights of two inputs as bfloat16 (the upper half
 * of a float, rounded to the nearest), the first one's in its lower half; an odd last input is
 * paired with zeros. `group` is scratch memory of pack_dense_inputs() * DENSE_VECTORS * lanes
 * floats. */
size_t pack_dense_bfloat16_count(const struct pack *pack);
void pack_dense_bfloat16(const struct pack *pack, float *group, uint32_t *pairs);

/* Values to half floats (IEEE 754 binary16), the nearest; those that would become infinite, to the
 * largest. */
void pack_halves(const float *values, size_t count, uint16_t *halves);

/* [block][tap][lanes]; the kernel is [taps][out], `in` and `vectors` are not used. */
size_t pack_depthwise_count(const struct pack *pack);
void pack_depthwise(const struct pack *pack, float *packed);

#endif
