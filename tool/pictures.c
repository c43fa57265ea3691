#include "tool/pictures.h"

#include "common/parallel.h"
#include "nn/train/sources.h"
#include "tool/codec.h"
#include "tool/number.h"

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
    int count;
    if (!folder_count_classes(&folder, &count, error))
        return false;
    if (count != model->class_count) /* before all pictures are decoded */
        return error_set_usage(error, "%s: %d classes do not fit the model's %d", folder.path,
                               count, model->class_count);
    if (folder.classes && !settings->chosen && !folder_warn_of_others(&folder, error))
        return false;
    return folder_load(data, &folder, error);
}
