#include "nn/train/teacher.h"

#include "nn/keras/keras.h"
#include "nn/session.h"
#include "nn/shape.h"
#include "nn/train/earlier.h"
#include "nn/train/load.h"

#include <stdlib.h>
#include <string.h>

/* --- the models ------------------------------------------------------------------------------- */

static const char *path_of(const struct teacher_settings *settings, int i)
{
    return settings->models->items[i].text;
}

static bool read_model(struct teacher *teacher, const char *root, int i, struct error *error)
{
    char *path = load_resolve(root, path_of(teacher->settings, i));
    if (!path)
        return error_set_memory(error, "out of memory for a path");
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
    for (int i = 0; earlier_names_classes(theirs) && i < ours->class_count; i++)
        if (strcmp(theirs->class_names[i], ours->class_names[i]) != 0)
            return error_set_usage(error,
                                   "its class %d is '%.40s', that of the training pictures '%.40s'",
                                   i, theirs->class_names[i], ours->class_names[i]);
    return true;
}

static bool check(const struct model *theirs, const struct model *ours, struct error *error)
{
    if (!check_shape("input", model_input_shape(theirs), model_input_shape(ours), error) ||
        !check_shape("output", model_output_shape(theirs), model_output_shape(ours), error) ||
        !check_classes(theirs, ours, error))
        return false;
    if (!model_gives_shares(theirs))
        return error_set_usage(error, "it does not end in softmax or in one sigmoid");
    return earlier_preprocesses_alike(theirs, ours) ||
           error_set_usage(error, "it was trained with another [preprocess] than this recipe's");
}

bool teacher_check(const struct teacher *teacher, const struct model *pupil, struct error *error)
{
    if (teacher->count && teacher->settings->mirrored && model_input_shape(pupil)->rank != 3)
        return error_set_usage(error, "mirrored=True is for a network that takes pictures");
    for (int i = 0; i < teacher->count; i++)
        if (!check(teacher->models[i], pupil, error))
            return error_prefix(error, "%s", path_of(teacher->settings, i));
    return true;
}

/* --- lessons ---------------------------------------------------------------------------------- */

struct lesson {
    const struct teacher *teacher;
    struct session *sessions[TEACHER_MODELS_MAX];
    struct shape input;
    int outputs;
    float *mirrored; /* the picture's mirror image, of the same shape */
    double *scores;  /* [outputs] sums */
};

static bool reserve(struct lesson *lesson, struct error *error)
{
    lesson->mirrored = calloc(shape_count(&lesson->input), sizeof *lesson->mirrored);
    lesson->scores = calloc((size_t)lesson->outputs, sizeof *lesson->scores);
    return (lesson->mirrored && lesson->scores) ||
           error_set_memory(error, "out of memory for a teacher's scores");
}

struct lesson *lesson_create(const struct teacher *teacher, const char *cpu, struct error *error)
{
    struct lesson *lesson = calloc(1, sizeof *lesson);
    if (!lesson) {
        error_set_memory(error, "out of memory for a teacher");
        return NULL;
    }
    lesson->teacher = teacher;
    lesson->input = *model_input_shape(teacher->models[0]);
    lesson->outputs = (int)shape_count(model_output_shape(teacher->models[0]));
    bool good = reserve(lesson, error);
    for (int i = 0; good && i < teacher->count; i++)
        good = (lesson->sessions[i] = session_create(teacher->models[i], cpu, error)) != NULL;
    if (good)
        return lesson;
    lesson_destroy(lesson);
    return NULL;
}

void lesson_destroy(struct lesson *lesson)
{
    if (!lesson)
        return;
    for (int i = 0; i < lesson->teacher->count; i++)
        session_destroy(lesson->sessions[i]);
    free(lesson->mirrored);
    free(lesson->scores);
    free(lesson);
}

static const float *mirror(struct lesson *lesson, const float *x)
{
    const int columns = lesson->input.dim[1], channels = lesson->input.dim[2];
    const int count = lesson->input.dim[0] * columns;
    for (int i = 0; i < count; i++) {
        const int column = i % columns, other = i - column + columns - 1 - column;
        memcpy(lesson->mirrored + (ptrdiff_t)i * channels, x + (ptrdiff_t)other * channels,
               (size_t)channels * sizeof *x);
    }
    return lesson->mirrored;
}

static void ask(struct lesson *lesson, const float *x)
{
    for (int i = 0; i < lesson->teacher->count; i++) {
        const float *scores = session_run(lesson->sessions[i], x);
        for (int k = 0; k < lesson->outputs; k++)
            lesson->scores[k] += (double)scores[k];
    }
}

void lesson_teach(struct lesson *lesson, const float *x, float *y)
{
    const struct teacher_settings *settings = lesson->teacher->settings;
    const int asked = lesson->teacher->count * (settings->mirrored ? 2 : 1);
    memset(lesson->scores, 0, (size_t)lesson->outputs * sizeof *lesson->scores);
    ask(lesson, x);
    if (settings->mirrored)
        ask(lesson, mirror(lesson, x));
    for (int k = 0; k < lesson->outputs; k++)
        y[k] = (float)(settings->alpha * (double)y[k] +
                       (1 - settings->alpha) * lesson->scores[k] / asked);
}
