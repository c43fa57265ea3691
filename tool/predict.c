/* predict: what a model says of pictures, one line each. */
#include "classify/classifier.h"
#include "common/file.h"
#include "common/prediction.h"
#include "nn/session.h"
#include "tool/command.h"
#include "tool/model_options.h"
#include "tool/number.h"
#include "tool/views_option.h"
#include "vision/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct predict_settings {
    struct model_options model;
    const char *rotate, *shift, *views;
    bool json;
};

static const struct command_option options[] = {
    MODEL_OPTION_ROWS(struct predict_settings, model),
    {"rotate", "DEG", "turn the whole counter-clockwise first, as large as the network sees it",
     offsetof(struct predict_settings, rotate)},
    {"shift", "X,Y", "move it right and down, in the network's pixels",
     offsetof(struct predict_settings, shift)},
    VIEWS_OPTION_ROW(struct predict_settings, views),
    {"json", NULL, "one JSON object a line", offsetof(struct predict_settings, json)},
};

enum { FILE_BYTES_MAX = 256 << 20 };

/* What is used for every picture. */
struct predictor {
    const struct model *model;
    struct classifier *classifier; /* NULL: only the whole is looked at, by the session */
    struct session *session;
    struct image decoded, small, moved;
    bool moves; /* --rotate, --shift */
    double degrees, shift_x, shift_y;
    float *scores;
    bool json;
};

/* --- one picture ------------------------------------------------------------------------------ */

/* cv::getRotationMatrix2D around the middle, the shift, cv::warpAffine: how the lessons test what a
 * network makes of a turned picture. Returns the picture to classify. */
static const struct image *move(struct predictor *predictor, struct error *error)
{
    const struct image *from = &predictor->small;
    double matrix[6];
    if (!predictor->moves)
        return from;
    vision_rotation_matrix((from->width - 1) / 2.0, (from->height - 1) / 2.0, predictor->degrees, 1,
                           matrix);
    matrix[2] += predictor->shift_x;
    matrix[5] += predictor->shift_y;
    return vision_warp_affine(from, matrix, from->width, from->height, &predictor->moved, error)
               ? &predictor->moved
               : NULL;
}

static bool decode(struct predictor *predictor, const char *path, int min_side, struct error *error)
{
    uint8_t *data;
    size_t size;
    const bool good = file_read(path, FILE_BYTES_MAX, &data, &size, error) &&
                      picture_decode(data, size, min_side, &predictor->decoded, error);
    free(data);
    return good;
}

static bool classify_views(struct predictor *predictor, const char *path, struct error *error)
{
    const struct model *model = predictor->model;
    struct classifier *classifier = predictor->classifier;
    double scores[PREDICTION_CLASSES_MAX];
    struct looks looks;
    if (!decode(predictor, path, classifier_min_side(classifier), error) ||
        !classifier_look(classifier, &predictor->decoded, &looks, error))
        return error_prefix(error, "%s", path);
    pool_looks(&looks, model->class_count, classifier_nobody(model), scores);
    for (int i = 0; i < model->class_count; i++)
        predictor->scores[i] = (float)scores[i];
    return true;
}

/* As the daemon does it: decoded no larger than needed, then resized linearly. */
static bool classify_whole(struct predictor *predictor, const char *path, struct error *error)
{
    const struct shape *shape = model_input_shape(predictor->model);
    int height = shape->dim[0], width = shape->dim[1];
    bool good = decode(predictor, path, height > width ? height : width, error) &&
                vision_resize(&predictor->decoded, width, height, &predictor->small, error);
    const struct image *picture = good ? move(predictor, error) : NULL;
    if (!picture)
        return error_prefix(error, "%s", path);
    session_classify(predictor->session, picture->data, picture->stride, predictor->scores);
    return model_check_scores(predictor->model, predictor->scores, error) ||
           error_prefix(error, "%s", path);
}

/* --- output ----------------------------------------------------------------------------------- */

static int best_class(const struct predictor *predictor)
{
    int best = 0;
    for (int i = 1; i < predictor->model->class_count; i++)
        if (predictor->scores[i] > predictor->scores[best])
            best = i;
    return best;
}

static const char *label_of(const struct predictor *predictor, int best)
{
    return (double)predictor->scores[best] < model_threshold(predictor->model)
               ? PREDICTION_UNKNOWN
               : predictor->model->class_names[best];
}

static json_t *rounded(float score)
{
    return json_real(round((double)score * 1e4) / 1e4);
}

static bool print_json(const struct predictor *predictor, const char *path, struct error *error)
{
    int best = best_class(predictor);
    json_t *scores = json_object();
    for (int i = 0; i < predictor->model->class_count; i++)
        json_object_set_new(scores, predictor->model->class_names[i],
                            rounded(predictor->scores[i]));
    json_t *line =
        json_pack("{s:s, s:s, s:o, s:o}", "image", path, "label", label_of(predictor, best),
                  "score", rounded(predictor->scores[best]), "scores", scores);
    char *text = line ? json_dumps(line, PREDICTION_JSON_FLAGS) : NULL;
    json_decref(line);
    if (!text)
        return error_set(error, "%s: the name is no UTF-8, which JSON needs", path);
    puts(text);
    free(text);
    return true;
}

