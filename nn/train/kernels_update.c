#include "nn/train/kernels_train_private.h"

#include <math.h>

enum { LANES = 16 };

struct update_sums KERNEL(train_prepare)(size_t count, float l2, const float *restrict weights,
                                         float *restrict gradient)
{
    /* A sum per lane: additions in another order than written are not the compiler's to choose. */
    double gradients[LANES] = {0}, squares[LANES] = {0};
    for (size_t i = 0; i < count; i += LANES)
        for (size_t lane = 0; lane < LANES; lane++) {
            const float w = weights[i + lane];
            const float g = gradient[i + lane] + 2 * l2 * w;
            gradient[i + lane] = g;
            gradients[lane] += (double)g * (double)g;
            squares[lane] += (double)w * (double)w;
        }
    struct update_sums sums = {0};
    for (int lane = 0; lane < LANES; lane++) {
        sums.gradient_squares += gradients[lane];
        sums.weight_squares += squares[lane];
    }
    return sums;
}

void KERNEL(train_sgd)(const struct update *u, size_t count, const float *restrict gradient,
                       float *restrict weights, float *restrict velocity)
{
    const float direct = u->nesterov ? 1 : 0, moving = u->nesterov ? u->momentum : 1;
    for (size_t i = 0; i < count; i++) {
        const float g = gradient[i] * u->scale + u->decay * weights[i];
        velocity[i] = u->momentum * velocity[i] + g;
        weights[i] -= u->rate * (direct * g + moving * velocity[i]);
    }
}

void KERNEL(train_rmsprop)(const struct update *u, size_t count, const float *restrict gradient,
                           float *restrict weights, float *restrict squares)
{
    for (size_t i = 0; i < count; i++) {
        const float g = gradient[i] * u->scale + u->decay * weights[i];
        squares[i] = u->rho * squares[i] + (1 - u->rho) * g * g;
        weights[i] -= u->rate * g / (sqrtf(squares[i]) + u->epsilon);
    }
}

void KERNEL(train_adam)(const struct update *u, size_t count, const float *restrict gradient,
                        float *restrict weights, float *restrict mean, float *restrict squares)
{
    const float momentum = u->momentum, rho = u->rho;
    for (size_t i = 0; i < count; i++) {
        const float w = weights[i] * u->keep;
        const float g = gradient[i] * u->scale + u->decay * weights[i];
        mean[i] = momentum * mean[i] + (1 - momentum) * g;
        squares[i] = rho * squares[i] + (1 - rho) * g * g;
        weights[i] = w - u->rate * mean[i] / (u->root * sqrtf(squares[i]) + u->epsilon);
    }
}

void KERNEL(train_average)(size_t count, float keep, const float *restrict weights,
                           float *restrict average)
{
    for (size_t i = 0; i < count; i++)
        average[i] = keep * average[i] + (1 - keep) * weights[i];
}

void KERNEL(train_add)(size_t count, const float *restrict from, float *restrict to)
{
    for (size_t i = 0; i < count; i++)
        to[i] += from[i];
}
