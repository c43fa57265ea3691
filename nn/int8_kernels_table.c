#include "nn/int8_kernels_private.h"

#if VL == 16
#define NAME "int8, AVX-512"
#elif VL == 8
#define NAME "int8, AVX2"
#elif defined(__ARM_NEON)
#define NAME "int8, NEON"
#else
#define NAME "int8, SSE2"
#endif
#if INT8_DOT && defined(__x86_64__)
#define DOT_NAME " VNNI"
#elif INT8_DOT
#define DOT_NAME " dot products"
#else
#define DOT_NAME ""
#endif

const struct int8_kernels INT8(kernels) = {
    .name = NAME DOT_NAME,
    .lanes = VL,
    .value_bytes = VALUE_BYTES,
    .tiles = INT8(tiles),
    .winograd = INT8_DOT ? NULL : INT8(winograd),
    .depthwise = INT8(depthwise),
    .quantize_row = INT8(quantize_row),
    .quantize = INT8(quantize),
};
