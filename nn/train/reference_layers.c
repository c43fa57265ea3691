#include "nn/train/reference_layers.h"

#include "nn/train/dropout.h"
#include "nn/train/reference_conv.h"

#include <math.h>
#include <string.h>

static ptrdiff_t count_of(const struct shape *shape)
{
    return (ptrdiff_t)shape_count(shape);
}

/* All values of input i. */
static ptrdiff_t input_count(const struct layer_pass *pass, int i)
{
    return pass->n * count_of(pass->in[i]);
}

static ptrdiff_t output_count(const struct layer_pass *pass)
{
    return pass->n * count_of(&pass->layer->shape);
}

/* --- Dense ------------------------------------------------------------------------------------ */

static void dense_forward(const struct layer_pass *pass)
{
    const int inputs = shape_channels(pass->in[0]), units = pass->layer->dense.units;
    const double *x = pass->x[0];
    double *z = pass->z;
    for (ptrdiff_t v = input_count(pass, 0) / inputs; v > 0; v--, x += inputs, z += units) {
        for (int u = 0; u < units; u++)
            z[u] = pass->weights.bias ? pass->weights.bias[u] : 0;
        for (int i = 0; i < inputs; i++) {
            const double *row = pass->weights.kernel + (ptrdiff_t)i * pass->kernel_pitch;
            for (int u = 0; u < units; u++)
                z[u] += x[i] * row[u];
        }
    }
}

static void dense_backward(const struct layer_pass *pass)
{
    const int inputs = shape_channels(pass->in[0]), units = pass->layer->dense.units;
    const double *x = pass->x[0], *dz = pass->dy;
    double *dx = pass->dx[0];
    for (ptrdiff_t v = input_count(pass, 0) / inputs; v > 0; v--, x += inputs, dz += units) {
        for (int i = 0; i < inputs; i++) {
            const double *row = pass->weights.kernel + (ptrdiff_t)i * pass->kernel_pitch;
            double *gradient = pass->gradients.kernel + (ptrdiff_t)i * pass->kernel_pitch;
            double sum = 0;
            for (int u = 0; u < units; u++) {
                gradient[u] += x[i] * dz[u];
                sum += row[u] * dz[u];
            }
            if (dx)
                *dx++ += sum;
        }
        for (int u = 0; pass->gradients.bias && u < units; u++)
            pass->gradients.bias[u] += dz[u];
    }
}

/* --- BatchNormalization: Ioffe and Szegedy, arXiv:1502.03167 ---------------------------------- */

/* Mean and biased variance of channel c, and by how many values. */
static void channel_statistics(const struct layer_pass *pass, int c, double *mean, double *variance)
{
    const int channels = shape_channels(pass->in[0]);
    const ptrdiff_t count = input_count(pass, 0);
    const double vectors = (double)(count / channels);
    double sum = 0, squares = 0;
    for (ptrdiff_t i = c; i < count; i += channels)
        sum += pass->x[0][i];
    *mean = sum / vectors;
    for (ptrdiff_t i = c; i < count; i += channels)
        squares += (pass->x[0][i] - *mean) * (pass->x[0][i] - *mean);
    *variance = squares / vectors;
}

/* scratch: mean and 1 / deviation per channel. The statistics for the moving averages take the
 * unbiased variance, as TensorFlow's fused kernel and PyTorch do. */
static void batch_norm_statistics(const struct layer_pass *pass)
{
    const int channels = shape_channels(pass->in[0]);
    const double vectors = (double)(input_count(pass, 0) / channels);
    for (int c = 0; c < channels; c++) {
        double mean = pass->weights.mean[c], variance = pass->weights.variance[c];
        if (pass->training) {
            channel_statistics(pass, c, &mean, &variance);
            pass->gradients.mean[c] = mean;
            pass->gradients.variance[c] =
                vectors > 1 ? variance * vectors / (vectors - 1) : variance;
        }
        pass->scratch[c] = mean;
        pass->scratch[channels + c] = 1 / sqrt(variance + (double)pass->layer->batch_norm.epsilon);
    }
}

