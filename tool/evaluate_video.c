/* evaluate-video: how good pawcamd's decisions are on labelled recordings. */
#include "classify/classifier.h"
#include "tool/bar.h"
#include "tool/command.h"
#include "tool/figure.h"
#include "tool/judgement.h"
#include "tool/model_options.h"
#include "tool/number.h"
#include "tool/views_option.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct video_settings {
    struct model_options model;
    const char *labels;
    const char *threshold, *release, *smooth_time, *hysteresis, *hold_time, *views;
    bool json;
};

static const struct command_option options[] = {
    {"labels", "FILE.csv", "lines of file,start_s,end_s,label: what the recordings show",
     offsetof(struct video_settings, labels)},
    {"threshold", "X,...", "as in pawcamd; if not given, the model's, else 0.6",
     offsetof(struct video_settings, threshold)},
    {"release", "X,...", "as in pawcamd; if not given, 0.2, of a model without neither 1",
     offsetof(struct video_settings, release)},
    {"smooth-time", "S,...", "as in pawcamd; " SMOOTH_TIME_DEFAULT " if not given",
     offsetof(struct video_settings, smooth_time)},
    {"hysteresis", "X,...", "as in pawcamd; " SMOOTH_HYSTERESIS_DEFAULT " if not given",
     offsetof(struct video_settings, hysteresis)},
    {"hold-time", "S,...", "as in pawcamd; " SMOOTH_HOLD_DEFAULT " if not given",
     offsetof(struct video_settings, hold_time)},
    VIEWS_OPTION_ROW(struct video_settings, views),
    {"json", NULL, "print one JSON object", offsetof(struct video_settings, json)},
    MODEL_OPTION_ROWS(struct video_settings, model),
};

/* --- settings to try -------------------------------------------------------------------------- */

enum { VALUES_MAX = 16 };

struct values {
    int count;
    double list[VALUES_MAX];
};

static bool parse_values(const char *option, const char *text, double max, struct values *values,
                         struct error *error)
{
    char word[32];
    values->count = 0;
    for (;;) {
        size_t length = strcspn(text, ",");
        snprintf(word, sizeof word, "%.*s", (int)length, text);
        if (values->count == VALUES_MAX)
            return error_set_usage(error, "--%s: at most %d values can be tried", option,
                                   VALUES_MAX);
        if (!number_real(option, word, 0, max, &values->list[values->count++], error))
            return false;
        if (!text[length])
            return true;
        text += length + 1;
    }
}

/* Every combination of these is judged. */
struct grid {
    struct values threshold, release, time_s, hysteresis, hold_s;
    int nobody; /* as in smooth_settings */
};

static bool parse_grid(const struct video_settings *settings, const struct model *model,
                       struct grid *grid, struct error *error)
{
    const char *time_s = settings->smooth_time, *hysteresis = settings->hysteresis;
    const char *hold_s = settings->hold_time;
    grid->threshold = (struct values){1, {model_threshold(model)}};
    grid->nobody = classifier_nobody(model);
    grid->release = (struct values){1, {smooth_release_auto(grid->nobody)}};
    return (!settings->threshold ||
            parse_values("threshold", settings->threshold, 1, &grid->threshold, error)) &&
           (!settings->release ||
            parse_values("release", settings->release, 1, &grid->release, error)) &&
           parse_values("smooth-time", time_s ? time_s : SMOOTH_TIME_DEFAULT, 60, &grid->time_s,
                        error) &&
           parse_values("hysteresis", hysteresis ? hysteresis : SMOOTH_HYSTERESIS_DEFAULT, 1,
                        &grid->hysteresis, error) &&
           parse_values("hold-time", hold_s ? hold_s : SMOOTH_HOLD_DEFAULT, 60, &grid->hold_s,
                        error);
}

static int grid_count(const struct grid *grid)
{
    return grid->threshold.count * grid->release.count * grid->time_s.count *
           grid->hysteresis.count * grid->hold_s.count;
}

static double pick(const struct values *values, int *index)
{
    double value = values->list[*index % values->count];
    *index /= values->count;
    return value;
}

