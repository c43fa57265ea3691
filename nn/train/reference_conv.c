#include "nn/train/reference_conv.h"

#include <string.h>

/* --- im2col ----------------------------------------------------------------------------------- */

struct geometry {
    const struct window *window;
    int height, width, channels;    /* of the input */
    int out_height, out_width;      /* of the output */
    int length;                     /* of one row of columns: kernel_h * kernel_w * channels */
    ptrdiff_t in_count, out_pixels; /* of one example */
};

static struct geometry geometry_of(const struct layer_pass *pass)
{
    const struct window *window = &pass->layer->conv.window;
    const struct shape *in = pass->in[0], *out = &pass->layer->shape;
    return (struct geometry){
        .window = window,
        .height = in->dim[0],
        .width = in->dim[1],
        .channels = in->dim[2],
        .out_height = out->dim[0],
        .out_width = out->dim[1],
        .length = window->kernel_h * window->kernel_w * in->dim[2],
        .in_count = (ptrdiff_t)shape_count(in),
        .out_pixels = (ptrdiff_t)out->dim[0] * out->dim[1],
    };
}

/* Calls visit(column, pixel, channels) for each tap of each output: where the tap's channels are in
 * the columns, and in the picture (NULL: outside of it). */
static void for_each_tap(const struct geometry *g, double *picture, double *columns,
                         void (*visit)(double *column, double *pixel, int channels))
{
    const struct window *w = g->window;
    for (int i = 0; i < g->out_height; i++)
        for (int j = 0; j < g->out_width; j++)
            for (int u = 0; u < w->kernel_h; u++)
                for (int v = 0; v < w->kernel_w; v++, columns += g->channels) {
                    const int row = i * w->stride_h + u * w->dilation_h - w->pad_top;
                    const int column = j * w->stride_w + v * w->dilation_w - w->pad_left;
                    const bool inside =
                        row >= 0 && row < g->height && column >= 0 && column < g->width;
                    const ptrdiff_t at = ((ptrdiff_t)row * g->width + column) * g->channels;
                    visit(columns, inside ? picture + at : NULL, g->channels);
                }
}

static void copy_tap(double *column, double *pixel, int channels)
{
    if (pixel)
        memcpy(column, pixel, (size_t)channels * sizeof *column);
    else
        memset(column, 0, (size_t)channels * sizeof *column);
}

static void add_tap(double *column, double *pixel, int channels)
{
    for (int c = 0; pixel && c < channels; c++)
        pixel[c] += column[c];
}

/* --- convolution ------------------------------------------------------------------------------ */

size_t reference_conv_scratch(const struct layer *layer, const struct shape *in)
{
    const struct window *window = &layer->conv.window;
    return (size_t)layer->shape.dim[0] * (size_t)layer->shape.dim[1] * (size_t)window->kernel_h *
           (size_t)window->kernel_w * (size_t)in->dim[2];
}

void reference_conv_forward(const struct layer_pass *pass)
{
    const struct geometry g = geometry_of(pass);
    const int filters = pass->layer->conv.filters;
    double *z = pass->z;
    for (int n = 0; n < pass->n; n++) {
        for_each_tap(&g, pass->x[0] + n * g.in_count, pass->scratch, copy_tap);
        for (ptrdiff_t p = 0; p < g.out_pixels; p++, z += filters) {
            const double *row = pass->scratch + p * g.length;
            for (int f = 0; f < filters; f++)
                z[f] = pass->weights.bias ? pass->weights.bias[f] : 0;
            for (int k = 0; k < g.length; k++) {
                const double *kernel = pass->weights.kernel + (ptrdiff_t)k * pass->kernel_pitch;
                for (int f = 0; f < filters; f++)
                    z[f] += row[k] * kernel[f];
            }
        }
    }
}