static void batch_norm_forward(const struct layer_pass *pass)
{
    const int channels = shape_channels(pass->in[0]);
    const double *gamma = pass->weights.gamma, *beta = pass->weights.beta;
    batch_norm_statistics(pass);
    for (ptrdiff_t i = 0; i < input_count(pass, 0); i++) {
        const ptrdiff_t c = i % channels;
        const double normal = (pass->x[0][i] - pass->scratch[c]) * pass->scratch[channels + c];
        pass->z[i] = normal * (gamma ? gamma[c] : 1) + (beta ? beta[c] : 0);
    }
}

static void batch_norm_backward(const struct layer_pass *pass)
{
    const int channels = shape_channels(pass->in[0]);
    const ptrdiff_t count = input_count(pass, 0);
    const double vectors = (double)(count / channels);
    for (int c = 0; c < channels; c++) {
        const double mean = pass->scratch[c], scale = pass->scratch[channels + c];
        double sum = 0, product = 0;
        for (ptrdiff_t i = c; i < count; i += channels) {
            sum += pass->dy[i];
            product += pass->dy[i] * (pass->x[0][i] - mean) * scale;
        }
        if (pass->gradients.gamma)
            pass->gradients.gamma[c] += product;
        if (pass->gradients.beta)
            pass->gradients.beta[c] += sum;
        const double gamma = pass->weights.gamma ? pass->weights.gamma[c] : 1;
        if (!pass->training) /* mean and scale are constants */
            sum = product = 0;
        for (ptrdiff_t i = c; pass->dx[0] && i < count; i += channels) {
            const double normal = (pass->x[0][i] - mean) * scale;
            pass->dx[0][i] +=
                gamma * scale * (pass->dy[i] - sum / vectors - normal * product / vectors);
        }
    }
}

/* --- pooling ---------------------------------------------------------------------------------- */

/* The global poolings are one window over everything. */
static struct window pool_window(const struct layer_pass *pass)
{
    const struct shape *in = pass->in[0];
    if (pass->layer->op == LAYER_MAX_POOL2D || pass->layer->op == LAYER_AVERAGE_POOL2D)
        return pass->layer->pool;
    return (struct window){
        .kernel_h = in->dim[0], .kernel_w = in->dim[1], .stride_h = 1, .stride_w = 1};
}

static bool pools_max(const struct layer *layer)
{
    return layer->op == LAYER_MAX_POOL2D || layer->op == LAYER_GLOBAL_MAX_POOL2D;
}

/* The part of a window that lies on the picture. */
struct region {
    int top, bottom, left, right; /* bottom and right are outside */
};

