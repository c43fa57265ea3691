/* choose: which kernel convolves a layer fastest, by a small cost model instead of measuring, so
 * that the first frame comes at once. The model's constants are in choose.c, where they come from
 * in docs/engine.md. */
#ifndef PAWCAM_NN_CHOOSE_H
#define PAWCAM_NN_CHOOSE_H

#include "nn/kernels.h"

struct conv_task {
    int height, width; /* of the output, before any pooling */
    int in_blocks, out_blocks;
    int in_channels;
    int taps;
    bool pool;
    bool winograd; /* it is 3x3, stride 1, undilated, on blocked input */
};

struct conv_choice {
    const struct conv_kernel *kernel; /* the tile; of the matrix products, for Winograd */
    int block;                        /* Winograd: tiles transformed together; 0: direct */
};

struct conv_choice choose_conv(const struct kernels *kernels, const struct conv_task *task);

#endif
