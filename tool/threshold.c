/* threshold: the score from which a model's answer counts: shows, recommends, stores it. */
#include "common/atomic_file.h"
#include "common/text.h"
#include "nn/keras/save.h"
#include "tool/command.h"
#include "tool/figure.h"
#include "tool/model_options.h"
#include "tool/number.h"
#include "tool/operating_point.h"
#include "tool/pictures.h"
#include "tool/score.h"
#include "tool/views_option.h"

#include <stdio.h>
#include <string.h>

struct threshold_settings {
    struct model_options model;
    const char *data, *limit, *false_alarm, *set, *views;
    bool store, json;
};

static const struct command_option options[] = {
    {"data", "DIR", "recommend one by these pictures, in a folder for each class",
     offsetof(struct threshold_settings, data)},
    {"limit", "N", "take only the first N pictures of each class folder",
     offsetof(struct threshold_settings, limit)},
    {"false-alarm", "X", "share of `neither` that may be called else; 0.02 if not given",
     offsetof(struct threshold_settings, false_alarm)},
    VIEWS_OPTION_ROW(struct threshold_settings, views),
    {"store", NULL, "write the recommended one into the model's file",
     offsetof(struct threshold_settings, store)},
    {"set", "X", "write this one into the model's file", offsetof(struct threshold_settings, set)},
    {"json", NULL, "print one JSON object", offsetof(struct threshold_settings, json)},
    MODEL_OPTION_ROWS(struct threshold_settings, model),
};

/* --- without pictures ------------------------------------------------------------------------- */

static bool show(const struct threshold_settings *settings, const struct model *model,
                 struct error *error)
{
    if (settings->json) {
        json_t *object = json_object();
        json_object_set_new(object, "threshold", figure_json(model_threshold(model)));
        json_object_set_new(object, "stored", json_boolean(model->threshold > 0));
        return figure_print(object, error);
    }
    printf(model->threshold > 0 ? "%.3f\n" : "%.3f, for the file has none\n",
           model_threshold(model));
    return true;
}

static bool set(const char *text, const char *path, struct error *error)
{
    double threshold;
    return number_real("set", text, 0.001, 1, &threshold, error) &&
           keras_store_threshold(path, threshold, error);
}

/* --- by pictures ------------------------------------------------------------------------------ */

struct measurement {
    struct outcomes outcomes;
    const struct dataset *data;
    enum views_mode mode;
};

static void add_scores(void *self, int index, const float *scores)
{
    struct measurement *now = self;
    outcomes_add(&now->outcomes, now->data->labels[index], scores);
}

static json_t *point_json(const struct operating_point *point)
{
    json_t *object = json_object();
    json_object_set_new(object, "threshold", figure_json(point->threshold));
    json_object_set_new(object, "false_alarm", figure_json(point->false_alarm));
    json_object_set_new(object, "missed", figure_json(point->missed));
    return object;
}

static void print_point(const struct operating_point *point, const char *note)
{
    printf("%9.3f  %11.4f  %6.4f%s\n", point->threshold, point->false_alarm, point->missed, note);
}

enum { CURVE_FIRST = 40, CURVE_LAST = 95, CURVE_STEP = 5 }; /* hundredths */

static void print_curve(const struct outcomes *outcomes, const struct operating_point *chosen)
{
    bool shown = false;
    puts("threshold  false alarm  missed");
    for (int i = CURVE_FIRST; i <= CURVE_LAST; i += CURVE_STEP) {
        struct operating_point point = operating_point_at(outcomes, i / 100.0);
        if (!shown && chosen->threshold <= point.threshold) {
            print_point(chosen, "  recommended");
            shown = true;
        }
        if (chosen->threshold < point.threshold || chosen->threshold > point.threshold)
            print_point(&point, "");
    }
    if (!shown)
        print_point(chosen, "  recommended");
}

static bool print_json(const struct outcomes *outcomes, const struct model *model,
                       const struct operating_point *chosen, struct error *error)
{
    json_t *object = json_object(), *curve = json_array();
    struct operating_point now = operating_point_at(outcomes, model_threshold(model));
    for (int i = CURVE_FIRST; i <= CURVE_LAST; i += CURVE_STEP) {
        struct operating_point point = operating_point_at(outcomes, i / 100.0);
        json_array_append_new(curve, point_json(&point));
    }
    json_object_set_new(object, "n", json_integer(outcomes->animals + outcomes->others));
    json_object_set_new(object, "now", point_json(&now));
    json_object_set_new(object, "recommended", point_json(chosen));
    json_object_set_new(object, "curve", curve);
    return figure_print(object, error);
}

static bool measure(const struct threshold_settings *settings, const struct model *model,
                    struct measurement *now, struct error *error)
{
    const int neither = text_find(now->data->class_names, now->data->class_count, "neither");
    if (neither < 0)
        return error_set_usage(error,
                               "the model has no class \"neither\", whose pictures give false "
                               "alarms; name the classes with --classes, or give --set");
    return outcomes_init(&now->outcomes, now->data->count, now->data->class_count, neither,
                         error) &&
           score_dataset(model, settings->model.cpu, now->data, now->mode, add_scores, now, error);
}

static bool recommend(const struct threshold_settings *settings, const struct model *model,
                      const char *path, struct error *error)
{
    struct dataset data = {0};
    struct measurement now = {.data = &data};
    struct operating_point chosen;
    double false_alarm_max = 0.02;
    if (!views_option_parse(settings->views, &now.mode, error))
        return false;
    views_option_tell(settings->views, now.mode, model);
    if (settings->false_alarm &&
        !number_real("false-alarm", settings->false_alarm, 0, 1, &false_alarm_max, error))
        return false;
    const struct pictures_settings pictures = {
        .folder = settings->data,
        .limit = settings->limit,
        .chosen = settings->model.classes != NULL,
    };
    bool good = (!settings->store || atomic_file_check(path, error)) &&
                pictures_load(&data, &pictures, model, error) &&
                measure(settings, model, &now, error) &&
                operating_point_choose(&now.outcomes, false_alarm_max, &chosen, error);
    if (good && settings->json)
        good = print_json(&now.outcomes, model, &chosen, error);
    else if (good)
        print_curve(&now.outcomes, &chosen);
    good = good && (!settings->store || keras_store_threshold(path, chosen.threshold, error));
    outcomes_finish(&now.outcomes);
    dataset_free(&data);
    return good;
}

/* --- the command ------------------------------------------------------------------------------ */

static bool check_settings(const struct threshold_settings *wanted, const char *path,
                           struct error *error)
{
    if (wanted->set && (wanted->data || wanted->store))
        return error_set_usage(error, "--set goes without --data and --store");
    if (wanted->store && !wanted->data)
        return error_set_usage(error, "--store needs --data DIR; a known value is stored by --set");
    if ((wanted->store || wanted->set) && text_ends_with(path, ".json"))
        return error_set_usage(error,
                               "%s: a threshold is stored in an .h5 file; `pawcam convert %s "
                               "NAME.h5` makes one",
                               path, path);
    return true;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct threshold_settings *wanted = settings;
    (void)operand_count;
    if (!check_settings(wanted, operands[0], error))
        return false;
    struct model *model = model_options_load(&wanted->model, operands[0], error);
    bool good = model && (wanted->data  ? recommend(wanted, model, operands[0], error)
                          : wanted->set ? set(wanted->set, operands[0], error)
                                        : show(wanted, model, error));
    model_destroy(model);
    return good;
}

const struct command command_threshold = {
    .name = "threshold",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "show, recommend or store the score from which a model's answer counts",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct threshold_settings),
    .run = run,
};
