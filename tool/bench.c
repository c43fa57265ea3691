/* bench: how fast this machine runs a model. One session per thread, each on a picture of its own;
 * threads are independent cameras, not parts of one picture. */
#include "common/clock.h"
#include "nn/layer.h"
#include "nn/session.h"
#include "tool/command.h"
#include "tool/model_options.h"
#include "tool/number.h"

#include <errno.h>
#include <jansson.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct bench_settings {
    struct model_options model;
    const char *threads, *seconds;
    bool json;
};

static const struct command_option options[] = {
    MODEL_OPTION_ROWS(struct bench_settings, model),
    {"threads", "N", "run N sessions at once; 1 if not given",
     offsetof(struct bench_settings, threads)},
    {"seconds", "S", "how long to measure; 2 if not given",
     offsetof(struct bench_settings, seconds)},
    {"json", NULL, "one JSON object", offsetof(struct bench_settings, json)},
};

static const double seconds_min = 0.0001, seconds_max = 3600;
enum { THREADS_MAX = 256, WARM_RUNS = 3, SAMPLES_MAX = 1 << 20 };

/* One thread: a session, its input and its times. */
struct runner {
    pthread_t thread;
    struct session *session;
    float *input;
    int64_t duration_ns;
    double *ms; /* SAMPLES_MAX */
    int count;
};

struct outcome {
    double median_ms, p95_ms, mmac, gflops;
    size_t arena_kb;
    long rss_kb;
};

/* --- the command line ------------------------------------------------------------------------- */

static bool parse(const struct bench_settings *settings, int *threads, double *seconds,
                  struct error *error)
{
    long count = 1;
    *seconds = 2;
    if ((settings->threads &&
         !number_integer("threads", settings->threads, 1, THREADS_MAX, &count, error)) ||
        (settings->seconds &&
         !number_real("seconds", settings->seconds, seconds_min, seconds_max, seconds, error)))
        return false;
    *threads = (int)count;
    return true;
}

/* --- measuring -------------------------------------------------------------------------------- */

/* The thread's own time on the processor: a run never waits, so this is its duration, less what
 * other programs take of the machine. */
static double cpu_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / NS_PER_MS;
}

static void *measure(void *argument)
{
    struct runner *runner = argument;
    for (int i = 0; i < WARM_RUNS; i++)
        session_run(runner->session, runner->input);
    const int64_t end_ns = clock_monotonic_ns() + runner->duration_ns;
    do {
        const double start_ms = cpu_ms();
        session_run(runner->session, runner->input);
        runner->ms[runner->count++] = cpu_ms() - start_ms;
    } while (clock_monotonic_ns() < end_ns && runner->count < SAMPLES_MAX);
    return NULL;
}

static bool start_runner(struct runner *runner, const struct model *model, const char *cpu,
                         double seconds, struct error *error)
{
    const size_t values = shape_count(model_input_shape(model));
    runner->duration_ns = clock_ns_from_seconds(seconds);
    runner->input = malloc(values * sizeof *runner->input);
    runner->ms = malloc(SAMPLES_MAX * sizeof *runner->ms);
    if (!runner->input || !runner->ms)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < values; i++)
        runner->input[i] = (float)(i * 37 % 256) / 255;
    runner->session = session_create(model, cpu, error);
    return runner->session != NULL;
}

static void free_runner(struct runner *runner)
{
    session_destroy(runner->session);
    free(runner->input);
    free(runner->ms);
}

/* Starts and joins the threads; on failure joins those that were started. */
static bool run_threads(struct runner *runners, int threads, struct error *error)
{
    int started = 0, status = 0;
    while (started < threads && status == 0) {
        status = pthread_create(&runners[started].thread, NULL, measure, &runners[started]);
        started += status == 0;
    }
    for (int i = 0; i < started; i++)
        pthread_join(runners[i].thread, NULL);
    return status == 0 ||
           error_set(error, "cannot start %d threads: %s", threads, strerror(status));
}

/* --- the outcome ------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    const double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* Resident memory of this process; 0 where /proc does not tell. */
static long resident_kb(void)
{
    char line[256];
    long kb = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmRSS: %ld", &kb) == 1)
            break;
    if (status)
        fclose(status);
    return kb;
}

static bool summarize(const struct model *model, const struct runner *runners, int threads,
                      struct outcome *outcome, struct error *error)
{
    size_t count = 0, arena, weights;
    outcome->rss_kb = resident_kb();
    for (int i = 0; i < threads; i++)
        count += (size_t)runners[i].count;
    double *all = malloc(count * sizeof *all), *next = all;
    if (!all)
        return error_set(error, "out of memory");
    for (int i = 0; i < threads; next += runners[i++].count)
        memcpy(next, runners[i].ms, (size_t)runners[i].count * sizeof *all);
    qsort(all, count, sizeof *all, ascending);
    outcome->median_ms = all[count / 2];
    outcome->p95_ms = all[count * 95 / 100];
    free(all);
    for (int i = 0; i < model->layer_count; i++)
        outcome->mmac += layer_macs(model, &model->layers[i]) / 1e6;
    outcome->gflops = 2 * outcome->mmac / outcome->median_ms;
    session_memory(runners[0].session, &arena, &weights);
    outcome->arena_kb = arena / 1024;
    return true;
}

static bool print(const char *path, const char *cpu, int threads, const struct outcome *outcome,
                  bool json, struct error *error)
{
    if (!json) {
        printf("%s, %s, %d thread%s: median %.3f ms, 95 %% below %.3f ms; %.1f MMAC, "
               "%.1f GFLOP/s; arena %zu KiB, resident %ld KiB\n",
               path, cpu, threads, threads == 1 ? "" : "s", outcome->median_ms, outcome->p95_ms,
               outcome->mmac, outcome->gflops, outcome->arena_kb, outcome->rss_kb);
        return true;
    }
    json_t *object =
        json_pack("{s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:I, s:I}", "model", path, "cpu", cpu,
                  "threads", threads, "median_ms", outcome->median_ms, "p95_ms", outcome->p95_ms,
                  "mmac", outcome->mmac, "gflops", outcome->gflops, "arena_kb",
                  (json_int_t)outcome->arena_kb, "rss_kb", (json_int_t)outcome->rss_kb);
    char *text = object ? json_dumps(object, JSON_REAL_PRECISION(6)) : NULL;
    json_decref(object);
    if (!text)
        return error_set(error, "%s: the name is no UTF-8, which JSON needs", path);
    puts(text);
    free(text);
    return true;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct bench_settings *bench = settings;
    int threads;
    double seconds;
    struct outcome outcome = {0};
    (void)operand_count;
    if (!parse(bench, &threads, &seconds, error))
        return false;
    struct model *model = model_options_load(&bench->model, operands[0], error);
    struct runner *runners = calloc((size_t)threads, sizeof *runners);
    bool good = model && (runners || error_set(error, "out of memory"));
    for (int i = 0; good && i < threads; i++)
        good = start_runner(&runners[i], model, bench->model.cpu, seconds, error);
    if (good && session_holds_weights(runners[0].session))
        model_drop_kernels(model);
    good = good && run_threads(runners, threads, error) &&
           summarize(model, runners, threads, &outcome, error) &&
           print(operands[0], session_engine_name(runners[0].session), threads, &outcome,
                 bench->json, error);
    for (int i = 0; runners && i < threads; i++)
        free_runner(&runners[i]);
    free(runners);
    model_destroy(model);
    return good;
}

const struct command command_bench = {
    .name = "bench",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "measure how fast this machine runs a model",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct bench_settings),
    .run = run,
};
