#include "nn/train/augment.h"

#include "nn/train/affine.h"
#include "nn/train/mixing.h"
#include "nn/train/prefetch.h"
#include "tests/suite.h"

#include <math.h>
#include <string.h>

static struct augment_scratch scratch;
static struct error error;

/* A picture of 4 x 4 whose values tell the place: 10 row + column. */
static uint8_t places[16];

static struct picture_view view(void)
{
    for (int i = 0; i < 16; i++)
        places[i] = (uint8_t)(10 * (i / 4) + i % 4);
    return (struct picture_view){places, 4, 4, 1};
}

static void warp(const struct affine *map, const char *fill_mode, float out[16])
{
    struct augment_settings settings = augment_none;
    struct picture_view source = view();
    settings.fill_mode = fill_mode;
    settings.cval = 99;
    affine_warp(map, &source, &settings, 4, 4, out);
}

/* Source places of the first row of a picture moved by two columns to the right. */
static void assert_fill(const char *mode, const float expected[4])
{
    const struct affine right = {{1, 0, 0, 0, 1, -2}};
    float out[16];
    warp(&right, mode, out);
    for (int i = 0; i < 4; i++)
        ck_assert_msg(out[i] == expected[i], "%s: %g, not %g, at %d", mode, (double)out[i],
                      (double)expected[i], i);
}

START_TEST(fills_as_scipy_names_it)
{
    assert_fill("nearest", (const float[]){0, 0, 0, 1});
    assert_fill("constant", (const float[]){99, 99, 0, 1});
    assert_fill("reflect", (const float[]){1, 0, 0, 1});
    assert_fill("wrap", (const float[]){2, 3, 0, 1});
}
END_TEST

START_TEST(interpolates_between_places)
{
    const struct affine half = {{1, 0, 0.5, 0, 1, 0.25}};
    float out[16];
    warp(&half, "nearest", out);
    ck_assert_float_eq_tol(out[0], 5.25F, 1e-5F);
    ck_assert_float_eq_tol(out[5], 16.25F, 1e-5F);
}
END_TEST

/* Draws until the angle is nearly the one wanted, so that the map's direction can be seen. */
START_TEST(rotation_turns_around_the_centre)
{
    struct augment_settings settings = augment_none;
    struct picture_view source = view();
    struct random random;
    settings.rotation_range = 90;
    for (uint64_t seed = 0;; seed++) {
        random_seed(&random, seed);
        struct affine map = affine_draw(&settings, &source, 4, 4, &random);
        ck_assert_double_eq_tol(map.m[0] * 1.5 + map.m[1] * 1.5 + map.m[2], 1.5, 1e-9);
        ck_assert_double_eq_tol(map.m[0] * map.m[4] - map.m[1] * map.m[3], 1, 1e-9);
        if (map.m[3] < 0.999)
            continue;
        /* theta = 90 degrees: row' = -column, column' = row, around (1.5, 1.5). */
        ck_assert_double_eq_tol(map.m[1], -1, 0.01);
        ck_assert_double_eq_tol(map.m[2], 3, 0.1);
        break;
    }
}
END_TEST

START_TEST(ranges_are_in_degrees)
{
    struct augment_settings settings = augment_none;
    struct picture_view source = view();
    struct random random;
    double turned = 0, sheared = 0;
    random_seed(&random, 6);
    for (int i = 0; i < 2000; i++) {
        settings.rotation_range = i % 2 ? 10 : 0;
        settings.shear_range = i % 2 ? 0 : 20;
        struct affine map = affine_draw(&settings, &source, 4, 4, &random);
        if (i % 2)
            turned = fmax(turned, fabs(atan2(map.m[3], map.m[0])));
        else
            sheared = fmax(sheared, fabs(asin(-map.m[1])));
    }
    ck_assert_double_eq_tol(turned * 180 / M_PI, 10, 0.1);
    ck_assert_double_eq_tol(sheared * 180 / M_PI, 20, 0.2);
}
END_TEST

