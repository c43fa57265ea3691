#include "nn/train/augment.h"

#include "nn/train/affine.h"
#include "nn/train/colour.h"
#include "nn/train/degrade.h"
#include "nn/train/filter.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct augment_settings augment_none = {
    .zoom_range = {1, 1},
    .fill_mode = "nearest",
    .brightness_range = {1, 1},
    .random_crop = {1, 1},
    .aspect_range = {1, 1},
    .contrast_range = {1, 1},
    .saturation_range = {1, 1},
    .gamma_range = {1, 1},
    .mixup_share = 1,
    .cutmix_share = 1,
    .scale_out = {1, 1},
    .scale_out_share = 0.5,
    .background_share = 0.5,
    .background_feather = {0, 1},
    .degrade = 0.5,
    .downscale = {1, 1},
    .resample = {1, 1},
    .low_light = {1, 1},
    .jpeg_quality = {100, 100},
};

#define ROW(name, kind, min, max)                                                                  \
    {                                                                                              \
#name, kind, offsetof(struct augment_settings, name), min, max                             \
    }

static const struct field fields[] = {
    ROW(rotation_range, FIELD_NUMBER, 0, 360),
    ROW(width_shift_range, FIELD_NUMBER, 0, 4096),
    ROW(height_shift_range, FIELD_NUMBER, 0, 4096),
    ROW(shear_range, FIELD_NUMBER, 0, 89),
    ROW(zoom_range, FIELD_RANGE, 0.01, 100),
    ROW(horizontal_flip, FIELD_BOOL, 0, 0),
    ROW(vertical_flip, FIELD_BOOL, 0, 0),
    ROW(fill_mode, FIELD_STRING, 0, 0),
    ROW(cval, FIELD_NUMBER, 0, 255),
    ROW(brightness_range, FIELD_BOUNDS, 0, 100),
    ROW(channel_shift_range, FIELD_NUMBER, 0, 255),
    ROW(random_crop, FIELD_BOUNDS, 0.01, 1),
    ROW(aspect_range, FIELD_BOUNDS, 0.1, 10),
    ROW(contrast_range, FIELD_BOUNDS, 0, 100),
    ROW(saturation_range, FIELD_BOUNDS, 0, 100),
    ROW(gamma_range, FIELD_BOUNDS, 0.1, 10),
    ROW(colour_cast, FIELD_NUMBER, 0, 1),
    ROW(grey, FIELD_NUMBER, 0, 1),
    ROW(erasing, FIELD_NUMBER, 0, 1),
    ROW(mixup, FIELD_NUMBER, 0, 100),
    ROW(mixup_share, FIELD_NUMBER, 0, 1),
    ROW(cutmix, FIELD_NUMBER, 0, 100),
    ROW(cutmix_share, FIELD_NUMBER, 0, 1),
    ROW(scale_out, FIELD_BOUNDS, 0.01, 1),
    ROW(scale_out_share, FIELD_NUMBER, 0, 1),
    ROW(background, FIELD_STRING, 0, 0),
    ROW(background_share, FIELD_NUMBER, 0, 1),
    ROW(background_crop, FIELD_BOUNDS, 0.01, 1),
    ROW(background_oval, FIELD_NUMBER, 0, 1),
    ROW(background_feather, FIELD_BOUNDS, 0, 1),
    ROW(degrade, FIELD_NUMBER, 0, 1),
    ROW(downscale, FIELD_BOUNDS, 0.01, 1),
    ROW(resample, FIELD_BOUNDS, 0.01, 1),
    ROW(blur, FIELD_BOUNDS, 0, 5),
    ROW(motion_blur, FIELD_BOUNDS, 0, 30),
    ROW(sharpen, FIELD_BOUNDS, 0, 5),
    ROW(low_light, FIELD_BOUNDS, 0.01, 1),
    ROW(noise, FIELD_BOUNDS, 0, 255),
    ROW(jpeg_quality, FIELD_BOUNDS, 1, 100),
};