static struct smooth_settings grid_point(const struct grid *grid, int index)
{
    struct smooth_settings settings = {.nobody = grid->nobody};
    settings.hold_s = pick(&grid->hold_s, &index);
    settings.hysteresis = pick(&grid->hysteresis, &index);
    settings.time_s = pick(&grid->time_s, &index);
    settings.release = pick(&grid->release, &index);
    settings.threshold = pick(&grid->threshold, &index);
    return settings;
}

/* --- clips ------------------------------------------------------------------------------------ */

struct evaluation {
    const struct model *model;
    int clip_count;
    struct clip *clips;
    struct stretches *stretches; /* [clip_count] */
};

static bool load_clips(struct evaluation *evaluation, const struct video_settings *settings,
                       char **paths, struct error *error)
{
    int count = evaluation->clip_count;
    evaluation->clips = calloc((size_t)count, sizeof *evaluation->clips);
    evaluation->stretches = calloc((size_t)count, sizeof *evaluation->stretches);
    if (!evaluation->clips || !evaluation->stretches)
        return error_set(error, "out of memory");
    for (int i = 0; i < count; i++) /* labels first: their mistakes show at once */
        if (!stretches_read(&evaluation->stretches[i], settings->labels, clip_name(paths[i]),
                            evaluation->model, error))
            return false;
    enum views_mode mode;
    if (!views_option_parse(settings->views, &mode, error))
        return false;
    views_option_tell(settings->views, mode, evaluation->model);
    struct bar bar = bar_begin("clips", count);
    bool good = true;
    for (int i = 0; good && i < count; i++) {
        bar_show(&bar, i);
        good = clip_read(&evaluation->clips[i], paths[i], evaluation->model, settings->model.cpu,
                         mode, error);
    }
    bar_end(&bar);
    return good;
}

static void free_clips(struct evaluation *evaluation)
{
    for (int i = 0; evaluation->clips && evaluation->stretches && i < evaluation->clip_count; i++) {
        clip_free(&evaluation->clips[i]);
        stretches_free(&evaluation->stretches[i]);
    }
    free(evaluation->clips);
    free(evaluation->stretches);
}

static struct judgement judge_clip(const struct evaluation *evaluation, int clip,
                                   const struct smooth_settings *settings)
{
    return judge(&evaluation->clips[clip], &evaluation->stretches[clip], evaluation->model,
                 settings);
}

static struct judgement judge_all(const struct evaluation *evaluation,
                                  const struct smooth_settings *settings)
{
    struct judgement sum = {0};
    for (int i = 0; i < evaluation->clip_count; i++) {
        struct judgement one = judge_clip(evaluation, i, settings);
        judgement_add(&sum, &one);
    }
    return sum;
}

/* --- output ----------------------------------------------------------------------------------- */

static void print_judgement(const struct judgement *judgement)
{
    printf("  %7ld  %8.4f  %8.4f  %9.2f  %11.2f  %5ld\n", judgement->seconds,
           judgement_accuracy(judgement), judgement_frame_accuracy(judgement),
           judgement_flips_per_minute(judgement), judgement_first_right_s(judgement),
           judgement->never_right);
}

static const char columns[] = "  seconds     right    frames  flips/min  first right  never\n";

static void print_clips(const struct evaluation *evaluation, const struct smooth_settings *settings)
{
    int width = 5;
    for (int i = 0; i < evaluation->clip_count; i++) {
        int length = (int)strlen(clip_name(evaluation->clips[i].path));
        width = length > width ? length : width;
    }
    printf("threshold %.2f, release %g, smooth-time %g s, hysteresis %g, hold-time %g s\n\n%-*s%s",
           settings->threshold, settings->release, settings->time_s, settings->hysteresis,
           settings->hold_s, width, "clip", columns);
    for (int i = 0; i < evaluation->clip_count; i++) {
        struct judgement judgement = judge_clip(evaluation, i, settings);
        printf("%-*s", width, clip_name(evaluation->clips[i].path));
        print_judgement(&judgement);
    }
    struct judgement sum = judge_all(evaluation, settings);
    printf("%-*s", width, "total");
    print_judgement(&sum);
    for (int i = 0; i < evaluation->clip_count; i++)
        if (evaluation->clips[i].damaged)
            printf("%s: %d damaged frames were left out\n", clip_name(evaluation->clips[i].path),
                   evaluation->clips[i].damaged);
}

