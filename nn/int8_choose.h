/* int8_choose: which 8-bit kernel convolves a layer fastest, by a cost model as nn/choose.h has one
 * for floats. */
#ifndef PAWCAM_NN_INT8_CHOOSE_H
#define PAWCAM_NN_INT8_CHOOSE_H

#include "nn/int8_kernels.h"

struct int8_task {
    int height, width; /* of the output, before any pooling */
    int in_blocks, out_blocks;
    int units; /* of depth: per tap, over all input channels */
    int taps;
    int chunk; /* units that a matrix tile multiplies at once */
    bool pool;
    bool winograd; /* it is 3x3, stride 1, undilated, on blocked input */
};

struct int8_choice {
    const struct int8_tile *tile; /* of the matrix products, for Winograd */
    int block;                    /* Winograd: tiles transformed together; 0: direct */
};

/* The way that costs least. Some direct way fits every task. */
struct int8_choice int8_choose(const struct int8_kernels *kernels, const struct int8_task *task);

#endif
