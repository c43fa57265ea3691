/* choose_private: what the cost models of floats (nn/choose.c) and of bytes (nn/int8_choose.c)
 * share. */
#ifndef PAWCAM_NN_CHOOSE_PRIVATE_H
#define PAWCAM_NN_CHOOSE_PRIVATE_H

enum {
    FIRST_CACHE_BYTES = 32 * 1024,
    SECOND_CACHE_BYTES = 512 * 1024,
    BLOCK_TILES_MAX = 64, /* Winograd's tiles that are transformed together */
    SCRATCH_BYTES_MAX = 768 * 1024
};

static inline double larger(double a, double b)
{
    return a > b ? a : b;
}

static inline int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

#endif
