#include "nn/kernels_private.h"

#include <math.h>
#include <string.h>

void KERNEL(add)(const struct add *a)
{
    for (int block = 0; block < a->out.blocks; block++) {
        for (int y = 0; y < a->out.height; y++) {
            const float *left = a->a.data + block * a->a.block + y * a->a.row;
            const float *right = a->b.data + block * a->b.block + y * a->b.row;
            float *out = a->out.data + block * a->out.block + y * a->out.row;
            for (int x = 0; x < a->out.width * VL; x += VL)
                store(out + x, fuse(load(left + x) + load(right + x), &a->fused));
        }
    }
}

void KERNEL(pixel_row)(const struct pixel_row *row)
{
    typedef uint8_t bytes __attribute__((vector_size(VL)));
    int i = 0;
    for (; i + VL <= row->count; i += VL) {
        bytes pixels;
        vec scale, value;
        memcpy(&pixels, row->pixels + i, sizeof pixels);
        memcpy(&scale, row->scale + i, sizeof scale);
        memcpy(&value, row->offset + i, sizeof value);
        value += __builtin_convertvector(pixels, vec) * scale;
        memcpy(row->out + i, &value, sizeof value);
    }
    for (; i < row->count; i++)
        row->out[i] = (float)row->pixels[i] * row->scale[i] + row->offset[i];
}

/* e^x with a relative error below 3e-7 (Moshier's Cephes library, expf): x = n ln 2 + r, a
 * polynomial for e^r, and n added to the exponent bits. Ends are clamped, never infinite. */
static ALWAYS_INLINE vec exponential(vec x)
{
    const vec round = all(12582912.0F);       /* 1.5 * 2^23: adding it rounds to an integer */
    x = max(all(-87.0F), min(all(88.0F), x)); /* in this order x86 lets NaN through */
    const vec n = (x * 1.44269504F + round) - round;
    const vec r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
    vec y = all(1.9875691500e-4F);
    y = y * r + 1.3981999507e-3F;
    y = y * r + 8.3334519073e-3F;
    y = y * r + 4.1665795894e-2F;
    y = y * r + 1.6666665459e-1F;
    y = y * r + 5.0000001201e-1F;
    y = y * r * r + r + 1.0F;
    return y * (vec)((__builtin_convertvector(n, ivec) + 127) << 23);
}

static ALWAYS_INLINE vec sigmoid(vec x)
{
    return 1.0F / (1.0F + exponential(-x));
}

static vec softplus(vec x)
{
    for (int lane = 0; lane < VL; lane++)
        x[lane] = fmaxf(x[lane], 0) + log1pf(expf(-fabsf(x[lane])));
    return x;
}

static ALWAYS_INLINE vec apply(vec x, const struct activation_params *activation)
{
    switch (activation->kind) {
    case ACTIVATION_ELU:
        return choose(x > 0, x, activation->alpha * (exponential(x) - 1.0F));
    case ACTIVATION_SIGMOID:
        return sigmoid(x);
    case ACTIVATION_HARD_SIGMOID:
        return max(all(0), min(all(1), x * 0.2F + 0.5F));
    case ACTIVATION_TANH:
        return 2.0F * sigmoid(2.0F * x) - 1.0F;
    case ACTIVATION_SOFTPLUS:
        return softplus(x);
    case ACTIVATION_SWISH:
        return x * sigmoid(x);
    case ACTIVATION_RELU:
        return choose(x > 0, min(x, all(activation->max_value)), activation->alpha * x);
    case ACTIVATION_LEAKY_RELU:
        return choose(x > 0, x, activation->alpha * x);
    case ACTIVATION_LINEAR:
    case ACTIVATION_SOFTMAX: /* not one value at a time: softmax() */
    case ACTIVATION_COUNT:
        break;
    }
    return x;
}

/* Over the channels of one pixel; scalar, for it is called for a handful of classes. */
static void softmax(float *pixel, ptrdiff_t block, int channels)
{
    float largest = pixel[0], sum = 0;
    for (int c = 0; c < channels; c++)
        largest = fmaxf(largest, pixel[c / VL * block + c % VL]);
    for (int c = 0; c < channels; c++) {
        float *value = &pixel[c / VL * block + c % VL];
        *value = expf(*value - largest);
        sum += *value;
    }
    for (int c = 0; c < channels; c++)
        pixel[c / VL * block + c % VL] /= sum;
}

static void softmax_all(const struct activate *a)
{
    for (int y = 0; y < a->view.height; y++)
        for (int x = 0; x < a->view.width; x++)
            softmax(a->view.data + y * a->view.row + x * VL, a->view.block, a->channels);
}

void KERNEL(activate)(const struct activate *a)
{
    if (a->activation.kind == ACTIVATION_SOFTMAX) {
        softmax_all(a);
        return;
    }
    for (int block = 0; block < a->view.blocks; block++) {
        for (int y = 0; y < a->view.height; y++) {
            float *row = a->view.data + block * a->view.block + y * a->view.row;
            for (int x = 0; x < a->view.width * VL; x += VL)
                store(row + x, apply(load(row + x), &a->activation));
        }
    }
}
