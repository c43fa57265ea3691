#include "nn/train/teacher.h"

#include "nn/keras/keras.h"
#include "nn/layer.h"
#include "nn/session.h"
#include "nn/shape.h"
#include "nn/train/dataset.h"
#include "nn/train/earlier.h"
#include "nn/train/fingerprint.h"
#include "nn/train/load.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- the models ------------------------------------------------------------------------------- */

static const char *path_of(const struct teacher_settings *settings, int i)
{
    return settings->models->items[i].text;
}

static bool read_model(struct teacher *teacher, const char *root, int i, struct error *error)
{
    char *path = load_find(root, path_of(teacher->settings, i), error);
    if (!path)
        return false;
    struct model *model = keras_load_guarded(path, error);
    free(path);
    if (model)
        teacher->models[teacher->count++] = model;
    return model != NULL;
}

bool teacher_open(struct teacher *teacher, const struct teacher_settings *settings,
                  const char *root, struct error *error)
{
    const int count = settings->models ? settings->models->count : 0;
    *teacher = (struct teacher){.settings = settings};
    for (int i = 0; i < count; i++)
        if (!read_model(teacher, root, i, error)) {
            teacher_close(teacher);
            return false;
        }
    return true;
}

void teacher_close(struct teacher *teacher)
{
    for (int i = 0; i < teacher->count; i++)
        model_destroy(teacher->models[i]);
    *teacher = (struct teacher){0};
}

static bool check_shape(const char *what, const struct shape *theirs, const struct shape *ours,
                        struct error *error)
{
    char a[SHAPE_TEXT_BYTES], b[SHAPE_TEXT_BYTES];
    return shape_equal(theirs, ours) ||
           error_set_usage(error, "its %s is %s, that of the network to be trained %s", what,
                           shape_text(theirs, a), shape_text(ours, b));
}

static bool check_classes(const struct model *theirs, const struct model *ours, struct error *error)
{
    return !earlier_names_classes(theirs) ||
           dataset_check_names(ours->class_names, theirs->class_names, ours->class_count, error);
}

static enum activation last_activation(const struct model *model)
{
    return model->layers[model->output].activation.kind;
}

static bool check_activation(enum activation theirs, enum activation ours, struct error *error)
{
    return theirs == ours ||
           error_set_usage(error, "it ends in %s, the network to be trained in %s",
                           activation_name(theirs), activation_name(ours));
}

bool teacher_check_network(const struct teacher *teacher, const struct model *pupil,
                           struct error *error)
{
    const struct shape *input = model_input_shape(pupil), *output = model_output_shape(pupil);
    if (teacher->count > 0 && teacher->settings->mirrored && input->rank != 3)
        return error_set_usage(error, "mirrored=True is for a network that takes pictures");
    for (int i = 0; i < teacher->count; i++) {
        const struct model *model = teacher->models[i];
        if (!check_shape("input", model_input_shape(model), input, error) ||
            !check_shape("output", model_output_shape(model), output, error) ||
            !check_activation(last_activation(model), last_activation(pupil), error))
            return error_prefix(error, "%s", path_of(teacher->settings, i));
    }
    return true;
}

static bool check_preprocessing(const struct model *theirs, const struct model *ours,
                                struct error *error)
{
    return earlier_preprocesses_alike(theirs, ours) ||
           error_set_usage(error, "it was trained with another [preprocess] than this recipe's");
}

bool teacher_check_meaning(const struct teacher *teacher, const struct model *pupil,
                           struct error *error)
{
    for (int i = 0; i < teacher->count; i++)
        if (!check_classes(teacher->models[i], pupil, error) ||
            !check_preprocessing(teacher->models[i], pupil, error))
            return error_prefix(error, "%s", path_of(teacher->settings, i));
    return true;
}

