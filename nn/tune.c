#include "nn/tune.h"

#include "common/clock.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    PAIRS = 4, /* of runs per plan, after one to warm up */
    CONFIRM_PAIRS = TUNE_RUNS_MAX,
    CHECK_PICTURES = 16 /* on which weights in 16 bits must not move the outputs */
};

static const double worth = 0.97; /* a way must be that much faster than the guess */

/* Noise, from fine to coarse: a value holds for 1, 2, 4 or 8 neighbours. */
static void draw(float *values, size_t count, unsigned seed)
{
    const size_t run = (size_t)1 << seed % 4;
    uint32_t state = seed + 1;
    for (size_t i = 0; i < count; i++) {
        if (i % run == 0)
            state = state * 1664525 + 1013904223; /* Numerical Recipes */
        values[i] = (float)(state >> 8) / (float)(1 << 24);
    }
}

static float *draw_input(const struct model *model, unsigned seed)
{
    const size_t count = shape_count(model_input_shape(model));
    float *input = malloc(count * sizeof *input);
    if (input)
        draw(input, count, seed);
    return input;
}

/* --- measuring -------------------------------------------------------------------------------- */

struct tune_sample *tune_find(const struct tune_samples *samples, int layer, int place)
{
    for (int i = 0; i < samples->count; i++)
        if (samples->list[i].layer == layer && samples->list[i].way.place == place)
            return &samples->list[i];
    return NULL;
}

static struct tune_sample *add_sample(struct tune_samples *samples, int layer,
                                      const struct plan_way *way)
{
    const size_t bytes = ((size_t)samples->count + 1) * sizeof *samples->list;
    struct tune_sample *list = realloc(samples->list, bytes);
    if (!list)
        return NULL;
    samples->list = list;
    list[samples->count] = (struct tune_sample){.layer = layer, .way = *way};
    return &list[samples->count++];
}

static bool record(struct tune_samples *samples, int layer, const struct plan_way *way, double us,
                   double guess_us)
{
    struct tune_sample *sample = tune_find(samples, layer, way->place);
    if (!sample && !(sample = add_sample(samples, layer, way)))
        return false;
    if (sample->count < TUNE_RUNS_MAX) {
        sample->all_us[sample->count] = us;
        sample->all_ratios[sample->count++] = us / guess_us;
    }
    return true;
}

/* The first plan, and another that takes turns with it. */
struct duel {
    struct plan *guess, *other;
    const float *input;
    int layers;
    int64_t *guess_ns, *other_ns; /* per layer */
};

static void run_pair(const struct duel *duel)
{
    memset(duel->guess_ns, 0, (size_t)duel->layers * sizeof(int64_t));
    memset(duel->other_ns, 0, (size_t)duel->layers * sizeof(int64_t));
    plan_time(duel->guess, duel->input, duel->guess_ns);
    plan_time(duel->other, duel->input, duel->other_ns);
}

/* *ways grows to the most ways that a layer has. */
static bool measure_plan(const struct duel *duel, int pairs, struct tune_samples *samples,
                         int *ways)
{
    struct plan_way way;
    plan_run(duel->other, duel->input);
    for (int pair = 0; pair < pairs; pair++) {
        run_pair(duel);
        for (int i = 0; i < duel->layers; i++) {
            if (!plan_way(duel->other, i, &way))
                continue;
            if (!record(samples, i, &way, (double)duel->other_ns[i] / 1e3,
                        (double)duel->guess_ns[i] / 1e3))
                return false;
            *ways = way.ways > *ways ? way.ways : *ways;
        }
    }
    return true;
}

static bool open_duel(struct duel *duel, const struct model *model, const struct kernels *kernels,
                      struct error *error)
{
    const size_t layers = (size_t)model->layer_count;
    *duel = (struct duel){.layers = model->layer_count};
    duel->input = draw_input(model, 0);
    duel->guess_ns = malloc(layers * sizeof(int64_t));
    duel->other_ns = malloc(layers * sizeof(int64_t));
    if (!duel->input || !duel->guess_ns || !duel->other_ns)
        return error_set(error, "out of memory");
    duel->guess = plan_create_guided(model, kernels, NULL, 0, error);
    return duel->guess != NULL;
}