const struct fields augment_fields = {fields, sizeof fields / sizeof *fields, 0};

bool augment_check(const struct augment_settings *settings, struct error *error)
{
    static const char *const modes[] = {"nearest", "constant", "reflect", "wrap"};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        if (strcmp(settings->fill_mode, modes[i]) == 0)
            return true;
    return error_set_usage(error,
                           "fill_mode must be nearest, constant, reflect or wrap, not '%.40s'",
                           settings->fill_mode);
}

struct augment_settings augment_of_background(const struct augment_settings *settings)
{
    struct augment_settings closer = *settings;
    if (closer.background_crop[1] > 0)
        memcpy(closer.random_crop, closer.background_crop, sizeof closer.random_crop);
    return closer;
}

void augment_free(struct augment_scratch *scratch)
{
    free(scratch->floats);
    free(scratch->bytes);
    *scratch = (struct augment_scratch){0};
}

static bool reserve(struct augment_scratch *scratch, size_t count, struct error *error)
{
    if (scratch->capacity >= count)
        return true;
    augment_free(scratch);
    scratch->floats = malloc(count * sizeof *scratch->floats);
    scratch->bytes = malloc(count);
    if (!scratch->floats || !scratch->bytes)
        return error_set(error, "out of memory for augmenting pictures");
    scratch->capacity = count;
    return true;
}

static void copy(const struct picture_view *source, float *out)
{
    size_t count = (size_t)source->height * (size_t)source->width * (size_t)source->channels;
    for (size_t i = 0; i < count; i++)
        out[i] = source->pixels[i];
}

static bool same_map(const struct affine *map)
{
    const struct affine identity = {{1, 0, 0, 0, 1, 0}};
    for (int i = 0; i < 6; i++)
        if (fabs(map->m[i] - identity.m[i]) > 1e-9)
            return false;
    return true;
}

/* The mean of each k x k pixels, so that a map that shrinks leaves no pixel out. */
static struct picture_view thin_out(const struct picture_view *source, int k, uint8_t *bytes)
{
    const int channels = source->channels;
    const struct picture_view thin = {bytes, source->height / k, source->width / k, channels};
    for (int row = 0; row < thin.height; row++)
        for (int column = 0; column < thin.width; column++)
            for (int c = 0; c < channels; c++) {
                int sum = 0;
                for (int i = 0; i < k * k; i++)
                    sum += source->pixels[((row * k + i / k) * source->width + column * k + i % k) *
                                              channels +
                                          c];
                *bytes++ = (uint8_t)((sum + k * k / 2) / (k * k));
            }
    return thin;
}

static double between(const double range[2], struct random *random)
{
    return range[0] + (range[1] - range[0]) * random_uniform(random);
}

/* How soft an edge is differs: a hard one would tell that something was put there. So would always
 * the same oval, hence any from an ellipse to nearly a rectangle. */
static struct affine_outline draw_outline(const struct augment_settings *settings,
                                          struct random *random)
{
    struct affine_outline outline = {.feather = between(settings->background_feather, random)};
    if (settings->background_oval > 0 && random_uniform(random) < settings->background_oval)
        outline.exponent = between((const double[]){2, 4}, random);
    return outline;
}

/* On a part of another picture. */
static void lay_on_background(const struct augment_settings *settings, const struct affine *map,
                              const struct picture_view *source,
                              const struct picture_view *background, int out_height, int out_width,
                              float *out, struct random *random)
{
    const struct augment_settings its = augment_of_background(settings);
    const struct affine place = affine_draw(&its, background, out_height, out_width, random);
    affine_warp(&place, background, &its, out_height, out_width, out);
    const struct affine_outline outline = draw_outline(settings, random);
    affine_paste(map, source, &outline, out_height, out_width, out);
}