static void print_grid(const struct evaluation *evaluation, const struct grid *grid)
{
    printf("threshold  release  smooth-time  hysteresis  hold-time%s", columns);
    for (int i = 0; i < grid_count(grid); i++) {
        struct smooth_settings settings = grid_point(grid, i);
        struct judgement sum = judge_all(evaluation, &settings);
        printf("%9.2f  %7g  %11g  %10g  %9g", settings.threshold, settings.release, settings.time_s,
               settings.hysteresis, settings.hold_s);
        print_judgement(&sum);
    }
}

static json_t *judgement_json(const struct judgement *judgement)
{
    json_t *object = json_object();
    json_object_set_new(object, "seconds", json_integer(judgement->seconds));
    json_object_set_new(object, "accuracy", figure_json(judgement_accuracy(judgement)));
    json_object_set_new(object, "frames", json_integer(judgement->frames));
    json_object_set_new(object, "frame_accuracy", figure_json(judgement_frame_accuracy(judgement)));
    json_object_set_new(object, "flips_per_minute",
                        figure_json(judgement_flips_per_minute(judgement)));
    json_object_set_new(object, "first_right_s", figure_json(judgement_first_right_s(judgement)));
    json_object_set_new(object, "never_right", json_integer(judgement->never_right));
    return object;
}

static json_t *point_json(const struct evaluation *evaluation,
                          const struct smooth_settings *settings)
{
    json_t *object = json_object(), *clips = json_array();
    for (int i = 0; i < evaluation->clip_count; i++) {
        struct judgement judgement = judge_clip(evaluation, i, settings);
        json_t *clip = judgement_json(&judgement);
        json_object_set_new(clip, "clip", json_string(clip_name(evaluation->clips[i].path)));
        json_object_set_new(clip, "damaged", json_integer(evaluation->clips[i].damaged));
        json_array_append_new(clips, clip);
    }
    struct judgement sum = judge_all(evaluation, settings);
    json_object_set_new(object, "threshold", figure_json(settings->threshold));
    json_object_set_new(object, "release", figure_json(settings->release));
    json_object_set_new(object, "smooth_time", figure_json(settings->time_s));
    json_object_set_new(object, "hysteresis", figure_json(settings->hysteresis));
    json_object_set_new(object, "hold_time", figure_json(settings->hold_s));
    json_object_set_new(object, "clips", clips);
    json_object_set_new(object, "total", judgement_json(&sum));
    return object;
}

static bool print_json(const struct evaluation *evaluation, const struct grid *grid,
                       struct error *error)
{
    json_t *points = json_array();
    for (int i = 0; i < grid_count(grid); i++) {
        struct smooth_settings settings = grid_point(grid, i);
        json_array_append_new(points, point_json(evaluation, &settings));
    }
    json_t *object = json_object();
    json_object_set_new(object, "settings", points);
    return figure_print(object, error);
}

/* --- the command ------------------------------------------------------------------------------ */

static bool evaluate(struct evaluation *evaluation, const struct video_settings *settings,
                     char **paths, struct error *error)
{
    struct grid grid;
    if (!parse_grid(settings, evaluation->model, &grid, error) ||
        !load_clips(evaluation, settings, paths, error))
        return false;
    if (settings->json)
        return print_json(evaluation, &grid, error);
    if (grid_count(&grid) == 1) {
        struct smooth_settings only = grid_point(&grid, 0);
        print_clips(evaluation, &only);
    } else {
        print_grid(evaluation, &grid);
    }
    return true;
}

static bool check_model(const struct model *model, const char *path, struct error *error)
{
    return classifier_check_model(model, error) || error_prefix(error, "%s", path);
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct video_settings *video_settings = settings;
    if (!video_settings->labels)
        return error_set_usage(error, "--labels FILE.csv is missing");
    struct model *model = model_options_load(&video_settings->model, operands[0], error);
    struct evaluation evaluation = {.model = model, .clip_count = operand_count - 1};
    bool good = model && check_model(model, operands[0], error) &&
                evaluate(&evaluation, video_settings, operands + 1, error);
    free_clips(&evaluation);
    model_destroy(model);
    return good;
}

const struct command command_evaluate_video = {
    .name = "evaluate-video",
    .operands = "MODEL CLIP...",
    .operands_min = 2,
    .operands_max = COMMAND_OPERANDS_MANY,
    .summary = "measure pawcamd's decisions on labelled recordings",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct video_settings),
    .run = run,
};
