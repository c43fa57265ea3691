/*
 * int8_kernels: the inner loops of quantized models (docs/int8.md). The sources nn/int8_kernels_*.c
 * are compiled once per instruction set; each compilation yields one table, nn/int8_amx.c one more
 * that adds matrix tiles to AVX-512 VNNI's. nn/int8_cpu.c chooses.
 *
 * Activations are numbers 0..255, blocked like those of nn/kernels.h: [channels / lanes][height]
 * [width][lanes], so a vector of `lanes` sums belongs to one pixel's block. The number q stands for
 * the value scale * (q - zero); the border of a picture holds `zero`. Weights are -127..127, per
 * output channel. Sums are exact 32-bit integers on every CPU, and what follows is one float
 * multiplication and addition without contraction: the same bits everywhere.
 *
 * Instructions for such arithmetic multiply some neighbouring numbers at once and add the products
 * up in 32 bits: four bytes, or, on processors without a dot product of bytes, two 16-bit numbers.
 * Either is a "unit", some channels of a pixel, and the unit of depth. Each table has one size of
 * number, `value_bytes`, for activations and weights alike, so that nothing is converted in an
 * inner loop (but for weights that are used once: int8_weight_bytes). Strides and distances count
 * bytes unless they say otherwise.
 */
#ifndef PAWCAM_NN_INT8_KERNELS_H
#define PAWCAM_NN_INT8_KERNELS_H

#include "nn/kernels.h"

enum {
    INT8_UNIT = 4, /* bytes: four values of 1, or two of 2 bytes */
    INT8_WEIGHT_MAX = 127,
    /* Products that a 32-bit sum certainly holds: 2^31 / (255 * 127), less some. */
    INT8_DEPTH_MAX = 66000,
    /* Bytes that kernels may read, and ignore, behind the last pixel. */
    INT8_SLACK = 4 * KERNEL_LANES_MAX,
};

struct int8_view {
    uint8_t *data; /* of values, 1 or 2 bytes each */
    ptrdiff_t row, block;
    int blocks, height, width;
};

/* From a sum to a value: y = sum * scale + bias (+ residual), in the measure of what is written:
 * with `zero` for values 0..255. y below zero is multiplied by slope (as seen from zero), then y is
 * clipped. */
struct int8_finish {
    const float *scale, *bias; /* per output channel, whole vectors */
    float zero, slope, low, high;
};

/* Where results go: exactly one of values (0..255), floats, and sums as they are. Strides count
 * elements of either. */
struct int8_output {
    uint8_t *values; /* 1 or 2 bytes each */
    float *floats;
    int32_t *sums;
    ptrdiff_t row, block;
    int blocks, height, width;
};

/* As struct conv of nn/kernels.h, whose tiles it shares. */
struct int8_conv {
    struct int8_view in; /* data at the first tap of output (0, 0) */
    struct int8_output out;
    const uint8_t *residual; /* values; NULL: none */
    ptrdiff_t residual_row, residual_block;
    float residual_scale;
    int taps_y, taps_x;
    ptrdiff_t tap_row, tap_column, output_row, output_column;
    int depth, last_depth; /* units per tap; in the last block */
    const int8_t *weights; /* packed by int8_pack_conv */
    struct int8_finish finish;
    bool pool;
};

/* The distances between neighbouring outputs' inputs that are compiled in. */
enum int8_distance {
    INT8_DISTANCE_BLOCK, /* `lanes` values */
    INT8_DISTANCE_BLOCK2,
    INT8_DISTANCE_PICTURE, /* one pixel of a picture of three channels */
    INT8_DISTANCE_PICTURE2,
    INT8_DISTANCE_ANY,
    INT8_DISTANCE_COUNT
};

struct int8_tile {
    int rows, columns, vectors;
    void (*run[INT8_DISTANCE_COUNT])(const struct int8_conv *conv);
    void (*run_far)(const struct int8_conv *conv); /* at any distance: struct conv_kernel's */
    bool matrix;                                   /* by the matrix instructions of nn/int8_amx.c */
};

/* Units of depth that such a tile multiplies at once: as many as a matrix holds, of which the
 * depths of all blocks are multiples. */
enum { INT8_MATRIX_UNITS_MAX = 16 };
static inline int int8_matrix_units(int depth, int last_depth)
{
    int units = INT8_MATRIX_UNITS_MAX;
    while (depth % units != 0 || last_depth % units != 0)
        units--;
    return units;
}

