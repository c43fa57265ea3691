/*
 * winograd_methods: Winograd's method for 3x3 convolutions with strides of 1 and 2. Private to the
 * kernels.
 *
 * Stride 1: F(4x4, 3x3), with 6 points along each axis (nn/winograd_transform.h).
 *
 * Stride 2: along each axis, taps 0 and 2 see every second pixel, tap 1 sees those in between. So
 * the picture falls into 2x2 phases, and the convolution is the sum of four of stride 1, one for
 * each phase, with 2x2, 2x1, 1x2 and 1x1 taps. All go by F(4x4, 2x2), with 5 points along each
 * axis, and are summed before the transform of the output. A filter of one tap is 0 at one of the
 * points, infinity, which is left out for its phase: 4 points. (5 + 4)^2 = 81 multiplications make
 * 16 outputs where the direct way takes 144. (With a stride of 1 it is 36.)
 *
 * Phase 0 ... 3 is 2 y + x, where y and x are 1 for the single tap. `points` is always a constant;
 * along an axis of so many points, as many inputs and points - 3 taps make 4 outputs.
 */
#ifndef PAWCAM_NN_TRAIN_WINOGRAD_METHODS_H
#define PAWCAM_NN_TRAIN_WINOGRAD_METHODS_H

#include "nn/winograd_transform.h"

/* Of a phase along each axis, where the method has `points`; a stride of 1 has phase 0 only. */
static ALWAYS_INLINE int rows_of(const int points, const int phase)
{
    return points - phase / 2;
}

static ALWAYS_INLINE int columns_of(const int points, const int phase)
{
    return points - phase % 2;
}

/* Which of the three taps along an axis is the one with this index. */
static ALWAYS_INLINE int tap_of(const int points, const int index)
{
    return points == 6 ? index : points == 5 ? 2 * index : 1;
}

/* --- F(4, 2): points 0, 1, -1, 2, infinity ---------------------------------------------------- */

/* out[0], out[step], ... = B^T (a b c d e) */
static ALWAYS_INLINE void short_input_transform(const vec *in, vec *out, const int step,
                                                const int points)
{
    const vec a = in[0], b = in[1], c = in[2], d = in[3];
    const vec outer = d - b;
    out[0 * step] = outer + 2.0F * (a - c);
    out[1 * step] = d - c - 2.0F * b;
    out[2 * step] = d - 3.0F * c + 2.0F * b;
    out[3 * step] = outer;
    if (points == 5)
        out[4 * step] = in[4] - c - 2.0F * outer;
}

/* out[0], out[step], ... = G (a b) */
static ALWAYS_INLINE void short_filter_transform(const vec *in, vec *out, const int step,
                                                 const int points)
{
    const vec a = in[0], b = points == 5 ? in[1] : all(0), sixth = a * (1.0F / 6);
    out[0 * step] = a * 0.5F;
    out[1 * step] = (a + b) * -0.5F;
    out[2 * step] = b * (1.0F / 6) - sixth;
    out[3 * step] = b * (1.0F / 3) + sixth;
    if (points == 5)
        out[4 * step] = b;
}

/* out[0], out[step], ... = A^T (a b c d e) */
static ALWAYS_INLINE void short_output_transform(const vec *in, vec *out, const int step,
                                                 const int points)
{
    const vec sum = in[1] + in[2], difference = in[1] - in[2], d = in[3];
    out[0 * step] = in[0] + sum + d;
    out[1 * step] = difference + 2.0F * d;
    out[2 * step] = sum + 4.0F * d;
    out[3 * step] = difference + 8.0F * d + (points == 5 ? in[4] : all(0));
}

/* out[0], out[step], ... = A (a b c d) */
static ALWAYS_INLINE void short_output_transform_back(const vec *in, vec *out, const int step)
{
    const vec a = in[0], b = in[1], c = in[2], d = in[3];
    const vec even = a + c, odd = b + d;
    out[0 * step] = a;
    out[1 * step] = even + odd;
    out[2 * step] = even - odd;
    out[3 * step] = a + 2.0F * b + 4.0F * c + 8.0F * d;
    out[4 * step] = d;
}

/* out[0], out[step], ... = G^T (a b c d e) */
static ALWAYS_INLINE void short_filter_transform_back(const vec *in, vec *out, const int step,
                                                      const int points)
{
    out[0 * step] = (in[0] - in[1]) * 0.5F + (in[3] - in[2]) * (1.0F / 6);
    if (points == 5)
        out[1 * step] = in[2] * (1.0F / 6) - in[1] * 0.5F + in[3] * (1.0F / 3) + in[4];
}

/* --- one line of a tile, with 6, 5 or 4 points ------------------------------------------------ */

static ALWAYS_INLINE void input_line(const vec *in, vec *out, const int step, const int points)
{
    if (points == 6)
        input_transform(in, out, step);
    else
        short_input_transform(in, out, step, points);
}

static ALWAYS_INLINE void filter_line(const vec *in, vec *out, const int step, const int points)
{
    if (points == 6)
        filter_transform(in, out, step);
    else
        short_filter_transform(in, out, step, points);
}

static ALWAYS_INLINE void output_line(const vec *in, vec *out, const int step, const int points)
{
    if (points == 6)
        output_transform(in, out, step);
    else
        short_output_transform(in, out, step, points);
}

static ALWAYS_INLINE void output_line_back(const vec *in, vec *out, const int step,
                                           const int points)
{
    if (points == 6)
        output_transform_back(in, out, step);
    else
        short_output_transform_back(in, out, step);
}

static ALWAYS_INLINE void filter_line_back(const vec *in, vec *out, const int step,
                                           const int points)
{
    if (points == 6)
        filter_transform_back(in, out, step);
    else
        short_filter_transform_back(in, out, step, points);
}

#endif