static bool print_text(const struct predictor *predictor, const char *path)
{
    int best = best_class(predictor);
    printf("%s: %s %.4f (", path, label_of(predictor, best), (double)predictor->scores[best]);
    for (int i = 0; i < predictor->model->class_count; i++)
        printf("%s%s %.4f", i ? ", " : "", predictor->model->class_names[i],
               (double)predictor->scores[i]);
    puts(")");
    return true;
}

static bool predict(struct predictor *predictor, const char *path, struct error *error)
{
    return (predictor->classifier ? classify_views : classify_whole)(predictor, path, error) &&
           (predictor->json ? print_json(predictor, path, error) : print_text(predictor, path));
}

/* --- the command ------------------------------------------------------------------------------ */

static bool parse_movement(const struct predict_settings *settings, struct predictor *predictor,
                           struct error *error)
{
    char x[32] = "";
    const char *comma = settings->shift ? strchr(settings->shift, ',') : NULL;
    predictor->moves = settings->rotate || settings->shift;
    if (settings->rotate &&
        !number_real("rotate", settings->rotate, -360, 360, &predictor->degrees, error))
        return false;
    if (!settings->shift)
        return true;
    if (!comma || (size_t)(comma - settings->shift) >= sizeof x)
        return error_set_usage(error, "--shift %s: give two numbers, as 10,-5", settings->shift);
    memcpy(x, settings->shift, (size_t)(comma - settings->shift));
    return number_real("shift", x, -1e4, 1e4, &predictor->shift_x, error) &&
           number_real("shift", comma + 1, -1e4, 1e4, &predictor->shift_y, error);
}

static bool check_model(const struct model *model, const char *path, struct error *error)
{
    if (!model_takes_picture(model))
        return error_set(error, "%s: its input is no picture of 1 or 3 channels", path);
    return model->class_count > 0 ||
           error_set(error, "%s: its output is no list of class scores", path);
}

/* What looks at the pictures: as pawcamd does, or at the whole, which can be moved. */
static bool prepare(struct predictor *predictor, const struct predict_settings *settings,
                    enum views_mode mode, struct error *error)
{
    const struct model *model = predictor->model;
    const char *cpu = settings->model.cpu;
    predictor->scores = calloc((size_t)model->class_count, sizeof *predictor->scores);
    if (!predictor->scores)
        return error_set(error, "out of memory");
    if (classifier_mode(model, mode) != VIEWS_WHOLE)
        predictor->classifier = classifier_create(model, cpu, mode, error);
    else
        predictor->session = session_create(model, cpu, error);
    return predictor->classifier || predictor->session;
}

/* Goes on after a bad picture; the first error decides the exit code. */
static bool predict_all(struct predictor *predictor, char **paths, int count, struct error *error)
{
    int failed = 0;
    struct error first = {0};
    for (int i = 0; i < count; i++)
        if (!predict(predictor, paths[i], error) && failed++ == 0)
            first = *error;
    if (failed == 0)
        return true;
    *error = first;
    return failed == 1 ? false
                       : error_prefix(error, "%d of %d pictures failed; the first", failed, count);
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct predict_settings *predict_settings = settings;
    struct predictor predictor = {.json = predict_settings->json};
    enum views_mode mode;
    if (!parse_movement(predict_settings, &predictor, error) ||
        !views_option_parse(predict_settings->views, &mode, error))
        return false;
    if (predictor.moves && predict_settings->views && mode != VIEWS_WHOLE)
        return error_set_usage(error,
                               "--rotate and --shift move the whole picture; leave --views out");
    if (predictor.moves)
        mode = VIEWS_WHOLE;
    struct model *model = model_options_load(&predict_settings->model, operands[0], error);
    bool good = model && check_model(model, operands[0], error);
    if (good) {
        views_option_tell(predict_settings->views, mode, model);
        predictor.model = model;
        good = prepare(&predictor, predict_settings, mode, error) &&
               predict_all(&predictor, operands + 1, operand_count - 1, error);
    }
    image_free(&predictor.decoded);
    image_free(&predictor.small);
    image_free(&predictor.moved);
    free(predictor.scores);
    session_destroy(predictor.session);
    classifier_destroy(predictor.classifier);
    model_destroy(model);
    return good;
}

const struct command command_predict = {
    .name = "predict",
    .operands = "MODEL IMAGE...",
    .operands_min = 2,
    .operands_max = COMMAND_OPERANDS_MANY,
    .summary = "classify pictures",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct predict_settings),
    .run = run,
};
