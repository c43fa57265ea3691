/* draw: pictures of the drawn scene in a folder for each class, to train and to measure with. */
#include "capture/drawing.h"
#include "common/atomic_file.h"
#include "common/folder.h"
#include "tool/bar.h"
#include "tool/command.h"
#include "tool/number.h"
#include "vision/jpeg.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct draw_settings {
    const char *out, *count, *seed, *size;
    bool overwrite;
};

static const struct command_option options[] = {
    {"out", "DIR", "where cat/, dog/ and neither/ with NNNNN.jpg are made",
     offsetof(struct draw_settings, out)},
    {"count", "N", "how many pictures in all; the classes get equal shares",
     offsetof(struct draw_settings, count)},
    {"seed", "S", "another seed draws other pictures; 1 if not given",
     offsetof(struct draw_settings, seed)},
    {"size", "PIXELS", "of the shorter side; 240 if not given",
     offsetof(struct draw_settings, size)},
    {"overwrite", NULL, "replace pictures that are there already",
     offsetof(struct draw_settings, overwrite)},
};

/* In the order in which pictures are drawn. */
static const struct {
    const char *name;
    enum scene_animal animal;
} classes[] = {{"cat", SCENE_CAT}, {"dog", SCENE_DOG}, {"neither", SCENE_NOBODY}};

enum { CLASS_COUNT = 3, COUNT_MAX = 1000000, SIDE_MIN = 32, SIDE_MAX = 2048 };

struct job {
    const char *folder;
    long count, seed, size;
    bool overwrite;
};

static bool picture_path(const struct job *job, long index, char path[PATH_MAX],
                         struct error *error)
{
    int length = snprintf(path, PATH_MAX, "%s/%s/%05ld.jpg", job->folder,
                          classes[index % CLASS_COUNT].name, index / CLASS_COUNT);
    return length < PATH_MAX || error_set(error, "%s: the name is too long", job->folder);
}

/* --- before anything is drawn ----------------------------------------------------------------- */

static bool make_folders(const struct job *job, struct error *error)
{
    char path[PATH_MAX];
    bool good = true;
    for (int i = 0; good && i < CLASS_COUNT; i++)
        good = (snprintf(path, sizeof path, "%s/%s", job->folder, classes[i].name) < PATH_MAX ||
                error_set(error, "%s: the name is too long", job->folder)) &&
               folder_make(path, error);
    return good;
}

/* All or nothing: half of an older set must not end up beside half of a newer one. */
static bool check_nothing_there(const struct job *job, struct error *error)
{
    char path[PATH_MAX];
    const long first = job->overwrite ? job->count : 0, end = job->count + CLASS_COUNT;
    for (long i = first; i < end; i++) {
        if (!picture_path(job, i, path, error))
            return false;
        if (access(path, F_OK) != 0)
            continue;
        return i < job->count
                   ? error_set(error, "%s is there already; --overwrite replaces it", path)
                   : error_set(error, "%s is of a larger set: remove that first, or draw more",
                               path);
    }
    return true;
}

/* --- drawing ---------------------------------------------------------------------------------- */

/* Where nothing is there yet, it need not survive a crash: a full disk is noticed all the same. */
static bool write_new(const char *path, const uint8_t *bytes, size_t size, struct error *error)
{
    FILE *file = fopen(path, "wbx");
    if (!file)
        return error_set(error, "%s: cannot be written: %s", path, strerror(errno));
    bool good = fwrite(bytes, 1, size, file) == size;
    int why = errno;
    if (fclose(file) != 0 && good) {
        good = false;
        why = errno;
    }
    if (good)
        return true;
    unlink(path);
    return error_set(error, "%s: cannot be written: %s", path, strerror(why));
}

/* Working memory, reused from picture to picture. */
struct easel {
    struct image large, image;
    struct jpeg_room room;
};

static bool draw_picture(const struct job *job, long index, struct easel *easel,
                         struct error *error)
{
    char path[PATH_MAX];
    uint8_t *jpeg = NULL;
    size_t size;
    struct drawing drawing = drawing_random((uint64_t)job->seed, (uint64_t)(index / CLASS_COUNT),
                                            classes[index % CLASS_COUNT].animal, (int)job->size);
    bool good =
        picture_path(job, index, path, error) &&
        drawing_render(&drawing, &easel->large, &easel->image, error) &&
        jpeg_encode_in(&easel->room, &easel->image, drawing.jpeg_quality, &jpeg, &size, error) &&
        (job->overwrite ? atomic_file_write(path, jpeg, size, error)
                        : write_new(path, jpeg, size, error));
    free(jpeg);
    return good;
}

static bool draw_all(const struct job *job, struct error *error)
{
    struct easel easel = {0};
    struct bar bar = bar_begin("drawing", (int)job->count);
    bool good = true;
    for (long i = 0; good && i < job->count; i++) {
        good = draw_picture(job, i, &easel, error);
        bar_show(&bar, (int)i + 1);
    }
    bar_end(&bar);
    image_free(&easel.large);
    image_free(&easel.image);
    jpeg_room_free(&easel.room);
    return good;
}

/* --- the command ------------------------------------------------------------------------------ */

static bool parse(const struct draw_settings *settings, struct job *job, struct error *error)
{
    *job = (struct job){
        .folder = settings->out, .seed = 1, .size = 240, .overwrite = settings->overwrite};
    if (!settings->out)
        return error_set_usage(error, "--out DIR is missing");
    if (!settings->count)
        return error_set_usage(error, "--count N is missing");
    return number_integer("count", settings->count, CLASS_COUNT, COUNT_MAX, &job->count, error) &&
           (!settings->seed ||
            number_integer("seed", settings->seed, 0, LONG_MAX, &job->seed, error)) &&
           (!settings->size ||
            number_integer("size", settings->size, SIDE_MIN, SIDE_MAX, &job->size, error));
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    struct job job;
    (void)operands;
    (void)operand_count;
    return parse(settings, &job, error) && check_nothing_there(&job, error) &&
           make_folders(&job, error) && draw_all(&job, error);
}

const struct command command_draw = {
    .name = "draw",
    .operands = "",
    .operands_min = 0,
    .operands_max = 0,
    .summary = "draw pictures of cats, dogs and rooms without them",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct draw_settings),
    .run = run,
};
