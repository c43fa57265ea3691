/* calibrate: a copy of a model whose scores mean what they say. */
#include "common/atomic_file.h"
#include "nn/keras/save.h"
#include "nn/train/metrics.h"
#include "tool/calibration.h"
#include "tool/command.h"
#include "tool/figure.h"
#include "tool/model_options.h"
#include "tool/model_out.h"
#include "tool/pictures.h"
#include "tool/score.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct calibrate_settings {
    struct model_options model;
    const char *data, *limit, *out;
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
    {"json", NULL, "print one JSON object", offsetof(struct calibrate_settings, json)},
    MODEL_OPTION_ROWS(struct calibrate_settings, model),
};

/* The pictures' scores, [data->count][data->class_count]. */
struct scored {
    const struct dataset *data;
    float *scores;
};

static float *scores_of(const struct scored *scored, int index)
{
    return scored->scores + (ptrdiff_t)index * scored->data->class_count;
}

static void keep_scores(void *self, int index, const float *scores)
{
    struct scored *scored = self;
    memcpy(scores_of(scored, index), scores, (size_t)scored->data->class_count * sizeof *scores);
}

static bool measure(const struct scored *scored, struct metrics *metrics, struct error *error)
{
    if (!metrics_init(metrics, scored->data->class_count, 0, error))
        return false;
    for (int i = 0; i < scored->data->count; i++)
        metrics_add(metrics, i, scored->data->labels[i], scores_of(scored, i));
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

static bool print_json(const struct calibration *calibration, const struct metrics *before,
                       const struct metrics *after, struct error *error)
{
    json_t *object = json_object(), *biases = json_array();
    for (int i = 0; i < calibration->class_count; i++)
        json_array_append_new(biases, figure_json(calibration->biases[i]));
    json_object_set_new(object, "n", json_integer(before->n));
    json_object_set_new(object, "temperature", figure_json(1 / calibration->sharpness));
    json_object_set_new(object, "biases", biases);
    json_object_set_new(object, "before", metrics_json(before));
    json_object_set_new(object, "after", metrics_json(after));
    return figure_print(object, error);
}

static void print_row(const char *name, const struct metrics *metrics)
{
    printf("%-7s  %8.4f  %6.4f  %17.4f\n", name, metrics_accuracy(metrics), metrics_loss(metrics),
           metrics_ece(metrics));
}

static void print_table(const struct calibration *calibration, const struct dataset *data,
                        const struct metrics *before, const struct metrics *after)
{
    printf("%d pictures: temperature %.3f", data->count, 1 / calibration->sharpness);
    for (int i = 0; i < calibration->class_count; i++)
        printf("%s %s %+.3f", i ? "," : "; biases", data->class_names[i], calibration->biases[i]);
    puts("\n         accuracy    loss  calibration error");
    print_row("before", before);
    print_row("after", after);
}

/* --- the command ------------------------------------------------------------------------------ */

static bool calibrate(const struct calibrate_settings *settings, struct model *model,
                      struct scored *scored, struct error *error)
{
    struct calibration calibration = {0};
    struct metrics before = {0}, after = {0};
    const struct dataset *data = scored->data;
    bool good = measure(scored, &before, error) &&
                calibration_fit(&calibration, scored->scores, data->labels, data->count,
                                data->class_count, settings->biases, error);
    for (int i = 0; good && i < data->count; i++)
        calibration_apply(&calibration, scores_of(scored, i));
    good = good && measure(scored, &after, error) && calibration_store(&calibration, model, error);
    if (good && settings->json)
        good = print_json(&calibration, &before, &after, error);
    else if (good)
        print_table(&calibration, data, &before, &after);
    metrics_finish(&before);
    metrics_finish(&after);
    calibration_finish(&calibration);
    return good;
}

static bool run_with(const struct calibrate_settings *settings, struct model *model,
                     struct error *error)
{
    struct dataset data = {0};
    struct scored scored = {.data = &data};
    const struct pictures_settings pictures = {
        .folder = settings->data,
        .limit = settings->limit,
        .chosen = settings->model.classes != NULL,
    };
    bool good = model_out_check(settings->out, error) && atomic_file_check(settings->out, error) &&
                calibration_check(model, error) && pictures_load(&data, &pictures, model, error);
    if (good) {
        scored.scores = calloc((size_t)data.count * (size_t)data.class_count, sizeof(float));
        good = scored.scores || error_set(error, "out of memory for the scores");
    }
    good = good &&
           score_dataset(model, settings->model.cpu, &data, VIEWS_WHOLE, keep_scores, &scored,
                         error) &&
           calibrate(settings, model, &scored, error);
    if (good) {
        model->threshold = 0; /* it was one for other scores */
        good = keras_save(model, settings->out, error);
    }
    if (good && !settings->json)
        model_out_tell(settings->out);
    free(scored.scores);
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
