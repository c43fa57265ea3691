/* tune: measures which kernels run a model's layers fastest on this machine, and writes that beside
 * the model, where every program that runs the model finds it. */
#include "nn/tune.h"
#include "common/atomic_file.h"
#include "nn/cpu.h"
#include "nn/keras/keras.h"
#include "nn/keras/tuning_file.h"
#include "tool/command.h"
#include "tool/drawings.h"
#include "tool/number.h"

#include <stdlib.h>
#include <string.h>

struct tune_settings {
    const char *cpu, *seconds, *halve;
    bool print;
};

static const struct command_option options[] = {
    {"cpu", "NAME", "kernels: auto (the best this machine has), avx2, sse2, ...",
     offsetof(struct tune_settings, cpu)},
    {"seconds", "S", "how long to measure; 5 if not given",
     offsetof(struct tune_settings, seconds)},
    {"halve", "WHEN",
     "16 bits for weights of large layers: always, never or auto (faster, and no score moves by "
     "0.001)",
     offsetof(struct tune_settings, halve)},
    {"print", NULL, "only print the table, write nothing", offsetof(struct tune_settings, print)},
};

enum { COMPARE_RUNS = 200, CHECK_DRAWINGS = 96 };

/* --- the command line ------------------------------------------------------------------------- */

static bool parse_halving(const char *text, enum tune_halving *halving, struct error *error)
{
    static const char *const words[] = {
        [TUNE_HALVE_NEVER] = "never", [TUNE_HALVE_AUTO] = "auto", [TUNE_HALVE_ALWAYS] = "always"};
    *halving = TUNE_HALVE_AUTO;
    if (!text)
        return true;
    for (int i = 0; i < 3; i++)
        if (strcmp(text, words[i]) == 0) {
            *halving = (enum tune_halving)i;
            return true;
        }
    return error_set_usage(error, "--halve %s: give auto, never or always", text);
}

static const struct kernels *find_kernels(const char *name, struct error *error)
{
    const struct kernels *kernels = cpu_find_kernels(name);
    if (!kernels)
        error_set_usage(error,
                        "kernels \"%s\" cannot be tuned on this machine; give auto, or others that "
                        "pawcam bench --cpu knows, except reference",
                        name);
    return kernels;
}

/* --- the table -------------------------------------------------------------------------------- */

/* Is this the way that the tuning names? */
static bool is_taken(const struct tuned_layer *tuned, const struct plan_way *way)
{
    const struct conv_kernel *kernel = way->kernel.kernel;
    if (tuned->halved != way->halved)
        return false;
    return !kernel || (tuned->rows == kernel->rows && tuned->columns == kernel->columns &&
                       tuned->vectors == kernel->vectors && tuned->side == way->kernel.side &&
                       tuned->block == way->kernel.block);
}

static const struct tune_sample *taken(const struct tune_samples *samples,
                                       const struct tuning *tuning, int layer)
{
    for (int i = 0; i < samples->count; i++)
        if (samples->list[i].layer == layer &&
            is_taken(&tuning->layers[layer], &samples->list[i].way))
            return &samples->list[i];
    return tune_find(samples, layer, 0);
}

static void print_layers(const struct model *model, const struct tune_samples *samples,
                         const struct tuning *tuning, const struct plan *guessed,
                         const struct plan *tuned)
{
    printf("%-20s %-38s %9s  %-38s %9s\n", "Layer", "Guessed", "us", "Fastest", "us");
    for (int i = 0; i < model->layer_count; i++) {
        const struct tune_sample *guess = tune_find(samples, i, 0);
        if (!guess)
            continue;
        const struct tune_sample *best = taken(samples, tuning, i);
        const bool same = best == guess;
        printf("%-20.20s %-38s %9.1f  %-38s %9.1f\n", model->layers[i].name,
               plan_describe(guessed, i), guess->us, same ? "the same" : plan_describe(tuned, i),
               same ? guess->us : guess->us * best->ratio);
    }
}

/* --- both plans side by side ------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    const int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* One picture's time, as the sum of its layers'. */
static int64_t run_ns(struct plan *plan, const float *input, int64_t *ns, int layers)
{
    int64_t sum = 0;
    memset(ns, 0, (size_t)layers * sizeof *ns);
    plan_time(plan, input, ns);
    for (int i = 0; i < layers; i++)
        sum += ns[i];
    return sum;
}

