#include "nn/train/filter.h"

#include <math.h>
#include <string.h>

size_t filter_scratch(int height, int width, int channels)
{
    return 2 * (size_t)(height + 2 * FILTER_REACH) * (size_t)(width + 2 * FILTER_REACH) *
           (size_t)channels;
}

static int clamp(int value, int high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

static ptrdiff_t row_floats(const struct canvas *canvas)
{
    return (ptrdiff_t)canvas->width * canvas->channels;
}

/* --- resizing --------------------------------------------------------------------------------- */

enum { WEIGHTS_MAX = 512 };

/* What one pixel of the new side is made of: pixels first.. of the old one. */
struct window_1d {
    int first, count;
    float weights[WEIGHTS_MAX];
};

static double kernel_at(enum resample kind, double x)
{
    x = fabs(x);
    switch (kind) {
    case RESAMPLE_LINEAR:
        return fmax(1 - x, 0);
    case RESAMPLE_CUBIC: /* a = -0.5: Keys 1981 */
        return x < 1 ? (1.5 * x - 2.5) * x * x + 1
                     : (x < 2 ? ((-0.5 * x + 2.5) * x - 4) * x + 2 : 0);
    default:
        return x <= 0.5;
    }
}

static void look(struct window_1d *window, enum resample kind, int from, int to, int index)
{
    const double step = (double)from / to, centre = (index + 0.5) * step - 0.5;
    const double wide = kind == RESAMPLE_NEAREST || step < 1 ? 1 : step;
    const double reach = wide * (kind == RESAMPLE_CUBIC ? 2 : kind == RESAMPLE_LINEAR ? 1 : 0.5);
    double sum = 0;
    window->first = kind == RESAMPLE_NEAREST ? (int)floor((index + 0.5) * step)
                                             : (int)ceil(centre - reach - 1e-9);
    window->count = kind == RESAMPLE_NEAREST ? 1 : (int)floor(centre + reach) - window->first + 1;
    window->count = clamp(window->count, WEIGHTS_MAX);
    if (window->count < 1) { /* between two pixels, with a narrow kernel */
        window->first = (int)floor(centre + 0.5);
        window->count = 1;
    }
    for (int i = 0; i < window->count; i++)
        sum += kernel_at(kind, (window->first + i - centre) / wide);
    for (int i = 0; i < window->count; i++)
        window->weights[i] =
            sum > 0 ? (float)(kernel_at(kind, (window->first + i - centre) / wide) / sum)
                    : 1 / (float)window->count;
}

static void add_scaled(float *to, const float *from, float factor, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++)
        to[i] += factor * from[i];
}

static void resize_rows(const struct canvas *from, const struct canvas *to, enum resample kind)
{
    const ptrdiff_t length = row_floats(from);
    struct window_1d window;
    for (int row = 0; row < to->height; row++) {
        float *out = to->pixels + row * length;
        look(&window, kind, from->height, to->height, row);
        memset(out, 0, (size_t)length * sizeof *out);
        for (int i = 0; i < window.count; i++)
            add_scaled(out, from->pixels + clamp(window.first + i, from->height - 1) * length,
                       window.weights[i], length);
    }
}

static void resize_columns(const struct canvas *from, const struct canvas *to, enum resample kind)
{
    const int channels = from->channels;
    struct window_1d window;
    for (int column = 0; column < to->width; column++) {
        look(&window, kind, from->width, to->width, column);
        for (int row = 0; row < to->height; row++)
            for (int c = 0; c < channels; c++) {
                const float *line = from->pixels + row * row_floats(from) + c;
                float sum = 0;
                for (int i = 0; i < window.count; i++)
                    sum += window.weights[i] *
                           line[clamp(window.first + i, from->width - 1) * channels];
                to->pixels[row * row_floats(to) + column * channels + c] = sum;
            }
    }
}

static void resize(const struct canvas *from, const struct canvas *to, enum resample kind,
                   float *scratch)
{
    const struct canvas half = {scratch, to->height, from->width, from->channels};
    resize_rows(from, &half, kind);
    resize_columns(&half, to, kind);
}

void filter_rescale(const struct canvas *canvas, double factor, enum resample down,
                    enum resample up, float *scratch)
{
    struct canvas small = {.pixels = scratch, .channels = canvas->channels};
    small.height = (int)fmax(1, factor * canvas->height);
    small.width = (int)fmax(1, factor * canvas->width);
    float *rest = scratch + small.height * row_floats(&small);
    resize(canvas, &small, down, rest);
    resize(&small, canvas, up, rest);
}

