#include "tool/corrupt.h"

#include "common/parallel.h"
#include "nn/train/affine.h"
#include "tool/codec.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What one thread works with. */
struct corrupt_desk {
    struct picture_view from;
    float *pixels; /* the result, 0..255; the geometry of `from` */
    struct random random;
    struct augment_scratch scratch;
    struct error error; /* of the last picture that failed; empty: none */
};

/* --- by the trainer's augmentation, whose ranges become points -------------------------------- */

static bool augment(struct corrupt_desk *desk, const struct augment_settings *settings)
{
    return augment_picture(settings, &codec_vision, &desk->from, NULL, desk->from.height,
                           desk->from.width, desk->pixels, &desk->random, &desk->scratch,
                           &desk->error);
}

static struct augment_settings always(void)
{
    struct augment_settings settings = augment_none;
    settings.degrade = 1;
    return settings;
}

static void set_point(double range[2], double value)
{
    range[0] = range[1] = value;
}

/* The noise of a sensor is there in any light, and more of it when the amplifier is turned up. */
static bool low_light(struct corrupt_desk *desk, double light)
{
    struct augment_settings settings = always();
    set_point(settings.brightness_range, light);
    set_point(settings.noise, 1 + 0.5 / light);
    return augment(desk, &settings);
}

static bool noise(struct corrupt_desk *desk, double deviation)
{
    struct augment_settings settings = always();
    set_point(settings.noise, deviation);
    return augment(desk, &settings);
}

static bool jpeg(struct corrupt_desk *desk, double quality)
{
    struct augment_settings settings = always();
    set_point(settings.jpeg_quality, quality);
    return augment(desk, &settings);
}

static bool downscale(struct corrupt_desk *desk, double factor)
{
    struct augment_settings settings = always();
    set_point(settings.downscale, factor);
    return augment(desk, &settings);
}

static bool fade(struct corrupt_desk *desk, double saturation)
{
    struct augment_settings settings = always();
    set_point(settings.saturation_range, saturation);
    return augment(desk, &settings);
}

/* --- colour ----------------------------------------------------------------------------------- */

/* Too warm or too cold: red and blue go apart. */
static bool white_balance(struct corrupt_desk *desk, double gain)
{
    const struct picture_view *from = &desk->from;
    if (random_below(&desk->random, 2))
        gain = 1 / gain;
    const float gains[3] = {(float)gain, 1, (float)(1 / gain)};
    int count = from->height * from->width * from->channels;
    for (int i = 0; i < count; i++) {
        float factor = from->channels == 3 ? gains[i % 3] : 1;
        desk->pixels[i] = fminf(factor * (float)from->pixels[i], 255);
    }
    return true;
}

/* --- blur ------------------------------------------------------------------------------------- */

enum { OFFSETS_MAX = 4096 };

struct offset {
    int x, y;
};

static int clamp(int value, int high)
{
    return value < 0 ? 0 : value > high ? high : value;
}

/* Each pixel becomes the mean of those at the offsets; the border repeats. */
static bool average_over(struct corrupt_desk *desk, const struct offset *offsets, int count)
{
    const struct picture_view *from = &desk->from;
    float *to = desk->pixels;
    for (int y = 0; y < from->height; y++)
        for (int x = 0; x < from->width; x++) {
            int sums[3] = {0};
            for (int i = 0; i < count; i++) {
                int row = clamp(y + offsets[i].y, from->height - 1);
                int column = clamp(x + offsets[i].x, from->width - 1);
                const uint8_t *pixel = from->pixels + (row * from->width + column) * from->channels;
                for (int c = 0; c < from->channels; c++)
                    sums[c] += pixel[c];
            }
            for (int c = 0; c < from->channels; c++)
                *to++ = (float)sums[c] / (float)count;
        }
    return true;
}

/* A line in any direction: the camera was moved. */
static bool motion_blur(struct corrupt_desk *desk, double share)
{
    struct offset offsets[OFFSETS_MAX];
    double angle = acos(-1) * random_uniform(&desk->random);
    int count = (int)fmin(fmax(round(share * desk->from.width), 1), OFFSETS_MAX);
    for (int i = 0; i < count; i++) {
        double t = i - (count - 1) / 2.0;
        offsets[i] = (struct offset){(int)lround(t * cos(angle)), (int)lround(t * sin(angle))};
    }
    return average_over(desk, offsets, count);
}

