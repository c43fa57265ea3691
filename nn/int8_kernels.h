/*
 * int8_kernels: the inner loops of quantized models (docs/int8.md). The sources nn/int8_kernels_*.c
 * are compiled once per instruction set; each compilation yields one table. nn/int8_cpu.c chooses.
 *
 * Activations are bytes, blocked like those of nn/kernels.h: [channels / lanes][height][width]
 * [lanes], so a vector of `lanes` sums belongs to one pixel's block. A byte q stands for the value
 * scale * (q - zero); the border of a picture holds `zero`. Weights are -127..127, per output
 * channel. Sums are exact 32-bit integers on every CPU, and what follows is one float
 * multiplication and addition without contraction: the same bits everywhere.
 *
 * Instructions for 8-bit arithmetic multiply four neighbouring bytes at once: a "quad", four
 * channels of a pixel, is the unit of depth.
 */
#ifndef PAWCAM_NN_INT8_KERNELS_H
#define PAWCAM_NN_INT8_KERNELS_H

#include "nn/kernels.h"

enum {
    INT8_QUAD = 4, /* bytes */
    INT8_WEIGHT_MAX = 127,
    /* Products that a 32-bit sum certainly holds: 2^31 / (255 * 127), less some. */
    INT8_DEPTH_MAX = 66000,
    /* Bytes that kernels may read, and ignore, behind the last pixel. */
    INT8_SLACK = 4 * KERNEL_LANES_MAX,
};

/* Strides are bytes. */
struct int8_view {
    uint8_t *data;
    ptrdiff_t row, block;
    int blocks, height, width;
};

/* From a sum to a value: y = sum * scale + bias (+ residual), in the units of what is written: with
 * `zero` for bytes. y below zero is multiplied by slope (as seen from zero), then y is clipped. */
struct int8_finish {
    const float *scale, *bias; /* per output channel, whole vectors */
    float zero, slope, low, high;
};

/* Where results go: exactly one of bytes and floats. Strides count elements of either. */
struct int8_output {
    uint8_t *bytes;
    float *floats;
    ptrdiff_t row, block;
    int blocks, height, width;
};

/* As struct conv of nn/kernels.h, whose tiles it shares. */
struct int8_conv {
    struct int8_view in; /* data at the first tap of output (0, 0) */
    struct int8_output out;
    const uint8_t *residual; /* NULL: none */
    ptrdiff_t residual_row, residual_block;
    float residual_scale;
    int taps_y, taps_x;
    ptrdiff_t tap_row, tap_column, output_row, output_column; /* bytes */
    int depth, last_depth;                                    /* quads per tap; in the last block */
    const int8_t *weights;                                    /* packed by int8_pack_conv */
    struct int8_finish finish;
    bool pool;
};

/* The distances between neighbouring outputs' inputs that are compiled in, in bytes. */
enum int8_distance {
    INT8_DISTANCE_LANES,
    INT8_DISTANCE_LANES2,
    INT8_DISTANCE_QUAD, /* a picture: 4 bytes a pixel */
    INT8_DISTANCE_QUAD2,
    INT8_DISTANCE_ANY,
    INT8_DISTANCE_COUNT
};

struct int8_tile {
    int rows, columns, vectors;
    void (*run[INT8_DISTANCE_COUNT])(const struct int8_conv *conv);
};

/* Each channel alone with its own filter. Weights are packed by int8_pack_depthwise: four
 * neighbouring taps of a row make a quad. */
struct int8_depthwise {
    struct int8_view in;
    struct int8_output out;
    int taps_y, taps_x;
    ptrdiff_t tap_row, output_row, output_column; /* taps are one pixel apart */
    const int8_t *weights;
    struct int8_finish finish;
};

/* A row of floats into bytes: out[i] = in[i] * scale[i] + offset[i], rounded and clipped to 0..255;
 * nothing aligned. */
struct int8_row {
    const float *in, *scale, *offset;
    uint8_t *out;
    int count;
};

/* The same for a blocked tensor, with one scale and offset. */
struct int8_quantize {
    struct view in;
    struct int8_view out;
    float scale, offset;
};

struct int8_kernels {
    const char *name; /* "vnni", "avx2", ... for people to read */
    int lanes;
    double dot;                    /* cycles per vector of quads, to choose tiles by */
    const struct int8_tile *tiles; /* ends with one of 0 rows; before it 1x1x1 */
    void (*depthwise)(const struct int8_depthwise *depthwise);
    void (*quantize_row)(const struct int8_row *row);
    void (*quantize)(const struct int8_quantize *quantize);
};

/* The tables; which of them exist depends on the architecture compiled for. */
extern const struct int8_kernels int8_kernels_vl4, int8_kernels_vl4_dot, int8_kernels_vl8,
    int8_kernels_vl8_vnni, int8_kernels_vl16, int8_kernels_vl16_vnni;

/* All that were compiled in, ended by NULL. */
const struct int8_kernels *const *int8_all_kernels(void);
bool int8_can_run(const struct int8_kernels *kernels);

/* The best of this machine for vectors of `lanes`. */
const struct int8_kernels *int8_kernels_for(int lanes);

#endif