/* --- convolution ------------------------------------------------------------------------------ */

enum { SIDE = 2 * FILTER_REACH + 1, TAPS_MAX = 4 * SIDE };

struct taps {
    int count;
    struct {
        int down, right;
        float weight;
    } list[TAPS_MAX];
};

static void add_tap(struct taps *taps, int down, int right, double weight)
{
    taps->list[taps->count].down = down;
    taps->list[taps->count].right = right;
    taps->list[taps->count++].weight = (float)weight;
}

/* A copy with the border repeated FILTER_REACH times at every side. */
static struct canvas pad(const struct canvas *canvas, float *scratch)
{
    const int channels = canvas->channels, reach = FILTER_REACH;
    const struct canvas padded = {scratch, canvas->height + 2 * reach, canvas->width + 2 * reach,
                                  channels};
    for (int row = 0; row < padded.height; row++) {
        const float *from =
            canvas->pixels + clamp(row - reach, canvas->height - 1) * row_floats(canvas);
        float *to = scratch + row * row_floats(&padded);
        memcpy(to + (ptrdiff_t)reach * channels, from, (size_t)row_floats(canvas) * sizeof *to);
        for (int i = 0; i < reach * channels; i++) {
            to[i] = from[i % channels];
            to[row_floats(&padded) - reach * channels + i] =
                from[row_floats(canvas) - channels + i % channels];
        }
    }
    return padded;
}

static void convolve(const struct canvas *canvas, const struct taps *taps, float *scratch)
{
    const struct canvas padded = pad(canvas, scratch);
    const ptrdiff_t length = row_floats(canvas);
    for (int row = 0; row < canvas->height; row++) {
        float *out = canvas->pixels + row * length;
        memset(out, 0, (size_t)length * sizeof *out);
        for (int i = 0; i < taps->count; i++)
            add_scaled(out,
                       padded.pixels +
                           (row + FILTER_REACH + taps->list[i].down) * row_floats(&padded) +
                           (ptrdiff_t)(FILTER_REACH + taps->list[i].right) * canvas->channels,
                       taps->list[i].weight, length);
    }
}

void filter_blur(const struct canvas *canvas, double deviation, float *scratch)
{
    struct taps rows = {0}, columns = {0};
    double sum = 0;
    const int radius = (int)fmin(ceil(3 * deviation), FILTER_REACH);
    if (deviation < 0.1) /* the neighbours' weights would be 0 */
        return;
    for (int i = -radius; i <= radius; i++)
        sum += exp(-i * i / (2 * deviation * deviation));
    for (int i = -radius; i <= radius; i++) {
        const double weight = exp(-i * i / (2 * deviation * deviation)) / sum;
        add_tap(&rows, i, 0, weight);
        add_tap(&columns, 0, i, weight);
    }
    convolve(canvas, &rows, scratch);
    convolve(canvas, &columns, scratch);
}

/* Points half a pixel apart, each divided between its four neighbours would be exact; the nearest
 * one does for a blur. */
void filter_move(const struct canvas *canvas, double length, double angle, float *scratch)
{
    struct taps taps = {0};
    const int points = (int)fmin(ceil(2 * length), 2 * SIDE) + 1;
    for (int i = 0; i < points; i++) {
        const double at = points > 1 ? length * ((double)i / (points - 1) - 0.5) : 0;
        add_tap(&taps, (int)lround(fmax(fmin(at * sin(angle), FILTER_REACH), -FILTER_REACH)),
                (int)lround(fmax(fmin(at * cos(angle), FILTER_REACH), -FILTER_REACH)),
                1.0 / points);
    }
    convolve(canvas, &taps, scratch);
}

/* x + amount (x - blurred x), the blur a Gaussian of one pixel. */
void filter_sharpen(const struct canvas *canvas, double amount, float *scratch)
{
    const ptrdiff_t count = canvas->height * row_floats(canvas);
    const float factor = (float)amount;
    struct canvas blurred = *canvas;
    blurred.pixels = scratch;
    memcpy(scratch, canvas->pixels, (size_t)count * sizeof *scratch);
    filter_blur(&blurred, 1, scratch + count);
    for (ptrdiff_t i = 0; i < count; i++)
        canvas->pixels[i] += factor * (canvas->pixels[i] - scratch[i]);
}
