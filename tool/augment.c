/* augment: what a recipe's [augment] makes of its pictures, to look at. */
#include "nn/train/load.h"
#include "tool/codec.h"
#include "tool/command.h"
#include "tool/contact_sheet.h"
#include "tool/number.h"

#include <stdlib.h>

enum { PICTURES = 48, THREADS = 4 };

struct augment_command {
    const char *data, *out, *seed;
};

static const struct command_option options[] = {
    {"data", "DIR", "folder to which the recipe's paths belong; the current one if not given",
     offsetof(struct augment_command, data)},
    {"out", "FILE.jpg", "where to draw them; augmented.jpg if not given",
     offsetof(struct augment_command, out)},
    {"seed", "N", "other pictures, changed otherwise; the recipe's if not given",
     offsetof(struct augment_command, seed)},
};

/* A few pictures of each class are enough, where they are files. */
static void limit_sources(struct recipe *recipe)
{
    for (int i = 0; i < SOURCES_MAX; i++)
        if (recipe->train[i].limit == 0 || recipe->train[i].limit > PICTURES)
            recipe->train[i].limit = PICTURES;
}

static uint8_t to_pixel(float value)
{
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value + 0.5F);
}

/* The network's input as a picture again. */
static void undo(const struct prefetch_settings *feed, const float *x, int channels,
                 uint8_t *pixels)
{
    for (int i = 0; i < feed->height * feed->width * channels; i++)
        pixels[i] = to_pixel((x[i] - feed->offset[i % channels]) / feed->scale[i % channels]);
}

/* "cat", or "cat 0.7" of a mixed picture. */
static void name_target(const struct prefetch_settings *feed, const float *y, char caption[64])
{
    const struct dataset *data = feed->order.pictures->data;
    int best = feed->target == TARGET_ONE_HOT ? 0 : (int)(*y + 0.5F);
    for (int i = 1; feed->target == TARGET_ONE_HOT && i < data->class_count; i++)
        best = y[i] > y[best] ? i : best;
    int used = snprintf(caption, 64, "%.20s", data->class_names[best]);
    if (feed->target == TARGET_ONE_HOT && y[best] < 0.995F)
        snprintf(caption + used, 64 - (size_t)used, " %.2f", (double)y[best]);
}

static bool draw_batch(const struct prefetch_settings *feed, const struct batch *batch,
                       struct image *sheet, struct error *error)
{
    const int channels = feed->order.pictures->data->channels;
    const int width = feed->target == TARGET_ONE_HOT ? feed->order.pictures->data->class_count : 1;
    const int values = feed->height * feed->width * channels;
    uint8_t *pixels = malloc((size_t)values);
    bool good = pixels || error_set(error, "out of memory");
    for (int i = 0; good && i < batch->n; i++) {
        const struct picture_view picture = {pixels, feed->height, feed->width, channels};
        char caption[64];
        undo(feed, batch->x + (ptrdiff_t)i * values, channels, pixels);
        name_target(feed, batch->y + (ptrdiff_t)i * width, caption);
        good = contact_sheet_add(sheet, i, &picture, caption, error);
    }
    free(pixels);
    return good;
}

static bool draw(const struct recipe *recipe, const struct model *model,
                 const struct subset *pictures, const char *path, struct error *error)
{
    struct prefetch_settings feed = load_feed(recipe, model, pictures);
    struct image sheet = {0};
    feed.codec = &codec_vision;
    feed.batch = PICTURES;
    feed.threads = 1;
    feed.order.shuffle = true;
    feed.order.seed = recipe->trainer.seed;
    feed.order.balance = recipe->balance;
    if (recipe->augmented)
        feed.augment = &recipe->augment;
    struct prefetch *prefetch = prefetch_start(&feed, 0, 0, error);
    const struct batch *batch = prefetch ? prefetch_next(prefetch, error) : NULL;
    bool good = batch && contact_sheet_begin(&sheet, batch->n, error) &&
                draw_batch(&feed, batch, &sheet, error) && contact_sheet_save(&sheet, path, error);
    if (good)
        printf("%d augmented pictures in %s\n", batch->n, path);
    image_free(&sheet);
    prefetch_stop(prefetch);
    return good;
}

static bool load_and_draw(const struct augment_command *command, struct recipe *recipe,
                          struct network *network, struct error *error)
{
    const struct load_settings load = {command->data ? command->data : ".", &codec_vision, THREADS};
    struct dataset data = {0};
    struct subset all = {0};
    limit_sources(recipe);
    bool good =
        load_sources(recipe, recipe->train, network->model, &load, &data, error) &&
        load_describe(recipe, &data, network->model, error) && dataset_all(&data, &all, error) &&
        draw(recipe, network->model, &all, command->out ? command->out : "augmented.jpg", error);
    subset_free(&all);
    dataset_free(&data);
    return good;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct augment_command *command = settings;
    struct recipe recipe;
    struct network network = {0};
    (void)operand_count;
    if (command->out && !contact_sheet_check("out", command->out, error))
        return false;
    if (!recipe_read(&recipe, operands[0], error))
        return false;
    long seed = (long)recipe.trainer.seed;
    bool good = !command->seed || number_integer("seed", command->seed, 0, 1L << 62, &seed, error);
    recipe.trainer.seed = (uint64_t)seed;
    good = good && network_build(&network, &recipe.script, 1, error) &&
           load_and_draw(command, &recipe, &network, error);
    network_free(&network);
    recipe_free(&recipe);
    return good;
}

const struct command command_augment = {
    .name = "augment",
    .operands = "RECIPE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "draw what a recipe's augmentation does",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct augment_command),
    .run = run,
};
