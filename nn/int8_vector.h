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

enum {
    VALUE_BYTES = INT8_DOT ? 1 : 2,
    UNIT_VALUES = INT8_UNIT / VALUE_BYTES,
    PIXEL_BYTES = VL * VALUE_BYTES, /* of a block */
    PICTURE_BYTES = INT8_DOT ? INT8_UNIT : 3 * VALUE_BYTES,
};

#if INT8_DOT
typedef uint8_t value_type;
#else
typedef uint16_t value_type;
#endif
typedef value_type pixel __attribute__((vector_size(PIXEL_BYTES), aligned(1), may_alias));
typedef int32_t unit __attribute__((aligned(1), may_alias));
typedef ivec unaligned_ivec __attribute__((aligned(1), may_alias));

/* --- units ------------------------------------------------------------------------------------ */

/* VL units, in the form that dot() multiplies: as they lie in memory, but for NEON without dot
 * products, which wants the first values of all units and the second ones. */
#if defined(__ARM_NEON) && !INT8_DOT
typedef struct {
    int16x4_t first, second;
} units;

static ALWAYS_INLINE units split_units(ivec u)
{
    return (units){vmovn_s32((int32x4_t)u), vshrn_n_s32((int32x4_t)u, 16)};
}
#else
typedef ivec units;

static ALWAYS_INLINE units split_units(ivec u)
{
    return u;
}
#endif

static ALWAYS_INLINE units load_weights(const int8_t *from)
{
    return split_units(*(const ivec *)(const void *)from);
}

#if INT8_DOT
static ALWAYS_INLINE units load_narrow_weights(const int8_t *from)
{
    return load_weights(from);
}
#else
typedef int16_t halves __attribute__((vector_size(4 * VL)));
typedef int8_t narrow_halves __attribute__((vector_size(2 * VL), aligned(1), may_alias));

/* VL units whose two values are bytes. */
static ALWAYS_INLINE units load_narrow_weights(const int8_t *from)
{
#if VL == 16
    return (ivec)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)from));
#elif VL == 8
    return (ivec)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)from));
#elif defined(__x86_64__)
    const __m128i narrow = _mm_loadl_epi64((const __m128i *)(const void *)from);
    return (ivec)_mm_srai_epi16(_mm_unpacklo_epi8(narrow, narrow), 8);
#else
    return split_units(
        (ivec) __builtin_convertvector(*(const narrow_halves *)(const void *)from, halves));
#endif
}
#endif

static ALWAYS_INLINE units broadcast_unit(const uint8_t *from)
{
    const ivec same = *(const unit *)(const void *)from - (ivec){0};
#if defined(__ARM_FEATURE_DOTPROD)
    return same ^ (int)0x80808080; /* x - 128: its dot product wants signed numbers */
#else
    return split_units(same);
#endif
}

/* sums[i] + the products of unit i. Exact: vpmaddubsw, which saturates, is not used. The sums wrap
 * round, as those of Winograd's algorithm may. */
static ALWAYS_INLINE ivec dot(ivec sums, units x, units w)
{
#if VL == 16 && INT8_DOT
    return (ivec)_mm512_dpbusd_epi32((__m512i)sums, (__m512i)x, (__m512i)w);
#elif VL == 8 && INT8_DOT
    return (ivec)_mm256_dpbusd_avx_epi32((__m256i)sums, (__m256i)x, (__m256i)w);
#elif defined(__ARM_FEATURE_DOTPROD)
    return (ivec)vdotq_s32((int32x4_t)sums, (int8x16_t)x, (int8x16_t)w);
#elif VL == 16
    return (ivec)((uvec)sums + (uvec)_mm512_madd_epi16((__m512i)x, (__m512i)w));
#elif VL == 8
    return (ivec)((uvec)sums + (uvec)_mm256_madd_epi16((__m256i)x, (__m256i)w));
#elif defined(__x86_64__)
    return (ivec)((uvec)sums + (uvec)_mm_madd_epi16((__m128i)x, (__m128i)w));
#elif defined(__ARM_NEON)
    return (ivec)vmlal_s16(vmlal_s16((int32x4_t)sums, x.first, w.first), x.second, w.second);
#else
    const halves a = (halves)x, b = (halves)w;
    uvec result = (uvec)sums;
    for (int i = 0; i < 2 * VL; i++)
        result[i / 2] += (unsigned)(a[i] * b[i]);
    return (ivec)result;
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

/* As many neighbouring pixels of VL channels as a unit has values, as they lie in memory, into VL
 * units of one channel each. */
static ALWAYS_INLINE units gather_units(const uint8_t *from)
{
    const ivec pixels = *(const unaligned_ivec *)(const void *)from;
#if VL == 16 && INT8_DOT
    const __m512i lanes = _mm512_setr_epi32(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15);
    const __m512i turn =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return (ivec)_mm512_shuffle_epi8(_mm512_permutexvar_epi32(lanes, (__m512i)pixels), turn);
#elif VL == 8 && INT8_DOT
    const __m256i lanes = _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7);
    const __m256i turn = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15));
    return (ivec)_mm256_shuffle_epi8(_mm256_permutevar8x32_epi32((__m256i)pixels, lanes), turn);
#elif defined(__ARM_FEATURE_DOTPROD)
    static const uint8_t turn[16] = {0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15};
    return (ivec)vqtbl1q_u8((uint8x16_t)pixels, vld1q_u8(turn)) ^ (int)0x80808080;
