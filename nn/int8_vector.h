/* int8_vector: the arithmetic of one compilation of the 8-bit kernels on vectors of VL 32-bit
 * lanes. Private to nn/int8_kernels_*.c; the Makefile defines VL and INT8_VARIANT. */
#ifndef PAWCAM_NN_INT8_VECTOR_H
#define PAWCAM_NN_INT8_VECTOR_H

#include "nn/int8_kernels.h"
#include "nn/kernels_vector.h"

#include <math.h>
#include <string.h>

#ifndef INT8_VARIANT
#define INT8_VARIANT vl4
#endif

/* Exported names carry the variant: INT8(depthwise) is int8_depthwise_vl16_vnni. */
#define INT8_JOIN(name, variant)   int8_##name##_##variant
#define INT8_EXPAND(name, variant) INT8_JOIN(name, variant)
#define INT8(name)                 INT8_EXPAND(name, INT8_VARIANT)

#if VL == 16 && defined(__AVX512VNNI__)
#define INT8_DOT 1
#elif VL == 8 && defined(__AVXVNNI__)
#define INT8_DOT 1
#elif defined(__ARM_FEATURE_DOTPROD)
#define INT8_DOT 1
#else
#define INT8_DOT 0
#endif

typedef int16_t halves __attribute__((vector_size(4 * VL)));
typedef uint16_t unsigned_halves __attribute__((vector_size(4 * VL)));
typedef uint8_t bytes __attribute__((vector_size(VL), aligned(1)));
typedef int32_t quad __attribute__((aligned(4), may_alias));
typedef ivec unaligned_ivec __attribute__((aligned(1), may_alias));

/* VL quads, in the form that dot() multiplies: as they are, or as 16-bit numbers: the even bytes of
 * each quad and the odd ones. */
struct quads {
    ivec even, odd;
};

static ALWAYS_INLINE struct quads signed_quads(ivec q)
{
#if INT8_DOT || !defined(__x86_64__)
    return (struct quads){q, q};
#else
    return (struct quads){(ivec)((halves)(q << 8) >> 8), (ivec)((halves)q >> 8)};
#endif
}

static ALWAYS_INLINE struct quads unsigned_quads(ivec q)
{
#if defined(__ARM_FEATURE_DOTPROD)
    q ^= (int)0x80808080; /* q - 128: its dot product wants signed numbers */
    return (struct quads){q, q};
#elif INT8_DOT || !defined(__x86_64__)
    return (struct quads){q, q};
#else
    const ivec low = (ivec){0} + 0x00ff00ff;
    return (struct quads){q & low, (ivec)((unsigned_halves)q >> 8)};
#endif
}

#if defined(__x86_64__) && !INT8_DOT
/* The sums of the products of neighbouring 16-bit numbers; they cannot overflow. */
static ALWAYS_INLINE ivec multiply_pairs(ivec a, ivec b)
{
#if VL == 16
    return (ivec)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif VL == 8
    return (ivec)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#else
    return (ivec)_mm_madd_epi16((__m128i)a, (__m128i)b);
#endif
}
#endif

#if defined(__ARM_NEON) && !INT8_DOT
static ALWAYS_INLINE int32x4_t quad_sums(int16x8_t x, int16x8_t w)
{
    return vpaddq_s32(vmull_s16(vget_low_s16(x), vget_low_s16(w)),
                      vmull_high_s16(x, w)); /* two sums per quad */
}
#endif

/* sums[i] + the four products of quad i. Exact: vpmaddubsw, which saturates, is not used. */
static ALWAYS_INLINE ivec dot(ivec sums, struct quads x, struct quads w)
{
#if VL == 16 && INT8_DOT
    return (ivec)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)x.even, (__m512i)w.even);
#elif VL == 8 && INT8_DOT
    return (ivec)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)x.even, (__m256i)w.even);
#elif defined(__x86_64__)
    return sums + multiply_pairs(x.even, w.even) + multiply_pairs(x.odd, w.odd);
#elif defined(__ARM_FEATURE_DOTPROD)
    return (ivec)vdotq_s32((int32x4_t)sums, (int8x16_t)x.even, (int8x16_t)w.even);
#elif defined(__ARM_NEON)
    const uint8x16_t a = (uint8x16_t)x.even;
    const int8x16_t b = (int8x16_t)w.even;
    const int16x8_t low = vreinterpretq_s16_u16(vmovl_u8(vget_low_u8(a)));
    const int16x8_t high = vreinterpretq_s16_u16(vmovl_high_u8(a));
    return sums + (ivec)vpaddq_s32(quad_sums(low, vmovl_s8(vget_low_s8(b))),
                                   quad_sums(high, vmovl_high_s8(b)));
