/* evaluate: how good a model is on labelled pictures. */
#include "common/log.h"
#include "common/prediction.h"
#include "nn/train/metrics.h"
#include "nn/train/sources.h"
#include "tool/catdog.h"
#include "tool/codec.h"
#include "tool/command.h"
#include "tool/contact_sheet.h"
#include "tool/model_options.h"
#include "tool/number.h"
#include "tool/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct evaluate_settings {
    struct model_options model;
    const char *data, *mnist, *fashion_mnist, *cifar10;
    const char *limit, *threshold, *worst;
    bool json;
};

static const struct command_option options[] = {
    {"data", "DIR", "pictures in a folder for each class",
     offsetof(struct evaluate_settings, data)},
    {"mnist", "DIR", "MNIST's test set", offsetof(struct evaluate_settings, mnist)},
    {"fashion-mnist", "DIR", "Fashion-MNIST's test set",
     offsetof(struct evaluate_settings, fashion_mnist)},
    {"cifar10", "DIR", "CIFAR-10's test set", offsetof(struct evaluate_settings, cifar10)},
    {"limit", "N", "take only the first N pictures of each class folder",
     offsetof(struct evaluate_settings, limit)},
    {"threshold", "X", "a best score below it decides neither; if not given, the model's, else 0.6",
     offsetof(struct evaluate_settings, threshold)},
    {"worst", "FILE.jpg", "write the worst mistakes as a contact sheet",
     offsetof(struct evaluate_settings, worst)},
    {"json", NULL, "print one JSON object", offsetof(struct evaluate_settings, json)},
    MODEL_OPTION_ROWS(struct evaluate_settings, model),
};

struct evaluation {
    const struct model *model;
    struct dataset data;
    struct metrics metrics;
    struct catdog catdog;
};

/* --- data ------------------------------------------------------------------------------------- */

/* A file that names no classes has "class 0" and so on: then the folders name them, sorted. */
static bool has_names(const struct model *model)
{
    return model->class_count > 0 && strcmp(model->class_names[0], "class 0") != 0;
}

static bool load_folder(const struct evaluate_settings *settings, const struct model *model,
                        struct dataset *data, struct error *error)
{
    const struct shape *input = model_input_shape(model);
    long limit = 0, threads = sysconf(_SC_NPROCESSORS_ONLN);
    if (settings->limit && !number_integer("limit", settings->limit, 1, 1 << 24, &limit, error))
        return false;
    if (!model_takes_picture(model))
        return error_set_usage(error, "the model's input is no picture of 1 or 3 channels");
    const struct folder_settings folder = {
        .path = settings->data,
        .classes = has_names(model) ? (const char *const *)model->class_names : NULL,
        .class_count = model->class_count,
        .limit = (int)limit,
        .height = input->dim[0],
        .width = input->dim[1],
        .channels = input->dim[2],
        .threads = threads < 1 ? 1 : (int)threads,
        .codec = &codec_vision,
    };
    return folder_load(data, &folder, error);
}

static bool load(const struct evaluate_settings *settings, const struct model *model,
                 struct dataset *data, struct error *error)
{
    int given =
        !!settings->data + !!settings->mnist + !!settings->fashion_mnist + !!settings->cifar10;
    if (given != 1)
        return error_set_usage(
            error, "give one of --data DIR, --mnist DIR, --fashion-mnist DIR, --cifar10 DIR");
    if (settings->mnist)
        return idx_load(data, settings->mnist, false, mnist_classes, error);
    if (settings->fashion_mnist)
        return idx_load(data, settings->fashion_mnist, false, fashion_mnist_classes, error);
    if (settings->cifar10)
        return cifar10_load(data, settings->cifar10, false, error);
    return load_folder(settings, model, data, error);
}

/* --- output ----------------------------------------------------------------------------------- */

