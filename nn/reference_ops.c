#include "nn/reference_ops.h"

#include <math.h>
#include <string.h>

/* Where the window's element (u, v) lies for output (i, j): the input's row and column; false:
 * outside of the picture. */
struct position {
    int row, column;
};

static bool locate(const struct window *window, const struct shape *in, int i, int j, int u, int v,
                   struct position *at)
{
    at->row = i * window->stride_h + u * window->dilation_h - window->pad_top;
    at->column = j * window->stride_w + v * window->dilation_w - window->pad_left;
    return at->row >= 0 && at->row < in->dim[0] && at->column >= 0 && at->column < in->dim[1];
}

/* The channels of one pixel. */
static size_t pixel(const struct shape *shape, int row, int column)
{
    return ((size_t)row * (size_t)shape->dim[1] + (size_t)column) * (size_t)shape->dim[2];
}

static double conv_at(const struct layer *layer, const struct shape *in, const float *x, int i,
                      int j, int f)
{
    const struct window *window = &layer->conv.window;
    int channels = in->dim[2], filters = layer->conv.filters;
    double sum = layer->bias ? layer->bias[f] : 0;
    struct position at;

    for (int u = 0; u < window->kernel_h; u++)
        for (int v = 0; v < window->kernel_w; v++) {
            if (!locate(window, in, i, j, u, v, &at))
                continue;
            const float *values = x + pixel(in, at.row, at.column);
            size_t tap = (size_t)(u * window->kernel_w + v);
            for (int c = 0; c < channels; c++) {
                size_t row = tap * (size_t)channels + (size_t)c;
                sum += (double)values[c] * layer->kernel[row * (size_t)filters + (size_t)f];
            }
        }
    return sum;
}

void reference_conv2d(const struct layer *layer, const struct shape *in, const float *x, float *y)
{
    for (int i = 0; i < layer->shape.dim[0]; i++)
        for (int j = 0; j < layer->shape.dim[1]; j++)
            for (int f = 0; f < layer->shape.dim[2]; f++)
                *y++ = (float)conv_at(layer, in, x, i, j, f);
}

static double depthwise_at(const struct layer *layer, const struct shape *in, const float *x, int i,
                           int j, int out)
{
    const struct window *window = &layer->conv.window;
    int outputs = layer->shape.dim[2];
    double sum = layer->bias ? layer->bias[out] : 0;
    struct position at;

    for (int u = 0; u < window->kernel_h; u++)
        for (int v = 0; v < window->kernel_w; v++)
            if (locate(window, in, i, j, u, v, &at)) {
                size_t tap = (size_t)(u * window->kernel_w + v);
                float value =
                    x[pixel(in, at.row, at.column) + (size_t)(out / layer->conv.multiplier)];
                sum += (double)value * layer->kernel[tap * (size_t)outputs + (size_t)out];
            }
    return sum;
}

void reference_depthwise(const struct layer *layer, const struct shape *in, const float *x,
                         float *y)
{
    for (int i = 0; i < layer->shape.dim[0]; i++)
        for (int j = 0; j < layer->shape.dim[1]; j++)
            for (int out = 0; out < layer->shape.dim[2]; out++)
                *y++ = (float)depthwise_at(layer, in, x, i, j, out);
}

void reference_dense(const struct layer *layer, const struct shape *in, const float *x, float *y)
{
    size_t inputs = (size_t)shape_channels(in), units = (size_t)layer->dense.units;
    size_t vectors = shape_count(in) / inputs;

    for (size_t n = 0; n < vectors; n++, x += inputs, y += units)
        for (size_t unit = 0; unit < units; unit++) {
            double sum = layer->bias ? layer->bias[unit] : 0;
            for (size_t c = 0; c < inputs; c++)
                sum += (double)x[c] * layer->kernel[c * units + unit];
            y[unit] = (float)sum;
        }
}

void reference_batch_norm(const struct layer *layer, const struct shape *in, const float *x,
                          float *y)
{
    size_t channels = (size_t)shape_channels(in), count = shape_count(in);
    for (size_t k = 0; k < count; k++) {
        size_t c = k % channels;
        double spread = sqrt((double)layer->variance[c] + layer->batch_norm.epsilon);
        double value = ((double)x[k] - layer->mean[c]) / spread;
        y[k] = (float)(value * (layer->gamma ? layer->gamma[c] : 1) +
                       (layer->beta ? layer->beta[c] : 0));
    }
}

/* Maximum or mean of one channel under the window at (i, j). */
static double pool_at(const struct layer *layer, const struct shape *in, const float *x, int i,
                      int j, int c)
{
    const struct window *window = &layer->pool;
    double sum = 0, largest = -INFINITY;
    int count = 0;
    struct position at;

    for (int u = 0; u < window->kernel_h; u++)
        for (int v = 0; v < window->kernel_w; v++)
            if (locate(window, in, i, j, u, v, &at)) {
                double value = x[pixel(in, at.row, at.column) + (size_t)c];
                sum += value;
                largest = fmax(largest, value);
                count++;
            }
    return layer->op == LAYER_MAX_POOL2D ? largest : sum / count;
}