static void close_duel(struct duel *duel)
{
    plan_destroy(duel->guess);
    free((float *)duel->input);
    free(duel->guess_ns);
    free(duel->other_ns);
}

/* All places once. */
static bool measure_round(struct duel *duel, const struct model *model,
                          const struct kernels *kernels, struct tune_samples *samples,
                          struct error *error)
{
    for (int place = 0, ways = 1; place < ways; place++) {
        duel->other = plan_create_guided(model, kernels, NULL, place, error);
        if (!duel->other)
            return false;
        const bool good = measure_plan(duel, PAIRS, samples, &ways);
        plan_destroy(duel->other);
        if (!good)
            return error_set(error, "out of memory");
    }
    return true;
}

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static double median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, ascending);
    return values[count / 2];
}

static void summarize(struct tune_samples *samples)
{
    for (int i = 0; i < samples->count; i++) {
        struct tune_sample *sample = &samples->list[i];
        sample->us = median(sample->all_us, sample->count);
        sample->ratio = median(sample->all_ratios, sample->count);
    }
}

bool tune_measure(const struct model *model, const struct kernels *kernels, double seconds,
                  struct tune_samples *samples, struct error *error)
{
    struct duel duel;
    const int64_t end_ns = clock_monotonic_ns() + clock_ns_from_seconds(seconds);
    *samples = (struct tune_samples){0};
    bool good = open_duel(&duel, model, kernels, error);
    do {
        good = good && measure_round(&duel, model, kernels, samples, error);
    } while (good && clock_monotonic_ns() < end_ns);
    close_duel(&duel);
    summarize(samples);
    if (!good)
        tune_free(samples);
    return good;
}

void tune_free(struct tune_samples *samples)
{
    free(samples->list);
    *samples = (struct tune_samples){0};
}

/* --- choosing --------------------------------------------------------------------------------- */

static void take(struct tuned_layer *layer, const struct plan_way *way)
{
    const struct conv_kernel *kernel = way->kernel.kernel;
    if (kernel)
        *layer = (struct tuned_layer){kernel->rows,     kernel->columns,   kernel->vectors,
                                      way->kernel.side, way->kernel.block, way->halved};
    else
        *layer = (struct tuned_layer){.halved = way->halved};
}

/* The fastest of a layer's ways other than the guess, halved or not, that takes less than `limit`
 * of the guess's time; NULL: there is none. */
static const struct tune_sample *fastest(const struct tune_samples *samples, int layer, bool halved,
                                         double limit)
{
    const struct tune_sample *best = NULL;
    for (int i = 0; i < samples->count; i++) {
        const struct tune_sample *sample = &samples->list[i];
        if (sample->layer == layer && sample->way.place > 0 && sample->way.halved == halved &&
            sample->ratio < (best ? best->ratio : limit))
            best = sample;
    }
    return best;
}

static const struct tune_sample *choose_layer(const struct tune_samples *samples, int layer,
                                              enum tune_halving halving)
{
    const double limit = halving == TUNE_HALVE_ALWAYS ? INFINITY : worth;
    const struct tune_sample *halved =
        halving == TUNE_HALVE_NEVER ? NULL : fastest(samples, layer, true, limit);
    const struct tune_sample *floats = fastest(samples, layer, false, worth);
    if (!halved || !floats || halving == TUNE_HALVE_ALWAYS)
        return halved ? halved : floats;
    return halved->ratio < floats->ratio ? halved : floats;
}

static void choose(struct tuning *tuning, const struct tune_samples *samples,
                   enum tune_halving halving)
{
    for (int layer = 0; layer < tuning->layer_count; layer++) {
        const struct tune_sample *best = choose_layer(samples, layer, halving);
        tuning->layers[layer] = (struct tuned_layer){0};
        if (best)
            take(&tuning->layers[layer], &best->way);
    }
}

/* The best of many measurements is partly luck: what does not win again loses its place. */
static void drop_unconfirmed(struct tuning *tuning, struct tune_samples *again,
                             enum tune_halving halving)
{
    summarize(again);
    for (int i = 0; i < again->count; i++) {
        struct tuned_layer *layer = &tuning->layers[again->list[i].layer];
        if (again->list[i].ratio > worth && !(layer->halved && halving == TUNE_HALVE_ALWAYS))
            *layer = (struct tuned_layer){0};
    }
}

