#include "nn/memory.h"
#include "nn/train/cpu.h"
#include "nn/train/optimizer.h"

#include "tests/train/nets.h"
#include "tests/train/torch_values.h"

#include <string.h>

enum { ROWS = 3, COLUMNS = 2, VALUES = ROWS * COLUMNS };

/* The same formula stands in make_torch_values.py. */
static double wave(int i, double frequency, double size)
{
    return size * sin(frequency * (i + 1));
}

static struct net net;
static struct parameters parameters;
static struct team *team;
static const struct train_kernels *kernels;
static float *weights, *gradient;

/* Where value i of the kernel is in a flat array. */
static size_t place(int i)
{
    return (size_t)(i / COLUMNS * PARAMETER_PITCH + i % COLUMNS);
}

static void start(const char *text)
{
    struct error error = {0};
    net_build(&net, text);
    ck_assert(parameters_init(&parameters, &net.network, &error));
    team = team_create(2, &error);
    kernels = train_cpu_find("auto", &error);
    weights = memory_allocate(parameters.total);
    gradient = memory_allocate(parameters.total);
    for (int i = 0; i < VALUES; i++)
        weights[place(i)] = (float)wave(i, 1.7, 0.5);
}

static void finish(void)
{
    free(weights);
    free(gradient);
    team_destroy(team);
    parameters_finish(&parameters);
    net_free(&net);
}

static const char kernel_only[] = "x = Input((3,))\nx = Dense(2, use_bias=False)(x)";

/* The four steps of make_torch_values.py. */
static void steps(struct optimizer_state *state, const struct trainer_settings *settings)
{
    for (int step = 0; step < 4; step++) {
        for (int i = 0; i < VALUES; i++)
            gradient[place(i)] = (float)wave(i, 0.9 + step, 2 - 0.3 * step);
        optimizer_prepare(state, settings, &parameters, team, weights, gradient);
        optimizer_update(state, settings, &parameters, team, 0.1 / (step + 1), gradient, weights);
    }
}

static void assert_agrees_with(const char *cpu, const struct trainer_settings *settings,
                               const double expected[VALUES])
{
    struct optimizer_state state;
    struct error error = {0};
    start(kernel_only);
    kernels = train_cpu_find(cpu, &error);
    if (!kernels) { /* not on this machine */
        finish();
        return;
    }
    ck_assert(optimizer_init(&state, settings, &parameters, kernels, weights, &error));
    steps(&state, settings);
    for (int i = 0; i < VALUES; i++)
        ck_assert_double_eq_tol((double)weights[place(i)], expected[i], 2e-6);
    for (size_t i = 0; i < parameters.total; i++)
        ck_assert(i % PARAMETER_PITCH < COLUMNS || weights[i] == 0); /* the padding */
    optimizer_finish(&state);
    finish();
}