static void pool(const struct layer *layer, const struct shape *in, const float *x, float *y)
{
    for (int i = 0; i < layer->shape.dim[0]; i++)
        for (int j = 0; j < layer->shape.dim[1]; j++)
            for (int c = 0; c < layer->shape.dim[2]; c++)
                *y++ = (float)pool_at(layer, in, x, i, j, c);
}

void reference_max_pool(const struct layer *layer, const struct shape *in, const float *x, float *y)
{
    pool(layer, in, x, y);
}

void reference_average_pool(const struct layer *layer, const struct shape *in, const float *x,
                            float *y)
{
    pool(layer, in, x, y);
}

void reference_global_max_pool(const struct shape *in, const float *x, float *y)
{
    size_t channels = (size_t)shape_channels(in), count = shape_count(in);
    for (size_t c = 0; c < channels; c++) {
        y[c] = x[c];
        for (size_t k = c; k < count; k += channels)
            y[c] = fmaxf(y[c], x[k]);
    }
}

void reference_global_average_pool(const struct shape *in, const float *x, float *y)
{
    size_t channels = (size_t)shape_channels(in), count = shape_count(in);
    for (size_t c = 0; c < channels; c++) {
        double sum = 0;
        for (size_t k = c; k < count; k += channels)
            sum += x[k];
        y[c] = (float)(sum / (double)(count / channels));
    }
}

void reference_zero_padding(const struct layer *layer, const struct shape *in, const float *x,
                            float *y)
{
    const struct window *pad = &layer->pool;
    size_t row_values = (size_t)in->dim[1] * (size_t)in->dim[2];

    memset(y, 0, shape_count(&layer->shape) * sizeof *y);
    for (int row = 0; row < in->dim[0]; row++)
        memcpy(y + pixel(&layer->shape, row + pad->pad_top, pad->pad_left), x + pixel(in, row, 0),
               row_values * sizeof *y);
}

void reference_rescaling(const struct layer *layer, const struct shape *in, const float *x,
                         float *y)
{
    size_t count = shape_count(in);
    for (size_t k = 0; k < count; k++)
        y[k] = x[k] * layer->rescaling.scale + layer->rescaling.offset;
}

void reference_add(const struct shape *in, const float *x, float *y)
{
    size_t count = shape_count(in);
    for (size_t k = 0; k < count; k++)
        y[k] += x[k];
}

void reference_concatenate(const struct layer *layer, const struct shape *in, const float *x,
                           int first, float *y)
{
    size_t channels = (size_t)shape_channels(in), outputs = (size_t)shape_channels(&layer->shape);
    size_t vectors = shape_count(in) / channels;
    for (size_t n = 0; n < vectors; n++)
        memcpy(y + n * outputs + (size_t)first, x + n * channels, channels * sizeof *y);
}

/* --- activations ------------------------------------------------------------------------------ */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double activate(const struct activation_params *activation, double x)
{
    switch (activation->kind) {
    case ACTIVATION_RELU:
        return x > 0 ? fmin(x, activation->max_value) : activation->alpha * x;
    case ACTIVATION_LEAKY_RELU:
        return x > 0 ? x : activation->alpha * x;
    case ACTIVATION_ELU:
        return x > 0 ? x : activation->alpha * expm1(x);
    case ACTIVATION_SIGMOID:
        return sigmoid(x);
    case ACTIVATION_HARD_SIGMOID:
        return fmin(fmax(0.2 * x + 0.5, 0), 1);
    case ACTIVATION_TANH:
        return tanh(x);
    case ACTIVATION_SOFTPLUS:
        return fmax(x, 0) + log1p(exp(-fabs(x)));
    case ACTIVATION_SWISH:
        return x * sigmoid(x);
    case ACTIVATION_LINEAR:
    case ACTIVATION_SOFTMAX:
    case ACTIVATION_COUNT:
        break;
    }
    return x;
}

static void softmax(size_t channels, float *y)
{
    double largest = y[0], sum = 0;
    for (size_t c = 1; c < channels; c++)
        largest = fmax(largest, y[c]);
    for (size_t c = 0; c < channels; c++)
        sum += exp(y[c] - largest);
    for (size_t c = 0; c < channels; c++)
        y[c] = (float)(exp(y[c] - largest) / sum);
}

void reference_activate(const struct activation_params *activation, const struct shape *shape,
                        float *y)
{
    size_t channels = (size_t)shape_channels(shape), count = shape_count(shape);
    if (activation->kind == ACTIVATION_SOFTMAX)
        for (size_t k = 0; k < count; k += channels)
            softmax(channels, y + k);
    else if (activation->kind != ACTIVATION_LINEAR)
        for (size_t k = 0; k < count; k++)
            y[k] = (float)activate(activation, y[k]);
}