static uint64_t mix_model(uint64_t hash, const struct model *model)
{
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        struct parameter list[LAYER_PARAMETERS_MAX];
        const int count = layer_parameters(model, layer, list);
        for (int k = 0; k < count; k++)
            hash = fingerprint_mix(hash, parameter_values(layer, &list[k]),
                                   parameter_count(&list[k]) * sizeof(float));
        hash = fingerprint_mix(hash, layer->range, sizeof layer->range);
    }
    return hash;
}

uint64_t teacher_fingerprint(const struct teacher *teacher)
{
    uint64_t hash = FINGERPRINT_BEGIN;
    for (int i = 0; i < teacher->count; i++)
        hash = mix_model(hash, teacher->models[i]);
    return hash;
}

/* --- sessions --------------------------------------------------------------------------------- */

struct teacher_session {
    const struct teacher *teacher;
    struct session *sessions[TEACHER_MODELS_MAX];
    struct shape input;
    int outputs;
    float *mirrored; /* the picture's mirror image, of the same shape */
    double *sums;    /* [outputs] of the scores */
};

static bool reserve(struct teacher_session *session, struct error *error)
{
    session->mirrored = calloc(shape_count(&session->input), sizeof *session->mirrored);
    session->sums = calloc((size_t)session->outputs, sizeof *session->sums);
    return (session->mirrored && session->sums) ||
           error_set_memory(error, "out of memory for a teacher's scores");
}

struct teacher_session *teacher_session_create(const struct teacher *teacher, const char *cpu,
                                               struct error *error)
{
    struct teacher_session *session = calloc(1, sizeof *session);
    if (!session) {
        error_set_memory(error, "out of memory for a teacher");
        return NULL;
    }
    session->teacher = teacher;
    session->input = *model_input_shape(teacher->models[0]);
    session->outputs = (int)shape_count(model_output_shape(teacher->models[0]));
    bool good = reserve(session, error);
    for (int i = 0; good && i < teacher->count; i++)
        good = (session->sessions[i] = session_create(teacher->models[i], cpu, error)) != NULL;
    if (good)
        return session;
    teacher_session_destroy(session);
    return NULL;
}

void teacher_session_destroy(struct teacher_session *session)
{
    if (!session)
        return;
    for (int i = 0; i < session->teacher->count; i++)
        session_destroy(session->sessions[i]);
    free(session->mirrored);
    free(session->sums);
    free(session);
}

static const float *mirror(struct teacher_session *session, const float *x)
{
    const int columns = session->input.dim[1], channels = session->input.dim[2];
    const int count = session->input.dim[0] * columns;
    for (int i = 0; i < count; i++) {
        const int column = i % columns, other = i - column + columns - 1 - column;
        memcpy(session->mirrored + (ptrdiff_t)i * channels, x + (ptrdiff_t)other * channels,
               (size_t)channels * sizeof *x);
    }
    return session->mirrored;
}

/* Adds the scores of all models. */
static bool ask(struct teacher_session *session, const float *x, struct error *error)
{
    const struct teacher *teacher = session->teacher;
    for (int i = 0; i < teacher->count; i++) {
        const float *scores = session_run(session->sessions[i], x);
        for (int k = 0; k < session->outputs; k++) {
            if (!isfinite(scores[k]))
                return error_set(error, "teacher %s: a score is not a finite number",
                                 path_of(teacher->settings, i));
            session->sums[k] += (double)scores[k];
        }
    }
    return true;
}

bool teacher_session_run(struct teacher_session *session, const float *x, float *y,
                         struct error *error)
{
    const struct teacher_settings *settings = session->teacher->settings;
    const int asked = session->teacher->count * (settings->mirrored ? 2 : 1);
    memset(session->sums, 0, (size_t)session->outputs * sizeof *session->sums);
    if (!ask(session, x, error) || (settings->mirrored && !ask(session, mirror(session, x), error)))
        return false;
    for (int k = 0; k < session->outputs; k++)
        y[k] = (float)(settings->alpha * (double)y[k] +
                       (1 - settings->alpha) * session->sums[k] / asked);
    return true;
}
