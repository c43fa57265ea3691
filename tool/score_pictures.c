#include "classify/classifier.h"
#include "classify/smooth.h"
#include "common/file.h"
#include "common/parallel.h"
#include "common/text.h"
#include "tool/score.h"
#include "vision/picture.h"

#include <stdlib.h>

enum { FILE_BYTES_MAX = 256 << 20 };

/* What one thread works with. */
struct desk {
    struct classifier *classifier;
    struct image picture;
    struct smooth smooth;
    struct error error; /* of the last picture that failed; empty: none */
};

struct job {
    const struct model *model;
    const struct dataset *data;
    struct smooth_settings settings; /* of which nothing is asked but who speaks for a picture */
    float *scores;                   /* [data->count][class_count] */
    int threads;
    struct desk desks[PARALLEL_THREADS_MAX];
};

static bool look(struct desk *desk, const char *path, struct looks *looks)
{
    uint8_t *bytes;
    size_t size;
    const int min_side = classifier_min_side(desk->classifier);
    const bool good = file_read(path, FILE_BYTES_MAX, &bytes, &size, &desk->error) &&
                      picture_decode(bytes, size, min_side, &desk->picture, &desk->error) &&
                      classifier_look(desk->classifier, &desk->picture, looks, &desk->error);
    free(bytes);
    return good || error_prefix(&desk->error, "%s", path);
}

static void score_file(void *self, int thread, int index)
{
    struct job *job = self;
    struct desk *desk = &job->desks[thread];
    const int classes = job->model->class_count;
    struct looks looks;
    if (!look(desk, job->data->files[index], &looks))
        return;
    smooth_reset(&desk->smooth);
    smooth_update(&desk->smooth, &job->settings, 0, &looks, classes);
    for (int i = 0; i < classes; i++)
        job->scores[(size_t)index * (size_t)classes + (size_t)i] = (float)desk->smooth.scores[i];
}

static bool prepare(struct job *job, const char *cpu, struct error *error)
{
    job->threads = parallel_threads(job->data->count);
    job->scores =
        calloc((size_t)job->data->count * (size_t)job->model->class_count, sizeof *job->scores);
    if (!job->scores)
        return error_set(error, "out of memory");
    for (int i = 0; i < job->threads; i++)
        if (!(job->desks[i].classifier = classifier_create(job->model, cpu, VIEWS_PARTS, error)))
            return false;
    return true;
}

static void finish(struct job *job)
{
    for (int i = 0; i < job->threads; i++) {
        classifier_destroy(job->desks[i].classifier);
        image_free(&job->desks[i].picture);
    }
    free(job->scores);
}

static bool run_all(struct job *job, struct error *error)
{
    parallel_for(job->data->count, job->threads, score_file, job);
    for (int i = 0; i < job->threads; i++)
        if (*job->desks[i].error.message) {
            *error = job->desks[i].error;
            return false;
        }
    return true;
}

static bool score_files(const struct model *model, const char *cpu, const struct dataset *data,
                        score_visit visit, void *self, struct error *error)
{
    struct job *job = calloc(1, sizeof *job); /* a decision's memory is large */
    if (!job)
        return error_set(error, "out of memory");
    job->model = model;
    job->data = data;
    job->settings.nobody = text_find(model->class_names, model->class_count, "neither");
    bool good = prepare(job, cpu, error) && run_all(job, error);
    for (int i = 0; good && i < data->count; i++)
        visit(self, i, job->scores + (size_t)i * (size_t)model->class_count);
    finish(job);
    free(job);
    return good;
}

bool score_pictures(const struct model *model, const char *cpu, const struct dataset *data,
                    enum views_mode mode, score_visit visit, void *self, struct error *error)
{
    const bool files =
        mode != VIEWS_WHOLE && data->files && classifier_check_model(model, &(struct error){0});
    return (files ? score_files : score_dataset)(model, cpu, data, visit, self, error);
}