/*
 * Winograd F(4x4, 3x3) in integers (nn/int8_kernels_winograd.c), for tables of 16-bit values. As
 * struct winograd of nn/kernels.h: stride 1, output at least 4x4.
 *   direct   describes input, output, residual, finish and pooling as above
 *   gemm     runs the 36 matrix products; its rows are 1, its columns more
 *   weights  36 matrices, packed by int8_pack_winograd, weight_stride bytes apart
 *   far      as for conv_kernel.run_far
 *   scratch  int8_winograd_scratch() bytes
 */
struct int8_winograd {
    struct int8_conv direct;
    const struct int8_tile *gemm;
    const int8_t *weights;
    bool far;
    ptrdiff_t weight_stride;
    int block; /* tiles transformed together: at least 2 and gemm->columns, at most all */
    uint8_t *scratch;
};

/* Elements between the 36 matrices of transformed input (blocks of input), 16 bits each, and of
 * products (blocks of output), 32 bits each; as winograd_stride of nn/kernels.h. */
static inline ptrdiff_t int8_winograd_stride(int lanes, int blocks, int block)
{
    return (ptrdiff_t)lanes * blocks * block + 5 * KERNEL_ALIGNMENT;
}

static inline ptrdiff_t int8_winograd_scratch(int lanes, int in_blocks, int out_blocks, int block)
{
    return 36 * (2 * int8_winograd_stride(lanes, in_blocks, block) +
                 4 * int8_winograd_stride(lanes, out_blocks, block));
}

/* Each channel alone with its own filter. Weights are packed by int8_pack_depthwise: neighbouring
 * taps of a row make a unit. */
struct int8_depthwise {
    struct int8_view in;
    struct int8_output out;
    ptrdiff_t out_pixel; /* elements from pixel to pixel of `out`: lanes; or its channels, which
                            then lie side by side, and out.block is lanes */
    int taps_y, taps_x;
    ptrdiff_t tap_row, output_row, output_column; /* taps are one pixel apart */
    const int8_t *weights;
    struct int8_finish finish;
};

/* A row of floats into values: out[i] = in[i] * scale[i] + offset[i], rounded and clipped to
 * 0..255; nothing aligned. */
struct int8_row {
    const float *in, *scale, *offset;
    uint8_t *out; /* count values */
    int count;
};

/* The same for a blocked tensor, with one scale and offset. */
struct int8_quantize {
    struct view in;
    struct int8_view out;
    float scale, offset;
};

struct int8_kernels {
    const char *name; /* "int8, AVX2", ... for people to read */
    int lanes;
    int value_bytes;                      /* 1 or 2 */
    const struct int8_tile *tiles;        /* ends with one of 0 rows; before it 1x1x1 */
    const struct int8_tile *matrix_tiles; /* for matrix instructions, ended likewise; NULL: none */
    void (*winograd)(const struct int8_winograd *winograd); /* NULL where a value is a byte */
    void (*depthwise)(const struct int8_depthwise *depthwise);
    void (*quantize_row)(const struct int8_row *row);
    void (*quantize)(const struct int8_quantize *quantize);
};

/* Values in a unit. */
static inline int int8_unit_values(const struct int8_kernels *kernels)
{
    return INT8_UNIT / kernels->value_bytes;
}

/* Values in which a picture's pixel is kept: whole units where they are bytes, so that it is
 * written at once. */
static inline int int8_picture_lanes(const struct int8_kernels *kernels, int channels)
{
    return kernels->value_bytes == 1 ? INT8_UNIT : channels;
}

/* A tile of one pixel uses each weight once and waits for memory: its weights are always bytes. */
static inline int int8_weight_bytes(const struct int8_kernels *kernels,
                                    const struct int8_tile *tile)
{
    return tile->rows * tile->columns == 1 ? 1 : kernels->value_bytes;
}

/* All tiles of a table, one after the other; NULL behind the last. */
static inline const struct int8_tile *int8_first_tile(const struct int8_kernels *kernels)
{
    return kernels->matrix_tiles ? kernels->matrix_tiles : kernels->tiles;
}

static inline const struct int8_tile *int8_next_tile(const struct int8_kernels *kernels,
                                                     const struct int8_tile *tile)
{
    if (tile[1].rows > 0)
        return tile + 1;
    return tile->matrix ? kernels->tiles : NULL;
}

/* The tables; which of them exist depends on the architecture compiled for. */
extern const struct int8_kernels int8_kernels_vl4, int8_kernels_vl4_dot, int8_kernels_vl8,
    int8_kernels_vl8_vnni, int8_kernels_vl16, int8_kernels_vl16_vnni, int8_kernels_vl16_amx;

/* All that were compiled in, ended by NULL. */
const struct int8_kernels *const *int8_all_kernels(void);
bool int8_can_run(const struct int8_kernels *kernels);

/* The best of this machine for vectors of `lanes`. */
const struct int8_kernels *int8_kernels_for(int lanes);

#endif