static double largest(double range, bool pixels)
{
    struct augment_settings settings = augment_none;
    struct picture_view source = view();
    struct random random;
    double most = 0;
    random_seed(&random, 3);
    settings.width_shift_range = range;
    for (int i = 0; i < 2000; i++) {
        struct affine map = affine_draw(&settings, &source, 4, 4, &random);
        most = fmax(most, fabs(map.m[5]));
        ck_assert(map.m[0] == 1 && map.m[4] == 1 && map.m[2] == 0);
    }
    return pixels ? most : most / 4;
}

START_TEST(shifts_are_shares_or_pixels)
{
    ck_assert_double_eq_tol(largest(0.25, false), 0.25, 0.01);
    ck_assert_double_eq_tol(largest(3, true), 3, 0.05);
}
END_TEST

START_TEST(zoom_and_flip)
{
    struct augment_settings settings = augment_none;
    struct picture_view source = view();
    struct random random;
    int mirrored = 0;
    random_seed(&random, 4);
    settings.zoom_range[0] = settings.zoom_range[1] = 0.5;
    settings.horizontal_flip = true;
    for (int i = 0; i < 1000; i++) {
        struct affine map = affine_draw(&settings, &source, 4, 4, &random);
        bool flip = map.m[4] < 0;
        mirrored += flip;
        /* The middle half: from 0.75 to 2.25, or back. */
        ck_assert_double_eq_tol(map.m[5], flip ? 2.25 : 0.75, 1e-9);
        ck_assert_double_eq_tol(map.m[2], 0.75, 1e-9);
    }
    ck_assert(mirrored > 440 && mirrored < 560);
}
END_TEST

START_TEST(zoom_draws_each_side_for_itself)
{
    struct augment_settings settings = augment_none;
    struct picture_view source = view();
    struct random random;
    random_seed(&random, 7);
    settings.zoom_range[0] = 0.8;
    settings.zoom_range[1] = 1.2;
    struct affine map = affine_draw(&settings, &source, 4, 4, &random);
    ck_assert(map.m[0] > 0.8 && map.m[0] < 1.2 && map.m[4] > 0.8 && map.m[4] < 1.2);
    ck_assert(fabs(map.m[0] - map.m[4]) > 1e-6);
}
END_TEST

START_TEST(crops_stay_inside)
{
    struct augment_settings settings = augment_none;
    struct picture_view source = view();
    struct random random;
    random_seed(&random, 5);
    settings.random_crop[0] = 0.2;
    settings.aspect_range[0] = 0.7;
    settings.aspect_range[1] = 1.4;
    for (int i = 0; i < 1000; i++) {
        struct affine map = affine_draw(&settings, &source, 8, 8, &random);
        double first = map.m[2] - 0.5 * map.m[0], last = map.m[2] + 7.5 * map.m[0];
        ck_assert(first >= -0.5 - 1e-9 && last <= 3.5 + 1e-9);
        double area = map.m[0] * map.m[4] * 64 / 16;
        ck_assert(area >= 0.19 && area <= 1 + 1e-9);
    }
}
END_TEST

START_TEST(nothing_is_changed_without_settings)
{
    struct picture_view source = view();
    struct random random;
    struct augment_settings same = augment_none; /* goes through all the code */
    float out[16];
    random_seed(&random, 1);
    ck_assert(augment_picture(&same, NULL, &source, NULL, 4, 4, out, &random, &scratch, &error));
    for (int i = 0; i < 16; i++)
        ck_assert(out[i] == places[i]);
    augment_free(&scratch);
}
END_TEST

/* Mean and deviation of a grey picture of 40 x 40 after augmentation. */
static void measure(const struct augment_settings *settings, uint64_t seed, double *mean,
                    double *deviation)
{
    static uint8_t pixels[40 * 40];
    static float out[40 * 40];
    struct picture_view source = {pixels, 40, 40, 1};
    struct random random;
    double sum = 0, squares = 0;
    for (int i = 0; i < 1600; i++)
        pixels[i] = (i + i / 40) % 2 ? 80 : 120; /* a chequerboard */
    random_seed(&random, seed);
    ck_assert(
        augment_picture(settings, NULL, &source, NULL, 40, 40, out, &random, &scratch, &error));
    for (int i = 0; i < 1600; i++) {
        sum += (double)out[i];
        squares += (double)out[i] * (double)out[i];
    }
    *mean = sum / 1600;
    *deviation = sqrt(squares / 1600 - *mean * *mean);
}

