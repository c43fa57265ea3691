#include "tool/score.h"

#include "nn/session.h"
#include "nn/shape.h"
#include "nn/train/augment.h"

#include <stdlib.h>
#include <string.h>

static bool check(const struct model *model, const struct dataset *data, struct error *error)
{
    const struct shape *input = model_input_shape(model);
    char text[SHAPE_TEXT_BYTES];
    size_t values = (size_t)data->height * (size_t)data->width * (size_t)data->channels;
    if (input->rank == 3 ? input->dim[2] != data->channels : shape_count(input) != values)
        return error_set_usage(error, "pictures of %d x %d x %d do not fit the model's input of %s",
                               data->height, data->width, data->channels, shape_text(input, text));
    if (model->class_count != data->class_count)
        return error_set_usage(error, "%d classes do not fit the model's %d", data->class_count,
                               model->class_count);
    return true;
}

/* Pixels 0..255 in R, G, B to what the model takes, in place. */
static void preprocess(const struct model *model, float *pixels, size_t count, int channels)
{
    const struct preprocessing *how = &model->preprocessing;
    for (size_t i = 0; i < count; i += (size_t)channels) {
        if (how->bgr && channels == 3) {
            float red = pixels[i];
            pixels[i] = pixels[i + 2];
            pixels[i + 2] = red;
        }
        for (int c = 0; c < channels; c++)
            pixels[i + (size_t)c] = pixels[i + (size_t)c] * how->scale[c] + how->offset[c];
    }
}

static void visit_scores(const struct model *model, const float *output, int index,
                         score_visit visit, void *self)
{
    if (shape_count(model_output_shape(model)) == 1) {
        const float both[2] = {1 - output[0], output[0]};
        visit(self, index, both);
    } else {
        visit(self, index, output);
    }
}

static bool run_all(const struct model *model, struct session *session, const struct dataset *data,
                    float *input, score_visit visit, void *self, struct error *error)
{
    const struct shape *shape = model_input_shape(model);
    int height = shape->rank == 3 ? shape->dim[0] : data->height;
    int width = shape->rank == 3 ? shape->dim[1] : data->width;
    for (int i = 0; i < data->count; i++) {
        struct picture_view view = {dataset_picture(data, i), data->height, data->width,
                                    data->channels};
        if (!augment_picture(&augment_none, NULL, &view, height, width, input, NULL, NULL, error))
            return false;
        preprocess(model, input, shape_count(shape), data->channels);
        visit_scores(model, session_run(session, input), i, visit, self);
    }
    return true;
}

bool score_dataset(const struct model *model, const char *cpu, const struct dataset *data,
                   score_visit visit, void *self, struct error *error)
{
    if (!check(model, data, error))
        return false;
    struct session *session = session_create(model, cpu, error);
    float *input = malloc(shape_count(model_input_shape(model)) * sizeof *input);
    bool good = session && (input || error_set(error, "out of memory")) &&
                run_all(model, session, data, input, visit, self, error);
    free(input);
    session_destroy(session);
    return good;
}