static void assert_agrees(const struct trainer_settings *settings, const double expected[VALUES])
{
    const char *const names[] = {"auto", "avx512", "avx2", "sse2", "neon"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_agrees_with(names[i], settings, expected);
}

static struct trainer_settings with(enum optimizer optimizer)
{
    struct trainer_settings settings = net_settings();
    settings.optimizer = optimizer;
    settings.momentum = 0;
    settings.epsilon = 1e-7;
    return settings;
}

START_TEST(sgd_as_pytorch)
{
    struct trainer_settings settings = with(OPTIMIZER_SGD);
    assert_agrees(&settings, torch_sgd);
    settings.momentum = 0.9;
    assert_agrees(&settings, torch_momentum);
    settings.nesterov = true;
    assert_agrees(&settings, torch_nesterov);
    settings.nesterov = false;
    settings.weight_decay = 0.05;
    assert_agrees(&settings, torch_decay);
}
END_TEST

START_TEST(rmsprop_as_pytorch)
{
    struct trainer_settings settings = with(OPTIMIZER_RMSPROP);
    assert_agrees(&settings, torch_rmsprop);
}
END_TEST

START_TEST(adam_as_pytorch)
{
    struct trainer_settings settings = with(OPTIMIZER_ADAM);
    assert_agrees(&settings, torch_adam);
    settings.optimizer = OPTIMIZER_ADAMW;
    settings.weight_decay = 0.05;
    assert_agrees(&settings, torch_adamw);
}
END_TEST

START_TEST(clipping_as_pytorch)
{
    struct trainer_settings settings = with(OPTIMIZER_SGD);
    settings.clip_norm = 1.5;
    assert_agrees(&settings, torch_clipped);
    settings.clip_norm = 0;
    settings.global_clip_norm = 1.5; /* of one array it is the same */
    assert_agrees(&settings, torch_clipped);
}
END_TEST

/* One step of rate 1 from zero weights: the kernel's gradient is 3 everywhere but for one 4 (norm
 * 7.81), the bias's is (0.3, 0.4) (norm 0.5). Afterwards -weights are the clipped gradients. */
static void assert_clips(struct trainer_settings settings, double kernel, double largest,
                         double bias)
{
    struct optimizer_state state;
    struct error error = {0};
    start("x = Input((3,))\nx = Dense(2)(x)");
    const size_t at = parameters_find(&parameters, 1, offsetof(struct layer, bias))->offset;
    ck_assert(optimizer_init(&state, &settings, &parameters, kernels, weights, &error));
    for (int i = 0; i < VALUES; i++) {
        weights[place(i)] = 0;
        gradient[place(i)] = i ? 3 : 4;
    }
    gradient[at] = 0.3F;
    gradient[at + 1] = 0.4F;
    optimizer_prepare(&state, &settings, &parameters, team, weights, gradient);
    optimizer_update(&state, &settings, &parameters, team, 1, gradient, weights);
    ck_assert_double_eq_tol((double)-weights[0], largest, 1e-6);
    ck_assert_double_eq_tol((double)-weights[place(VALUES - 1)], kernel, 1e-6);
    ck_assert_double_eq_tol((double)-weights[at + 1], bias, 1e-6);
    optimizer_finish(&state);
    finish();
}

START_TEST(clipping_as_keras)
{
    struct trainer_settings settings = with(OPTIMIZER_SGD);
    const double norm = sqrt(5 * 9 + 16), all = sqrt(5 * 9 + 16 + 0.25);
    settings.clip_norm = 2; /* each array by its own norm: the bias's is small enough */
    assert_clips(settings, 3 * 2 / norm, 4 * 2 / norm, 0.4);
    settings.clip_norm = 0;
    settings.global_clip_norm = 2;
    assert_clips(settings, 3 * 2 / all, 4 * 2 / all, 0.4 * 2 / all);
    settings.global_clip_norm = 0;
    settings.clip_value = 3.5;
    assert_clips(settings, 3, 3.5, 0.4);
}
END_TEST

START_TEST(average_follows_the_weights)
{
    struct trainer_settings settings = with(OPTIMIZER_SGD);
    struct optimizer_state state;
    struct error error = {0};
    settings.ema = 0.75;
    start(kernel_only);
    const double first = (double)weights[0];
    ck_assert(optimizer_init(&state, &settings, &parameters, kernels, weights, &error));
    gradient[0] = 1;
    optimizer_prepare(&state, &settings, &parameters, team, weights, gradient);
    optimizer_update(&state, &settings, &parameters, team, 0.5, gradient, weights);
    ck_assert_double_eq_tol((double)weights[0], first - 0.5, 1e-6);
    ck_assert_double_eq_tol((double)state.average[0], first - 0.25 * 0.5, 1e-6);
    optimizer_finish(&state);
    finish();
}
END_TEST

START_TEST(regularizer_is_in_gradient_and_penalty)
{
    struct trainer_settings settings = with(OPTIMIZER_SGD);
    struct optimizer_state state;
    struct error error = {0};
    double squares = 0, norm = 0;
    start("x = Input((3,))\nx = Dense(2, kernel_regularizer=l2(0.25))(x)");
    ck_assert(optimizer_init(&state, &settings, &parameters, kernels, weights, &error));
    for (int i = 0; i < VALUES; i++) {
        const double w = wave(i, 1.7, 0.5);
        gradient[place(i)] = 1;
        squares += w * w;
        norm += (1 + 2 * 0.25 * w) * (1 + 2 * 0.25 * w);
    }
    optimizer_prepare(&state, &settings, &parameters, team, weights, gradient);
    ck_assert_double_eq_tol(state.penalty, 0.25 * squares, 1e-6);
    ck_assert_double_eq_tol(state.squares, norm, 1e-5);
    optimizer_finish(&state);
    finish();
}
END_TEST

START_TEST(biases_do_not_decay)
{
    struct trainer_settings settings = with(OPTIMIZER_ADAMW);
    struct optimizer_state state;
    struct error error = {0};
    settings.weight_decay = 0.5;
    start("x = Input((3,))\nx = Dense(2)(x)");
    const size_t bias = parameters_find(&parameters, 1, offsetof(struct layer, bias))->offset;
    weights[bias] = 1;
    ck_assert(optimizer_init(&state, &settings, &parameters, kernels, weights, &error));
    optimizer_prepare(&state, &settings, &parameters, team, weights, gradient);
    optimizer_update(&state, &settings, &parameters, team, 0.1, gradient, weights);
    ck_assert(weights[bias] == 1);
    ck_assert_double_eq_tol((double)weights[0], wave(0, 1.7, 0.5) * 0.95, 1e-6);
    optimizer_finish(&state);
    finish();
}
END_TEST

TEST_MAIN(optimizer, sgd_as_pytorch, rmsprop_as_pytorch, adam_as_pytorch, clipping_as_pytorch,
          clipping_as_keras, average_follows_the_weights, regularizer_is_in_gradient_and_penalty,
          biases_do_not_decay)
