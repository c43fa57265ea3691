#include "tool/score.h"

#include "classify/classifier.h"
#include "common/file.h"
#include "common/parallel.h"
#include "nn/session.h"
#include "nn/shape.h"
#include "nn/train/augment.h"
#include "vision/picture.h"

#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 256 << 20, NONE = -1 };

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

/* What one thread works with: a session and its input for a dataset's pictures, or all that looks
 * at their files as pawcamd does. */
struct desk {
    struct session *session;
    float *input;
    struct classifier *classifier;
    struct image picture;
    int failed; /* index of its first picture that failed, or NONE */
    struct error error;
};

struct job {
    const struct model *model;
    const struct dataset *data;
    enum views_mode mode;
    bool files;
    struct view_scores *said; /* [data->count] */
    int threads;
    struct desk desks[PARALLEL_THREADS_MAX];
};

static bool reserve_scores(const struct job *job, struct view_scores *said,
                           const struct views *views, struct error *error)
{
    said->views = *views;
    said->scores =
        calloc((size_t)views->count * (size_t)job->model->class_count, sizeof *said->scores);
    return said->scores || error_set(error, "out of memory for the scores");
}

static bool score_picture(const struct job *job, struct desk *desk, int index, struct error *error)
{
    const struct dataset *data = job->data;
    const struct shape *shape = model_input_shape(job->model);
    int height = shape->rank == 3 ? shape->dim[0] : data->height;
    int width = shape->rank == 3 ? shape->dim[1] : data->width;
    struct picture_view view = {dataset_picture(data, index), data->height, data->width,
                                data->channels};
    if (!augment_picture(&augment_none, NULL, &view, NULL, height, width, desk->input, NULL, NULL,
                         error))
        return false;
    preprocess(job->model, desk->input, shape_count(shape), data->channels);
    struct view_scores *said = &job->said[index];
    if (!reserve_scores(job, said, &(struct views){.count = 1, .places = 1}, error))
        return false;
    take_scores(job->model, session_run(desk->session, desk->input), said->scores);
    return true;
}

static bool look(struct desk *desk, const char *path, struct looks *looks, struct error *error)
{
    uint8_t *bytes;
    size_t size;
    const int min_side = classifier_min_side(desk->classifier);
    const bool good = file_read(path, FILE_BYTES_MAX, &bytes, &size, error) &&
                      picture_decode(bytes, size, min_side, &desk->picture, error) &&
                      classifier_look(desk->classifier, &desk->picture, looks, error);
    free(bytes);
    return good || error_prefix(error, "%s", path);
}

static bool score_file(const struct job *job, struct desk *desk, int index, struct error *error)
{
    const int classes = job->model->class_count;
    struct view_scores *said = &job->said[index];
    struct looks looks;
    if (!look(desk, job->data->files[index], &looks, error) ||
        !reserve_scores(job, said, &looks.views, error))
        return false;
    for (int view = 0; view < looks.count; view++) /* in their order */
        for (int i = 0; i < classes; i++)
            said->scores[view * classes + i] = (float)looks.list[view].scores[i];
    return true;
}

static void score_one(void *self, int thread, int index)
{
    struct job *job = self;
    struct desk *desk = &job->desks[thread];
    struct error error;
    if (!(job->files ? score_file : score_picture)(job, desk, index, &error) &&
        (desk->failed == NONE || index < desk->failed)) {
        desk->failed = index;
        desk->error = error;
    }
}

static bool prepare_desk(const struct job *job, struct desk *desk, const char *cpu,
                         struct error *error)
{
    desk->failed = NONE;
    if (job->files) {
        desk->classifier = classifier_create(job->model, cpu, job->mode, error);
        return desk->classifier != NULL;
    }
    desk->session = session_create(job->model, cpu, error);
    desk->input = malloc(shape_count(model_input_shape(job->model)) * sizeof *desk->input);
    return desk->session && (desk->input || error_set(error, "out of memory"));
}

