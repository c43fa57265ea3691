/* augment: how many pictures of 128 x 128 one thread augments in a second of processor time, for
 * each setting alone with probability 1, and for the whole list of a strong recipe. */
#include "nn/train/augment.h"
#include "tool/codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { SIDE = 144, OUT = 128, PICTURES = 300 };

static const char list[] = "[augment]\n"
                           "random_crop = (0.35, 1)\naspect_range = (0.7, 1.4)\n"
                           "rotation_range = 12\nhorizontal_flip = True\nscale_out = (0.1, 1)\n"
                           "brightness_range = (0.6, 1.4)\ncontrast_range = (0.6, 1.4)\n"
                           "saturation_range = (0.6, 1.4)\ngamma_range = (0.6, 1.6)\n"
                           "colour_cast = 0.15\ngrey = 0.08\nerasing = 0.25\n"
                           "downscale = (0.35, 1)\nresample = (0.35, 1)\nblur = (0, 1.5)\n"
                           "motion_blur = (0, 9)\nsharpen = (0, 1.5)\nlow_light = (0.1, 1)\n"
                           "noise = (0, 12)\njpeg_quality = (20, 95)\n";

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void measure(const char *name, const struct augment_settings *settings)
{
    static uint8_t pixels[SIDE * SIDE * 3];
    static float out[OUT * OUT * 3];
    const struct picture_view source = {pixels, SIDE, SIDE, 3};
    struct augment_scratch scratch = {0};
    struct random random;
    struct error error;
    random_seed(&random, 1);
    for (int i = 0; i < SIDE * SIDE * 3; i++) /* a slope with noise: neither flat nor all edges */
        pixels[i] = (uint8_t)(i / (SIDE * 3) + (int)random_below(&random, 40));
    const double begin = seconds();
    for (int i = 0; i < PICTURES; i++)
        if (!augment_picture(settings, &codec_vision, &source, NULL, OUT, OUT, out, &random,
                             &scratch, &error)) {
            fprintf(stderr, "augment: %s\n", error.message);
            exit(EXIT_FAILURE);
        }
    printf("%-40s %8.0f pictures/s\n", name, PICTURES / (seconds() - begin));
    augment_free(&scratch);
}

static struct augment_settings strong(void)
{
    struct script script;
    struct error error;
    struct augment_settings settings = augment_none;
    if (!script_parse(&script, "augment", list, &error) ||
        !bind_section(&script, "augment", augment_fields, &settings, &error)) {
        fprintf(stderr, "augment: %s\n", error.message);
        exit(EXIT_FAILURE);
    }
    script_free(&script);
    return settings;
}

int main(void)
{
    struct script script;
    struct augment_settings all = strong(), none = augment_none;
    measure("resized only", &none);
    if (!script_parse(&script, "augment", list, NULL))
        return EXIT_FAILURE;
    for (int i = 0; i < script.count; i++) {
        struct augment_settings one = augment_none;
        one.degrade = one.scale_out_share = 1;
        if (bind_statement(&script, &script.statements[i], augment_fields, &one, NULL))
            measure(script.statements[i].target, &one);
    }
    script_free(&script);
    all.degrade = 0.3;
    measure("all, degrade = 0.3", &all);
    all.degrade = 1;
    measure("all, degrade = 1", &all);
    return EXIT_SUCCESS;
}