START_TEST(colours_and_degradation)
{
    double mean, deviation;
    struct augment_settings s = augment_none;
    s.brightness_range[0] = s.brightness_range[1] = 0.5;
    measure(&s, 1, &mean, &deviation);
    ck_assert(fabs(mean - 50) < 0.01 && fabs(deviation - 10) < 0.01);
    s = augment_none;
    s.contrast_range[0] = s.contrast_range[1] = 0.5;
    measure(&s, 1, &mean, &deviation);
    ck_assert(fabs(mean - 100) < 0.01 && fabs(deviation - 10) < 0.01);
    s = augment_none;
    s.degrade = 1;
    s.blur[0] = s.blur[1] = 2;
    measure(&s, 1, &mean, &deviation);
    ck_assert(fabs(mean - 100) < 0.5 && deviation < 2);
    s = augment_none;
    s.degrade = 1;
    s.downscale[0] = s.downscale[1] = 0.5;
    measure(&s, 1, &mean, &deviation);
    ck_assert(fabs(mean - 100) < 0.01 && deviation < 0.01);
    s = augment_none;
    s.degrade = 1;
    s.noise[0] = s.noise[1] = 15;
    measure(&s, 1, &mean, &deviation);
    ck_assert(fabs(mean - 100) < 1.5 && fabs(deviation - 25) < 1.5); /* 3-4-5 */
    s.degrade = 0;
    measure(&s, 1, &mean, &deviation);
    ck_assert(fabs(deviation - 20) < 0.01);
    s = augment_none;
    s.erasing = 1;
    measure(&s, 1, &mean, &deviation);
    ck_assert(deviation > 21);
    s = augment_none;
    s.channel_shift_range = 50; /* clipped to the picture's own range */
    measure(&s, 1, &mean, &deviation);
    ck_assert(fabs(mean - 100) > 1 && mean >= 80 && mean <= 120);
    augment_free(&scratch);
}
END_TEST

/* One step alone with this strength. */
static void measure_step(size_t range, double strength, double *mean, double *deviation)
{
    struct augment_settings s = augment_none;
    double *member = (double *)((char *)&s + range);
    s.degrade = 1;
    member[0] = member[1] = strength;
    measure(&s, 1, mean, deviation);
}

#define STEP(name) offsetof(struct augment_settings, name)

START_TEST(steps_of_degradation)
{
    double mean, deviation;
    measure_step(STEP(motion_blur), 6, &mean, &deviation);
    ck_assert(fabs(mean - 100) < 0.5 && deviation < 12);
    measure_step(STEP(sharpen), 1, &mean, &deviation);
    ck_assert(fabs(mean - 100) < 0.5 && deviation > 35);
    measure_step(STEP(resample), 0.6, &mean, &deviation);
    ck_assert(mean >= 80 && mean <= 120 && fabs(deviation - 20) > 1e-6);
    measure_step(STEP(low_light), 0.25, &mean, &deviation);
    ck_assert(mean > 24 && mean < 101); /* some of the brightness comes back */
    struct augment_settings s = augment_none;
    s.gamma_range[0] = s.gamma_range[1] = 2;
    measure(&s, 1, &mean, &deviation);
    ck_assert_double_eq_tol(mean, (80 * 80 + 120 * 120) / 255.0 / 2, 0.05);
    augment_free(&scratch);
}
END_TEST

/* A white picture on black: the share of the area that is white. */
static double white_share(double area, uint64_t seed, int channels)
{
    static uint8_t pixels[30 * 30 * 3];
    static float out[20 * 20 * 3];
    struct augment_settings s = augment_none;
    struct picture_view source = {pixels, 30, 30, channels};
    struct random random;
    double sum = 0;
    memset(pixels, 255, sizeof pixels);
    s.scale_out[0] = s.scale_out[1] = area;
    s.scale_out_share = 1;
    random_seed(&random, seed);
    ck_assert(augment_picture(&s, NULL, &source, NULL, 20, 20, out, &random, &scratch, &error));
    for (int i = 0; i < 20 * 20 * channels; i++)
        sum += (double)out[i];
    return sum / (20 * 20 * channels) / 255;
}

