/*
 * kernels: the inner loops of the fast engine. The sources nn/kernels_*.c are compiled once per
 * vector length ("lanes": 4 for SSE2 and NEON, 8 for AVX2, 16 for AVX-512); each compilation
 * yields one table of functions. nn/cpu.h chooses among the tables.
 *
 * Activations are blocked, NCHWc: [channels / lanes][height][width][lanes]. One vector then holds
 * `lanes` channels of one pixel, whatever the kernel size, stride or dilation is, and a
 * convolution becomes: broadcast one input value, multiply it by a vector of output channels, add.
 * Where the channels do not fill the last block, weights are zero for its spare lanes, and whoever
 * writes a value leaves finite numbers in them: kernels compute them like the others, copies clear
 * them (NaN times a weight of zero would not be zero). Padding of the picture is a border of zeros
 * in memory around it, so the loops have no branch for it. See docs/engine.md.
 *
 * No kernel allocates, fails or checks; the plan (nn/plan.h) hands them views that fit. All
 * pointers to blocked data and packed weights are aligned to KERNEL_ALIGNMENT.
 */
#ifndef PAWCAM_NN_KERNELS_H
#define PAWCAM_NN_KERNELS_H

#include "nn/model.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KERNEL_LANES_MAX = 16,
    KERNEL_ALIGNMENT = 64,   /* bytes: a line of the caches */
    KERNEL_TILE_PIXELS = 16, /* most pixels of a convolution's register tile */
    KERNEL_TILE_VECTORS = 4, /* most channel vectors of it */
    DENSE_VECTORS = 4,       /* output vectors per group of dense weights */
    FAR_AHEAD_BYTES = 16384, /* that far weights are asked for ahead of their use: the processor's
                                own prefetcher stops at each page of 4 KiB, and begins anew */
};

/* Blocked activations; strides are counted in floats. A pixel is `lanes` floats wide, but where its
 * channels lie side by side. */
struct view {
    float *data; /* channel 0 of pixel (0, 0) */
    ptrdiff_t row, block;
    int blocks, height, width;
};

/* What happens to a value on its way out of a kernel. */
enum fused_kind {
    FUSED_LINEAR,
    FUSED_RELU, /* max(x, 0) */
    FUSED_CLIP, /* min(max(x, 0), cap) */
    FUSED_LEAKY /* x > 0 ? min(x, cap) : slope * x */
};

struct fused {
    enum fused_kind kind;
    float slope, cap; /* cap: INFINITY where there is none */
};

/* x > 0 ? min(x, cap) : slope * x, by the kind that takes the fewest steps. */
static inline struct fused fused_rectifier(float slope, float cap)
{
    const enum fused_kind capped = isinf(cap) ? FUSED_RELU : FUSED_CLIP;
    return (struct fused){slope == 0 ? capped : FUSED_LEAKY, slope, cap};
}

/*
 * Direct convolution, also the matrix product of Winograd and of pointwise layers.
 *   in       data points at the first tap of output (0, 0), border included. Blocked, or plain
 *            [height][width][channels] with one block, for pictures with few channels, behind
 *            depthwise convolutions, and for Winograd's products, whose pixels are tiles.
 *   weights  packed by pack_conv for `vectors` of the kernel that runs
 *   out      blocks = vectors of output channels; with pool its height and width are those after
 *            the pooling
 */
struct conv {
    struct view in, out;
    const float *residual; /* added before the activation; NULL: none */
    ptrdiff_t residual_row, residual_block;
    int taps_y, taps_x;
    ptrdiff_t tap_row, tap_column;       /* floats from tap to tap */
    ptrdiff_t output_row, output_column; /* floats of input from output to output */
    int depth, last_depth;               /* values per tap; in the last block */
    const float *weights;
    const uint16_t *halves; /* run_halves: the same as half floats, instead */
    const float *bias;      /* NULL: zeros */
    struct fused fused;
    bool pool; /* 2x2 max-pooling of the output, stride 2; `fused` must not decrease then */
};

/* A convolution works for one distance between the inputs of neighbouring outputs
 * (conv.output_column): known constants let the compiler address a whole tile from one register. */
enum conv_step {
    CONV_STEP_LANES,  /* blocked, stride 1 */
    CONV_STEP_LANES2, /* blocked, stride 2 */
    CONV_STEP_3,      /* a picture of three channels, stride 1 */
    CONV_STEP_6,      /* the same, stride 2 */
    CONV_STEP_ANY,
    CONV_STEP_COUNT
};

/* A register tile: rows x columns output pixels times `vectors` channel vectors. The output must
 * be at least that large; pooling needs even rows and columns. */
struct conv_kernel {
    int rows, columns, vectors;
    bool winograd; /* F(4x4, 3x3), see below: 3x3 taps, CONV_STEP_3 only, with a bias, and weights
                      packed by pack_winograd */
    void (*run[CONV_STEP_COUNT])(const struct conv *conv);
    /* For weights that lie behind the second cache: they are asked for ahead. As floats, and as
     * half floats (IEEE 754 binary16), which is half as many bytes. With any step; NULL: not there.
     */
    void (*run_far)(const struct conv *conv);
    void (*run_halves)(const struct conv *conv);
};

