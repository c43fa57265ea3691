/* The model's picture as bytes: four per pixel, B, G, R and a filler (one channel: itself and three
 * fillers), whose weights are zero. */
#include "nn/int8_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct int8_input {
    uint32_t byte_of[3][256]; /* of a pixel's B, G, R: already at its place among the four */
    float *scale, *offset;    /* of one row of float values */
    uint8_t *row;             /* the row as bytes, in the model's channel order */
};

/* The value of a pixel's byte in one channel of the model. */
static double value_of(const struct plan *plan, int channel, int byte)
{
    const struct preprocessing *how = &plan->model->preprocessing;
    const struct node *node = &plan->graph.nodes[0];
    const double value = byte * (double)how->scale[channel] + how->offset[channel];
    return node->scale ? value * node->scale[channel] + node->shift[channel] : value;
}

void int8_input_range(const struct plan *plan, float *scale, float *zero)
{
    double low = 0, high = 0;
    for (int c = 0; c < plan->graph.nodes[0].out.channels; c++) {
        const double a = value_of(plan, c, 0), b = value_of(plan, c, 255);
        low = fmin(low, fmin(a, b));
        high = fmax(high, fmax(a, b));
    }
    *scale = (float)((high - low) / 255);
    *zero = *scale > 0 ? (float)(-low / (high - low) * 255) : 0;
}

static uint8_t clipped(double q)
{
    return (uint8_t)rint(fmin(fmax(q, 0), 255));
}

static bool allocate(struct int8_input *input, size_t count)
{
    input->scale = malloc(count * sizeof *input->scale);
    input->offset = malloc(count * sizeof *input->offset);
    input->row = malloc(count);
    return input->scale && input->offset && input->row;
}

bool int8_make_input(struct plan *plan)
{
    const struct int8_planned *int8 = &plan->planned[0].int8;
    const struct node *node = &plan->graph.nodes[0];
    const int channels = node->out.channels, count = node->out.width * channels;
    if (!int8->bytes)
        return true;
    struct int8_input *input = plan->int8_input = calloc(1, sizeof *input);
    if (!input || !allocate(input, (size_t)count))
        return false;
    for (int i = 0; i < count; i++) {
        const int c = i % channels;
        input->scale[i] = (node->scale ? node->scale[c] : 1) / int8->scale;
        input->offset[i] = (node->shift ? node->shift[c] / int8->scale : 0) + int8->zero;
    }
    for (int at = 0; at < 3 && channels == 3; at++) {
        const int c = plan->model->preprocessing.bgr ? at : 2 - at;
        for (int byte = 0; byte < 256; byte++)
            input->byte_of[at][byte] =
                (uint32_t)clipped(value_of(plan, c, byte) / (double)int8->scale + int8->zero)
                << 8 * at;
    }
    return int8_add_border(plan, 0);
}

void int8_free_input(struct int8_input *input)
{
    if (!input)
        return;
    free(input->scale);
    free(input->offset);
    free(input->row);
    free(input);
}

/* One row of the model's channels into B, G, R. */
static void spread_row(const struct plan *plan, uint8_t *to)
{
    const uint8_t *row = plan->int8_input->row;
    const int width = plan->graph.nodes[0].out.width;
    if (plan->graph.nodes[0].out.channels == 1) {
        for (int x = 0; x < width; x++)
            to[(ptrdiff_t)x * INT8_QUAD] = row[x];
        return;
    }
    const int first = plan->model->preprocessing.bgr ? 0 : 2;
    for (int x = 0; x < width; x++, row += 3, to += INT8_QUAD) {
        to[0] = row[first];
        to[1] = row[1];
        to[2] = row[2 - first];
    }
}

void int8_take_values(const struct plan *plan, const float *values)
{
    const struct int8_input *input = plan->int8_input;
    const struct int8_view view = int8_view_of(plan, &plan->planned[0].int8.out);
    const int count = view.width * plan->graph.nodes[0].out.channels;
    for (int y = 0; y < view.height; y++) {
        const struct int8_row row = {values + (ptrdiff_t)y * count, input->scale, input->offset,
                                     input->row, count};
        plan->int8->quantize_row(&row);
        spread_row(plan, view.data + y * view.row);
    }
}

void int8_take_pixels(const struct plan *plan, const uint8_t *pixels, int stride)
{
    const struct int8_input *input = plan->int8_input;
    const struct int8_view view = int8_view_of(plan, &plan->planned[0].int8.out);
    for (int y = 0; y < view.height; y++) {
        const uint8_t *from = pixels + (ptrdiff_t)y * stride;
        uint8_t *to = view.data + y * view.row;
        for (int x = 0; x < view.width; x++, from += 3, to += INT8_QUAD) {
            const uint32_t four = input->byte_of[0][from[0]] | input->byte_of[1][from[1]] |
                                  input->byte_of[2][from[2]];
            memcpy(to, &four, sizeof four); /* little-endian, as all that this is compiled for */
        }
    }
}