/* The surround is the white itself in two of three cases, else some grey. */
START_TEST(scale_out_leaves_a_surround)
{
    int surrounded = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        const double share = white_share(0.25, seed, seed % 2 ? 1 : 3);
        ck_assert_msg(share > 0.19 && share < 1.0001, "%g", share);
        surrounded += share < 0.995;
    }
    ck_assert(surrounded > 8 && surrounded < 32);
    augment_free(&scratch);
}
END_TEST

/* A white picture on a dark one: it keeps its share of the area but for the edge that fades, and
 * what is around it is the background, nothing else. */
START_TEST(scale_out_lays_on_the_background)
{
    static uint8_t white[30 * 30 * 3], dark[25 * 35 * 3];
    static float out[20 * 20 * 3];
    struct augment_settings s = augment_none;
    const struct picture_view source = {white, 30, 30, 3}, background = {dark, 25, 35, 3};
    memset(white, 255, sizeof white);
    memset(dark, 10, sizeof dark);
    s.scale_out[0] = s.scale_out[1] = 0.25;
    s.scale_out_share = s.background_share = 1;
    double least = 1, most = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        struct random random;
        int untouched = 0;
        double sum = 0;
        random_seed(&random, seed);
        ck_assert(augment_picture(&s, NULL, &source, &background, 20, 20, out, &random, &scratch,
                                  &error));
        for (int i = 0; i < 20 * 20 * 3; i++) {
            ck_assert(out[i] >= 9.99F && out[i] <= 255.01F);
            untouched += out[i] < 10.01F;
            sum += ((double)out[i] - 10) / 245;
        }
        ck_assert_int_ge(untouched, 20 * 20 * 3 / 2);
        const double share = sum / (20 * 20 * 3);
        least = fmin(least, share);
        most = fmax(most, share);
    }
    /* A pyramid that fades to its middle holds a quarter of the white that a hard edge does. */
    ck_assert_msg(least > 0.25 / 4 - 0.01 && most < 0.26, "%g to %g", least, most);
    ck_assert_msg(most > 0.2 && least < 0.1, "%g to %g: softness does not differ", least, most);
    augment_free(&scratch);
}
END_TEST

/* A white picture laid over nearly all of a dark one, its edge of this softness: the share of
 * white, which is nowhere in the corners and everywhere in the middle. */
static double oval_share(double feather, uint64_t seed)
{
    enum { SIDE = 20 };
    static uint8_t white[30 * 40], dark[SIDE * SIDE];
    static float out[SIDE * SIDE];
    struct augment_settings s = augment_none;
    const struct picture_view source = {white, 30, 40, 1}, background = {dark, SIDE, SIDE, 1};
    struct random random;
    double sum = 0;
    memset(white, 255, sizeof white);
    s.scale_out[0] = s.scale_out[1] = 0.9999;
    s.scale_out_share = s.background_share = s.background_oval = 1;
    s.background_feather[0] = s.background_feather[1] = feather;
    random_seed(&random, seed);
    ck_assert(augment_picture(&s, NULL, &source, &background, SIDE, SIDE, out, &random, &scratch,
                              &error));
    ck_assert(out[0] < 0.01F && out[SIDE - 1] < 0.01F);
    ck_assert(out[SIDE * SIDE - SIDE] < 0.01F && out[SIDE * SIDE - 1] < 0.01F);
    ck_assert(out[SIDE / 2 * SIDE + SIDE / 2] > 250 * (1 - feather));
    for (int i = 0; i < SIDE * SIDE; i++)
        sum += (double)out[i] / 255;
    return sum / (SIDE * SIDE);
}

