#include "nn/train/kernels_train_private.h"

#include <math.h>

static vec softplus_slope(vec y)
{
    for (int lane = 0; lane < VL; lane++)
        y[lane] = -expm1f(-y[lane]);
    return y;
}

static vec swish_slope(vec x)
{
    for (int lane = 0; lane < VL; lane++) {
        const float s = 1 / (1 + expf(-x[lane]));
        x[lane] = s + x[lane] * s * (1 - s);
    }
    return x;
}

static ALWAYS_INLINE vec slope(vec y, const struct activation_params *a)
{
    switch (a->kind) {
    case ACTIVATION_RELU:
        return choose(y > 0, choose(y < a->max_value, all(1), all(0)), all(a->alpha));
    case ACTIVATION_LEAKY_RELU:
        return choose(y > 0, all(1), all(a->alpha));
    case ACTIVATION_ELU:
        return choose(y > 0, all(1), y + a->alpha);
    case ACTIVATION_SIGMOID:
        return y * (1.0F - y);
    case ACTIVATION_HARD_SIGMOID:
        return choose((y > 0) & (y < 1), all(0.2F), all(0));
    case ACTIVATION_TANH:
        return 1.0F - y * y;
    case ACTIVATION_SOFTPLUS:
        return softplus_slope(y);
    case ACTIVATION_SWISH:
        return swish_slope(y);
    case ACTIVATION_LINEAR:
    case ACTIVATION_SOFTMAX: /* not one value at a time */
    case ACTIVATION_COUNT:
        break;
    }
    return all(1);
}

/* One block; `kind` is a constant, so that each kind has a loop without branches. */
static ALWAYS_INLINE void block_back(const struct activate_back *a, int block,
                                     const enum activation kind)
{
    struct activation_params activation = a->activation;
    activation.kind = kind;
    vec total = all(0);
    for (int y = 0; y < a->dy.height; y++) {
        vec sum = all(0);
        for (int x = 0; x < a->dy.width; x++) {
            float *place = at(&a->dy, block, y, x);
            vec dy = load(place);
            if (kind != ACTIVATION_LINEAR) {
                dy *= slope(load(at(&a->y, block, y, x)), &activation);
                store(place, dy);
            }
            sum += dy;
        }
        total += sum;
    }
    if (a->sums)
        store(a->sums + block * VL, load(a->sums + block * VL) + total);
}

static void any_block_back(const struct activate_back *a, int block)
{
    switch (a->activation.kind) {
    case ACTIVATION_LINEAR:
        block_back(a, block, ACTIVATION_LINEAR);
        break;
    case ACTIVATION_RELU:
        block_back(a, block, ACTIVATION_RELU);
        break;
    default:
        block_back(a, block, a->activation.kind);
    }
}

/* dz = y (dy - <dy, y>) for one pixel; pixels of y and dy differ in their strides. */
static void softmax_pixel(const struct activate_back *a, const float *y, float *dy)
{
    float product = 0;
    for (int c = 0; c < a->channels; c++)
        product += y[c / VL * a->y.block + c % VL] * dy[c / VL * a->dy.block + c % VL];
    for (int c = 0; c < a->channels; c++) {
        float *place = &dy[c / VL * a->dy.block + c % VL];
        *place = y[c / VL * a->y.block + c % VL] * (*place - product);
    }
}

void KERNEL(train_activate_back)(const struct activate_back *a)
{
    struct activate_back linear = *a;
    if (a->activation.kind == ACTIVATION_SOFTMAX) {
        for (int y = 0; y < a->dy.height; y++)
            for (int x = 0; x < a->dy.width; x++)
                softmax_pixel(a, at(&a->y, 0, y, x), at(&a->dy, 0, y, x));
        linear.activation.kind = ACTIVATION_LINEAR;
    }
    for (int block = 0; block < a->dy.blocks; block++)
        any_block_back(&linear, block);
}
