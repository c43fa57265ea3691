/* The model's picture as values, its channels in the model's order. Where values are bytes, fillers
 * whose weights are zero make each pixel a unit. */
#include "nn/int8_plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct int8_input {
    uint16_t value_of[3][256]; /* of a pixel's byte in each of the model's channels */
    int place_of[3];           /* which byte of a pixel B, G, R is the channel's */
    float *scale, *offset;     /* of one row of float values */
    uint8_t *row;              /* the row as values without fillers */
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
    for (int c = 0; c < 3 && channels == 3; c++) {
        input->place_of[c] = plan->model->preprocessing.bgr ? c : 2 - c;
        for (int byte = 0; byte < 256; byte++)
            input->value_of[c][byte] =
                clipped(value_of(plan, c, byte) / (double)int8->scale + int8->zero);
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

/* Bytes with their fillers. */
static void spread_row(const uint8_t *row, int width, int channels, uint8_t *to)
{
    for (int x = 0; x < width; x++, row += channels, to += INT8_UNIT)
        for (int c = 0; c < channels; c++)
            to[c] = row[c];
}

void int8_take_values(const struct plan *plan, const float *values)
{
    const struct int8_input *input = plan->int8_input;
    const struct int8_view view = int8_view_of(plan, &plan->planned[0].int8.out);
    const int channels = plan->graph.nodes[0].out.channels, count = view.width * channels;
    const bool filled = int8_picture_lanes(plan->int8, channels) > channels;
    for (int y = 0; y < view.height; y++) {
        uint8_t *to = view.data + y * view.row;
        const struct int8_row row = {values + (ptrdiff_t)y * count, input->scale, input->offset,
                                     filled ? input->row : to, count};
        plan->int8->quantize_row(&row);
        if (filled)
            spread_row(input->row, view.width, channels, to);
    }
}

static void take_bytes(const struct int8_input *input, const uint8_t *from, int width, uint8_t *to)
{
    const uint8_t *first = from + input->place_of[0], *last = from + input->place_of[2];
    for (int i = 0; i < 3 * width; i += 3, to += INT8_UNIT) {
        const uint32_t four = input->value_of[0][first[i]] |
                              (uint32_t)input->value_of[1][from[i + 1]] << 8 |
                              (uint32_t)input->value_of[2][last[i]] << 16;
        memcpy(to, &four, sizeof four); /* little-endian, as all that this is compiled for */
    }
}

static void take_halves(const struct int8_input *input, const uint8_t *from, int width, uint8_t *to)
{
    const uint8_t *first = from + input->place_of[0], *last = from + input->place_of[2];
    uint16_t *values = (uint16_t *)(void *)to;
    for (int i = 0; i < 3 * width; i += 3) {
        values[i] = input->value_of[0][first[i]];
        values[i + 1] = input->value_of[1][from[i + 1]];
        values[i + 2] = input->value_of[2][last[i]];
    }
}

void int8_take_pixels(const struct plan *plan, const uint8_t *pixels, int stride)
{
    const struct int8_view view = int8_view_of(plan, &plan->planned[0].int8.out);
    for (int y = 0; y < view.height; y++)
        (plan->int8->value_bytes == 1 ? take_bytes : take_halves)(
            plan->int8_input, pixels + (ptrdiff_t)y * stride, view.width, view.data + y * view.row);
}
