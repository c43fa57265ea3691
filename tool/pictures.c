#include "tool/pictures.h"

#include "common/parallel.h"
#include "common/text.h"
#include "nn/train/sources.h"
#include "tool/codec.h"
#include "tool/number.h"

#include <stdlib.h>
#include <string.h>

/* A file that names no classes has "class 0" and so on. */
static bool has_names(const struct model *model)
{
    return model->class_count > 0 && strcmp(model->class_names[0], "class 0") != 0;
}

static int at_least(int side, int side_min)
{
    return side < side_min ? side_min : side;
}

bool pictures_load(struct dataset *data, const struct pictures_settings *settings,
                   const struct model *model, struct error *error)
{
    const struct shape *input = model_input_shape(model);
    long limit = 0;
    if (settings->limit && !number_integer("limit", settings->limit, 1, 1 << 24, &limit, error))
        return false;
    if (!model_takes_picture(model))
        return error_set_usage(error, "the model's input is no picture of 1 or 3 channels");
    const struct folder_settings folder = {
        .path = settings->folder,
        .classes = has_names(model) ? (const char *const *)model->class_names : NULL,
        .class_count = model->class_count,
        .limit = (int)limit,
        .height = at_least(input->dim[0], settings->side_min),
        .width = at_least(input->dim[1], settings->side_min),
        .channels = input->dim[2],
        .threads = parallel_processors(),
        .codec = &codec_vision,
    };
    struct dataset classes;
    if (!folder_find_classes(&classes, &folder, error))
        return false;
    const int count = classes.class_count;
    dataset_free(&classes);
    if (count != model->class_count) /* before all pictures are decoded */
        return error_set_usage(error, "%s: %d classes do not fit the model's %d", folder.path,
                               count, model->class_count);
    if (folder.classes && !settings->chosen && !folder_warn_of_others(&folder, error))
        return false;
    return folder_load(data, &folder, error);
}

/* Where the model has the data's classes; false: it has not all of them. */
static bool find_places(const struct dataset *data, const struct model *model, int *places,
                        struct error *error)
{
    for (int c = 0; c < data->class_count; c++) {
        places[c] = text_find(model->class_names, model->class_count, data->class_names[c]);
        if (places[c] < 0)
            return error_set_usage(error,
                                   "the pictures have a class %.40s, the model has none of that "
                                   "name: name what its outputs mean, in their order, by --classes",
                                   data->class_names[c]);
    }
    return true;
}

bool pictures_match(struct dataset *data, const struct model *model, struct error *error)
{
    if (!has_names(model) || data->class_count != model->class_count) /* which scoring refuses */
        return true;
    int *places = calloc((size_t)data->class_count, sizeof *places);
    char **names = calloc((size_t)data->class_count, sizeof *names);
    bool good = (places && names) || error_set_memory(error, "out of memory");
    good = good && find_places(data, model, places, error);
    for (int i = 0; good && i < data->count; i++)
        data->labels[i] = places[data->labels[i]];
    for (int c = 0; good && c < data->class_count; c++)
        names[places[c]] = data->class_names[c];
    free(places);
    free(good ? data->class_names : names);
    data->class_names = good ? names : data->class_names;
    return good;
}
