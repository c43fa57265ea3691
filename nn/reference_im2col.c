#include "nn/reference_ops.h"

#include <string.h>

static size_t row_length(const struct layer *layer, const struct shape *in)
{
    const struct window *window = &layer->conv.window;
    return (size_t)window->kernel_h * (size_t)window->kernel_w * (size_t)in->dim[2];
}

static size_t row_count(const struct layer *layer)
{
    return (size_t)layer->shape.dim[0] * (size_t)layer->shape.dim[1];
}

size_t reference_im2col_count(const struct layer *layer, const struct shape *in)
{
    return row_count(layer) * row_length(layer, in);
}

/* Copies the pixel under one element of the window, or zeros where it lies outside. */
static void copy_pixel(const struct shape *in, const float *x, int row, int column, float *to)
{
    size_t channels = (size_t)in->dim[2];
    if (row < 0 || row >= in->dim[0] || column < 0 || column >= in->dim[1])
        memset(to, 0, channels * sizeof *to);
    else
        memcpy(to, x + ((size_t)row * (size_t)in->dim[1] + (size_t)column) * channels,
               channels * sizeof *to);
}

void reference_im2col(const struct layer *layer, const struct shape *in, const float *x,
                      float *columns)
{
    const struct window *window = &layer->conv.window;
    for (int i = 0; i < layer->shape.dim[0]; i++)
        for (int j = 0; j < layer->shape.dim[1]; j++)
            for (int u = 0; u < window->kernel_h; u++)
                for (int v = 0; v < window->kernel_w; v++, columns += in->dim[2])
                    copy_pixel(
                        in, x, i * window->stride_h + u * window->dilation_h - window->pad_top,
                        j * window->stride_w + v * window->dilation_w - window->pad_left, columns);
}

void reference_conv2d_im2col(const struct layer *layer, const struct shape *in, const float *x,
                             float *columns, float *y)
{
    size_t rows = row_count(layer), length = row_length(layer, in);
    size_t filters = (size_t)layer->conv.filters;

    reference_im2col(layer, in, x, columns);
    for (size_t row = 0; row < rows; row++, columns += length, y += filters)
        for (size_t f = 0; f < filters; f++) {
            double sum = layer->bias ? layer->bias[f] : 0;
            for (size_t k = 0; k < length; k++)
                sum += (double)columns[k] * layer->kernel[k * filters + f];
            y[f] = (float)sum;
        }
}