/* Medians of runs in turns. */
static bool print_whole(const struct model *model, struct plan *guessed, struct plan *tuned,
                        struct error *error)
{
    float *input = calloc(shape_count(model_input_shape(model)), sizeof *input);
    int64_t *ns = malloc((size_t)model->layer_count * sizeof *ns);
    int64_t before[COMPARE_RUNS], after[COMPARE_RUNS];
    const bool good = (input && ns) || error_set(error, "out of memory");
    for (int i = 0; i < COMPARE_RUNS && good; i++) {
        before[i] = run_ns(guessed, input, ns, model->layer_count);
        after[i] = run_ns(tuned, input, ns, model->layer_count);
    }
    if (good) {
        qsort(before, COMPARE_RUNS, sizeof *before, ascending);
        qsort(after, COMPARE_RUNS, sizeof *after, ascending);
        printf("A picture: %.3f ms as guessed, %.3f ms tuned\n",
               (double)before[COMPARE_RUNS / 2] / 1e6, (double)after[COMPARE_RUNS / 2] / 1e6);
    }
    free(input);
    free(ns);
    return good;
}

static bool print(const struct model *model, const struct kernels *kernels,
                  const struct tune_samples *samples, const struct tuning *tuning,
                  struct error *error)
{
    struct plan *guessed = plan_create_guided(model, kernels, NULL, 0, error);
    struct plan *tuned = guessed ? plan_create_guided(model, kernels, tuning, 0, error) : NULL;
    if (tuned)
        print_layers(model, samples, tuning, guessed, tuned);
    const bool good = tuned && print_whole(model, guessed, tuned, error);
    plan_destroy(guessed);
    plan_destroy(tuned);
    return good;
}

/* --- the file --------------------------------------------------------------------------------- */

static bool write_text(const char *path, const char *text, struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    fprintf(file.stream, "%s\n", text); /* atomic_file_commit notices failures */
    return atomic_file_commit(&file, error);
}

static bool write_file(const struct model *model, const struct tuning *tuning, const char *path,
                       struct error *error)
{
    char *text = tuning_file_text(model, tuning);
    const bool good = text ? write_text(path, text, error) : error_set(error, "out of memory");
    if (good)
        printf("Written to %s\n", path);
    free(text);
    return good;
}

/* --- the command ------------------------------------------------------------------------------ */

static struct tuning *choose(const struct model *model, const struct kernels *kernels,
                             const struct tune_samples *samples, enum tune_halving halving,
                             struct error *error)
{
    const struct shape *shape = model_input_shape(model);
    struct tune_pictures pictures = {0};
    if (model_takes_picture(model) && shape_channels(shape) == 3) {
        pictures.count = CHECK_DRAWINGS;
        pictures.pixels = drawings_make(CHECK_DRAWINGS, shape->dim[1], shape->dim[0], error);
        if (!pictures.pixels)
            return NULL;
    }
    struct tuning *tuning = tune_choose(model, kernels, samples, halving, pictures, error);
    free((uint8_t *)pictures.pixels);
    return tuning;
}

/* `path` is the file to write; NULL: none. */
static bool tune(const struct tune_settings *settings, const struct model *model,
                 const struct kernels *kernels, double seconds, const char *path,
                 struct error *error)
{
    enum tune_halving halving;
    struct tune_samples samples;
    if (!parse_halving(settings->halve, &halving, error) ||
        (path && !atomic_file_check(path, error)) ||
        !tune_measure(model, kernels, seconds, &samples, error))
        return false;
    struct tuning *tuning = choose(model, kernels, &samples, halving, error);
    const bool good = tuning && print(model, kernels, &samples, tuning, error) &&
                      (!path || write_file(model, tuning, path, error));
    free(tuning);
    tune_free(&samples);
    return good;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct tune_settings *s = settings;
    const struct kernels *kernels = find_kernels(s->cpu, error);
    double seconds = 5;
    (void)operand_count;
    if (!kernels || (s->seconds && !number_real("seconds", s->seconds, 0, 3600, &seconds, error)))
        return false;
    struct model *model = keras_load_guarded(operands[0], error);
    char *path = s->print ? NULL : tuning_file_path(operands[0]);
    const bool good =
        model && (path || s->print || error_set(error, "out of memory for the name of a file")) &&
        tune(s, model, kernels, seconds, path, error);
    free(path);
    model_destroy(model);
    return good;
}

const struct command command_tune = {
    .name = "tune",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "find the fastest kernels for a model on this machine, and keep them beside it",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct tune_settings),
    .run = run,
};