/* In a surround of its mirrored self, its border or a grey. */
static void surround(const struct augment_settings *settings, const struct affine *map,
                     const struct picture_view *source, int out_height, int out_width, float *out,
                     struct random *random)
{
    static const char *const surrounds[] = {"reflect", "nearest", "constant"};
    struct augment_settings changed = *settings;
    changed.fill_mode = surrounds[random_below(random, 3)];
    changed.cval = 255 * random_uniform(random);
    affine_warp(map, source, &changed, out_height, out_width, out);
}

/* The picture smaller, with something around it. */
static void scale_out(const struct augment_settings *settings, const struct picture_view *source,
                      const struct picture_view *background, struct affine *map, int out_height,
                      int out_width, float *out, struct random *random, uint8_t *bytes)
{
    const double area = between(settings->scale_out, random);
    struct picture_view shown = *source;
    affine_scale_out(map, area, out_height, out_width, random);
    const int k = (int)(1 / sqrt(area)); /* at most 10 */
    if (k >= 2 && source->height >= k && source->width >= k) {
        shown = thin_out(source, k, bytes);
        affine_thin_out(map, k);
    }
    if (background && random_uniform(random) < settings->background_share)
        lay_on_background(settings, map, &shown, background, out_height, out_width, out, random);
    else
        surround(settings, map, &shown, out_height, out_width, out, random);
}

/* Draws the geometry and applies it. */
static void place_picture(const struct augment_settings *settings,
                          const struct picture_view *source, const struct picture_view *background,
                          int out_height, int out_width, float *out, struct random *random,
                          uint8_t *bytes)
{
    const bool plain = settings == &augment_none;
    struct affine map = plain ? affine_resize(source, out_height, out_width)
                              : affine_draw(settings, source, out_height, out_width, random);
    const bool scales = settings->scale_out[0] < 1;
    if (scales && random_uniform(random) < settings->scale_out_share)
        scale_out(settings, source, background, &map, out_height, out_width, out, random, bytes);
    else if (same_map(&map) && out_height == source->height && out_width == source->width)
        copy(source, out);
    else
        affine_warp(&map, source, settings, out_height, out_width, out);
}

bool augment_picture(const struct augment_settings *settings, const struct picture_codec *codec,
                     const struct picture_view *source, const struct picture_view *background,
                     int out_height, int out_width, float *out, struct random *random,
                     struct augment_scratch *scratch, struct error *error)
{
    const int channels = source->channels;
    const size_t bytes = (size_t)source->height * (size_t)source->width * (size_t)channels;
    const size_t floats = filter_scratch(out_height, out_width, channels);
    const bool plain = settings == &augment_none;
    if (!plain && !reserve(scratch, floats > bytes ? floats : bytes, error))
        return false;
    place_picture(settings, source, background, out_height, out_width, out, random,
                  plain ? NULL : scratch->bytes);
    if (plain)
        return true;
    colour_jitter(settings, out, out_height, out_width, channels, random);
    if (!degrade_picture(settings, codec, out, out_height, out_width, channels, scratch->floats,
                         scratch->bytes, random, error))
        return false;
    colour_erase(settings, out, out_height, out_width, channels, random);
    return true;
}

/* Gamma(alpha, 1) by Marsaglia and Tsang 2000; for alpha < 1 by their boost from alpha + 1. */
static double draw_gamma(double alpha, struct random *random)
{
    if (alpha < 1)
        return draw_gamma(alpha + 1, random) * pow(1 - random_uniform(random), 1 / alpha);
    double d = alpha - 1.0 / 3, c = 1 / sqrt(9 * d);
    for (;;) {
        double x = random_normal(random), v = pow(1 + c * x, 3);
        if (v > 0 && log(1 - random_uniform(random)) < 0.5 * x * x + d - d * v + d * log(v))
            return d * v;
    }
}

double augment_mixup_share(double alpha, struct random *random)
{
    double a = draw_gamma(alpha, random), b = draw_gamma(alpha, random);
    return a + b > 0 ? a / (a + b) : 0.5;
}
