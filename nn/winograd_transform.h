/* winograd_transform: the one-dimensional transforms of Winograd's F(4, 3) on vectors, for the
 * points 0, 1, -1, 2, -2, infinity: y = A^T ((G g) * (B^T d)), and two of F(2, 3), for 0, 1, -1,
 * infinity. Private to the kernels; inference transforms its weights once, in pack_winograd. */
#ifndef PAWCAM_NN_WINOGRAD_TRANSFORM_H
#define PAWCAM_NN_WINOGRAD_TRANSFORM_H

#include "nn/kernels_vector.h"

/* name(in, out, step): out[0], out[step], ... = B^T (a b c d e f), for vectors of a type */
#define DEFINE_INPUT_TRANSFORM(name, type)                                                         \
    static ALWAYS_INLINE void name(const type in[6], type *out, const int step)                    \
    {                                                                                              \
        const type a = in[0], b = in[1], c = in[2], d = in[3], e = in[4], f = in[5];               \
        const type outer = e - 4.0F * c, odd = d - 4.0F * b;                                       \
        const type inner = e - c, twice = 2.0F * (d - b);                                          \
        out[0 * step] = 4.0F * a - 5.0F * c + e;                                                   \
        out[1 * step] = outer + odd;                                                               \
        out[2 * step] = outer - odd;                                                               \
        out[3 * step] = inner + twice;                                                             \
        out[4 * step] = inner - twice;                                                             \
        out[5 * step] = 4.0F * b - 5.0F * d + f;                                                   \
    }

DEFINE_INPUT_TRANSFORM(input_transform, vec)

/* out[0], out[step], ... = A^T (a b c d e f) */
static ALWAYS_INLINE void output_transform(const vec in[6], vec *out, const int step)
{
    const vec sum1 = in[1] + in[2], difference1 = in[1] - in[2];
    const vec sum2 = in[3] + in[4], difference2 = in[3] - in[4];
    out[0 * step] = in[0] + sum1 + sum2;
    out[1 * step] = difference1 + 2.0F * difference2;
    out[2 * step] = sum1 + 4.0F * sum2;
    out[3 * step] = difference1 + 8.0F * difference2 + in[5];
}

/* The same of F(2, 3): four inputs, */
static ALWAYS_INLINE void input_transform_2(const vec in[4], vec *out, const int step)
{
    out[0 * step] = in[0] - in[2];
    out[1 * step] = in[1] + in[2];
    out[2 * step] = in[2] - in[1];
    out[3 * step] = in[1] - in[3];
}

/* and two outputs. */
static ALWAYS_INLINE void output_transform_2(const vec in[4], vec *out, const int step)
{
    out[0 * step] = in[0] + in[1] + in[2];
    out[1 * step] = in[1] - in[2] - in[3];
}

/* out[0], out[step], ... = G (a b c) */
static ALWAYS_INLINE void filter_transform(const vec in[3], vec *out, const int step)
{
    const vec a = in[0], b = in[1], c = in[2];
    const vec outer = (a + c) * (-1.0F / 6), half = b * (1.0F / 6);
    const vec quarter = a * (1.0F / 24) + c * (1.0F / 6), twelfth = b * (1.0F / 12);
    out[0 * step] = a * 0.25F;
    out[1 * step] = outer - half;
    out[2 * step] = outer + half;
    out[3 * step] = quarter + twelfth;
    out[4 * step] = quarter - twelfth;
    out[5 * step] = c;
}

/* The transposes of two of them, for the gradient of the weights: g' = G^T ((B^T d) * (A y')). */

/* out[0], out[step], ... = A (a b c d) */
static ALWAYS_INLINE void output_transform_back(const vec in[4], vec *out, const int step)
{
    const vec a = in[0], b = in[1], c = in[2], d = in[3];
    const vec even = a + c, odd = b + d;
    const vec even2 = a + 4.0F * c, odd2 = 2.0F * b + 8.0F * d;
    out[0 * step] = a;
    out[1 * step] = even + odd;
    out[2 * step] = even - odd;
    out[3 * step] = even2 + odd2;
    out[4 * step] = even2 - odd2;
    out[5 * step] = d;
}

/* out[0], out[step], ... = G^T (a b c d e f) */
static ALWAYS_INLINE void filter_transform_back(const vec in[6], vec *out, const int step)
{
    const vec sum1 = (in[1] + in[2]) * (1.0F / 6), sum2 = in[3] + in[4];
    out[0 * step] = in[0] * 0.25F - sum1 + sum2 * (1.0F / 24);
    out[1 * step] = (in[2] - in[1]) * (1.0F / 6) + (in[3] - in[4]) * (1.0F / 12);
    out[2 * step] = sum2 * (1.0F / 6) - sum1 + in[5];
}

#endif