static bool confirm(const struct model *model, const struct kernels *kernels, struct tuning *tuning,
                    enum tune_halving halving, struct error *error)
{
    struct duel duel;
    struct tune_samples again = {0};
    int ways = 0;
    bool good = open_duel(&duel, model, kernels, error);
    duel.other = good ? plan_create_guided(model, kernels, tuning, 0, error) : NULL;
    good = duel.other &&
           (measure_plan(&duel, CONFIRM_PAIRS, &again, &ways) || error_set(error, "out of memory"));
    if (good)
        drop_unconfirmed(tuning, &again, halving);
    tune_free(&again);
    plan_destroy(duel.other);
    close_duel(&duel);
    return good;
}

/* --- weights in 16 bits ----------------------------------------------------------------------- */

static bool uses_halves(const struct tuning *tuning)
{
    for (int i = 0; i < tuning->layer_count; i++)
        if (tuning->layers[i].halved)
            return true;
    return false;
}

static double difference(const float *a, const float *b, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

/* The largest difference of an output, on noise and on the pictures. Negative: out of memory. */
static double moved(const struct model *model, struct plan *a, struct plan *b,
                    struct tune_pictures pictures)
{
    const struct shape *shape = model_input_shape(model);
    const size_t inputs = shape_count(shape), outputs = shape_count(model_output_shape(model));
    float *input = draw_input(model, 0);
    double most = 0;
    for (unsigned seed = 0; input && seed < CHECK_PICTURES; seed++) {
        draw(input, inputs, seed);
        most = fmax(most, difference(plan_run(a, input), plan_run(b, input), outputs));
    }
    for (int i = 0; i < pictures.count; i++) {
        const uint8_t *pixels = pictures.pixels + (size_t)i * inputs;
        const int stride = shape->dim[1] * 3;
        most = fmax(most, difference(plan_run_pixels(a, pixels, stride),
                                     plan_run_pixels(b, pixels, stride), outputs));
    }
    free(input);
    return input ? most : -1;
}

/* Whether they move the outputs too far. false: out of memory. */
static bool check_halves(const struct model *model, const struct kernels *kernels,
                         const struct tuning *tuning, struct tune_pictures pictures, bool *too_far,
                         struct error *error)
{
    struct plan *floats = plan_create_guided(model, kernels, NULL, 0, error);
    struct plan *halves = floats ? plan_create_guided(model, kernels, tuning, 0, error) : NULL;
    const double most = halves ? moved(model, floats, halves, pictures) : -1;
    *too_far = most > TUNE_MOVED_MAX;
    plan_destroy(floats);
    plan_destroy(halves);
    return most >= 0 || (halves && error_set(error, "out of memory"));
}

/* Those of bfloat16, which are the coarser ones. */
static void unhalve_dense(struct tuning *tuning)
{
    for (int i = 0; i < tuning->layer_count; i++)
        if (tuning->layers[i].rows == 0)
            tuning->layers[i].halved = false;
}

struct tuning *tune_choose(const struct model *model, const struct kernels *kernels,
                           const struct tune_samples *samples, enum tune_halving halving,
                           struct tune_pictures pictures, struct error *error)
{
    struct tuning *tuning = tuning_create(model, kernels->name);
    if (!tuning) {
        error_set(error, "out of memory");
        return NULL;
    }
    bool too_far = false;
    choose(tuning, samples, halving);
    bool good = confirm(model, kernels, tuning, halving, error);
    if (good && halving == TUNE_HALVE_AUTO && uses_halves(tuning))
        good = check_halves(model, kernels, tuning, pictures, &too_far, error);
    if (good && too_far) {
        unhalve_dense(tuning);
        good = check_halves(model, kernels, tuning, pictures, &too_far, error);
    }
    if (good && too_far) {
        choose(tuning, samples, TUNE_HALVE_NEVER);
        good = confirm(model, kernels, tuning, TUNE_HALVE_NEVER, error);
    }
    if (good)
        return tuning;
    free(tuning);
    return NULL;
}
