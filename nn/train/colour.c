#include "nn/train/colour.h"

#include <math.h>

static float clip(float value, float low, float high)
{
    return value < low ? low : value > high ? high : value;
}

static double between(const double range[2], struct random *random)
{
    return range[0] + (range[1] - range[0]) * random_uniform(random);
}

static bool is_one(const double range[2])
{
    return range[0] == 1 && range[1] == 1;
}

/* Keras draws one shift per picture and clips to the picture's own range of values. */
static void shift_channels(float *pixels, int count, double range, struct random *random)
{
    float low = pixels[0], high = pixels[0];
    float shift = (float)(range * (2 * random_uniform(random) - 1));
    for (int i = 1; i < count; i++) {
        low = fminf(low, pixels[i]);
        high = fmaxf(high, pixels[i]);
    }
    for (int i = 0; i < count; i++)
        pixels[i] = clip(pixels[i] + shift, low, high);
}

/* Values go away from `pivot` by the factor. */
static void spread(float *pixels, int count, float pivot, float factor)
{
    for (int i = 0; i < count; i++)
        pixels[i] = clip(pivot + factor * (pixels[i] - pivot), 0, 255);
}

static float mean(const float *pixels, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)pixels[i];
    return (float)(sum / count);
}

/* By a table of the powers of 0..255, with linear interpolation. */
static void apply_gamma(float *pixels, int count, double exponent)
{
    float table[257];
    for (int i = 0; i < 257; i++)
        table[i] = (float)(255 * pow(i / 255.0, exponent));
    for (int i = 0; i < count; i++) {
        const float value = clip(pixels[i], 0, 255);
        const int index = (int)value;
        pixels[i] = table[index] + (value - (float)index) * (table[index + 1] - table[index]);
    }
}

/* ITU-R BT.601 luma, as everywhere in this program. */
static float grey_of(const float *rgb)
{
    return 0.299F * rgb[0] + 0.587F * rgb[1] + 0.114F * rgb[2];
}

static void saturate(float *pixels, int places, float factor)
{
    for (int i = 0; i < places; i++)
        spread(pixels + 3 * i, 3, grey_of(pixels + 3 * i), factor);
}

static void cast(float *pixels, int places, double range, struct random *random)
{
    for (int c = 0; c < 3; c++) {
        float factor = (float)(1 + range * (2 * random_uniform(random) - 1));
        for (int i = 0; i < places; i++)
            pixels[3 * i + c] = clip(factor * pixels[3 * i + c], 0, 255);
    }
}

void colour_jitter(const struct augment_settings *settings, float *pixels, int height, int width,
                   int channels, struct random *random)
{
    int places = height * width, count = places * channels;
    if (settings->channel_shift_range > 0)
        shift_channels(pixels, count, settings->channel_shift_range, random);
    if (!is_one(settings->brightness_range))
        spread(pixels, count, 0, (float)between(settings->brightness_range, random));
    if (!is_one(settings->contrast_range))
        spread(pixels, count, mean(pixels, count),
               (float)between(settings->contrast_range, random));
    if (!is_one(settings->gamma_range))
        apply_gamma(pixels, count, between(settings->gamma_range, random));
    if (channels != 3)
        return;
    if (!is_one(settings->saturation_range))
        saturate(pixels, places, (float)between(settings->saturation_range, random));
    if (settings->colour_cast > 0)
        cast(pixels, places, settings->colour_cast, random);
    if (settings->grey > 0 && random_uniform(random) < settings->grey)
        saturate(pixels, places, 0);
}

void colour_erase(const struct augment_settings *settings, float *pixels, int height, int width,
                  int channels, struct random *random)
{
    const double area[2] = {0.02, 0.2}, aspect[2] = {0.5, 2};
    if (settings->erasing <= 0 || random_uniform(random) >= settings->erasing)
        return;
    double share = sqrt(between(area, random)), stretch = sqrt(between(aspect, random));
    int rows = (int)fmin(fmax(share * stretch * height, 1), height);
    int columns = (int)fmin(fmax(share / stretch * width, 1), width);
    int top = (int)random_below(random, (uint64_t)(height - rows + 1));
    int left = (int)random_below(random, (uint64_t)(width - columns + 1));
    for (int row = top; row < top + rows; row++)
        for (int i = left * channels; i < (left + columns) * channels; i++)
            pixels[row * width * channels + i] = (float)(255 * random_uniform(random));
}