/* A disc: what a lens makes of a point that is out of focus. */
static bool defocus(struct corrupt_desk *desk, double share)
{
    struct offset offsets[OFFSETS_MAX];
    double radius = fmin(share * desk->from.width, 32);
    int reach = (int)radius, count = 0;
    for (int y = -reach; y <= reach; y++)
        for (int x = -reach; x <= reach; x++)
            if (x * x + y * y <= radius * radius)
                offsets[count++] = (struct offset){x, y};
    return average_over(desk, offsets, count);
}

/* --- places ----------------------------------------------------------------------------------- */

/* The whole picture into a window with this middle and these sides, in shares of the new one. What
 * is around it is its mirror image, or plain in the picture's mean. */
static bool shrink_into(struct corrupt_desk *desk, double x, double y, double width, double height,
                        bool mirrored)
{
    const struct picture_view *from = &desk->from;
    struct augment_settings settings = augment_none;
    double sum = 0;
    int count = from->height * from->width * from->channels;
    for (int i = 0; i < count; i++)
        sum += from->pixels[i];
    settings.fill_mode = mirrored ? "reflect" : "constant";
    settings.cval = sum / count;
    /* Window (top, left, height, width) in pixels to the whole picture; places are pixels' middles.
     */
    double top = (y - height / 2) * from->height, left = (x - width / 2) * from->width;
    const struct affine map = {
        {1 / height, 0, (0.5 - top) / height - 0.5, 0, 1 / width, (0.5 - left) / width - 0.5}};
    affine_warp(&map, from, &settings, from->height, from->width, desk->pixels);
    return true;
}

/* A wide picture (or a tall one, ratio < 1) in a square: everything is thinner (or flatter). The
 * room beside it is filled by mirroring, because cutting instead could cut the animal off. */
static bool aspect(struct corrupt_desk *desk, double ratio)
{
    return shrink_into(desk, 0.5, 0.5, fmin(1 / ratio, 1), fmin(ratio, 1), true);
}

static bool mirror(struct corrupt_desk *desk, double unused)
{
    const struct picture_view *from = &desk->from;
    const struct affine map = {{1, 0, 0, 0, -1, from->width - 1}};
    (void)unused;
    affine_warp(&map, from, &augment_none, from->height, from->width, desk->pixels);
    return true;
}

/* Somewhere in the picture, on a share of its area. Smoothed first: what is made so much smaller
 * would else be sharper than any camera shows it. */
static bool make_small(struct corrupt_desk *desk, double area, bool mirrored)
{
    double side = sqrt(area), room = 1 - side;
    double x = side / 2 + room * random_uniform(&desk->random);
    double y = side / 2 + room * random_uniform(&desk->random);
    size_t count =
        (size_t)desk->from.height * (size_t)desk->from.width * (size_t)desk->from.channels;
    struct augment_settings settings = always();
    set_point(settings.blur, 0.4 * (1 / side - 1));
    uint8_t *smooth = malloc(count);
    if (!smooth)
        return error_set(&desk->error, "out of memory");
    bool good = augment(desk, &settings);
    for (size_t i = 0; i < count; i++)
        smooth[i] = (uint8_t)(desk->pixels[i] + 0.5F);
    desk->from.pixels = smooth;
    good = good && shrink_into(desk, x, y, side, side, mirrored);
    free(smooth);
    return good;
}

static bool small_plain(struct corrupt_desk *desk, double area)
{
    return make_small(desk, area, false);
}

static bool small_mirrored(struct corrupt_desk *desk, double area)
{
    return make_small(desk, area, true);
}

/* --- the table -------------------------------------------------------------------------------- */

