#include "nn/train/degrade.h"

#include <math.h>
#include <string.h>

enum { BLUR_RADIUS_MAX = 16 };

struct canvas {
    float *pixels;
    int height, width, channels;
};

static double between(const double range[2], struct random *random)
{
    return range[0] + (range[1] - range[0]) * random_uniform(random);
}

static int clamp(int value, int high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

static float *place(const struct canvas *canvas, int row, int column)
{
    return canvas->pixels +
           ((size_t)row * (size_t)canvas->width + (size_t)column) * (size_t)canvas->channels;
}

/* --- smaller and back ------------------------------------------------------------------------- */

/* The mean over the part of `from` that each pixel of `to` covers, in whole pixels. */
static void shrink(const struct canvas *from, const struct canvas *to)
{
    for (int row = 0; row < to->height; row++)
        for (int column = 0; column < to->width; column++)
            for (int c = 0; c < to->channels; c++) {
                int top = row * from->height / to->height;
                int left = column * from->width / to->width;
                int bottom = (row + 1) * from->height / to->height;
                int right = (column + 1) * from->width / to->width;
                float sum = 0;
                for (int y = top; y < bottom; y++)
                    for (int x = left; x < right; x++)
                        sum += place(from, y, x)[c];
                place(to, row, column)[c] = sum / (float)((bottom - top) * (right - left));
            }
}

/* Linear interpolation. */
static void enlarge(const struct canvas *from, const struct canvas *to)
{
    for (int row = 0; row < to->height; row++)
        for (int column = 0; column < to->width; column++) {
            float y = ((float)row + 0.5F) * (float)from->height / (float)to->height - 0.5F;
            float x = ((float)column + 0.5F) * (float)from->width / (float)to->width - 0.5F;
            int top = (int)floorf(y), left = (int)floorf(x);
            float v = y - (float)top, u = x - (float)left;
            int y0 = clamp(top, from->height - 1), y1 = clamp(top + 1, from->height - 1);
            int x0 = clamp(left, from->width - 1), x1 = clamp(left + 1, from->width - 1);
            for (int c = 0; c < to->channels; c++)
                place(to, row, column)[c] =
                    (1 - v) * ((1 - u) * place(from, y0, x0)[c] + u * place(from, y0, x1)[c]) +
                    v * ((1 - u) * place(from, y1, x0)[c] + u * place(from, y1, x1)[c]);
        }
}

static void downscale(const struct canvas *canvas, double factor, float *scratch)
{
    struct canvas small = {.pixels = scratch, .channels = canvas->channels};
    small.height = (int)fmax(1, factor * canvas->height);
    small.width = (int)fmax(1, factor * canvas->width);
    shrink(canvas, &small);
    enlarge(&small, canvas);
}

/* --- blur ------------------------------------------------------------------------------------- */

static int gaussian(double deviation, float weights[2 * BLUR_RADIUS_MAX + 1])
{
    int radius = (int)fmin(ceil(3 * deviation), BLUR_RADIUS_MAX);
    double sum = 0;
    for (int i = -radius; i <= radius; i++)
        sum += exp(-i * i / (2 * deviation * deviation));
    for (int i = -radius; i <= radius; i++)
        weights[i + radius] = (float)(exp(-i * i / (2 * deviation * deviation)) / sum);
    return radius;
}

/* One direction of the separable filter; the border repeats. */
static void blur_along(const struct canvas *from, const struct canvas *to, const float *weights,
                       int radius, bool along_rows)
{
    for (int row = 0; row < to->height; row++)
        for (int column = 0; column < to->width; column++)
            for (int c = 0; c < to->channels; c++) {
                float sum = 0;
                for (int i = -radius; i <= radius; i++) {
                    int y = along_rows ? row : clamp(row + i, from->height - 1);
                    int x = along_rows ? clamp(column + i, from->width - 1) : column;
                    sum += weights[i + radius] * place(from, y, x)[c];
                }
                place(to, row, column)[c] = sum;
            }
}

static void blur(const struct canvas *canvas, double deviation, float *scratch)
{
    float weights[2 * BLUR_RADIUS_MAX + 1];
    if (deviation < 0.1) /* the neighbours' weights would be 0 */
        return;
    int radius = gaussian(deviation, weights);
    struct canvas between_passes = *canvas;
    between_passes.pixels = scratch;
    blur_along(canvas, &between_passes, weights, radius, true);
    blur_along(&between_passes, canvas, weights, radius, false);
}

/* --- noise and compression -------------------------------------------------------------------- */

static float clip(float value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

static void add_noise(const struct canvas *canvas, double deviation, struct random *random)
{
    int count = canvas->height * canvas->width * canvas->channels;
    for (int i = 0; i < count; i++)
        canvas->pixels[i] = clip(canvas->pixels[i] + (float)(deviation * random_normal(random)));
}

static bool recompress(const struct picture_codec *codec, const struct canvas *canvas, int quality,
                       uint8_t *bytes, struct error *error)
{
    int count = canvas->height * canvas->width * canvas->channels;
    for (int i = 0; i < count; i++)
        bytes[i] = (uint8_t)(clip(canvas->pixels[i]) + 0.5F);
    if (!codec->recompress(bytes, canvas->height, canvas->width, canvas->channels, quality, error))
        return false;
    for (int i = 0; i < count; i++)
        canvas->pixels[i] = bytes[i];
    return true;
}

/* Is this one wanted at all, and now? */
static bool chosen(const double range[2], double neutral, double probability, struct random *random)
{
    return (range[0] != neutral || range[1] != neutral) && random_uniform(random) < probability;
}

bool degrade_picture(const struct augment_settings *settings, const struct picture_codec *codec,
                     float *pixels, int height, int width, int channels, float *scratch,
                     uint8_t *bytes, struct random *random, struct error *error)
{
    const struct canvas canvas = {pixels, height, width, channels};
    double probability = settings->degrade;
    if (chosen(settings->downscale, 1, probability, random))
        downscale(&canvas, between(settings->downscale, random), scratch);
    if (chosen(settings->blur, 0, probability, random))
        blur(&canvas, between(settings->blur, random), scratch);
    if (chosen(settings->noise, 0, probability, random))
        add_noise(&canvas, between(settings->noise, random), random);
    if (!chosen(settings->jpeg_quality, 100, probability, random))
        return true;
    return recompress(codec, &canvas, (int)lround(between(settings->jpeg_quality, random)), bytes,
                      error);
}
