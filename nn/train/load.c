#include "nn/train/load.h"

#include "common/text.h"
#include "nn/shape.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool is_picture(const struct shape *shape)
{
    return shape->rank == 3;
}

/* --- sources ---------------------------------------------------------------------------------- */

/* What a Folder's line says, and where it says nothing, what the pictures before are like. */
static struct folder_settings describe_folder(const struct source *source, const char *path,
                                              const struct shape *input,
                                              const struct dataset *before)
{
    struct folder_settings folder = {
        .path = path,
        .limit = source->limit,
        .height = input->dim[0],
        .width = input->dim[1],
        .channels = is_picture(input) ? input->dim[2] : 3,
    };
    if (before->count) {
        folder.height = before->height;
        folder.width = before->width;
        folder.channels = before->channels;
        folder.classes = (const char *const *)before->class_names;
        folder.class_count = before->class_count;
    }
    if (source->size[0]) {
        folder.height = source->size[0];
        folder.width = source->size[1];
    }
    return folder;
}

static const char *mode_of(enum target_kind target)
{
    static const char *const names[] = {
        [TARGET_INDEX] = "sparse", [TARGET_ONE_HOT] = "categorical", [TARGET_BINARY] = "binary"};
    return names[target];
}

static enum target_kind target_of(const struct recipe *recipe, const struct model *model)
{
    if (recipe->trainer.loss == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        return TARGET_INDEX;
    return shape_count(model_output_shape(model)) == 1 ? TARGET_BINARY : TARGET_ONE_HOT;
}

static bool check_classes(const struct recipe *recipe, const struct source *source,
                          const struct dataset *data, const struct model *model,
                          struct error *error)
{
    const int count = data->class_count;
    const char *background = recipe->augment.background;
    int outputs = (int)shape_count(model_output_shape(model));
    enum target_kind target = target_of(recipe, model);
    if (count != (outputs == 1 ? 2 : outputs))
        return error_set_usage(error,
                               "%d classes do not fit the network's %d output%s; the last Dense of "
                               "[network] must be Dense(%d, ...)",
                               count, outputs, outputs == 1 ? "" : "s", count);
    if (source->mode && strcmp(source->mode, mode_of(target)) != 0)
        return error_set_usage(error, "mode='%s' does not fit loss and network, which take '%s'",
                               source->mode, mode_of(target));
    if (background && text_find(data->class_names, count, background) < 0)
        return error_set_usage(error,
                               "there is no class '%.40s', which is the background in line %d",
                               background, script_line(&recipe->script, "augment", "background"));
    return true;
}

/* Decoding may take minutes: what needs no pixels is refused before. */
static bool read_folder(const struct recipe *recipe, const struct source *source,
                        const struct folder_settings *folder, const struct model *model,
                        struct dataset *data, struct error *error)
{
    struct dataset classes;
    const bool good = folder_find_classes(&classes, folder, error) &&
                      check_classes(recipe, source, &classes, model, error);
    dataset_free(&classes);
    return good && folder_load(data, folder, error);
}

static bool load_folder(const struct recipe *recipe, const struct source *source, const char *path,
                        const struct model *model, const struct load_settings *settings,
                        const struct dataset *before, struct dataset *data, struct error *error)
{
    const struct shape *input = model_input_shape(model);
    struct folder_settings folder = describe_folder(source, path, input, before);
    if (folder.channels != 1 && folder.channels != 3)
        return error_set_usage(error,
                               "the network's input has %d channels; pictures have 3 (R, G, B) or "
                               "1 (grey)",
                               folder.channels);
    folder.threads = settings->threads;
    folder.codec = settings->codec;
    if (!is_picture(input) && !before->count && !source->size[0])
        return error_set_usage(error, "the network takes no pictures: give Folder a size=(height, "
                                      "width)");
    if (!source->classes)
        return read_folder(recipe, source, &folder, model, data, error);
    const char **classes = calloc((size_t)source->classes->count, sizeof *classes);
    if (!classes)
        return error_set(error, "out of memory");
    for (int i = 0; i < source->classes->count; i++)
        classes[i] = source->classes->items[i].text;
    folder.classes = classes;
    folder.class_count = source->classes->count;
    bool good = read_folder(recipe, source, &folder, model, data, error);
    free(classes);
    return good;
}

static bool load_any(const struct recipe *recipe, const struct source *source, const char *path,
                     const struct model *model, const struct load_settings *settings,
                     const struct dataset *before, struct dataset *data, struct error *error)
{
    bool train = source->split && strcmp(source->split, "train") == 0;
    switch (source->kind) {
    case SOURCE_MNIST:
        return idx_load(data, path, train, mnist_classes, error);
    case SOURCE_FASHION_MNIST:
        return idx_load(data, path, train, fashion_mnist_classes, error);
    case SOURCE_CIFAR10:
        return cifar10_load(data, path, train, error);
    case SOURCE_FOLDER:
        return load_folder(recipe, source, path, model, settings, before, data, error);
    case SOURCE_SHAPES:
        return shapes_draw(data, source->count, source->side, (uint64_t)source->seed, error);
    case SOURCE_NONE:
        break;
    }
    return error_set(error, "no data");
}

static bool check_size(const struct dataset *data, const struct shape *input, struct error *error)
{
    char text[SHAPE_TEXT_BYTES];
    size_t values = (size_t)data->height * (size_t)data->width * (size_t)data->channels;
    if (is_picture(input) ? data->channels == input->dim[2] : values == shape_count(input))
        return true;
    return error_set_usage(error, "pictures of %d x %d x %d do not fit the network's input of %s",
                           data->height, data->width, data->channels, shape_text(input, text));
}

char *load_find(const char *root, const char *path, struct error *error)
{
    const bool from_here = path[0] == '/' || strcmp(root, ".") == 0;
    char *found = NULL;
    if (asprintf(&found, "%s%s%s", from_here ? "" : root, from_here ? "" : "/", path) < 0) {
        error_set_memory(error, "out of memory for a path");
        return NULL;
    }
    if (access(found, F_OK) == 0)
        return found;
    error_set(error, "%s: %s; a recipe's paths begin in the folder that --data names, here %s",
              found, strerror(errno), root);
    free(found);
    return NULL;
}

/* Appends the source's pictures to those that are there. */
static bool load_source(const struct recipe *recipe, const struct source *source,
                        const struct model *model, const struct load_settings *settings,
                        struct dataset *data, struct error *error)
{
    const struct shape *input = model_input_shape(model);
    struct dataset more = {0};
    char *path = source->path ? load_find(settings->root, source->path, error) : NULL;
    bool good = (path || !source->path) &&
                load_any(recipe, source, path, model, settings, data, &more, error) &&
                check_size(&more, input, error) &&
                check_classes(recipe, source, &more, model, error);
    if (good && data->count) {
        good = dataset_append(data, &more, error);
        if (good)
            data->shares[data->source_count - 1] = source->share;
    } else if (good) {
        *data = more;
        more = (struct dataset){0};
    }
    free(path);
    dataset_free(&more);
    return good;
}

bool load_sources(const struct recipe *recipe, const struct source list[SOURCES_MAX],
                  const struct model *model, const struct load_settings *settings,
                  struct dataset *data, struct error *error)
{
    struct error reason = {0};
    *data = (struct dataset){0};
    for (int i = 0; i < SOURCES_MAX && list[i].kind != SOURCE_NONE; i++) {
        if (load_source(recipe, &list[i], model, settings, data, &reason))
            continue;
        dataset_free(data);
        if (error)
            *error = reason;
        return error_prefix(error, "%s:%d", recipe->script.path, list[i].line);
    }
    return true;
}

/* --- what the model is told ------------------------------------------------------------------- */

/* Keras's lessons scale by the generator or by the network's first layer. */
static double rescale_of(const struct recipe *recipe, const struct model *model)
{
    if (!isnan(recipe->rescale))
        return recipe->rescale;
    return model_rescales(model) ? 1 : 1 / 255.0;
}

bool load_describe(const struct recipe *recipe, const struct dataset *data, struct model *model,
                   struct error *error)
{
    struct preprocessing *how = &model->preprocessing;
    for (int c = 0; c < 3; c++) {
        how->scale[c] = (float)(rescale_of(recipe, model) / recipe->std[c]);
        how->offset[c] = (float)(-recipe->mean[c] / recipe->std[c]);
    }
    how->bgr = false;
    return model_set_classes(model, (const char *const *)data->class_names, data->class_count,
                             error) ||
           error_prefix(error, "%s:%d", recipe->script.path, recipe->train->line);
}

struct prefetch_settings load_feed(const struct recipe *recipe, const struct model *model,
                                   const struct subset *pictures)
{
    const struct shape *input = model_input_shape(model);
    struct prefetch_settings feed = {
        .order.pictures = pictures,
        .augment = &augment_none,
        .height = is_picture(input) ? input->dim[0] : pictures->data->height,
        .width = is_picture(input) ? input->dim[1] : pictures->data->width,
        .target = target_of(recipe, model),
    };
    memcpy(feed.scale, model->preprocessing.scale, sizeof feed.scale);
    memcpy(feed.offset, model->preprocessing.offset, sizeof feed.offset);
    return feed;
}