static bool prepare(struct job *job, const char *cpu, struct error *error)
{
    job->threads = parallel_threads(job->data->count);
    job->said = calloc((size_t)job->data->count, sizeof *job->said);
    if (!job->said)
        return error_set(error, "out of memory for the scores");
    for (int i = 0; i < job->threads; i++)
        if (!prepare_desk(job, &job->desks[i], cpu, error))
            return false;
    return true;
}

static void finish(struct job *job)
{
    for (int i = 0; i < job->threads; i++) {
        session_destroy(job->desks[i].session);
        free(job->desks[i].input);
        classifier_destroy(job->desks[i].classifier);
        image_free(&job->desks[i].picture);
    }
}

/* Of many errors the first picture's is told. */
static bool run_all(struct job *job, struct error *error)
{
    const struct desk *first = NULL;
    parallel_for(job->data->count, job->threads, score_one, job);
    for (int i = 0; i < job->threads; i++) {
        const struct desk *desk = &job->desks[i];
        if (desk->failed != NONE && (!first || desk->failed < first->failed))
            first = desk;
    }
    if (first)
        *error = first->error;
    return !first;
}

static bool check_scores(const struct job *job, int index, const float *scores, struct error *error)
{
    if (model_check_scores(job->model, scores, error))
        return true;
    return job->data->files ? error_prefix(error, "%s", job->data->files[index])
                            : error_prefix(error, "picture %d", index);
}

/* In the pictures' order, for the same reason. */
static bool check_all(const struct job *job, struct error *error)
{
    const ptrdiff_t classes = job->model->class_count;
    for (int i = 0; i < job->data->count; i++)
        for (int view = 0; view < job->said[i].views.count; view++)
            if (!check_scores(job, i, job->said[i].scores + view * classes, error))
                return false;
    return true;
}

struct view_scores *score_views(const struct model *model, const char *cpu,
                                const struct dataset *data, enum views_mode mode,
                                struct error *error)
{
    if (!check(model, data, error))
        return NULL;
    struct job *job = calloc(1, sizeof *job); /* a desk is large */
    if (!job) {
        error_set(error, "out of memory");
        return NULL;
    }
    job->model = model;
    job->data = data;
    job->mode = classifier_mode(model, mode);
    job->files = job->mode != VIEWS_WHOLE && data->files;
    const bool good = prepare(job, cpu, error) && run_all(job, error) && check_all(job, error);
    struct view_scores *said = job->said;
    finish(job);
    free(job);
    if (good)
        return said;
    view_scores_free(said, data->count);
    return NULL;
}

void view_scores_free(struct view_scores *list, int count)
{
    for (int i = 0; list && i < count; i++)
        free(list[i].scores);
    free(list);
}

/* --- pooled ----------------------------------------------------------------------------------- */

void score_pool(const struct views *views, const float *scores, int count, int nobody,
                float *pooled)
{
    struct pool_view list[VIEWS_MAX] = {{0}};
    double values[PREDICTION_CLASSES_MAX];
    if (views->count == 1) { /* of any number of classes */
        memcpy(pooled, scores, (size_t)count * sizeof *pooled);
        return;
    }
    for (int view = 0; view < views->count; view++) {
        list[view].seen = true;
        for (int i = 0; i < count; i++)
            list[view].scores[i] = (double)scores[view * count + i];
    }
    pool_scores(views, list, count, nobody, values);
    for (int i = 0; i < count; i++)
        pooled[i] = (float)values[i];
}

bool score_dataset(const struct model *model, const char *cpu, const struct dataset *data,
                   enum views_mode mode, score_visit visit, void *self, struct error *error)
{
    const int nobody = classifier_nobody(model);
    struct view_scores *said = score_views(model, cpu, data, mode, error);
    float *pooled = calloc((size_t)model->class_count, sizeof *pooled);
    const bool good = said && (pooled || error_set(error, "out of memory for the scores"));
    for (int i = 0; good && i < data->count; i++) {
        score_pool(&said[i].views, said[i].scores, model->class_count, nobody, pooled);
        visit(self, i, pooled);
    }
    view_scores_free(said, data->count);
    free(pooled);
    return good;
}
