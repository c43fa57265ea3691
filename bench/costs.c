/* costs [--cpu NAME] [--seconds S] MODEL... - measures the ways in which the models' convolutions
 * can be done, fits the cost table of nn/choose.c to that, and prints the line of the table, and
 * what it would change: foretold, and measured in whole runs that take turns. */
#include "bench/costs_fit.h"
#include "nn/cpu.h"
#include "nn/keras/keras.h"
#include "nn/tune.h"

#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MODELS_MAX = 16, PAIRS = 201, CPU_WORD = 'c', SECONDS_WORD = 's' };

struct bench {
    const struct kernels *kernels;
    double seconds; /* per model */
    struct model *models[MODELS_MAX];
    int first[MODELS_MAX + 1]; /* sample of each model */
    int model_count;
    struct cost_samples samples;
};

/* --- measuring -------------------------------------------------------------------------------- */

/* Layers of all models are told apart. */
static int layer_id(int model, int layer)
{
    return model * MODEL_LAYERS_MAX + layer;
}

static bool add_sample(struct bench *bench, int model, const struct tune_samples *measured,
                       const struct tune_sample *sample)
{
    struct cost_samples *samples = &bench->samples;
    const size_t bytes = ((size_t)samples->count + 1) * sizeof *samples->list;
    struct cost_sample *list = realloc(samples->list, bytes);
    if (!list)
        return false;
    samples->list = list;
    list[samples->count++] = (struct cost_sample){
        .layer = layer_id(model, sample->layer),
        .task = sample->way.task,
        .choice = sample->way.kernel,
        /* The ratio is what other programs disturb least. */
        .us = sample->ratio * tune_find(measured, sample->layer, 0)->us,
    };
    return true;
}

static bool measure(struct bench *bench, int model, struct error *error)
{
    struct tune_samples measured;
    if (!tune_measure(bench->models[model], bench->kernels, bench->seconds, &measured, error))
        return false;
    bool good = true;
    for (int layer = 0; layer < bench->models[model]->layer_count; layer++)
        for (int i = 0; good && i < measured.count; i++)
            if (measured.list[i].layer == layer && measured.list[i].way.kernel.kernel)
                good = add_sample(bench, model, &measured, &measured.list[i]);
    tune_free(&measured);
    return good || error_set(error, "out of memory");
}

/* --- whole runs ------------------------------------------------------------------------------- */

/* What these costs choose, as a tuning: the program's own table need not be changed to try it. */
static struct tuning *tuning_of(const struct bench *bench, int model,
                                const struct cost_table *costs)
{
    struct tuning *tuning = tuning_create(bench->models[model], bench->kernels->name);
    for (int i = bench->first[model], end; tuning && i < bench->first[model + 1]; i = end) {
        const struct conv_choice *choice =
            &bench->samples.list[costs_choose(costs, &bench->samples, i, &end)].choice;
        tuning->layers[bench->samples.list[i].layer - layer_id(model, 0)] = (struct tuned_layer){
            choice->kernel->rows, choice->kernel->columns, choice->kernel->vectors,
            choice->side,         choice->block,           false};
    }
    return tuning;
}

static double run_ms(struct plan *plan, const float *input)
{
    struct timespec from, to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    plan_run(plan, input);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) / 1e6;
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Median of the ratio of two runs in turn. */
static double race(struct plan *plan, struct plan *peer, const float *input)
{
    double ratios[PAIRS];
    run_ms(plan, input);
    run_ms(peer, input);
    for (int i = 0; i < PAIRS; i++) {
        const double ms = run_ms(plan, input);
        ratios[i] = ms / run_ms(peer, input);
    }
    qsort(ratios, PAIRS, sizeof *ratios, ascending);
    return ratios[PAIRS / 2];
}

static bool compare(const struct bench *bench, int model, const struct cost_table *costs,
                    struct error *error)
{
    const struct model *network = bench->models[model];
    struct tuning *tuning = tuning_of(bench, model, costs);
    float *input = calloc(shape_count(model_input_shape(network)), sizeof *input);
    struct plan *now = plan_create_guided(network, bench->kernels, NULL, 0, error);
    struct plan *then =
        tuning ? plan_create_guided(network, bench->kernels, tuning, 0, error) : NULL;
    const bool good = input && now && then;
    if (good)
        printf("%s: a run with the fitted costs takes %.3f times as long\n", network->name,
               race(then, now, input));
    plan_destroy(then);
    plan_destroy(now);
    free(input);
    free(tuning);
    return good || error_set(error, "out of memory");
}

/* --- the program ------------------------------------------------------------------------------ */

static void print_costs(const char *what, const struct cost_table *c,
                        const struct cost_samples *samples)
{
    printf("%s: forecast off by %.0f %%, chosen ways take %.3f times as long as the fastest\n",
           what, 100 * (exp(costs_error(c, samples)) - 1), costs_regret(c, samples));
    printf("    [%d] = {%.3g, %.3g, %.3g, %.3g, %.3g, %.3g, %.3g, %.3g, %.3g, %.3g},\n",
           samples->lanes, c->multiply, c->load, c->load_extra, c->latency, c->tile, c->store,
           c->cache_byte, c->far_byte, c->transform_in, c->transform_out);
}

static bool run(struct bench *bench, struct error *error)
{
    char name[CPU_NAME_BYTES];
    const struct cost_table *present = choose_costs(bench->kernels->lanes);
    bench->samples.lanes = bench->kernels->lanes;
    for (int i = 0; i < bench->model_count; i++) {
        if (!measure(bench, i, error))
            return false;
        bench->first[i + 1] = bench->samples.count;
    }
    if (bench->samples.count == 0)
        return error_set(error, "the models have no convolutions");
    const struct cost_table fitted = costs_fit(present, &bench->samples);
    printf("%s, %s, %d ways measured\n", cpu_name(name), bench->kernels->name,
           bench->samples.count);
    print_costs("present", present, &bench->samples);
    print_costs("fitted", &fitted, &bench->samples);
    for (int i = 0; i < bench->model_count; i++)
        if (!compare(bench, i, &fitted, error))
            return false;
    return true;
}

static bool open_bench(struct bench *bench, int argc, char **argv, struct error *error)
{
    static const struct option words[] = {{"cpu", required_argument, NULL, CPU_WORD},
                                          {"seconds", required_argument, NULL, SECONDS_WORD},
                                          {0}};
    const char *cpu = NULL;
    for (int word; (word = getopt_long(argc, argv, "", words, NULL)) != -1;)
        if (word == CPU_WORD)
            cpu = optarg;
        else if (word != SECONDS_WORD || (bench->seconds = atof(optarg)) <= 0)
            return error_set_usage(error, "usage: costs [--cpu NAME] [--seconds S] MODEL...");
    if (argc == optind || argc - optind > MODELS_MAX)
        return error_set_usage(error, "give 1 to %d models", MODELS_MAX);
    bench->kernels = cpu_find_kernels(cpu);
    if (!bench->kernels)
        return error_set_usage(error, "this machine has no kernels called %s", cpu);
    for (char **path = argv + optind; *path; path++) {
        bench->models[bench->model_count] = keras_load(*path, error);
        if (!bench->models[bench->model_count++])
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct bench bench = {.seconds = 20};
    struct error error = {0};
    const bool good = open_bench(&bench, argc, argv, &error) && run(&bench, &error);
    if (!good)
        fprintf(stderr, "costs: %s\n", error.message);
    for (int i = 0; i < bench.model_count; i++)
        model_destroy(bench.models[i]);
    free(bench.samples.list);
    return good ? EXIT_CODE_OK : (int)error.code;
}
