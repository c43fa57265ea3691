/* calibrate: a copy of a model whose scores mean what they say. */
#include "classify/classifier.h"
#include "common/atomic_file.h"
#include "common/log.h"
#include "nn/keras/save.h"
#include "nn/train/metrics.h"
#include "tool/calibration.h"
#include "tool/command.h"
#include "tool/figure.h"
#include "tool/model_options.h"
#include "tool/model_out.h"
#include "tool/pictures.h"
#include "tool/score.h"
#include "tool/views_option.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct calibrate_settings {
    struct model_options model;
    const char *data, *limit, *out, *views;
    bool biases, json;
};

static const struct command_option options[] = {
    {"data", "DIR", "pictures that it was not trained with, in a folder for each class",
     offsetof(struct calibrate_settings, data)},
    {"out", "FILE", "the model file to write, .h5 or .json",
     offsetof(struct calibrate_settings, out)},
    {"limit", "N", "take only the first N pictures of each class folder",
     offsetof(struct calibrate_settings, limit)},
    {"biases", NULL, "fit a bias for each class, too: how often each is met should be as in DIR",
     offsetof(struct calibrate_settings, biases)},
    VIEWS_OPTION_ROW(struct calibrate_settings, views),
    {"json", NULL, "print one JSON object", offsetof(struct calibrate_settings, json)},
    MODEL_OPTION_ROWS(struct calibrate_settings, model),
};

struct fitting {
    const struct dataset *data;
    int nobody; /* as in pool_scores */
    bool biases;
    struct view_scores *said; /* [data->count]: what the model says, as it is */
    float *scores;     /* [data->count][class_count]: the pictures', calibrated as far as it is */
    float *calibrated; /* [VIEWS_MAX][class_count]: one picture's views */
};

/* What came of it. */
struct outcome {
    struct calibration calibration;
    struct metrics before, after;
};

static float *scores_of(const struct fitting *fitting, int index)
{
    return fitting->scores + (ptrdiff_t)index * fitting->data->class_count;
}

/* The picture's scores once each view's are calibrated. */
static void rescore(const struct fitting *fitting, const struct calibration *calibration, int index)
{
    const struct view_scores *said = &fitting->said[index];
    const ptrdiff_t classes = fitting->data->class_count;
    float *scores = fitting->calibrated;
    memcpy(scores, said->scores, (size_t)(said->views.count * classes) * sizeof *scores);
    for (int view = 0; view < said->views.count; view++)
        calibration_apply(calibration, scores + view * classes);
    score_pool(&said->views, scores, (int)classes, fitting->nobody, scores_of(fitting, index));
}

static void rescore_all(const struct fitting *fitting, const struct calibration *calibration)
{
    for (int i = 0; i < fitting->data->count; i++)
        rescore(fitting, calibration, i);
}

static bool measure(const struct fitting *fitting, struct metrics *metrics, struct error *error)
{
    if (!metrics_init(metrics, fitting->data->class_count, 0, error))
        return false;
    for (int i = 0; i < fitting->data->count; i++)
        metrics_add(metrics, i, fitting->data->labels[i], scores_of(fitting, i));
    return true;
}

/* A change of less is not worth another round: a score of 0.5 moves by a few hundred thousandths.
 */
static const double change_min = 1e-4;

enum { ROUNDS_MAX = 100 };

/* Fits to the scores as they are now, and makes them what it brings. *change: how much that is. */
static bool improve(struct fitting *fitting, struct calibration *calibration, double *change,
                    struct error *error)
{
    const struct dataset *data = fitting->data;
    const double sharpness = calibration->sharpness;
    struct calibration more = {0};
    const bool good = calibration_fit(&more, fitting->scores, data->labels, data->count,
                                      data->class_count, fitting->biases, error);
    if (good) {
        calibration_add(calibration, &more);
        rescore_all(fitting, calibration);
        *change = fabs(calibration->sharpness / sharpness - 1);
        for (int i = 0; i < more.class_count; i++)
            *change = fmax(*change, fabs(more.biases[i] / more.sharpness));
    }
    calibration_finish(&more);
    return good;
}

/* What fits pooled scores does not quite fit when it is done to the views and these are pooled
 * (classify/pool.h). So it is done to them, and what then fits as well, and so on. */
static bool fit(struct fitting *fitting, struct calibration *calibration, struct error *error)
{
    double change = 1;
    for (int round = 0; round < ROUNDS_MAX && change > change_min && !calibration->always_right;
         round++)
        if (!improve(fitting, calibration, &change, error))
            return false;
    if (calibration->always_right)
        log_warning("right on all %d pictures, which do not tell how sure it may be: its scores "
                    "stay as they are. More pictures, or harder ones, would",
                    fitting->data->count);
    else if (change > change_min)
        log_warning("after %d rounds the fit still changes by %.1g a round; these are the last "
                    "round's figures",
                    ROUNDS_MAX, change);
    return true;
}

/* --- the outcome ------------------------------------------------------------------------------ */

