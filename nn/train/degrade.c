#include "nn/train/degrade.h"

#include "nn/train/filter.h"

#include <math.h>

/* A picture on its way, and what the steps need. */
struct work {
    struct canvas canvas;
    const struct picture_codec *codec;
    float *scratch;
    uint8_t *bytes;
    struct random *random;
};

static double between(const double range[2], struct random *random)
{
    return range[0] + (range[1] - range[0]) * random_uniform(random);
}

static int count_of(const struct work *work)
{
    return work->canvas.height * work->canvas.width * work->canvas.channels;
}

static float clip(float value)
{
    return value < 0 ? 0 : value > 255 ? 255 : value;
}

/* Overshoots of sharpening and cubic interpolation. */
static void clip_all(const struct work *work)
{
    for (int i = 0; i < count_of(work); i++)
        work->canvas.pixels[i] = clip(work->canvas.pixels[i]);
}

/* --- the steps, each with its strength -------------------------------------------------------- */

static bool downscale(const struct work *work, double factor, struct error *error)
{
    (void)error;
    filter_rescale(&work->canvas, factor, RESAMPLE_BOX, RESAMPLE_LINEAR, work->scratch);
    return true;
}

/* As any program does it. */
static bool resample(const struct work *work, double factor, struct error *error)
{
    const enum resample down = (enum resample)random_below(work->random, RESAMPLE_COUNT);
    const enum resample up = (enum resample)random_below(work->random, RESAMPLE_COUNT);
    (void)error;
    filter_rescale(&work->canvas, factor, down, up, work->scratch);
    clip_all(work);
    return true;
}

static bool blur(const struct work *work, double deviation, struct error *error)
{
    (void)error;
    filter_blur(&work->canvas, deviation, work->scratch);
    return true;
}

static bool move(const struct work *work, double length, struct error *error)
{
    (void)error;
    filter_move(&work->canvas, length, M_PI * random_uniform(work->random), work->scratch);
    return true;
}

static bool sharpen(const struct work *work, double amount, struct error *error)
{
    (void)error;
    filter_sharpen(&work->canvas, amount, work->scratch);
    clip_all(work);
    return true;
}

/* Nearly normal, of mean 0 and deviation 1: the sum of four uniform numbers, which is much cheaper
 * than random_normal and looks the same in a picture. */
static float draw_noise(struct random *random)
{
    const uint64_t bits = random_bits(random), mask = 0xffff;
    const int sum = (int)((bits & mask) + (bits >> 16 & mask) + (bits >> 32 & mask) + (bits >> 48));
    return (float)(sum - 2 * 0xffff) / 37837.2F; /* 65536 / sqrt(3) */
}

static bool add_noise(const struct work *work, double deviation, struct error *error)
{
    float *pixels = work->canvas.pixels;
    (void)error;
    for (int i = 0; i < count_of(work); i++)
        pixels[i] = clip(pixels[i] + (float)deviation * draw_noise(work->random));
    return true;
}

/* Only this part of the light: noise of the sensor, and of the light itself (its square root); then
 * a gain that gives some of the brightness back, as cameras do. */
static bool dim(const struct work *work, double light, struct error *error)
{
    const float gain = (float)pow(light, -random_uniform(work->random)), part = (float)light;
    float *pixels = work->canvas.pixels;
    (void)error;
    for (int i = 0; i < count_of(work); i++) {
        const float dark = part * clip(pixels[i]);
        pixels[i] = clip(gain * (dark + (1 + 0.3F * sqrtf(dark)) * draw_noise(work->random)));
    }
    return true;
}

static bool recompress(const struct work *work, double quality, struct error *error)
{
    const struct canvas *canvas = &work->canvas;
    for (int i = 0; i < count_of(work); i++)
        work->bytes[i] = (uint8_t)(clip(canvas->pixels[i]) + 0.5F);
    if (!work->codec->recompress(work->bytes, canvas->height, canvas->width, canvas->channels,
                                 (int)lround(quality), error))
        return false;
    for (int i = 0; i < count_of(work); i++)
        canvas->pixels[i] = work->bytes[i];
    return true;
}

/* --- all of them ------------------------------------------------------------------------------ */

#define STEP(name, neutral, apply)                                                                 \
    {                                                                                              \
        offsetof(struct augment_settings, name), neutral, apply                                    \
    }

static const struct step {
    size_t range; /* in the settings: double[2] */
    double neutral;
    bool (*apply)(const struct work *work, double strength, struct error *error);
} steps[] = {
    STEP(downscale, 1, downscale), STEP(resample, 1, resample),         STEP(blur, 0, blur),
    STEP(motion_blur, 0, move),    STEP(sharpen, 0, sharpen),           STEP(low_light, 1, dim),
    STEP(noise, 0, add_noise),     STEP(jpeg_quality, 100, recompress),
};

enum { STEPS = sizeof steps / sizeof *steps };

static const double *range_of(const struct augment_settings *settings, const struct step *step)
{
    return (const double *)((const char *)settings + step->range);
}

/* Those that the settings have, in random order; returns how many. */
static int draw_steps(const struct augment_settings *settings, const struct step *order[STEPS],
                      struct random *random)
{
    int count = 0;
    for (int i = 0; i < STEPS; i++) {
        const double *range = range_of(settings, &steps[i]);
        if (range[0] == steps[i].neutral && range[1] == steps[i].neutral)
            continue;
        const int place = (int)random_below(random, (uint64_t)count + 1);
        order[count++] = order[place];
        order[place] = &steps[i];
    }
    return count;
}

bool degrade_picture(const struct augment_settings *settings, const struct picture_codec *codec,
                     float *pixels, int height, int width, int channels, float *scratch,
                     uint8_t *bytes, struct random *random, struct error *error)
{
    const struct work work = {{pixels, height, width, channels}, codec, scratch, bytes, random};
    const struct step *order[STEPS] = {NULL};
    const int count = draw_steps(settings, order, random);
    for (int i = 0; i < count; i++)
        if (random_uniform(random) < settings->degrade &&
            !order[i]->apply(&work, between(range_of(settings, order[i]), random), error))
            return false;
    return true;
}