/* From an ellipse, which covers pi / 4, to the superellipse of exponent 4, which covers 0.927. */
START_TEST(an_oval_lets_the_background_in)
{
    double least = 1, most = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        const double hard = oval_share(0, seed), soft = oval_share(0.5, seed);
        ck_assert_msg(soft < hard - 0.2 && soft > 0.35, "%g of %g", soft, hard);
        least = fmin(least, hard);
        most = fmax(most, hard);
    }
    ck_assert_msg(least > M_PI / 4 - 0.06 && most < 0.927, "%g to %g", least, most);
    ck_assert_msg(most > least + 0.08, "%g to %g: the oval does not differ", least, most);
    augment_free(&scratch);
}
END_TEST

/* Sizes that fit no kernel, and everything at once: for the sanitizers. */
START_TEST(all_settings_on_odd_pictures)
{
    static const int sides[] = {1, 2, 3, 7, 33};
    static uint8_t pixels[33 * 33 * 3];
    static float out[2][41 * 41 * 3];
    struct augment_settings s = augment_none;
    double *const ranges[][2] = {{s.downscale, &(double){0.01}},
                                 {s.resample, &(double){0.01}},
                                 {s.low_light, &(double){0.01}},
                                 {s.scale_out, &(double){0.01}},
                                 {s.random_crop, &(double){0.01}}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        ranges[i][0][0] = *ranges[i][1];
    s.blur[1] = s.sharpen[1] = 5;
    s.motion_blur[1] = 30;
    s.noise[1] = 255;
    s.rotation_range = 360;
    s.gamma_range[1] = 10;
    s.degrade = s.erasing = 1;
    for (int i = 0; i < 500; i++) {
        const int height = sides[i % 5], width = sides[i / 5 % 5], channels = i % 3 ? 3 : 1;
        const struct picture_view source = {pixels, height, width, channels};
        const int rows = 1 + i % 41, columns = 1 + i / 2 % 41;
        for (int k = 0; k < 2; k++) {
            struct random random;
            random_seed(&random, (uint64_t)i);
            ck_assert(augment_picture(&s, NULL, &source, NULL, rows, columns, out[k], &random,
                                      &scratch, &error));
        }
        for (int k = 0; k < rows * columns * channels; k++)
            ck_assert_msg(out[0][k] > -0.01F && out[0][k] < 255.01F && out[0][k] == out[1][k], "%g",
                          (double)out[0][k]);
    }
    augment_free(&scratch);
}
END_TEST

START_TEST(cutmix_exchanges_parts)
{
    enum { N = 5, SIDE = 10 };
    float x[N * SIDE * SIDE], y[N * 2];
    struct augment_settings s = augment_none;
    struct random random;
    s.cutmix = 1;
    random_seed(&random, 2);
    for (int i = 0; i < N * SIDE * SIDE; i++)
        x[i] = (float)(i / (SIDE * SIDE) >= N / 2);
    for (int i = 0; i < N; i++) {
        y[2 * i + 1] = (float)(i >= N / 2);
        y[2 * i] = 1 - y[2 * i + 1];
    }
    const struct mixing batch = {x, y, N, SIDE, SIDE, 1, 2};
    mixing_apply(&s, &batch, &random);
    int mixed = 0;
    for (int i = 0; i < N; i++) {
        float ones = 0;
        for (int k = 0; k < SIDE * SIDE; k++)
            ones += x[i * SIDE * SIDE + k];
        ck_assert_float_eq_tol(y[2 * i + 1], ones / (SIDE * SIDE), 1e-5F);
        ck_assert_float_eq_tol(y[2 * i] + y[2 * i + 1], 1, 1e-5F);
        mixed += ones > 0 && ones < SIDE * SIDE;
    }
    ck_assert(mixed == 2 || mixed == 4);
}
END_TEST

START_TEST(mixup_shares_are_beta_distributed)
{
    struct random random;
    random_seed(&random, 9);
    double sum = 0, squares = 0;
    const double alpha = 0.2;
    const int draws = 20000;
    for (int i = 0; i < draws; i++) {
        double share = augment_mixup_share(alpha, &random);
        ck_assert(share >= 0 && share <= 1);
        sum += share;
        squares += share * share;
    }
    double mean = sum / draws, variance = squares / draws - mean * mean;
    ck_assert_double_eq_tol(mean, 0.5, 0.01);
    ck_assert_double_eq_tol(variance, 1 / (4 * (2 * alpha + 1)), 0.005);
}
END_TEST

/* --- prefetch --------------------------------------------------------------------------------- */

static struct dataset data;
static struct subset all;

static struct prefetch_settings shapes(const struct augment_settings *augment)
{
    if (!data.pixels) {
        ck_assert(shapes_draw(&data, 50, 8, 1, &error));
        ck_assert(dataset_all(&data, &all, &error));
    }
    return (struct prefetch_settings){
        .order = {.pictures = &all, .shuffle = true, .seed = 3},
        .augment = augment,
        .height = 8,
        .width = 8,
        .scale = {1 / 255.0F},
        .offset = {-0.5F},
        .target = TARGET_ONE_HOT,
        .batch = 16,
        .threads = 1,
    };
}

/* These pictures instead, in their order, their pixels not scaled. */
static struct prefetch_settings as_they_are(const struct augment_settings *augment,
                                            const struct subset *pictures)
{
    struct prefetch_settings settings = shapes(augment);
    settings.order = (struct order_settings){.pictures = pictures, .seed = 3};
    settings.scale[0] = 1;
    settings.offset[0] = 0;
    settings.target = TARGET_INDEX;
    return settings;
}

/* All x and y of an epoch from batch `first` on, one after the other; returns how many pictures. */
static int collect(const struct prefetch_settings *settings, int epoch, int first, float *x,
                   float *y)
{
    int n = 0;
    struct prefetch *prefetch = prefetch_start(settings, epoch, first, &error);
    ck_assert_ptr_nonnull(prefetch);
    for (const struct batch *batch; (batch = prefetch_next(prefetch, &error)); n += batch->n) {
        memcpy(x + n * 64, batch->x, (size_t)batch->n * 64 * sizeof *x);
        memcpy(y + n * 3, batch->y, (size_t)batch->n * 3 * sizeof *y);
    }
    ck_assert_str_eq(error.message, "");
    ck_assert(prefetch_waited_s(prefetch) >= 0);
    prefetch_stop(prefetch);
    return n;
}

/* A dark and a white picture of the kept part, and a grey one that is held out. */
START_TEST(backgrounds_are_training_pictures_of_their_class)
{
    static const char *const names[] = {"pet", "room"};
    static const uint8_t greys[] = {0, 255, 100}, labels[] = {0, 1, 1};
    static float x[2 * 64];
    struct dataset pictures;
    int kept[] = {0, 1}, whites = 0, untouched = 0;
    ck_assert(dataset_reserve(&pictures, 3, 8, 8, 1, &error));
    ck_assert(dataset_set_classes(&pictures, names, 2, &error));
    for (int i = 0; i < 3; i++) {
        memset(pictures.pixels + (ptrdiff_t)i * 64, greys[i], 64);
        pictures.labels[i] = labels[i];
    }
    const struct subset some = {&pictures, kept, 2};
    struct augment_settings augment = augment_none;
    augment.scale_out[0] = augment.scale_out[1] = 0.25;
    augment.scale_out_share = augment.background_share = 1;
    augment.background = "room";
    struct prefetch_settings settings = as_they_are(&augment, &some);
    struct prefetch *prefetch = prefetch_start(&settings, 0, 0, &error);
    const struct batch *batch = prefetch ? prefetch_next(prefetch, &error) : NULL;
    ck_assert(batch && batch->n == 2);
    memcpy(x, batch->x, sizeof x);
    for (int i = 0; i < 64; i++) { /* the dark pet on white; white on white */
        whites += x[i] > 254.9F;
        untouched += x[64 + i] > 254.9F;
    }
    ck_assert_int_ge(whites, 32);
    ck_assert_int_lt(whites, 64);
    ck_assert_int_eq(untouched, 64);
    prefetch_stop(prefetch);
    augment.background = "garden";
    ck_assert_ptr_null(prefetch_start(&settings, 0, 0, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "'garden'"));
    dataset_free(&pictures);
}
END_TEST

/* The contrast of pictures that brighten from left to right tells how much of them is shown. */
static float contrast(const float *x)
{
    float least = x[0], most = x[0];
    for (int i = 1; i < 64; i++) {
        least = fminf(least, x[i]);
        most = fmaxf(most, x[i]);
    }
    return most - least;
}

/* A pet and a room: all of the pet is shown and a little of the room, wherever that appears. */
START_TEST(a_background_may_be_cut_closer)
{
    static const char *const names[] = {"pet", "room"};
    static const float crops[] = {0, 0.04F};
    struct dataset pictures;
    int kept[] = {0, 1};
    ck_assert(dataset_reserve(&pictures, 2, 8, 8, 1, &error));
    ck_assert(dataset_set_classes(&pictures, names, 2, &error));
    for (int i = 0; i < 2 * 64; i++)
        pictures.pixels[i] = (uint8_t)(i % 8 * 32);
    pictures.labels[0] = 0;
    pictures.labels[1] = 1;
    const struct subset both = {&pictures, kept, 2};
    struct augment_settings augment = augment_none;
    augment.scale_out[0] = augment.scale_out[1] = 0.01;
    augment.background_share = 1;
    augment.background = "room";
    struct prefetch_settings settings = as_they_are(&augment, &both);
    for (int i = 0; i < 4; i++) {
        const bool closer = i % 2, on_background = i / 2;
        augment.background_crop[0] = augment.background_crop[1] = crops[closer];
        augment.scale_out_share = on_background;
        struct prefetch *prefetch = prefetch_start(&settings, 0, 0, &error);
        const struct batch *batch = prefetch ? prefetch_next(prefetch, &error) : NULL;
        ck_assert(batch && batch->n == 2);
        const float pet = contrast(batch->x), room = contrast(batch->x + 64);
        ck_assert_msg(closer && on_background ? pet < 100 : pet > 150, "%d: pet %g", i, pet);
        if (!on_background) /* a room lies on a room, of which there may be two parts */
            ck_assert_msg(closer ? room < 100 : room > 150, "%d: room %g", i, room);
        prefetch_stop(prefetch);
    }
    dataset_free(&pictures);
}
END_TEST

START_TEST(batches_do_not_depend_on_threads)
{
    static float x[2][50 * 64], y[2][50 * 3];
    struct augment_settings augment = augment_none;
    augment.rotation_range = 30;
    augment.noise[1] = 10;
    augment.mixup = 0.5;
    struct prefetch_settings settings = shapes(&augment);
    ck_assert_int_eq(prefetch_batches(&settings), 4);
    ck_assert_int_eq(collect(&settings, 2, 0, x[0], y[0]), 50);
    settings.threads = 4;
    ck_assert_int_eq(collect(&settings, 2, 0, x[1], y[1]), 50);
    ck_assert_mem_eq(x[0], x[1], sizeof x[0]);
    ck_assert_mem_eq(y[0], y[1], sizeof y[0]);
    /* Taken up in the middle, the rest is the same. */
    ck_assert_int_eq(collect(&settings, 2, 2, x[1], y[1]), 18);
    ck_assert_mem_eq(x[0] + 32 * 64, x[1], 18 * 64 * sizeof x[0][0]);
    /* Another epoch and another seed are others. */
    collect(&settings, 3, 0, x[1], y[1]);
    ck_assert_mem_ne(x[0], x[1], sizeof x[0]);
    settings.order.seed = 4;
    collect(&settings, 2, 0, x[1], y[1]);
    ck_assert_mem_ne(x[0], x[1], sizeof x[0]);
}
END_TEST

/* Two pictures that are the same must not be changed in the same way. */
START_TEST(each_picture_is_changed_in_its_own_way)
{
    static float x[50 * 64], y[50 * 3];
    struct augment_settings augment = augment_none;
    augment.brightness_range[0] = 0.5;
    struct prefetch_settings settings = shapes(&augment);
    settings.order.shuffle = false;
    memset(data.pixels, 100, 50 * 64);
    collect(&settings, 0, 0, x, y);
    for (int i = 1; i < 50; i++)
        ck_assert(fabsf(x[i * 64] - x[(i - 1) * 64]) > 1e-6F);
}
END_TEST

START_TEST(the_order_is_kept_or_shuffled)
{
    static float x[50 * 64], y[50 * 3];
    struct prefetch_settings settings = shapes(&augment_none);
    for (int shuffled = 0; shuffled < 2; shuffled++) {
        int in_place = 0;
        settings.order.shuffle = shuffled;
        collect(&settings, 0, 0, x, y);
        for (int i = 0; i < 50; i++)
            in_place += y[i * 3 + data.labels[i]] == 1;
        ck_assert(shuffled ? in_place < 35 : in_place == 50);
    }
}
END_TEST

START_TEST(every_picture_comes_once_with_its_label)
{
    static float x[50 * 64], y[50 * 3];
    struct prefetch_settings settings = shapes(&augment_none);
    bool seen[50] = {false};
    collect(&settings, 0, 0, x, y);
    for (int i = 0; i < 50; i++) {
        int found = -1;
        for (int k = 0; k < 50 && found < 0; k++) {
            bool same = true;
            for (int p = 0; p < 64 && same; p++)
                same = fabsf(x[i * 64 + p] - ((float)data.pixels[k * 64 + p] / 255 - 0.5F)) < 1e-5F;
            found = same ? k : -1;
        }
        ck_assert_int_ge(found, 0);
        ck_assert(!seen[found]);
        seen[found] = true;
        ck_assert(y[i * 3 + data.labels[found]] == 1);
        ck_assert(y[i * 3] + y[i * 3 + 1] + y[i * 3 + 2] == 1);
    }
}
END_TEST

static bool fail_to_recompress(uint8_t *pixels, int height, int width, int channels, int quality,
                               struct error *reason)
{
    (void)pixels, (void)height, (void)width, (void)channels, (void)quality;
    return error_set(reason, "no JPEG today");
}

START_TEST(failures_reach_the_caller)
{
    const struct picture_codec codec = {.recompress = fail_to_recompress};
    struct augment_settings augment = augment_none;
    augment.jpeg_quality[0] = 50;
    augment.degrade = 1;
    struct prefetch_settings settings = shapes(&augment);
    settings.codec = &codec;
    settings.threads = 2;
    struct prefetch *prefetch = prefetch_start(&settings, 0, 0, &error);
    ck_assert_ptr_null(prefetch_next(prefetch, &error));
    ck_assert_str_eq(error.message, "no JPEG today");
    prefetch_stop(prefetch);
}
END_TEST

START_TEST(stops_in_the_middle)
{
    struct prefetch_settings settings = shapes(&augment_none);
    settings.threads = 3;
    for (int i = 0; i < 20; i++) {
        struct prefetch *prefetch = prefetch_start(&settings, 0, 0, &error);
        if (i % 2)
            ck_assert_ptr_nonnull(prefetch_next(prefetch, &error));
        prefetch_stop(prefetch);
    }
}
END_TEST

TEST_MAIN(augment, fills_as_scipy_names_it, interpolates_between_places,
          rotation_turns_around_the_centre, ranges_are_in_degrees, shifts_are_shares_or_pixels,
          zoom_and_flip, zoom_draws_each_side_for_itself, crops_stay_inside,
          nothing_is_changed_without_settings, colours_and_degradation, steps_of_degradation,
          scale_out_leaves_a_surround, scale_out_lays_on_the_background,
          an_oval_lets_the_background_in, all_settings_on_odd_pictures, cutmix_exchanges_parts,
          mixup_shares_are_beta_distributed, backgrounds_are_training_pictures_of_their_class,
          a_background_may_be_cut_closer, batches_do_not_depend_on_threads,
          each_picture_is_changed_in_its_own_way, the_order_is_kept_or_shuffled,
          every_picture_comes_once_with_its_label, failures_reach_the_caller, stops_in_the_middle)
