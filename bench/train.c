/* How long a full training step takes: forward, backward, Adam. bench/train.py compares. */
#include "common/clock.h"
#include "nn/train/random.h"
#include "nn/train/trainer.h"

#include <stdio.h>
#include <stdlib.h>

struct arguments {
    const char *recipe;
    int batch, threads, steps;
    const char *cpu;
};

static double cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / NS_PER_S;
}

static bool make_data(const struct model *model, int n, float **x, float **y)
{
    const size_t values = shape_count(model_input_shape(model)) * (size_t)n;
    struct random random;
    random_seed(&random, 1);
    *x = malloc(values * sizeof **x);
    *y = malloc((size_t)n * sizeof **y);
    for (size_t i = 0; *x && i < values; i++)
        (*x)[i] = (float)random_uniform(&random);
    for (int i = 0; *y && i < n; i++)
        (*y)[i] = (float)random_below(&random, 3);
    return *x && *y;
}

/* Prints milliseconds of each step: wall clock, and processor time of all threads. */
static void measure(struct trainer *trainer, const float *x, const float *y, int n, int steps)
{
    trainer_step(trainer, x, y, n, 1e-4); /* touches all memory */
    for (int i = 0; i < steps; i++) {
        const int64_t begin_ns = clock_monotonic_ns();
        const double begin_s = cpu_s();
        trainer_step(trainer, x, y, n, 1e-4);
        printf("%.3f %.3f\n", (double)(clock_monotonic_ns() - begin_ns) / NS_PER_MS,
               (cpu_s() - begin_s) * 1e3);
    }
}

static bool run(const struct arguments *arguments, struct error *error)
{
    const struct trainer_settings settings = {
        .loss = LOSS_SPARSE_CATEGORICAL_CROSSENTROPY,
        .optimizer = OPTIMIZER_ADAM,
        .beta_1 = 0.9,
        .beta_2 = 0.999,
        .epsilon = 1e-8,
        .batch = arguments->batch,
        .threads = arguments->threads,
        .cpu = arguments->cpu,
        .seed = 1,
    };
    struct script script = {0};
    struct network network = {0};
    struct trainer *trainer = NULL;
    float *x = NULL, *y = NULL;
    bool good = script_read(&script, arguments->recipe, error) &&
                network_build(&network, &script, 1, error) &&
                (trainer = trainer_create(&network, &settings, error));
    if (good && !make_data(network.model, arguments->batch, &x, &y))
        good = error_set(error, "no memory for a batch");
    if (good)
        measure(trainer, x, y, arguments->batch, arguments->steps);
    free(x);
    free(y);
    trainer_destroy(trainer);
    network_free(&network);
    script_free(&script);
    return good;
}

int main(int argc, char **argv)
{
    struct error error = {0};
    if (argc != 6) {
        fprintf(stderr, "usage: %s RECIPE BATCH THREADS STEPS CPU\n", argv[0]);
        return EXIT_CODE_USAGE;
    }
    const struct arguments arguments = {argv[1], atoi(argv[2]), atoi(argv[3]), atoi(argv[4]),
                                        argv[5]};
    if (run(&arguments, &error))
        return EXIT_CODE_OK;
    fprintf(stderr, "%s: %s\n", argv[0], error.message);
    return (int)error.code;
}
