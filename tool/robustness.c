#include "tool/robustness.h"

#include "nn/train/metrics.h"
#include "tool/bar.h"
#include "tool/catdog.h"
#include "tool/figure.h"
#include "tool/score.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- measuring -------------------------------------------------------------------------------- */

struct measurement {
    struct robustness *robustness;
    const struct model *model;
    const char *cpu;
    double threshold;
    const struct dataset *data; /* that is scored now */
    struct metrics metrics;
    struct catdog catdog;
};

static void add_scores(void *self, int index, const float *scores)
{
    struct measurement *now = self;
    int label = now->data->labels[index];
    metrics_add(&now->metrics, index, label, scores);
    catdog_add(&now->catdog, label, now->metrics.class_count, scores);
}

static void add_row(struct measurement *now, const char *name, const char *strength)
{
    struct robustness *robustness = now->robustness;
    int row = robustness->row_count++;
    robustness->rows[row].name = name;
    robustness->rows[row].strength = strength;
    robustness->rows[row].accuracy = metrics_accuracy(&now->metrics);
    robustness->rows[row].cat_dog = catdog_accuracy(&now->catdog);
    robustness->rows[row].false_alarm = catdog_false_alarm(&now->catdog);
    robustness->rows[row].missed = catdog_missed(&now->catdog);
}

static bool measure(struct measurement *now, const struct dataset *data, const char *name,
                    const char *strength, struct error *error)
{
    now->data = data;
    now->catdog = catdog_begin(now->model, now->threshold);
    if (!metrics_init(&now->metrics, data->class_count, 0, error))
        return false;
    bool good = score_dataset(now->model, now->cpu, data, VIEWS_WHOLE, add_scores, now, error);
    if (good)
        add_row(now, name, strength);
    metrics_finish(&now->metrics);
    return good;
}

/* `changed` has room for the pictures. */
static bool measure_all(struct measurement *now, const struct dataset *data,
                        struct dataset *changed, const bool chosen[CORRUPT_COUNT],
                        struct error *error)
{
    struct bar bar = bar_begin("corruptions", CORRUPT_COUNT * CORRUPT_STRENGTHS);
    bool good = measure(now, data, "clean", NULL, error);
    for (int i = 0; good && i < CORRUPT_COUNT * CORRUPT_STRENGTHS; i++) {
        int which = i / CORRUPT_STRENGTHS, strength = i % CORRUPT_STRENGTHS;
        const char *text = corruptions[which].strengths[strength].text;
        bar_show(&bar, i);
        if (chosen[which] && text)
            good = corrupt_dataset(which, strength, data, changed, error) &&
                   measure(now, changed, corruptions[which].name, text, error);
    }
    bar_end(&bar);
    return good;
}

bool robustness_measure(struct robustness *robustness, const struct model *model, const char *cpu,
                        double threshold, const struct dataset *data,
                        const bool chosen[CORRUPT_COUNT], struct error *error)
{
    struct measurement now = {
        .robustness = robustness, .model = model, .cpu = cpu, .threshold = threshold};
    struct dataset changed = *data; /* all but the pixels is the original's */
    robustness->row_count = 0;
    changed.pixels = malloc((size_t)data->count * (size_t)data->height * (size_t)data->width *
                            (size_t)data->channels);
    bool good = changed.pixels ? measure_all(&now, data, &changed, chosen, error)
                               : error_set(error, "out of memory for changed pictures");
    free(changed.pixels);
    return good;
}

/* --- output ----------------------------------------------------------------------------------- */

static void print_figure(double value)
{
    if (isnan(value))
        printf("  %11s", "-");
    else
        printf("  %11.4f", value);
}

void robustness_print(const struct robustness *robustness)
{
    printf("%-14s  %8s  %11s  %11s  %11s  %11s\n", "corruption", "strength", "accuracy",
           "cat or dog", "false alarm", "missed");
    for (int i = 0; i < robustness->row_count; i++) {
        printf("%-14s  %8s", robustness->rows[i].name,
               robustness->rows[i].strength ? robustness->rows[i].strength : "");
        print_figure(robustness->rows[i].accuracy);
        print_figure(robustness->rows[i].cat_dog);
        print_figure(robustness->rows[i].false_alarm);
        print_figure(robustness->rows[i].missed);
        putchar('\n');
    }
}

static json_t *row_json(const struct robustness *robustness, int row)
{
    json_t *object = json_object();
    if (robustness->rows[row].strength)
        json_object_set_new(object, "strength", json_string(robustness->rows[row].strength));
    json_object_set_new(object, "accuracy", figure_json(robustness->rows[row].accuracy));
    json_object_set_new(object, "cat_dog_accuracy", figure_json(robustness->rows[row].cat_dog));
    json_object_set_new(object, "false_alarm", figure_json(robustness->rows[row].false_alarm));
    json_object_set_new(object, "missed", figure_json(robustness->rows[row].missed));
    return object;
}

json_t *robustness_json(const struct robustness *robustness)
{
    json_t *object = json_object();
    json_object_set_new(object, "clean", row_json(robustness, 0));
    for (int i = 1; i < robustness->row_count; i++) {
        const char *name = robustness->rows[i].name;
        if (!json_object_get(object, name))
            json_object_set_new(object, name, json_array());
        json_array_append_new(json_object_get(object, name), row_json(robustness, i));
    }
    return object;
}
