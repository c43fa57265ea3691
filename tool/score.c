#include "tool/score.h"

#include "common/parallel.h"
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

static void take_scores(const struct model *model, const float *output, float *scores)
{
    if (shape_count(model_output_shape(model)) == 1) {
        scores[0] = 1 - output[0];
        scores[1] = output[0];
    } else {
        memcpy(scores, output, (size_t)model->class_count * sizeof *scores);
    }
}

/* What one thread works with. */
struct desk {
    struct session *session;
    float *input;
    struct error error; /* of the last picture that failed; empty: none */
};

struct job {
    const struct model *model;
    const struct dataset *data;
    float *scores; /* [data->count][class_count] */
    int threads;
    struct desk desks[PARALLEL_THREADS_MAX];
};

static void score_picture(void *self, int thread, int index)
{
    struct job *job = self;
    struct desk *desk = &job->desks[thread];
    const struct dataset *data = job->data;
    const struct shape *shape = model_input_shape(job->model);
    int height = shape->rank == 3 ? shape->dim[0] : data->height;
    int width = shape->rank == 3 ? shape->dim[1] : data->width;
    struct picture_view view = {dataset_picture(data, index), data->height, data->width,
                                data->channels};
    if (!augment_picture(&augment_none, NULL, &view, NULL, height, width, desk->input, NULL, NULL,
                         &desk->error))
        return;
    preprocess(job->model, desk->input, shape_count(shape), data->channels);
    take_scores(job->model, session_run(desk->session, desk->input),
                job->scores + (size_t)index * (size_t)job->model->class_count);
}

static bool prepare(struct job *job, const char *cpu, struct error *error)
{
    size_t values = shape_count(model_input_shape(job->model));
    job->threads = parallel_threads(job->data->count);
    job->scores =
        calloc((size_t)job->data->count * (size_t)job->model->class_count, sizeof *job->scores);
    if (!job->scores)
        return error_set(error, "out of memory");
    for (int i = 0; i < job->threads; i++) {
        job->desks[i].session = session_create(job->model, cpu, error);
        job->desks[i].input = malloc(values * sizeof(float));
        if (!job->desks[i].session)
            return false;
        if (!job->desks[i].input)
            return error_set(error, "out of memory");
    }
    return true;
}

static void finish(struct job *job)
{
    for (int i = 0; i < job->threads; i++) {
        session_destroy(job->desks[i].session);
        free(job->desks[i].input);
    }
    free(job->scores);
}

static bool run_all(struct job *job, struct error *error)
{
    parallel_for(job->data->count, job->threads, score_picture, job);
    for (int i = 0; i < job->threads; i++)
        if (*job->desks[i].error.message) {
            *error = job->desks[i].error;
            return false;
        }
    return true;
}

static bool check_scores(const struct job *job, int index, const float *scores, struct error *error)
{
    if (model_check_scores(job->model, scores, error))
        return true;
    return job->data->files ? error_prefix(error, "%s", job->data->files[index])
                            : error_prefix(error, "picture %d", index);
}

/* In the pictures' order, so that of many errors the first is told. */
static bool visit_all(const struct job *job, score_visit visit, void *self, struct error *error)
{
    for (int i = 0; i < job->data->count; i++) {
        const float *scores = job->scores + (size_t)i * (size_t)job->model->class_count;
        if (!check_scores(job, i, scores, error))
            return false;
        visit(self, i, scores);
    }
    return true;
}

bool score_dataset(const struct model *model, const char *cpu, const struct dataset *data,
                   score_visit visit, void *self, struct error *error)
{
    struct job job = {.model = model, .data = data};
    if (!check(model, data, error))
        return false;
    bool good =
        prepare(&job, cpu, error) && run_all(&job, error) && visit_all(&job, visit, self, error);
    finish(&job);
    return good;
}