/* Tiles of the same pixels with one vector less, which stand next in the table where there are any:
 * where the output's vectors are no multiple of the kernel's, groups of either make them up. NULL:
 * none. */
static inline const struct conv_kernel *conv_narrower(const struct conv_kernel *kernel)
{
    const struct conv_kernel *next = kernel + 1;
    return !kernel->winograd && next->rows == kernel->rows && next->columns == kernel->columns &&
                   next->vectors == kernel->vectors - 1
               ? next
               : NULL;
}

/* How many of the groups are narrow; 0 where all of them would have to be narrower still. */
static inline int conv_narrow_groups(const struct conv_kernel *kernel, int out_blocks)
{
    const int groups = (out_blocks + kernel->vectors - 1) / kernel->vectors;
    const int narrow = groups * kernel->vectors - out_blocks;
    return conv_narrower(kernel) && narrow <= groups ? narrow : 0;
}

/*
 * Winograd on blocked input (Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks",
 * arXiv:1509.09308): F(4x4, 3x3) takes 36 multiplications for 16 outputs where the direct way takes
 * 144; F(2x2, 3x3) takes 16 for 4 where it takes 36, and reads 16 matrices of weights, not 36.
 * Stride 1, output at least one tile. A block of tiles is transformed, multiplied and transformed
 * back while it is in the cache.
 *   side     of a tile of outputs: 4 or 2
 *   direct   describes input, output, residual, bias, activation and pooling as above
 *   gemm     runs the matrix products; its rows must be 1
 *   weights  winograd_matrices() of them, packed by pack_winograd, weight_stride values apart
 *   halves   the same as half floats, instead of floats; NULL: floats
 *   far      as for conv_kernel.run_far
 *   scratch  winograd_scratch_count() floats
 */
struct winograd {
    int side;
    struct conv direct;
    const struct conv_kernel *gemm;
    const float *weights;
    const uint16_t *halves;
    bool far;
    ptrdiff_t weight_stride;
    int block; /* tiles transformed together, at least gemm->columns, at most all tiles */
    float *scratch;
};

static inline int winograd_matrices(int side)
{
    return (side + 2) * (side + 2);
}

/* Floats between the matrices of transformed input (blocks = in.blocks) and of products (blocks
 * = out.blocks). Not a power of two, or all would fall into the same few lines of the cache. */
static inline ptrdiff_t winograd_stride(int lanes, int blocks, int block)
{
    return (ptrdiff_t)lanes * blocks * block + 80;
}

static inline ptrdiff_t winograd_scratch_count(int lanes, int in_blocks, int out_blocks, int side,
                                               int block)
{
    return winograd_matrices(side) *
           (winograd_stride(lanes, in_blocks, block) + winograd_stride(lanes, out_blocks, block));
}

/* Each channel alone with its own filter: weights [blocks][taps_y][taps_x][lanes], bias
 * [blocks][lanes]. 1x1 is a scale and shift per channel. */
struct depthwise {
    struct view in, out; /* in.data as for conv */
    ptrdiff_t out_pixel; /* floats from pixel to pixel of `out`: lanes; or its channels, which then
                            lie side by side, and out.block is lanes */
    int taps_y, taps_x;
    ptrdiff_t tap_row, tap_column, output_row, output_column;
    const float *weights, *bias;
    struct fused fused;
};

/* out[units] = fused(bias + in[count] * weights), all contiguous; bias and out padded to whole
 * groups of DENSE_VECTORS vectors. Exactly one of weights, packed by pack_dense, and pairs, by
 * pack_dense_bfloat16. */
struct dense {
    const float *in, *weights, *bias;
    const uint32_t *pairs;
    float *out;
    int count, groups;
    struct fused fused;
};

/* Pooling over windows clipped to the picture, as Keras does: padding is never the maximum and
 * does not count in an average. `in` is the picture without a border. */
struct pool {
    struct view in, out;
    struct window window;
    bool average;
};

/* Any activation, in place. Softmax is over `channels` channels of each pixel. */
struct activate {
    struct view view;
    int channels;
    struct activation_params activation;
};

/* out = fused(a + b), where out may be a or b. */
struct add {
    struct view a, b, out;
    struct fused fused;
};

/* An 8-bit row into floats: out[i] = pixels[i] * scale[i] + offset[i]; nothing aligned. */
struct pixel_row {
    const uint8_t *pixels;
    const float *scale, *offset;
    float *out;
    int count;
};

struct kernels {
    const char *name; /* as the session's `cpu`: "sse2", "avx2", "avx512" or "neon" */
    int lanes;
    const struct conv_kernel
        *conv; /* ends with one of 0 rows; before it 1x1x1, which always fits */
    void (*winograd)(const struct winograd *winograd);
    void (*depthwise)(const struct depthwise *depthwise);
    void (*dense)(const struct dense *dense);
    void (*pool)(const struct pool *pool);
    void (*activate)(const struct activate *activate);
    void (*add)(const struct add *add);
    void (*pixel_row)(const struct pixel_row *row);
};

/* The tables; which of them exist depends on the architecture compiled for. */
extern const struct kernels kernels_vl4, kernels_vl8, kernels_vl16;

#endif