static int clamp(int value, int most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

static struct region region_of(const struct window *w, const struct shape *in, int i, int j)
{
    const int top = i * w->stride_h - w->pad_top, left = j * w->stride_w - w->pad_left;
    return (struct region){clamp(top, in->dim[0]), clamp(top + w->kernel_h, in->dim[0]),
                           clamp(left, in->dim[1]), clamp(left + w->kernel_w, in->dim[1])};
}

/* One channel of one window: x and dx point at the channel of pixel (0, 0). Returns the pooled
 * value, or, where dx is given, gives dy to the largest value (the first of equals) or to all. */
static double pool_region(const struct layer_pass *pass, struct region region, const double *x,
                          double *dx, double dy)
{
    const int channels = pass->in[0]->dim[2], width = pass->in[0]->dim[1];
    const int count = (region.bottom - region.top) * (region.right - region.left);
    ptrdiff_t best = ((ptrdiff_t)region.top * width + region.left) * channels;
    double sum = 0;
    for (int i = region.top; i < region.bottom; i++)
        for (int j = region.left; j < region.right; j++) {
            const ptrdiff_t at = ((ptrdiff_t)i * width + j) * channels;
            sum += x[at];
            if (x[at] > x[best])
                best = at;
            if (dx && !pools_max(pass->layer))
                dx[at] += dy / count;
        }
    if (dx && pools_max(pass->layer))
        dx[best] += dy;
    return pools_max(pass->layer) ? x[best] : sum / count;
}

static void pool(const struct layer_pass *pass, bool backward)
{
    const struct shape *in = pass->in[0], *out = &pass->layer->shape;
    const struct window window = pool_window(pass);
    const int height = out->rank == 3 ? out->dim[0] : 1, width = out->rank == 3 ? out->dim[1] : 1;
    ptrdiff_t k = 0;
    for (int n = 0; n < pass->n; n++)
        for (int i = 0; i < height; i++)
            for (int j = 0; j < width; j++)
                for (int c = 0; c < in->dim[2]; c++, k++) {
                    const ptrdiff_t at = n * count_of(in) + c;
                    const struct region region = region_of(&window, in, i, j);
                    if (backward)
                        pool_region(pass, region, pass->x[0] + at, pass->dx[0] + at, pass->dy[k]);
                    else
                        pass->z[k] = pool_region(pass, region, pass->x[0] + at, NULL, 0);
                }
}

/* --- layers that move or scale values --------------------------------------------------------- */

static void copy_forward(const struct layer_pass *pass)
{
    memcpy(pass->z, pass->x[0], (size_t)output_count(pass) * sizeof *pass->z);
}

static void scale_backward(const struct layer_pass *pass, double scale)
{
    for (ptrdiff_t i = 0; i < input_count(pass, 0); i++)
        pass->dx[0][i] += pass->dy[i] * scale;
}

static void rescaling_forward(const struct layer_pass *pass)
{
    for (ptrdiff_t i = 0; i < input_count(pass, 0); i++)
        pass->z[i] = pass->x[0][i] * (double)pass->layer->rescaling.scale +
                     (double)pass->layer->rescaling.offset;
}

static void add_forward(const struct layer_pass *pass)
{
    copy_forward(pass);
    for (int k = 1; k < pass->layer->input_count; k++)
        for (ptrdiff_t i = 0; i < input_count(pass, k); i++)
            pass->z[i] += pass->x[k][i];
}

static void add_backward(const struct layer_pass *pass)
{
    for (int k = 0; k < pass->layer->input_count; k++)
        for (ptrdiff_t i = 0; pass->dx[k] && i < input_count(pass, k); i++)
            pass->dx[k][i] += pass->dy[i];
}

static void concatenate(const struct layer_pass *pass, bool backward)
{
    const int outputs = shape_channels(&pass->layer->shape);
    ptrdiff_t first = 0;
    for (int k = 0; k < pass->layer->input_count; k++) {
        const int channels = shape_channels(pass->in[k]);
        for (ptrdiff_t i = 0; i < input_count(pass, k); i++) {
            const ptrdiff_t at = i / channels * outputs + first + i % channels;
            if (!backward)
                pass->z[at] = pass->x[k][i];
            else if (pass->dx[k])
                pass->dx[k][i] += pass->dy[at];
        }
        first += channels;
    }
}

static void zero_padding(const struct layer_pass *pass, bool backward)
{
    const struct shape *in = pass->in[0], *out = &pass->layer->shape;
    const ptrdiff_t row = (ptrdiff_t)in->dim[1] * in->dim[2];
    const ptrdiff_t out_row = (ptrdiff_t)out->dim[1] * out->dim[2];
    if (!backward)
        memset(pass->z, 0, (size_t)output_count(pass) * sizeof *pass->z);
    for (ptrdiff_t i = 0; i < input_count(pass, 0); i++) {
        const ptrdiff_t n = i / count_of(in), y = i % count_of(in) / row, x = i % row;
        const ptrdiff_t at = n * count_of(out) + (y + pass->layer->pool.pad_top) * out_row +
                             (ptrdiff_t)pass->layer->pool.pad_left * in->dim[2] + x;
        if (backward)
            pass->dx[0][i] += pass->dy[at];
        else
            pass->z[at] = pass->x[0][i];
    }
}

/* Srivastava et al. 2014, "inverted": what is kept is scaled up, so inference needs nothing. */
static void dropout(const struct layer_pass *pass, bool backward)
{
    const double rate = (double)pass->layer->dropout.rate;
    const ptrdiff_t count = count_of(pass->in[0]);
    for (ptrdiff_t i = 0; i < input_count(pass, 0); i++) {
        const uint32_t key = dropout_key(pass->seed, pass->step, pass->index, (int)(i / count));
        const bool kept = dropout_draw(key, (uint32_t)(i % count)) >= dropout_limit(rate);
        if (backward)
            pass->dx[0][i] += kept ? pass->dy[i] / (1 - rate) : 0;
        else
            pass->z[i] = kept ? pass->x[0][i] / (1 - rate) : 0;
    }
}

/* --- activations ------------------------------------------------------------------------------ */

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

static double activate(const struct activation_params *a, double z)
{
    switch (a->kind) {
    case ACTIVATION_RELU:
        return z > 0 ? fmin(z, (double)a->max_value) : (double)a->alpha * z;
    case ACTIVATION_LEAKY_RELU:
        return z > 0 ? z : (double)a->alpha * z;
    case ACTIVATION_ELU:
        return z > 0 ? z : (double)a->alpha * expm1(z);
    case ACTIVATION_SIGMOID:
        return sigmoid(z);
    case ACTIVATION_HARD_SIGMOID:
        return fmin(fmax(0.2 * z + 0.5, 0), 1);
    case ACTIVATION_TANH:
        return tanh(z);
    case ACTIVATION_SOFTPLUS:
        return fmax(z, 0) + log1p(exp(-fabs(z)));
    case ACTIVATION_SWISH:
        return z * sigmoid(z);
    case ACTIVATION_LINEAR:
    case ACTIVATION_SOFTMAX:
    case ACTIVATION_COUNT:
        break;
    }
    return z;
}

static double slope(const struct activation_params *a, double z)
{
    const double s = sigmoid(z);
    switch (a->kind) {
    case ACTIVATION_RELU:
        return z <= 0 ? (double)a->alpha : z < (double)a->max_value;
    case ACTIVATION_LEAKY_RELU:
        return z > 0 ? 1 : (double)a->alpha;
    case ACTIVATION_ELU:
        return z > 0 ? 1 : (double)a->alpha * exp(z);
    case ACTIVATION_SIGMOID:
        return s * (1 - s);
    case ACTIVATION_HARD_SIGMOID:
        return fabs(z) < 2.5 ? 0.2 : 0;
    case ACTIVATION_TANH:
        return 1 - tanh(z) * tanh(z);
    case ACTIVATION_SOFTPLUS:
        return s;
    case ACTIVATION_SWISH:
        return s + z * s * (1 - s);
    case ACTIVATION_LINEAR:
    case ACTIVATION_SOFTMAX:
    case ACTIVATION_COUNT:
        break;
    }
    return 1;
}

static void softmax_forward(const double *z, int channels, double *y)
{
    double top = z[0], sum = 0;
    for (int c = 1; c < channels; c++)
        top = fmax(top, z[c]);
    for (int c = 0; c < channels; c++)
        sum += exp(z[c] - top);
    for (int c = 0; c < channels; c++)
        y[c] = exp(z[c] - top) / sum;
}

/* dz = y (dy - <dy, y>) */
static void softmax_backward(const double *y, int channels, double *dy)
{
    double product = 0;
    for (int c = 0; c < channels; c++)
        product += dy[c] * y[c];
    for (int c = 0; c < channels; c++)
        dy[c] = y[c] * (dy[c] - product);
}

static void activation_forward(const struct layer_pass *pass)
{
    const struct activation_params *activation = &pass->layer->activation;
    const int channels = shape_channels(&pass->layer->shape);
    for (ptrdiff_t i = 0; i < output_count(pass); i++)
        if (activation->kind != ACTIVATION_SOFTMAX)
            pass->y[i] = activate(activation, pass->z[i]);
        else if (i % channels == 0)
            softmax_forward(pass->z + i, channels, pass->y + i);
}

static void activation_backward(const struct layer_pass *pass)
{
    const struct activation_params *activation = &pass->layer->activation;
    const int channels = shape_channels(&pass->layer->shape);
    for (ptrdiff_t i = 0; i < output_count(pass); i++)
        if (activation->kind != ACTIVATION_SOFTMAX)
            pass->dy[i] *= slope(activation, pass->z[i]);
        else if (i % channels == 0)
            softmax_backward(pass->y + i, channels, pass->dy + i);
}

/* --- all of them ------------------------------------------------------------------------------ */

size_t reference_scratch(const struct layer *layer, const struct shape *in)
{
    if (layer->op == LAYER_CONV2D || layer->op == LAYER_DEPTHWISE_CONV2D)
        return reference_conv_scratch(layer, in);
    return layer->op == LAYER_BATCH_NORM ? 2 * (size_t)shape_channels(in) : 0;
}

void reference_layer_forward(const struct layer_pass *pass)
{
    switch (pass->layer->op) {
    case LAYER_CONV2D:
        reference_conv_forward(pass);
        break;
    case LAYER_DEPTHWISE_CONV2D:
        reference_depthwise_forward(pass);
        break;
    case LAYER_DENSE:
        dense_forward(pass);
        break;
    case LAYER_BATCH_NORM:
        batch_norm_forward(pass);
        break;
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        pool(pass, false);
        break;
    case LAYER_ADD:
        add_forward(pass);
        break;
    case LAYER_CONCATENATE:
        concatenate(pass, false);
        break;
    case LAYER_ZERO_PADDING2D:
        zero_padding(pass, false);
        break;
    case LAYER_RESCALING:
        rescaling_forward(pass);
        break;
    case LAYER_DROPOUT:
        if (pass->training)
            dropout(pass, false);
        else
            copy_forward(pass);
        break;
    case LAYER_INPUT:
    case LAYER_ACTIVATION:
    case LAYER_FLATTEN:
    case LAYER_RESHAPE:
    case LAYER_OP_COUNT:
        copy_forward(pass);
        break;
    }
    if (pass->z != pass->y)
        activation_forward(pass);
}

/* Layers without weights have nothing to do where nobody wants the gradient of their input. */
static void backward_without_weights(const struct layer_pass *pass)
{
    if (pass->layer->op == LAYER_ADD)
        add_backward(pass);
    else if (pass->layer->op == LAYER_CONCATENATE)
        concatenate(pass, true);
    else if (!pass->dx[0])
        return;
    else if (pass->layer->op == LAYER_ZERO_PADDING2D)
        zero_padding(pass, true);
    else if (pass->layer->op == LAYER_RESCALING)
        scale_backward(pass, (double)pass->layer->rescaling.scale);
    else if (pass->layer->op == LAYER_DROPOUT)
        dropout(pass, true);
    else
        scale_backward(pass, 1);
}

void reference_layer_backward(const struct layer_pass *pass)
{
    if (pass->z != pass->y)
        activation_backward(pass);
    switch (pass->layer->op) {
    case LAYER_CONV2D:
        reference_conv_backward(pass);
        break;
    case LAYER_DEPTHWISE_CONV2D:
        reference_depthwise_backward(pass);
        break;
    case LAYER_DENSE:
        dense_backward(pass);
        break;
    case LAYER_BATCH_NORM:
        batch_norm_backward(pass);
        break;
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        if (pass->dx[0])
            pool(pass, true);
        break;
    default:
        backward_without_weights(pass);
    }
}