/* One row of columns: adds its part to the gradient of the kernel, and becomes its own gradient. */
static void row_backward(const struct layer_pass *pass, const double *dz, int length, double *row)
{
    const int filters = pass->layer->conv.filters;
    for (int k = 0; k < length; k++) {
        const double *kernel = pass->weights.kernel + (ptrdiff_t)k * pass->kernel_pitch;
        double *gradient = pass->gradients.kernel + (ptrdiff_t)k * pass->kernel_pitch;
        double sum = 0;
        for (int f = 0; f < filters; f++) {
            gradient[f] += row[k] * dz[f];
            sum += dz[f] * kernel[f];
        }
        row[k] = sum;
    }
}

void reference_conv_backward(const struct layer_pass *pass)
{
    const struct geometry g = geometry_of(pass);
    const int filters = pass->layer->conv.filters;
    const double *dz = pass->dy;
    for (int n = 0; n < pass->n; n++) {
        for_each_tap(&g, pass->x[0] + n * g.in_count, pass->scratch, copy_tap);
        for (ptrdiff_t p = 0; p < g.out_pixels; p++, dz += filters) {
            row_backward(pass, dz, g.length, pass->scratch + p * g.length);
            for (int f = 0; pass->gradients.bias && f < filters; f++)
                pass->gradients.bias[f] += dz[f];
        }
        if (pass->dx[0])
            for_each_tap(&g, pass->dx[0] + n * g.in_count, pass->scratch, add_tap);
    }
}

/* --- depthwise -------------------------------------------------------------------------------- */

void reference_depthwise_forward(const struct layer_pass *pass)
{
    const struct geometry g = geometry_of(pass);
    const int multiplier = pass->layer->conv.multiplier, outputs = g.channels * multiplier;
    double *z = pass->z;
    for (int n = 0; n < pass->n; n++) {
        for_each_tap(&g, pass->x[0] + n * g.in_count, pass->scratch, copy_tap);
        for (ptrdiff_t p = 0; p < g.out_pixels; p++, z += outputs)
            for (int o = 0; o < outputs; o++) {
                const double *column = pass->scratch + p * g.length + o / multiplier;
                const double *kernel = pass->weights.kernel + o;
                z[o] = pass->weights.bias ? pass->weights.bias[o] : 0;
                for (int tap = 0; tap < g.length / g.channels; tap++)
                    z[o] += column[tap * g.channels] * kernel[(ptrdiff_t)tap * pass->kernel_pitch];
            }
    }
}

/* One channel under one tap: its multiplier's worth of outputs. Returns the gradient by the input.
 */
static double tap_backward(const struct layer_pass *pass, const double *dz, ptrdiff_t at, double x)
{
    double sum = 0;
    for (int m = 0; m < pass->layer->conv.multiplier; m++) {
        pass->gradients.kernel[at + m] += x * dz[m];
        sum += pass->weights.kernel[at + m] * dz[m];
    }
    return sum;
}

void reference_depthwise_backward(const struct layer_pass *pass)
{
    const struct geometry g = geometry_of(pass);
    const int multiplier = pass->layer->conv.multiplier, outputs = g.channels * multiplier;
    const double *dz = pass->dy;
    for (int n = 0; n < pass->n; n++) {
        for_each_tap(&g, pass->x[0] + n * g.in_count, pass->scratch, copy_tap);
        for (ptrdiff_t p = 0; p < g.out_pixels; p++, dz += outputs) {
            double *row = pass->scratch + p * g.length;
            for (int k = 0; k < g.length; k++) {
                const int tap = k / g.channels, c = k % g.channels;
                row[k] = tap_backward(pass, dz + c * multiplier,
                                      (ptrdiff_t)tap * pass->kernel_pitch + c * multiplier, row[k]);
            }
            for (int o = 0; pass->gradients.bias && o < outputs; o++)
                pass->gradients.bias[o] += dz[o];
        }
        if (pass->dx[0])
            for_each_tap(&g, pass->dx[0] + n * g.in_count, pass->scratch, add_tap);
    }
}