static json_t *metrics_json(const struct metrics *metrics)
{
    json_t *object = json_object();
    json_object_set_new(object, "accuracy", figure_json(metrics_accuracy(metrics)));
    json_object_set_new(object, "loss", figure_json(metrics_loss(metrics)));
    json_object_set_new(object, "ece", figure_json(metrics_ece(metrics)));
    return object;
}

static bool print_json(const struct outcome *outcome, struct error *error)
{
    const struct calibration *calibration = &outcome->calibration;
    json_t *object = json_object(), *biases = json_array();
    for (int i = 0; i < calibration->class_count; i++)
        json_array_append_new(biases, figure_json(calibration->biases[i]));
    json_object_set_new(object, "n", json_integer(outcome->before.n));
    json_object_set_new(object, "temperature", figure_json(1 / calibration->sharpness));
    json_object_set_new(object, "biases", biases);
    json_object_set_new(object, "before", metrics_json(&outcome->before));
    json_object_set_new(object, "after", metrics_json(&outcome->after));
    return figure_print(object, error);
}

static void print_row(const char *name, const struct metrics *metrics)
{
    printf("%-7s  %8.4f  %6.4f  %17.4f\n", name, metrics_accuracy(metrics), metrics_loss(metrics),
           metrics_ece(metrics));
}

static void print_table(const struct outcome *outcome, const struct dataset *data)
{
    const struct calibration *calibration = &outcome->calibration;
    printf("%d pictures: temperature %.3f", data->count, 1 / calibration->sharpness);
    for (int i = 0; i < calibration->class_count; i++)
        printf("%s %s %+.3f", i ? "," : "; biases", data->class_names[i], calibration->biases[i]);
    puts("\n         accuracy    loss  calibration error");
    print_row("before", &outcome->before);
    print_row("after", &outcome->after);
}

/* --- the command ------------------------------------------------------------------------------ */

static bool calibrate(const struct calibrate_settings *settings, struct fitting *fitting,
                      struct model *model, struct error *error)
{
    struct outcome outcome = {.calibration = {0}};
    bool good = calibration_init(&outcome.calibration, fitting->data->class_count, error);
    if (good)
        rescore_all(fitting, &outcome.calibration);
    good = good && measure(fitting, &outcome.before, error) &&
           fit(fitting, &outcome.calibration, error) && measure(fitting, &outcome.after, error) &&
           calibration_store(&outcome.calibration, model, error);
    if (good && settings->json)
        good = print_json(&outcome, error);
    else if (good)
        print_table(&outcome, fitting->data);
    metrics_finish(&outcome.before);
    metrics_finish(&outcome.after);
    calibration_finish(&outcome.calibration);
    return good;
}

static bool reserve(struct fitting *fitting, struct error *error)
{
    const size_t count = (size_t)fitting->data->count;
    const size_t classes = (size_t)fitting->data->class_count;
    fitting->scores = calloc(count * classes, sizeof *fitting->scores);
    fitting->calibrated = calloc(VIEWS_MAX * classes, sizeof *fitting->calibrated);
    return (fitting->scores && fitting->calibrated) ||
           error_set(error, "out of memory for the scores");
}

static bool run_on(const struct calibrate_settings *settings, const struct dataset *data,
                   enum views_mode mode, struct model *model, struct error *error)
{
    views_option_tell(settings->views, mode, model);
    struct fitting fitting = {
        .data = data,
        .nobody = classifier_nobody(model),
        .biases = settings->biases,
        .said = score_views(model, settings->model.cpu, data, mode, error),
    };
    const bool good =
        fitting.said && reserve(&fitting, error) && calibrate(settings, &fitting, model, error);
    view_scores_free(fitting.said, data->count);
    free(fitting.scores);
    free(fitting.calibrated);
    return good;
}

static bool run_with(const struct calibrate_settings *settings, struct model *model,
                     struct error *error)
{
    struct dataset data = {0};
    enum views_mode mode;
    const struct pictures_settings pictures = {
        .folder = settings->data,
        .limit = settings->limit,
        .chosen = settings->model.classes != NULL,
    };
    bool good = views_option_parse(settings->views, &mode, error) &&
                model_out_check(settings->out, error) && atomic_file_check(settings->out, error) &&
                calibration_check(model, error) && pictures_load(&data, &pictures, model, error) &&
                run_on(settings, &data, mode, model, error);
    if (good) {
        model->threshold = 0; /* it was one for other scores */
        good = keras_save(model, settings->out, error);
    }
    if (good && !settings->json)
        model_out_tell(settings->out);
    dataset_free(&data);
    return good;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct calibrate_settings *wanted = settings;
    (void)operand_count;
    if (!wanted->data || !wanted->out)
        return error_set_usage(error, "--%s is missing", wanted->data ? "out FILE" : "data DIR");
    struct model *model = model_options_load(&wanted->model, operands[0], error);
    const bool good = model && run_with(wanted, model, error);
    model_destroy(model);
    return good;
}

const struct command command_calibrate = {
    .name = "calibrate",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make a model file whose scores are as often right as they say",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct calibrate_settings),
    .run = run,
};