#elif VL == 16
    const __m512i halves_of_lane =
        _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
    const __m512i quarters = _mm512_setr_epi64(0, 4, 1, 5, 2, 6, 3, 7);
    return (ivec)_mm512_shuffle_epi8(_mm512_permutexvar_epi64(quarters, (__m512i)pixels),
                                     halves_of_lane);
#elif VL == 8
    const __m256i halves_of_lane = _mm256_broadcastsi128_si256(
        _mm_setr_epi8(0, 1, 8, 9, 2, 3, 10, 11, 4, 5, 12, 13, 6, 7, 14, 15));
    return (ivec)_mm256_shuffle_epi8(
        _mm256_permute4x64_epi64((__m256i)pixels, _MM_SHUFFLE(3, 1, 2, 0)), halves_of_lane);
#elif defined(__x86_64__)
    return (ivec)_mm_unpacklo_epi16((__m128i)pixels, _mm_srli_si128((__m128i)pixels, 8));
#elif defined(__ARM_NEON)
    return (units){vget_low_s16((int16x8_t)pixels), vget_high_s16((int16x8_t)pixels)};
#else
    const halves values = (halves)pixels;
    halves turned;
    for (int i = 0; i < 2 * VL; i++)
        turned[i] = values[i % 2 * VL + i / 2];
    return (ivec)turned;
#endif
}

#if !INT8_DOT
/* A pixel of VL channels from each of two places. */
static ALWAYS_INLINE halves load_two(const uint8_t *a, const uint8_t *b)
{
#if VL == 16
    return (halves)_mm512_inserti64x4(
        _mm512_castsi256_si512(_mm256_loadu_si256((const __m256i *)(const void *)a)),
        _mm256_loadu_si256((const __m256i *)(const void *)b), 1);
#elif VL == 8
    return (halves)_mm256_inserti128_si256(
        _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)a)),
        _mm_loadu_si128((const __m128i *)(const void *)b), 1);
#elif defined(__x86_64__)
    return (halves)_mm_unpacklo_epi64(_mm_loadl_epi64((const __m128i *)(const void *)a),
                                      _mm_loadl_epi64((const __m128i *)(const void *)b));
#elif defined(__ARM_NEON)
    return (halves)vcombine_s16(vld1_s16((const int16_t *)(const void *)a),
                                vld1_s16((const int16_t *)(const void *)b));
#else
    halves both;
    memcpy(&both, a, PIXEL_BYTES);
    memcpy((uint8_t *)&both + PIXEL_BYTES, b, PIXEL_BYTES);
    return both;
#endif
}
#endif

/* --- values ----------------------------------------------------------------------------------- */

static ALWAYS_INLINE vec load_values(const uint8_t *from)
{
#if VL == 16 && INT8_DOT
    return (vec)_mm512_cvtepi32_ps(
        _mm512_cvtepu8_epi32(_mm_loadu_si128((const __m128i *)(const void *)from)));
#elif VL == 16
    return (vec)_mm512_cvtepi32_ps(
        _mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i *)(const void *)from)));
#elif VL == 8 && INT8_DOT
    return (vec)_mm256_cvtepi32_ps(
        _mm256_cvtepu8_epi32(_mm_loadl_epi64((const __m128i *)(const void *)from)));
#elif VL == 8
    return (vec)_mm256_cvtepi32_ps(
        _mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i *)(const void *)from)));
#elif defined(__x86_64__)
    const __m128i narrow = _mm_loadl_epi64((const __m128i *)(const void *)from);
    return (vec)_mm_cvtepi32_ps(_mm_unpacklo_epi16(narrow, _mm_setzero_si128()));
#else
    return __builtin_convertvector(*(const pixel *)(const void *)from, vec);
#endif
}

/* Rounds to the nearest integer, halves to the even one; the value lies in 0..255. */
static ALWAYS_INLINE void store_values(uint8_t *to, vec value)
{
#if VL == 16 && INT8_DOT
    _mm_storeu_si128((__m128i *)(void *)to,
                     _mm512_cvtepi32_epi8(_mm512_cvtps_epi32((__m512)value)));
#elif VL == 16
    _mm256_storeu_si256((__m256i *)(void *)to,
                        _mm512_cvtepi32_epi16(_mm512_cvtps_epi32((__m512)value)));
#elif VL == 8
    const __m256i rounded = _mm256_cvtps_epi32((__m256)value);
    const __m128i narrow =
        _mm_packs_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
#if INT8_DOT
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packus_epi16(narrow, narrow));
#else
    _mm_storeu_si128((__m128i *)(void *)to, narrow);
#endif
#elif defined(__x86_64__)
    const __m128i rounded = _mm_cvtps_epi32((__m128)value);
    _mm_storel_epi64((__m128i *)(void *)to, _mm_packs_epi32(rounded, rounded));
#elif defined(__ARM_FEATURE_DOTPROD)
    const uint16x4_t narrow = vmovn_u32(vcvtnq_u32_f32((float32x4_t)value));
    const uint32_t four =
        vget_lane_u32(vreinterpret_u32_u8(vmovn_u16(vcombine_u16(narrow, narrow))), 0);
    memcpy(to, &four, sizeof four);
#elif defined(__ARM_NEON)
    const uint16x4_t narrow = vmovn_u32(vcvtnq_u32_f32((float32x4_t)value));
    memcpy(to, &narrow, sizeof narrow);
#else
    pixel rounded;
    for (int i = 0; i < VL; i++)
        rounded[i] = (value_type)rintf(value[i]);
    memcpy(to, &rounded, sizeof rounded);
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
    if (out->values)
        store_values(out->values + at * VALUE_BYTES, value);
    else
        store(out->floats + at, value);
}

#endif