// clang-format off
const struct corruption corruptions[CORRUPT_COUNT] = {
    {"low-light", low_light, {{"1/2", 1.0 / 2}, {"1/4", 1.0 / 4}, {"1/8", 1.0 / 8}}},
    {"noise", noise, {{"10", 10}, {"20", 20}, {"40", 40}}},
    {"motion-blur", motion_blur, {{"3 %", 0.03}, {"6 %", 0.06}, {"12 %", 0.12}}},
    {"defocus", defocus, {{"1 %", 0.01}, {"2 %", 0.02}, {"4 %", 0.04}}},
    {"jpeg", jpeg, {{"80", 80}, {"50", 50}, {"30", 30}}},
    {"white-balance", white_balance, {{"1.15", 1.15}, {"1.35", 1.35}, {"1.6", 1.6}}},
    {"grey", fade, {{"1/2", 1.0 / 2}, {"3/4", 1.0 / 4}, {"all", 0}}},
    {"aspect", aspect, {{"4:3", 4.0 / 3}, {"16:9", 16.0 / 9}, {"9:16", 9.0 / 16}}},
    {"downscale", downscale, {{"1/2", 1.0 / 2}, {"1/3", 1.0 / 3}, {"1/4", 1.0 / 4}}},
    {"mirror", mirror, {{"yes", 0}}},
    {"small-plain", small_plain, {{"1/2", 1.0 / 2}, {"1/4", 1.0 / 4}, {"1/10", 1.0 / 10}}},
    {"small-mirrored", small_mirrored, {{"1/2", 1.0 / 2}, {"1/4", 1.0 / 4}, {"1/10", 1.0 / 10}}},
};
// clang-format on

static bool refuse_name(const char *name, int length, struct error *error)
{
    char known[256] = "";
    for (int i = 0; i < CORRUPT_COUNT; i++) {
        strcat(known, i ? ", " : "");
        strcat(known, corruptions[i].name);
    }
    return error_set_usage(error, "--corrupt: there is no \"%.*s\"; known are %s",
                           length < 40 ? length : 40, name, known);
}

bool corrupt_choose(const char *names, bool chosen[CORRUPT_COUNT], struct error *error)
{
    for (int i = 0; i < CORRUPT_COUNT; i++)
        chosen[i] = *names == '\0';
    while (*names) {
        size_t length = strcspn(names, ",");
        int which = 0;
        while (which < CORRUPT_COUNT && (strlen(corruptions[which].name) != length ||
                                         strncmp(corruptions[which].name, names, length) != 0))
            which++;
        if (which == CORRUPT_COUNT)
            return refuse_name(names, (int)length, error);
        chosen[which] = true;
        names += length + (names[length] == ',');
    }
    return true;
}

/* --- all pictures ----------------------------------------------------------------------------- */

struct job {
    int which, strength;
    const struct dataset *from;
    struct dataset *to;
    struct corrupt_desk desks[PARALLEL_THREADS_MAX];
};

static void corrupt_picture(void *self, int thread, int index)
{
    struct job *job = self;
    struct corrupt_desk *desk = &job->desks[thread];
    const struct dataset *from = job->from;
    size_t count = (size_t)from->height * (size_t)from->width * (size_t)from->channels;
    uint8_t *to = job->to->pixels + (size_t)index * count;
    desk->from = (struct picture_view){dataset_picture(from, index), from->height, from->width,
                                       from->channels};
    random_seed(&desk->random, (uint64_t)index);
    if (!corruptions[job->which].apply(desk,
                                       corruptions[job->which].strengths[job->strength].value))
        return;
    for (size_t i = 0; i < count; i++)
        to[i] = (uint8_t)(fminf(fmaxf(desk->pixels[i], 0), 255) + 0.5F);
}

bool corrupt_dataset(int which, int strength, const struct dataset *from, struct dataset *to,
                     struct error *error)
{
    struct job job = {.which = which, .strength = strength, .from = from, .to = to};
    int threads = parallel_threads(from->count);
    size_t count = (size_t)from->height * (size_t)from->width * (size_t)from->channels;
    bool good = true;
    for (int i = 0; i < threads; i++) {
        job.desks[i].pixels = malloc(count * sizeof(float));
        good = good && (job.desks[i].pixels || error_set(error, "out of memory"));
    }
    if (good)
        parallel_for(from->count, threads, corrupt_picture, &job);
    for (int i = 0; i < threads; i++) {
        if (good && *job.desks[i].error.message) {
            *error = job.desks[i].error;
            good = false;
        }
        free(job.desks[i].pixels);
        augment_free(&job.desks[i].scratch);
    }
    return good;
}