#else
    const uint8_t *a = (const uint8_t *)&x.even;
    const int8_t *b = (const int8_t *)&w.even;
    for (int i = 0; i < 4 * VL; i++)
        sums[i / 4] += a[i] * b[i];
    return sums;
#endif
}

/* What dot() must start from, given the sums of the weights times 128 that int8_pack_* puts behind
 * them: only where it sees x - 128. */
static ALWAYS_INLINE ivec first_sums(const int8_t *weight_sums)
{
#if defined(__ARM_FEATURE_DOTPROD)
    return *(const ivec *)(const void *)weight_sums;
#else
    (void)weight_sums;
    return (ivec){0};
#endif
}

static ALWAYS_INLINE struct quads load_weights(const int8_t *from)
{
    return signed_quads(*(const ivec *)(const void *)from);
}

static ALWAYS_INLINE struct quads broadcast_quad(const uint8_t *from)
{
    return unsigned_quads(*(const quad *)(const void *)from - (ivec){0});
}

/* Four pixels of VL channels, as they lie in memory, into VL quads of one channel each. */
static ALWAYS_INLINE struct quads gather_quads(const uint8_t *from)
{
    const ivec pixels = *(const unaligned_ivec *)(const void *)from;
#if VL == 16
    const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i turn =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return unsigned_quads(
        (ivec)_mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, (__m512i)pixels), turn));
#elif VL == 8
    const __m256i lanes = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    const __m256i turn = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return unsigned_quads(
        (ivec)_mm256_shuffle_epi8(_mm256_permutevar8x32_epi32((__m256i)pixels, lanes), turn));
#elif defined(__x86_64__)
    const __m128i a = (__m128i)pixels;
    const __m128i even_odd = _mm_unpacklo_epi8(a, _mm_srli_si128(a, 8));
    return unsigned_quads((ivec)_mm_unpacklo_epi8(even_odd, _mm_srli_si128(even_odd, 8)));
#elif defined(__ARM_NEON)
    static const uint8_t turn[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    return unsigned_quads((ivec)vqtbl1q_u8((uint8x16_t)pixels, vld1q_u8(turn)));
#else
    ivec turned;
    for (int i = 0; i < 4 * VL; i++)
        ((uint8_t *)&turned)[i] = from[i % 4 * VL + i / 4];
    return unsigned_quads(turned);
#endif
}

/* The same quads one tap later: byte i becomes byte i + 1, and byte 0 is zero. */
static ALWAYS_INLINE ivec shift_taps(ivec weights)
{
    return weights << 8;
}

static ALWAYS_INLINE vec load_bytes(const uint8_t *from)
{
#if VL == 16
    return (vec)_mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from)));
#elif VL == 8
    return (vec)_mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from)));
#else
    return __builtin_convertvector(*(const bytes *)(const void *)from, vec);
#endif
}

/* Rounds to the nearest byte, halves to the even one; the value lies in 0..255. */
static ALWAYS_INLINE void store_bytes(uint8_t *to, vec value)
{
#if VL == 16
    _mm_storeu_si128((__m128i *)(void *)to,
                     _mm512_cvtepi32_epi8(_mm512_cvtps_epi32((__m512)value)));
#elif VL == 8
    const __m256i rounded = _mm256_cvtps_epi32((__m256)value);
    const __m128i narrow =
        _mm_packs_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(narrow, narrow));
#elif defined(__x86_64__)
    const __m128i rounded = _mm_cvtps_epi32((__m128)value);
    const __m128i narrow = _mm_packs_epi32(rounded, rounded);
    const int32_t four = _mm_cvtsi128_si32(_mm_packus_epi16(narrow, narrow));
    memcpy(to, &four, sizeof four);
#elif defined(__ARM_NEON)
    const uint16x4_t narrow = vmovn_u32(vcvtnq_u32_f32((float32x4_t)value));
    const uint32_t four =
        vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(narrow, narrow))), 0);
    memcpy(to, &four, sizeof four);
#else
    for (int i = 0; i < VL; i++)
        to[i] = (uint8_t)rintf(value[i]);
#endif
}

static ALWAYS_INLINE vec to_floats(ivec sums)
{
    return __builtin_convertvector(sums, vec);
}

/* All of struct int8_finish but scale and bias, which the caller has applied. */
static ALWAYS_INLINE vec finish_value(vec value, const struct int8_finish *f)
{
    if (f->slope != 1)
        value = choose(value > f->zero, value, (value - f->zero) * f->slope + f->zero);
    return min(max(value, all(f->low)), all(f->high));
}

static ALWAYS_INLINE void store_value(const struct int8_output *out, ptrdiff_t at, vec value)
{
    if (out->bytes)
        store_bytes(out->bytes + at, value);
    else
        store(out->floats + at, value);
}

#endif
