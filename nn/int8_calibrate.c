#include "nn/int8_calibrate.h"

#include "nn/int8_pack.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { BINS = 2048, MIDDLE = BINS / 2, CANDIDATES = 100 };

/* Counts of values in -limit..limit. The limit doubles when a value lies beyond it. */
struct histogram {
    double limit;
    double bins[BINS];
};

struct int8_calibration {
    int layer_count;
    struct histogram *layers;
};

struct int8_calibration *int8_calibration_create(int layer_count, struct error *error)
{
    struct int8_calibration *calibration = calloc(1, sizeof *calibration);
    if (calibration) {
        calibration->layer_count = layer_count;
        calibration->layers = calloc((size_t)layer_count, sizeof *calibration->layers);
    }
    if (!calibration || !calibration->layers) {
        error_set(error, "no memory for the values of %d layers", layer_count);
        free(calibration);
        return NULL;
    }
    for (int i = 0; i < layer_count; i++)
        calibration->layers[i].limit = 1.0 / (1 << 20);
    return calibration;
}

void int8_calibration_destroy(struct int8_calibration *calibration)
{
    if (!calibration)
        return;
    free(calibration->layers);
    free(calibration);
}

/* --- counting --------------------------------------------------------------------------------- */

/* Pairs of bins become one, towards the middle. */
static void widen(struct histogram *h)
{
    double merged[BINS] = {0};
    for (int i = 0; i < BINS; i++)
        merged[MIDDLE / 2 + i / 2] += h->bins[i];
    for (int i = 0; i < BINS; i++)
        h->bins[i] = merged[i];
    h->limit *= 2;
}

static void count(struct histogram *h, const float *values, size_t size)
{
    double largest = 0;
    for (size_t i = 0; i < size; i++)
        largest = fmax(largest, fabs((double)values[i]));
    while (largest >= h->limit && largest <= (double)FLT_MAX)
        widen(h);
    const float bins_per_unit = (float)(MIDDLE / h->limit);
    for (size_t i = 0; i < size; i++) {
        const float bin = floorf(values[i] * bins_per_unit) + MIDDLE;
        if (bin >= 0 && bin < BINS) /* false for NaN and infinity */
            h->bins[(int)bin]++;
    }
}

static void see(void *self, int layer, const float *values, size_t size)
{
    struct int8_calibration *calibration = self;
    count(&calibration->layers[layer], values, size);
}

struct observer int8_calibration_observer(struct int8_calibration *calibration)
{
    return (struct observer){see, calibration};
}

/* --- choosing a range ------------------------------------------------------------------------- */

/* First value of a bin. */
static double edge(const struct histogram *h, int bin)
{
    return (bin - MIDDLE) * h->limit / MIDDLE;
}

/* Square error of all values when low..high is divided into 255 steps: inside, a value is
 * off by up to half a step, evenly; outside, by its distance. */
static double square_error(const struct histogram *h, double low, double high)
{
    const double step = (high - low) / 255, inside = step * step / 12;
    double sum = 0;
    for (int i = 0; i < BINS; i++) {
        const double value = edge(h, i) + h->limit / BINS;
        const double off = value < low ? low - value : value > high ? value - high : 0;
        sum += h->bins[i] * (inside + off * off);
    }
    return sum;
}

/* Smaller ranges lose the few largest values and tell the many small ones better apart. */
static void choose_range(const struct histogram *h, float range[2])
{
    int first = 0, end = BINS;
    while (first < BINS && h->bins[first] == 0)
        first++;
    while (end > first && h->bins[end - 1] == 0)
        end--;
    const double low = fmin(edge(h, first), 0), high = fmax(edge(h, end), 0);
    double best = INFINITY;
    for (int i = 0; i < CANDIDATES && first < end; i++) {
        const double share = 1 - (double)i / CANDIDATES;
        const double error = square_error(h, low * share, high * share);
        if (error >= best)
            continue;
        best = error;
        range[0] = (float)(low * share);
        range[1] = (float)(high * share);
    }
}

/* --- the model -------------------------------------------------------------------------------- */

bool int8_is_quantized(const struct model *model)
{
    for (int i = 1; i < model->layer_count; i++)
        if (model->layers[i].range[0] < model->layers[i].range[1])
            return true;
    return false;
}

void int8_forget(struct model *model)
{
    for (int i = 0; i < model->layer_count; i++)
        model->layers[i].range[0] = model->layers[i].range[1] = 0;
}

/* The Dense or convolution behind which only activations and the like follow. */
static int scoring_layer(const struct model *model)
{
    int i = model->output;
    while (i > 0 && !model->layers[i].kernel)
        i = model->layers[i].inputs[0];
    return i;
}

void int8_quantize_model(const struct int8_calibration *calibration, struct model *model)
{
    const int scoring = scoring_layer(model);
    int8_forget(model);
    for (int i = 1; i < model->layer_count; i++) {
        struct layer *layer = &model->layers[i];
        choose_range(&calibration->layers[i], layer->range);
        if (!layer->kernel || i == scoring)
            continue;
        const int out = shape_channels(&layer->shape);
        const struct shape *in = &model->layers[layer->inputs[0]].shape;
        size_t rows = (size_t)shape_channels(in);
        if (layer->op == LAYER_CONV2D)
            rows *= (size_t)layer->conv.window.kernel_h * (size_t)layer->conv.window.kernel_w;
        else if (layer->op == LAYER_DEPTHWISE_CONV2D)
            rows = (size_t)layer->conv.window.kernel_h * (size_t)layer->conv.window.kernel_w;
        int8_round_kernel(layer->kernel, rows, out);
    }
}
