/* evaluate: how good a model is on labelled pictures. */
#include "common/log.h"
#include "common/prediction.h"
#include "common/text.h"
#include "nn/train/metrics.h"
#include "nn/train/sources.h"
#include "tool/catdog.h"
#include "tool/command.h"
#include "tool/contact_sheet.h"
#include "tool/figure.h"
#include "tool/model_options.h"
#include "tool/number.h"
#include "tool/pictures.h"
#include "tool/robustness.h"
#include "tool/score.h"
#include "tool/views_option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct evaluate_settings {
    struct model_options model;
    const char *data, *mnist, *fashion_mnist, *cifar10;
    const char *limit, *threshold, *worst, *views;
    const char *corrupt; /* "": all */
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
    VIEWS_OPTION_ROW(struct evaluate_settings, views),
    {"worst", "FILE.jpg", "write the worst mistakes as a contact sheet",
     offsetof(struct evaluate_settings, worst)},
    {"corrupt", "[NAME,...]", "measure on pictures that are made worse: all ways, or those named",
     offsetof(struct evaluate_settings, corrupt)},
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

/* A set of the lessons. */
static bool load_known(const struct evaluate_settings *settings, struct dataset *data,
                       struct error *error)
{
    if (settings->mnist)
        return idx_load(data, settings->mnist, false, mnist_classes, error);
    if (settings->fashion_mnist)
        return idx_load(data, settings->fashion_mnist, false, fashion_mnist_classes, error);
    return cifar10_load(data, settings->cifar10, false, error);
}

static bool load(const struct evaluate_settings *settings, const struct model *model,
                 struct dataset *data, struct error *error)
{
    int given =
        !!settings->data + !!settings->mnist + !!settings->fashion_mnist + !!settings->cifar10;
    if (given != 1)
        return error_set_usage(
            error, "give one of --data DIR, --mnist DIR, --fashion-mnist DIR, --cifar10 DIR");
    if (!settings->data)
        return load_known(settings, data, error) && pictures_match(data, model, error);
    const struct pictures_settings pictures = {
        .folder = settings->data,
        .limit = settings->limit,
        /* Enough to be made worse as a camera would do it. */
        .side_min = settings->corrupt ? CORRUPT_SIDE_MIN : 0,
        .chosen = settings->model.classes != NULL,
    };
    return pictures_load(data, &pictures, model, error);
}

/* --- output ----------------------------------------------------------------------------------- */

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
    json_object_set_new(object, "accuracy", figure_json(metrics_accuracy(metrics)));
    json_object_set_new(object, "loss", figure_json(metrics_loss(metrics)));
    json_object_set_new(object, "ece", figure_json(metrics_ece(metrics)));
    json_object_set_new(object, "confusion", confusion_json(metrics));
    if (catdog_has_pair(catdog))
        json_object_set_new(object, "cat_dog_accuracy", figure_json(catdog_accuracy(catdog)));
    if (catdog_has_neither(catdog)) {
        json_object_set_new(object, "threshold", figure_json(catdog->threshold));
        json_object_set_new(object, "false_alarm", figure_json(catdog_false_alarm(catdog)));
        json_object_set_new(object, "missed", figure_json(catdog_missed(catdog)));
    }
    return figure_print(object, error);
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
    if (catdog_has_pair(catdog))
        printf("cat or dog: right between the two %.4f\n", catdog_accuracy(catdog));
    if (catdog_has_neither(catdog))
        printf("neither, below %.2f: false alarms %.4f, missed animals %.4f\n", catdog->threshold,
               catdog_false_alarm(catdog), catdog_missed(catdog));
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

/* A model without a mistake is no failure; but whoever asked for the sheet must not take an older
 * one for it. Not on standard output, where --json has its one line. */
static bool write_worst(const struct evaluation *evaluation, const char *path, struct error *error)
{
    if (evaluation->metrics.worst_count > 0)
        return contact_sheet_write(&evaluation->metrics, &evaluation->data, path, error);
    fprintf(stderr, "note: %s is not written: no picture was decided wrongly\n", path);
    return true;
}

static bool evaluate_plain(const struct evaluate_settings *settings, double threshold,
                           enum views_mode mode, struct evaluation *evaluation, struct error *error)
{
    const struct model *model = evaluation->model;
    if (!metrics_init(&evaluation->metrics, evaluation->data.class_count, CONTACT_SHEET_MAX, error))
        return false;
    evaluation->catdog = catdog_begin(model, threshold);
    if (!score_dataset(model, settings->model.cpu, &evaluation->data, mode, add_scores, evaluation,
                       error))
        return false;
    if (settings->json ? !print_json(evaluation, error) : (print_text(evaluation), false))
        return false;
    return !settings->worst || write_worst(evaluation, settings->worst, error);
}

static bool print_robustness(const struct evaluate_settings *settings, double threshold,
                             const struct evaluation *evaluation,
                             const struct robustness *robustness, struct error *error)
{
    if (settings->json) {
        json_t *object = json_object();
        json_object_set_new(object, "n", json_integer(evaluation->data.count));
        json_object_set_new(object, "classes", classes_json(&evaluation->data));
        json_object_set_new(object, "threshold", figure_json(threshold));
        json_object_set_new(object, "corrupt", robustness_json(robustness));
        return figure_print(object, error);
    }
    printf("%d pictures; neither below %.2f\n\n", evaluation->data.count, threshold);
    robustness_print(robustness);
    return true;
}

static bool evaluate_corrupt(const struct evaluate_settings *settings, double threshold,
                             const bool chosen[CORRUPT_COUNT], struct evaluation *evaluation,
                             struct error *error)
{
    struct robustness robustness;
    return robustness_measure(&robustness, evaluation->model, settings->model.cpu, threshold,
                              &evaluation->data, chosen, error) &&
           print_robustness(settings, threshold, evaluation, &robustness, error);
}

static bool evaluate(const struct evaluate_settings *settings, struct evaluation *evaluation,
                     struct error *error)
{
    bool chosen[CORRUPT_COUNT];
    enum views_mode mode;
    double threshold = model_threshold(evaluation->model);
    if (settings->threshold &&
        !number_real("threshold", settings->threshold, 0, 1, &threshold, error))
        return false;
    if (settings->threshold &&
        text_find(evaluation->model->class_names, evaluation->model->class_count, "neither") < 0)
        return error_set_usage(error, "--threshold decides \"neither\", which the model's classes "
                                      "lack (--classes names them)");
    if (!views_option_parse(settings->views, &mode, error))
        return false;
    if (settings->corrupt && (!settings->data || settings->worst))
        return error_set_usage(error, "--corrupt needs --data DIR and goes without --worst");
    if (settings->limit && !settings->data)
        return error_set_usage(error, "--limit goes with --data DIR");
    if (settings->corrupt && settings->views && mode != VIEWS_WHOLE)
        return error_set_usage(error, "--corrupt looks at whole pictures; leave --views out");
    if (settings->corrupt && !corrupt_choose(settings->corrupt, chosen, error))
        return false;
    if (settings->worst && !contact_sheet_check("worst", settings->worst, error))
        return false;
    if (!load(settings, evaluation->model, &evaluation->data, error))
        return false;
    views_option_tell(settings->views, mode, evaluation->model);
    return settings->corrupt ? evaluate_corrupt(settings, threshold, chosen, evaluation, error)
                             : evaluate_plain(settings, threshold, mode, evaluation, error);
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
