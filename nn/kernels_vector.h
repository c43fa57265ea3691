/* kernels_vector: the vector type of one compilation of the kernels, VL floats. Private to
 * nn/kernels_*.c; the Makefile defines VL. GCC's vector extensions give the arithmetic; only what
 * they lack is written with intrinsics. */
#ifndef PAWCAM_NN_KERNELS_VECTOR_H
#define PAWCAM_NN_KERNELS_VECTOR_H

#include "nn/kernels.h"

#ifndef VL
#define VL 4
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

typedef float vec __attribute__((vector_size(4 * VL), aligned(4 * VL)));
typedef int ivec __attribute__((vector_size(4 * VL), aligned(4 * VL)));
typedef unsigned uvec __attribute__((vector_size(4 * VL), aligned(4 * VL)));

#ifndef ALWAYS_INLINE /* but with ASan: the Makefile says why */
#define ALWAYS_INLINE inline __attribute__((always_inline))
#endif

/* Exported names carry the vector length: KERNEL(dense) is dense_vl8. */
#define KERNEL_JOIN(name, lanes)   name##_vl##lanes
#define KERNEL_EXPAND(name, lanes) KERNEL_JOIN(name, lanes)
#define KERNEL(name)               KERNEL_EXPAND(name, VL)

/*
 * REPEAT16(i, code) writes `code` 16 times with i = 0 ... 15, each an enum constant. A loop would
 * say the same, but GCC (12) unrolls loops only after it has decided which arrays can live in
 * registers; an array indexed by constants from the start does live there. `if (i < n)` with a
 * constant n costs nothing.
 */
#define REPEAT_ONE(i, n, ...)                                                                      \
    {                                                                                              \
        enum { i = n };                                                                            \
        __VA_ARGS__                                                                                \
    }
#define REPEAT4(i, ...)                                                                            \
    {                                                                                              \
        REPEAT_ONE(i, 0, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 1, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 2, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 3, __VA_ARGS__)                                                              \
    }
#define REPEAT6(i, ...)                                                                            \
    {                                                                                              \
        REPEAT_ONE(i, 0, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 1, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 2, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 3, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 4, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 5, __VA_ARGS__)                                                              \
    }
#define REPEAT16(i, ...)                                                                           \
    {                                                                                              \
        REPEAT_ONE(i, 0, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 1, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 2, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 3, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 4, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 5, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 6, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 7, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 8, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 9, __VA_ARGS__)                                                              \
        REPEAT_ONE(i, 10, __VA_ARGS__)                                                             \
        REPEAT_ONE(i, 11, __VA_ARGS__)                                                             \
        REPEAT_ONE(i, 12, __VA_ARGS__)                                                             \
        REPEAT_ONE(i, 13, __VA_ARGS__)                                                             \
        REPEAT_ONE(i, 14, __VA_ARGS__)                                                             \
        REPEAT_ONE(i, 15, __VA_ARGS__)                                                             \
    }

static ALWAYS_INLINE vec load(const float *from)
{
    return *(const vec *)from;
}

static ALWAYS_INLINE vec all(float value)
{
    return value - (vec){0};
}

/* Whether there are instructions for half floats (IEEE 754 binary16). */
#if VL > 4 || defined(__ARM_NEON)
#define HAS_HALVES 1
#else
#define HAS_HALVES 0
#endif

static ALWAYS_INLINE vec load_halves(const uint16_t *from)
{
#if VL == 16
    return (vec)_mm512_cvtph_ps(_mm256_load_si256((const __m256i *)from));
#elif VL == 8
    return (vec)_mm256_cvtph_ps(_mm_load_si128((const __m128i *)from));
#elif defined(__ARM_NEON)
    return (vec)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(from)));
#else /* nobody has any */
    (void)from;
    return all(0);
#endif
}

/* Asks for `bytes` bytes that are as far ahead as far weights are asked for. An integer, since the
 * last ones lie behind the end of the array. */
static ALWAYS_INLINE void fetch_ahead(const void *weights, const int bytes)
{
    for (int i = 0; i < bytes; i += KERNEL_ALIGNMENT)
        __builtin_prefetch((const void *)((uintptr_t)weights + FAR_AHEAD_BYTES + (unsigned)i));
}

static ALWAYS_INLINE void store(float *to, vec value)
{
    *(vec *)to = value;
}

/* mask lanes are 0 or -1, as comparisons yield them */
static ALWAYS_INLINE vec choose(ivec mask, vec yes, vec no)
{
    return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask));
}

/* If a or b is NaN: b on x86, NaN on ARM. */
static ALWAYS_INLINE vec max(vec a, vec b)
{
#if VL == 16
    return (vec)_mm512_max_ps((__m512)a, (__m512)b);
#elif VL == 8
    return (vec)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
    return (vec)_mm_max_ps((__m128)a, (__m128)b);
#elif defined(__ARM_NEON)
    return (vec)vmaxq_f32((float32x4_t)a, (float32x4_t)b);
#else
    return choose(a > b, a, b);
#endif
}

static ALWAYS_INLINE vec min(vec a, vec b)
{
#if VL == 16
    return (vec)_mm512_min_ps((__m512)a, (__m512)b);
#elif VL == 8
    return (vec)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__x86_64__)
    return (vec)_mm_min_ps((__m128)a, (__m128)b);
#elif defined(__ARM_NEON)
    return (vec)vminq_f32((float32x4_t)a, (float32x4_t)b);
#else
    return choose(a < b, a, b);
#endif
}

/* The fused activation, once per vector. `fused` is the same for all of a kernel's vectors, so the
 * compiler can take the branches out of the loop. */
static ALWAYS_INLINE vec fuse(vec value, const struct fused *fused)
{
    if (fused->kind == FUSED_RELU) /* in this order x86 lets NaN through, to be noticed */
        return max(all(0), value);
    if (fused->kind == FUSED_CLIP)
        return min(all(fused->cap), max(all(0), value));
    if (fused->kind == FUSED_LEAKY)
        return choose(value > 0, min(value, all(fused->cap)), value * fused->slope);
    return value;
}

#endif