static double share(long part, long whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

/* null where there is nothing to say. */
static json_t *number(double value)
{
    return isnan(value) ? json_null() : json_real(round(value * 1e6) / 1e6);
}

static json_t *confusion_json(const struct metrics *metrics)
{
    json_t *rows = json_array();
    for (int t = 0; t < metrics->class_count; t++) {
        json_t *row = json_array();
        for (int d = 0; d < metrics->class_count; d++)
            json_array_append_new(row,
                                  json_integer(metrics->confusion[t * metrics->class_count + d]));
        json_array_append_new(rows, row);
    }
    return rows;
}

static json_t *classes_json(const struct dataset *data)
{
    json_t *names = json_array();
    for (int i = 0; i < data->class_count; i++)
        json_array_append_new(names, json_string(data->class_names[i]));
    return names;
}

static bool print_json(const struct evaluation *evaluation, struct error *error)
{
    const struct metrics *metrics = &evaluation->metrics;
    const struct catdog *catdog = &evaluation->catdog;
    json_t *object = json_object();
    json_object_set_new(object, "n", json_integer(metrics->n));
    json_object_set_new(object, "classes", classes_json(&evaluation->data));
    json_object_set_new(object, "accuracy", number(metrics_accuracy(metrics)));
    json_object_set_new(object, "loss", number(metrics_loss(metrics)));
    json_object_set_new(object, "ece", number(metrics_ece(metrics)));
    json_object_set_new(object, "confusion", confusion_json(metrics));
    if (catdog_applies(catdog))
        json_object_set_new(object, "cat_dog_accuracy",
                            number(share(catdog->right, catdog->animals)));
    if (catdog_applies(catdog) && catdog->neither >= 0) {
        json_object_set_new(object, "threshold", number(catdog->threshold));
        json_object_set_new(object, "false_alarm", number(share(catdog->alarms, catdog->others)));
        json_object_set_new(object, "missed", number(share(catdog->missed, catdog->animals)));
    }
    char *text = json_dumps(object, PREDICTION_JSON_FLAGS);
    json_decref(object);
    if (!text)
        return error_set(error, "a class name is no UTF-8, which JSON needs");
    puts(text);
    free(text);
    return true;
}

static void print_classes(const struct evaluation *evaluation)
{
    const struct metrics *metrics = &evaluation->metrics;
    int width = 8;
    for (int c = 0; c < metrics->class_count; c++) {
        int length = (int)strlen(evaluation->data.class_names[c]);
        width = length > width ? length : width;
    }
    printf("\n%-*s  precision  recall  decided as", width, "class");
    for (int c = 0; c < metrics->class_count; c++)
        printf(" %*s", width, evaluation->data.class_names[c]);
    putchar('\n');
    for (int t = 0; t < metrics->class_count; t++) {
        printf("%-*s  %9.4f  %6.4f            ", width, evaluation->data.class_names[t],
               metrics_precision(metrics, t), metrics_recall(metrics, t));
        for (int d = 0; d < metrics->class_count; d++)
            printf(" %*ld", width, metrics->confusion[t * metrics->class_count + d]);
        putchar('\n');
    }
}

static void print_worst(const struct evaluation *evaluation)
{
    enum { SHOWN = 5 };
    const struct metrics *metrics = &evaluation->metrics;
    const struct dataset *data = &evaluation->data;
    if (metrics->worst_count)
        puts("\nworst mistakes:");
    for (int i = 0; i < metrics->worst_count && i < SHOWN; i++) {
        const struct worst *worst = &metrics->worst[i];
        char name[32];
        snprintf(name, sizeof name, "picture %d", worst->index);
        printf("  %s: %s, not %s (loss %.2f)\n", data->files ? data->files[worst->index] : name,
               data->class_names[data->labels[worst->index]], data->class_names[worst->decided],
               worst->loss);
    }
}

static void print_text(const struct evaluation *evaluation)
{
    const struct metrics *metrics = &evaluation->metrics;
    const struct catdog *catdog = &evaluation->catdog;
    printf("%d pictures: accuracy %.4f, loss %.4f, calibration error %.4f\n", metrics->n,
           metrics_accuracy(metrics), metrics_loss(metrics), metrics_ece(metrics));
    if (evaluation->data.skipped)
        printf("%d unreadable pictures were left out\n", evaluation->data.skipped);
    if (catdog_applies(catdog))
        printf("cat or dog: right between the two %.4f\n", share(catdog->right, catdog->animals));
    if (catdog_applies(catdog) && catdog->neither >= 0)
        printf("neither, below %.2f: false alarms %.4f, missed animals %.4f\n", catdog->threshold,
               share(catdog->alarms, catdog->others), share(catdog->missed, catdog->animals));
    print_classes(evaluation);
    print_worst(evaluation);
}

/* --- the command ------------------------------------------------------------------------------ */

static void add_scores(void *self, int index, const float *scores)
{
    struct evaluation *evaluation = self;
    int label = evaluation->data.labels[index];
    metrics_add(&evaluation->metrics, index, label, scores);
    catdog_add(&evaluation->catdog, label, evaluation->metrics.class_count, scores);
}

static bool evaluate(const struct evaluate_settings *settings, struct evaluation *evaluation,
                     struct error *error)
{
    const struct model *model = evaluation->model;
    double threshold = model_threshold(model);
    if (settings->threshold &&
        !number_real("threshold", settings->threshold, 0, 1, &threshold, error))
        return false;
    if (!load(settings, model, &evaluation->data, error) ||
        !metrics_init(&evaluation->metrics, evaluation->data.class_count, CONTACT_SHEET_MAX, error))
        return false;
    evaluation->catdog = catdog_begin(model, threshold);
    if (!score_dataset(model, settings->model.cpu, &evaluation->data, add_scores, evaluation,
                       error))
        return false;
    if (settings->json ? !print_json(evaluation, error) : (print_text(evaluation), false))
        return false;
    return !settings->worst ||
           contact_sheet_write(&evaluation->metrics, &evaluation->data, settings->worst, error);
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct evaluate_settings *evaluate_settings = settings;
    (void)operand_count;
    struct model *model = model_options_load(&evaluate_settings->model, operands[0], error);
    struct evaluation evaluation = {.model = model};
    bool good = model && evaluate(evaluate_settings, &evaluation, error);
    metrics_finish(&evaluation.metrics);
    dataset_free(&evaluation.data);
    model_destroy(model);
    return good;
}

const struct command command_evaluate = {
    .name = "evaluate",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "measure a model on labelled pictures",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct evaluate_settings),
    .run = run,
};
