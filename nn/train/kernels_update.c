#include "nn/train/kernels_train_private.h"

#include <math.h>

enum { LANES = 16 };

/* A sum per lane: additions in another order than written are not the compiler's to choose. */
static double sum_of(const double lanes[LANES])
{
    double sum = 0;
    for (int lane = 0; lane < LANES; lane++)
        sum += lanes[lane];
    return sum;
}

/* Most layers have no L2: then neither are weights read nor the gradient written, for all of it
 * comes from main memory. */
static double squares_of(size_t count, const float *gradient)
{
    double gradients[LANES] = {0};
    for (size_t i = 0; i < count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++)
            gradients[lane] += (double)gradient[i + lane] * (double)gradient[i + lane];
    return sum_of(gradients);
}

struct update_sums KERNEL(train_prepare)(size_t count, float l2, const float *restrict weights,
                                         float *restrict gradient)
{
    double gradients[LANES] = {0}, squares[LANES] = {0};
    if (l2 == 0)
        return (struct update_sums){.gradient_squares = squares_of(count, gradient)};
    for (size_t i = 0; i < count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            const float w = weights[i + lane];
            const float g = gradient[i + lane] + 2 * l2 * w;
            gradient[i + lane] = g;
            gradients[lane] += (double)g * (double)g;
            squares[lane] += (double)w * (double)w;
        }
    return (struct update_sums){.gradient_squares = sum_of(gradients),
                                .weight_squares = sum_of(squares)};
}

static ALWAYS_INLINE vec root(vec x)
{
#if VL == 16
    return (vec)_mm512_sqrt_ps((__m512)x);
#elif VL == 8
    return (vec)_mm256_sqrt_ps((__m256)x);
#elif defined(__x86_64__)
    return (vec)_mm_sqrt_ps((__m128)x);
#else
    for (int lane = 0; lane < VL; lane++)
        x[lane] = sqrtf(x[lane]);
    return x;
#endif
}

/* g of struct update */
static ALWAYS_INLINE vec slope(const struct update *u, const float *gradient, vec weights)
{
    return load(gradient) * u->scale + weights * u->decay;
}

/* The settings are copied: the compiler must not think that a store changes them. */

void KERNEL(train_sgd)(const struct update *settings, size_t count, const float *gradient,
                       float *weights, float *velocity)
{
    const struct update u = *settings;
    const float direct = u.nesterov ? 1 : 0, moving = u.nesterov ? u.momentum : 1;
    for (size_t i = 0; i < count; i += VL) {
        const vec w = load(weights + i), g = slope(&u, gradient + i, w);
        const vec v = load(velocity + i) * u.momentum + g;
        store(velocity + i, v);
        store(weights + i, w - u.rate * (g * direct + v * moving));
    }
}

void KERNEL(train_rmsprop)(const struct update *settings, size_t count, const float *gradient,
                           float *weights, float *squares)
{
    const struct update u = *settings;
    for (size_t i = 0; i < count; i += VL) {
        const vec w = load(weights + i), g = slope(&u, gradient + i, w);
        const vec s = load(squares + i) * u.rho + g * g * (1 - u.rho);
        store(squares + i, s);
        store(weights + i, w - g * u.rate / (root(s) + u.epsilon));
    }
}

void KERNEL(train_adam)(const struct update *settings, size_t count, const float *gradient,
                        float *weights, float *mean, float *squares)
{
    const struct update u = *settings;
    for (size_t i = 0; i < count; i += VL) {
        const vec w = load(weights + i), g = slope(&u, gradient + i, w);
        const vec m = load(mean + i) * u.momentum + g * (1 - u.momentum);
        const vec s = load(squares + i) * u.rho + g * g * (1 - u.rho);
        store(mean + i, m);
        store(squares + i, s);
        store(weights + i, w * u.keep - m * u.rate / (root(s) * u.root + u.epsilon));
    }
}

void KERNEL(train_average)(size_t count, float keep, const float *weights, float *average)
{
    for (size_t i = 0; i < count; i += VL)
        store(average + i, load(average + i) * keep + load(weights + i) * (1 - keep));
}

void KERNEL(train_add)(size_t count, const float *from, float *to)
{
    for (size_t i = 0; i < count; i += VL)
        store(to + i, load(to + i) + load(from + i));
}
