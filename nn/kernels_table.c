#include "nn/kernels_private.h"

#if VL == 16
#define CPU_NAME "avx512"
#elif VL == 8
#define CPU_NAME "avx2"
#elif defined(__ARM_NEON)
#define CPU_NAME "neon"
#else
#define CPU_NAME "sse2"
#endif

const struct kernels KERNEL(kernels) = {
    .name = CPU_NAME,
    .lanes = VL,
    .conv = KERNEL(conv),
    .winograd = KERNEL(winograd),
    .depthwise = KERNEL(depthwise),
    .dense = KERNEL(dense),
    .pool = KERNEL(pool),
    .activate = KERNEL(activate),
    .add = KERNEL(add),
    .pixel_row = KERNEL(pixel_row),
};
