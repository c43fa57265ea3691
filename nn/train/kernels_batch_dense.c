#include "nn/train/kernels_train_private.h"

/* Forward: IMAGES x VECTORS sums at once, over STRETCH inputs at a time, so that the weights in use
 * (STRETCH rows of VECTORS vectors) stay in the cache for all images. */
enum {
    VECTORS = VL == 16 ? 4 : 2,
    IMAGES = 4,
    STRETCH = 128,
    IMAGES_BACK = 4,
    INPUTS_BACK = VL == 16 ? 4 : 2
};

struct stretch {
    int first, end;
};

static ALWAYS_INLINE void forward_tile(const struct batch_dense *d, int image, int vector,
                                       struct stretch inputs, const int images, const int vectors)
{
    const float *x = d->x + image * d->x_stride;
    const float *weights = d->weights + inputs.first * d->pitch + vector * VL;
    float *y = d->y + image * d->y_stride + vector * VL;
    vec acc[4][4];
    REPEAT4(
        n, if (n < images) {
            REPEAT4(
                v, if (v < vectors) {
                    if (inputs.first > 0)
                        acc[n][v] = load(y + n * d->y_stride + v * VL);
                    else
                        acc[n][v] = d->bias ? load(d->bias + (vector + v) * VL) : all(0);
                })
        })
    for (int i = inputs.first; i < inputs.end; i++, weights += d->pitch) {
        vec w[4];
        REPEAT4(v, if (v < vectors) w[v] = load(weights + v * VL);)
        REPEAT4(
            n, if (n < images) {
                const float value = x[n * d->x_stride + i];
                REPEAT4(v, if (v < vectors) acc[n][v] += w[v] * value;)
            })
    }
    const bool last = inputs.end == d->inputs;
    REPEAT4(
        n, if (n < images) {
            REPEAT4(v, if (v < vectors) store(y + n * d->y_stride + v * VL,
                                              last ? fuse(acc[n][v], &d->fused) : acc[n][v]);)
        })
}

static ALWAYS_INLINE void forward_images(const struct batch_dense *d, int vector,
                                         struct stretch inputs, const int vectors)
{
    int image = 0;
    for (; image + IMAGES <= d->images; image += IMAGES)
        forward_tile(d, image, vector, inputs, IMAGES, vectors);
    for (; image < d->images; image++)
        forward_tile(d, image, vector, inputs, 1, vectors);
}

void KERNEL(train_dense)(const struct batch_dense *d)
{
    for (int first = 0; first < d->inputs; first += STRETCH) {
        const int end = first + STRETCH < d->inputs ? first + STRETCH : d->inputs;
        const struct stretch inputs = {first, end};
        int vector = 0;
        for (; vector + VECTORS <= d->vectors; vector += VECTORS)
            forward_images(d, vector, inputs, VECTORS);
        for (; vector < d->vectors; vector++)
            forward_images(d, vector, inputs, 1);
    }
}

/* --- backward --------------------------------------------------------------------------------- */

static ALWAYS_INLINE float sum_lanes(vec value)
{
    float sum = 0;
    for (int lane = 0; lane < VL; lane++)
        sum += value[lane];
    return sum;
}

static ALWAYS_INLINE void back_tile(const struct batch_dense_back *d, int image, int input,
                                    const int images, const int inputs)
{
    const float *dy = d->dy + image * d->y_stride;
    const float *weights = d->weights + input * d->pitch;
    vec acc[4][4];
    REPEAT4(n, REPEAT4(i, if (n < images && i < inputs) acc[n][i] = all(0);))
    for (int k = 0; k < d->vectors * VL; k += VL) {
        vec w[4];
        REPEAT4(i, if (i < inputs) w[i] = load(weights + i * d->pitch + k);)
        REPEAT4(
            n, if (n < images) {
                const vec value = load(dy + n * d->y_stride + k);
                REPEAT4(i, if (i < inputs) acc[n][i] += w[i] * value;)
            })
    }
    REPEAT4(n, REPEAT4(i, if (n < images && i < inputs)
                              d->dx[(image + n) * d->x_stride + input + i] = sum_lanes(acc[n][i]);))
}

static ALWAYS_INLINE void back_images(const struct batch_dense_back *d, int input, const int inputs)
{
    int image = 0;
    for (; image + IMAGES_BACK <= d->images; image += IMAGES_BACK)
        back_tile(d, image, input, IMAGES_BACK, inputs);
    for (; image < d->images; image++)
        back_tile(d, image, input, 1, inputs);
}

void KERNEL(train_dense_back)(const struct batch_dense_back *d)
{
    int input = 0;
    for (; input + INPUTS_BACK <= d->inputs; input += INPUTS_BACK)
        back_images(d, input, INPUTS_BACK);
    for (; input < d->inputs; input++)
        back_images(d, input, 1);
}
