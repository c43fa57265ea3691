/* The fast engine, with all kernels that run here, against the reference engine: loss, scores and
 * every gradient of networks that have all layers in all geometries. */
#include "nn/memory.h"
#include "nn/train/cpu.h"
#include "nn/train/engine.h"
#include "nn/train/fast.h"
#include "tests/train/nets.h"

#include <string.h>

struct bench {
    struct net net;
    struct parameters parameters;
    bool *needed;
    float *weights, *x, *y;
    struct train_setup setup;
    struct train_batch batch;
};

static bool is_statistic(const struct parameter_array *array)
{
    return strncmp(array->what.name, "moving", 6) == 0;
}

static void bench_fill(struct bench *bench, int n)
{
    const struct loss_function *loss = &bench->setup.loss;
    const size_t inputs = shape_count(model_input_shape(bench->setup.model)) * (size_t)n;
    struct random random;
    random_seed(&random, 3);
    bench->weights = memory_allocate(bench->parameters.total);
    for (int i = 0; i < bench->parameters.count; i++) {
        const struct parameter_array *array = &bench->parameters.arrays[i];
        for (int r = 0; r < array->rows; r++)
            for (int c = 0; c < array->columns; c++)
                bench->weights[array->offset + (size_t)(r * array->pitch + c)] =
                    (float)(random_normal(&random) * 0.2 + (is_statistic(array) ? 2 : 0));
    }
    bench->x = malloc(inputs * sizeof(float));
    net_fill(&random, bench->x, inputs);
    bench->y = malloc((size_t)(n * loss->targets) * sizeof(float));
    for (int i = 0; i < n * loss->targets; i++)
        bench->y[i] = loss->targets == 1 && loss->kind != LOSS_MSE
                          ? (float)random_below(&random, (uint64_t)loss->outputs)
                          : (float)random_uniform(&random);
    bench->batch = (struct train_batch){.x = bench->x, .y = bench->y, .n = n, .step = 5};
}

/* Layers that the output does not depend on do not run. */
static bool *needed_of(const struct model *model)
{
    bool *needed = calloc((size_t)model->layer_count, sizeof *needed);
    needed[model->output] = true;
    for (int i = model->output; i > 0; i--)
        for (int k = 0; needed[i] && k < model->layers[i].input_count; k++)
            needed[model->layers[i].inputs[k]] = true;
    return needed;
}

static void bench_start(struct bench *bench, const char *text, enum loss loss, int n)
{
    struct error error = {0};
    struct trainer_settings settings = net_settings();
    *bench = (struct bench){0};
    settings.loss = loss;
    net_build(&bench->net, text);
    struct model *model = bench->net.network.model;
    ck_assert(parameters_init(&bench->parameters, &bench->net.network, &error));
    bench->needed = needed_of(model);
    bench->setup = (struct train_setup){.model = model,
                                        .needed = bench->needed,
                                        .parameters = &bench->parameters,
                                        .batch = n,
                                        .seed = 7};
    ck_assert_msg(loss_init(&bench->setup.loss, model, &settings, &error), "%s", error.message);
    bench_fill(bench, n);
}

static void bench_finish(struct bench *bench)
{
    parameters_finish(&bench->parameters);
    free(bench->needed);
    free(bench->weights);
    free(bench->x);
    free(bench->y);
    net_free(&bench->net);
}

/* What an engine makes of the batch. */
struct answer {
    float *gradient, *scores;
    struct trainer_result learned, evaluated;
};

static void ask(const struct bench *bench, const struct train_engine *engine,
                const struct train_kernels *kernels, int threads, struct answer *answer)
{
    struct error error = {0};
    struct train_setup setup = bench->setup;
    setup.team = team_create(threads, &error);
    setup.kernels = kernels;
    void *self = engine->create(&setup, &error);
    ck_assert_msg(self != NULL, "%s", error.message);
    const size_t outputs = (size_t)setup.loss.outputs * (size_t)bench->batch.n;
    answer->gradient = memory_allocate(bench->parameters.total);
    answer->scores = malloc(outputs * sizeof(float));
    struct train_batch smaller = bench->batch; /* must not disturb what comes after it */
    smaller.n = (smaller.n + 1) / 2;
    engine->evaluate(self, &smaller, bench->weights, answer->scores);
    engine->learn(self, &smaller, bench->weights, answer->gradient);
    answer->learned = engine->learn(self, &bench->batch, bench->weights, answer->gradient);
    answer->evaluated = engine->evaluate(self, &bench->batch, bench->weights, answer->scores);
    engine->destroy(self);
    team_destroy(setup.team);
}

static void answer_finish(struct answer *answer)
{
    free(answer->gradient);
    free(answer->scores);
}

/* Largest difference within an array, by the array's largest value. */
static double difference(const float *a, const float *b, size_t count)
{
    double worst = 0, largest = 1e-3;
    for (size_t i = 0; i < count; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        largest = fmax(largest, fabs((double)a[i]));
        if (!isfinite(b[i]))
            return INFINITY;
    }
    return worst / largest;
}

static void compare(const struct bench *bench, const struct answer *expected,
                    const struct answer *found, const char *what)
{
    const size_t outputs = (size_t)bench->setup.loss.outputs * (size_t)bench->batch.n;
    ck_assert_int_eq(found->learned.n, expected->learned.n);
    ck_assert_msg(fabs(found->learned.loss - expected->learned.loss) <
                      1e-4 * (1 + fabs(expected->learned.loss)),
                  "%s: loss %g, not %g", what, found->learned.loss, expected->learned.loss);
    ck_assert_msg(difference(expected->scores, found->scores, outputs) < 1e-4, "%s: scores", what);
    for (int i = 0; i < bench->parameters.count; i++) {
        const struct parameter_array *array = &bench->parameters.arrays[i];
        if (array->frozen) /* nobody asks */
            continue;
        const double worst =
            difference(expected->gradient + array->offset, found->gradient + array->offset,
                       (size_t)array->rows * (size_t)array->pitch);
        ck_assert_msg(worst < 2e-4, "%s: gradient of %s of layer %d is off by %g", what,
                      array->what.name, array->layer, worst);
    }
}

static const char *const kernel_names[] = {"sse2", "avx2", "avx512", "neon"};

static void check_with(const char *text, enum loss loss, int n)
{
    struct bench bench;
    struct answer expected, found;
    bench_start(&bench, text, loss, n);
    ask(&bench, &train_engine_reference, NULL, 1, &expected);
    for (size_t i = 0; i < sizeof kernel_names / sizeof *kernel_names; i++) {
        const struct train_kernels *kernels = train_cpu_find(kernel_names[i], NULL);
        for (int threads = 1; kernels && threads <= 3; threads += 2) {
            char what[1200];
            snprintf(what, sizeof what, "%s, %d threads:\n%s\n", kernel_names[i], threads, text);
            ask(&bench, &train_engine_fast, kernels, threads, &found);
            compare(&bench, &expected, &found, what);
            answer_finish(&found);
        }
    }
    answer_finish(&expected);
    bench_finish(&bench);
}

/* The mean of the gradients of one picture at a time. */
static void ask_one_by_one(const struct bench *bench, const struct train_kernels *kernels,
                           float *mean)
{
    struct error error = {0};
    struct train_setup setup = bench->setup;
    const size_t values = shape_count(model_input_shape(setup.model));
    const int n = bench->batch.n, targets = setup.loss.targets;
    float *gradient = memory_allocate(bench->parameters.total);
    setup.team = team_create(1, &error);
    setup.kernels = kernels;
    setup.batch = 1;
    void *self = train_engine_fast.create(&setup, &error);
    ck_assert_msg(self != NULL, "%s", error.message);
    for (int i = 0; i < n; i++) {
        const struct train_batch picture = {
            .x = bench->x + (size_t)i * values, .y = bench->y + i * targets, .n = 1, .step = 5};
        train_engine_fast.learn(self, &picture, bench->weights, gradient);
        for (size_t k = 0; k < bench->parameters.total; k++)
            mean[k] += gradient[k] / (float)n;
    }
    train_engine_fast.destroy(self);
    team_destroy(setup.team);
    free(gradient);
}

/* Pictures that go together, take turns or are divided among threads must not disturb each other.
 * Unlike the reference, one picture at a time has the same values to the bit: in large maps there
 * is always one near the edge of a relu, or two that are the maximum but for a rounding. */
static void check_one_by_one(const char *text, int n)
{
    struct bench bench;
    bench_start(&bench, text, LOSS_MSE, n);
    for (size_t i = 0; i < sizeof kernel_names / sizeof *kernel_names; i++) {
        const struct train_kernels *kernels = train_cpu_find(kernel_names[i], NULL);
        float *mean = memory_allocate(bench.parameters.total);
        if (kernels)
            ask_one_by_one(&bench, kernels, mean);
        for (int threads = 1; kernels && threads <= 3; threads += 2) {
            struct answer found;
            ask(&bench, &train_engine_fast, kernels, threads, &found);
            const double worst = difference(mean, found.gradient, bench.parameters.total);
            ck_assert_msg(worst < 2e-5, "%s, %d threads: off by %g\n%s", kernel_names[i], threads,
                          worst, text);
            answer_finish(&found);
        }
        free(mean);
    }
    bench_finish(&bench);
}

static void check(const char *input, const char *layers)
{
    char text[1200];
    snprintf(text, sizeof text, "x = Input(%s)\n%s\n", input, layers);
    check_with(text, LOSS_MSE, 5);
}

/* Behind two convolutions, so that gradients by weights and by inputs both show. */
static void check_map(const char *layers)
{
    char text[1000];
    snprintf(text, sizeof text, "x = Conv2D(20, 3, padding='same')(x)\n%s\nx = Conv2D(3, 1)(x)",
             layers);
    check("(9, 10, 3)", text);
    check("(8, 8, 18)", text);
}

START_TEST(convolutions_of_pictures)
{
    check("(11, 9, 3)", "x = Conv2D(5, 3, padding='same', activation='relu')(x)");
    check("(11, 9, 3)", "x = Conv2D(33, 5, strides=2, padding='same')(x)");
    check("(12, 12, 1)", "x = Conv2D(20, 5)(x)\nx = MaxPooling2D(2)(x)\nx = Conv2D(50, 3)(x)");
    check("(9, 9, 4)", "x = Conv2D(7, (3, 2), dilation_rate=2)(x)");
    check("(9, 9, 2)", "x = Conv2D(7, 3, strides=3, use_bias=False)(x)");
}
END_TEST

START_TEST(convolutions_of_blocks)
{
    check_map("x = Conv2D(18, 3, padding='same', activation='relu')(x)");
    check_map("x = Conv2D(18, 3)(x)");
    check_map("x = Conv2D(40, 3, strides=2, padding='same')(x)");
    check_map("x = Conv2D(6, 5, strides=2, padding='same')(x)");
    check_map("x = Conv2D(17, 6, strides=2, padding='same')(x)");
    check_map("x = Conv2D(6, (2, 4), strides=(1, 3))(x)");
    check_map("x = Conv2D(6, 1, strides=2)(x)");
    check_map("x = Conv2D(6, 3, strides=4)(x)");
    check_map("x = Conv2D(6, 3, dilation_rate=2, padding='same')(x)");
    check_map("x = Conv2D(16, 1, activation='tanh')(x)");
    check_map("x = Dense(21, activation='relu')(x)");
}
END_TEST

START_TEST(winograd_of_many_tiles)
{
    check_with("x = Input((32, 32, 16))\nx = Conv2D(32, 3, padding='same', activation='relu')(x)\n"
               "x = Conv2D(48, 3, padding='same')(x)\nx = GlobalAveragePooling2D()(x)",
               LOSS_MSE, 11);
    check_with("x = Input((4, 4, 32))\nx = Conv2D(64, 3, padding='same', activation='relu')(x)\n"
               "x = Conv2D(32, 3, padding='same')(x)",
               LOSS_MSE, 9);
}
END_TEST

/* Threads divide the channels, not the pictures; one has none where there are few groups. */
START_TEST(winograd_of_many_channels)
{
    check("(4, 5, 64)", "x = Conv2D(64, 3, padding='same', activation='relu')(x)\n"
                        "x = Conv2D(128, 3, padding='same')(x)\n"
                        "x = Conv2D(64, 3, padding='same', use_bias=False)(x)\n"
                        "x = GlobalAveragePooling2D()(x)");
    check("(4, 4, 32)", "y = Conv2D(32, 3, padding='same')(x)\nx = Add()([x, y])\n"
                        "y = Conv2D(32, 3, padding='same')(x)\nx = Add()([x, y])\n"
                        "x = Conv2D(3, 3)(x)");
    /* spare lanes, of one thread's channels and of the last ones */
    check("(4, 4, 32)", "x = Conv2D(60, 3, padding='same')(x)\n"
                        "x = Conv2D(64, 3, padding='same')(x)\nx = Conv2D(3, 3)(x)");
    check("(8, 8, 3)", "x = Conv2D(18, 3, padding='same')(x)\n"
                       "x = Conv2D(17, 3, padding='same')(x)\nx = Conv2D(3, 1)(x)");
    /* more than go through the products at once, and one more */
    check("(4, 4, 129)", "x = Conv2D(24, 3, padding='same')(x)\nx = Conv2D(3, 3)(x)");
}
END_TEST

/* Sums and slopes that a convolution does on its way out, and those that it must leave to others;
 * 7x7: the last tiles move back and write pixels twice. */
static void check_block(const char *layers)
{
    char text[800];
    snprintf(text, sizeof text,
             "x = Conv2D(16, 3, padding='same', activation='relu')(x)\n%s\nx = Conv2D(3, 3)(x)",
             layers);
    check("(7, 7, 16)", text);
    check("(4, 4, 32)", text);
}

START_TEST(convolutions_with_sums)
{
    check_block("y = Conv2D(24, 3, padding='same', activation='relu')(x)\n"
                "y = Conv2D(16, 3, padding='same')(y)\nx = Add()([x, y])\n"
                "x = Activation('relu')(x)\n"
                "y = Conv2D(24, 3, padding='same', activation='relu')(x)\n"
                "y = Conv2D(16, 3, padding='same')(y)\nx = Add()([y, x])\n"
                "x = ReLU(max_value=0.4)(x)\nx = Conv2D(16, 3, padding='same')(x)");
    check_block("y = Conv2D(16, 3, padding='same')(x)\ny = BatchNormalization()(y)\n"
                "x = Add()([x, y])\nx = Activation('relu')(x)\n"
                "y = Conv2D(16, 3, padding='same')(x)\nx = Add()([x, y])\n"
                "x = Activation('sigmoid')(x)");
    check_block("y = Conv2D(16, 1)(x)\nz = Conv2D(16, 1, activation='relu')(x)\n"
                "x = Add()([y, z])");
    check_block("y = Conv2D(16, 3, padding='same')(x)\nz = Conv2D(16, 3, padding='same')(x)\n"
                "x = Add()([y, z])\ny = Activation('linear')(y)\nx = Add()([x, y, z])");
    check_block("z = Conv2D(16, 1)(x)\nx = Conv2D(16, 3, padding='same', activation='relu')(x)\n"
                "u = Add()([x, z])\ny = Conv2D(16, 3, padding='same')(x)\nx = Add()([u, y])");
    check_block("y = Conv2D(16, 3, padding='same')(x)\nx = Add()([y, y])");
    check_block("y = Conv2D(16, 3, padding='same')(x)\nz = Conv2D(16, 1)(x)\n"
                "x = Add()([x, y, z])");
    check_block("z = Conv2D(16, 1)(x)\nx = Conv2D(16, 3, padding='same', activation='relu')(x)\n"
                "u = Add()([x, z])\nu = Activation('relu')(u)\n"
                "y = Conv2D(16, 3, padding='same')(x)\nx = Add()([u, y])");
    check_block("x = Conv2D(16, 3, padding='same')(x)\nx = ReLU(negative_slope=0.1)(x)\n"
                "x = Conv2D(16, 3, padding='same')(x)");
    check_block("y = Conv2D(16, 3, padding='same')(x)\nx = Add()([x, x])\nx = Add()([x, y])");
}
END_TEST

/* The engine itself, to look into; the caller destroys it and the team. */
static struct fast *look_into(struct bench *bench, const struct train_kernels *kernels)
{
    struct error error = {0};
    bench->setup.team = team_create(1, &error);
    bench->setup.kernels = kernels;
    struct fast *fast = train_engine_fast.create(&bench->setup, &error);
    ck_assert_msg(fast != NULL, "%s", error.message);
    return fast;
}

static void look_away(struct bench *bench, struct fast *fast)
{
    train_engine_fast.destroy(fast);
    team_destroy(bench->setup.team);
    bench_finish(bench);
}

/* Whether layer 2, a convolution behind another, goes by Winograd, forward and backward. */
static void check_choice(const struct train_kernels *kernels, const char *text, bool forward,
                         bool backward)
{
    struct bench bench;
    bench_start(&bench, text, LOSS_MSE, 5);
    struct fast *fast = look_into(&bench, kernels);
    const struct fast_node *node = &fast->nodes[2];
    ck_assert_msg((node->conv.winograd.block > 0) == forward, "forward:\n%s", text);
    ck_assert_msg((node->back.phases[0].winograd.block > 0) == backward, "backward:\n%s", text);
    look_away(&bench, fast);
}

/* Without these choices the next tests would test nothing. */
START_TEST(choice_for_strides)
{
    for (size_t i = 0; i < sizeof kernel_names / sizeof *kernel_names; i++) {
        const struct train_kernels *kernels = train_cpu_find(kernel_names[i], NULL);
        if (!kernels)
            continue;
        check_choice(kernels,
                     "x = Input((16, 24, 3))\nx = Conv2D(17, 1)(x)\n"
                     "x = Conv2D(36, 3, strides=2, padding='same')(x)",
                     true, true);
        check_choice(kernels,
                     "x = Input((16, 34, 3))\nx = Conv2D(20, 1)(x)\n"
                     "x = Conv2D(17, 3, strides=2)(x)",
                     true, true);
        check_choice(kernels,
                     "x = Input((15, 16, 3))\nx = Conv2D(20, 1)(x)\n"
                     "x = Conv2D(20, 3, strides=2, padding='same')(x)",
                     true, false);
        check_choice(kernels,
                     "x = Input((16, 31, 3))\nx = Conv2D(20, 1)(x)\n"
                     "x = Conv2D(20, 3, strides=2)(x)",
                     true, false);
        const bool is_more_than_a_vector = kernels->inference->lanes < 16;
        check_choice(kernels,
                     "x = Input((16, 16, 3))\nx = Conv2D(16, 1)(x)\n"
                     "x = Conv2D(40, 3, strides=2, padding='same')(x)",
                     is_more_than_a_vector, is_more_than_a_vector);
        check_choice(kernels,
                     "x = Input((16, 16, 3))\nx = Conv2D(20, 1)(x)\n"
                     "x = Conv2D(20, 3, strides=(1, 2), padding='same')(x)",
                     false, false);
        check_choice(kernels,
                     "x = Input((16, 16, 3))\nx = Conv2D(15, 1)(x)\n"
                     "x = Conv2D(40, 3, strides=2, padding='same')(x)",
                     false, false);
    }
}
END_TEST

START_TEST(winograd_with_strides)
{
    check("(16, 24, 3)", "x = Conv2D(17, 1, activation='relu')(x)\n"
                         "x = Conv2D(36, 3, strides=2, padding='same', activation='relu')(x)\n"
                         "x = Conv2D(3, 3)(x)");
    /* the last tiles move back: 7, 16 and 14, backward 8, 17 and 14 pixels */
    check("(16, 34, 3)", "x = Conv2D(20, 1)(x)\nx = Conv2D(17, 3, strides=2)(x)");
    check("(28, 28, 3)", "x = Conv2D(20, 1)(x)\n"
                         "x = Conv2D(33, 3, strides=2, padding='same', use_bias=False)(x)");
    /* sides that are odd: only backward by the data goes another way */
    check("(15, 16, 3)", "x = Conv2D(20, 1)(x)\nx = Conv2D(20, 3, strides=2, padding='same')(x)");
    check("(15, 31, 3)", "x = Conv2D(20, 1)(x)\nx = Conv2D(20, 3, strides=2)(x)");
    check("(16, 31, 3)", "x = Conv2D(20, 1)(x)\nx = Conv2D(20, 3, strides=2)(x)");
    /* more channels than go through the products at once */
    check("(16, 16, 3)", "x = Conv2D(18, 1)(x)\n"
                         "x = Conv2D(140, 3, strides=2, padding='same', activation='relu')(x)\n"
                         "x = Conv2D(40, 3, strides=2, padding='same')(x)");
    /* more tiles than are transformed at once, filters that are kept and that are not */
    check_with("x = Input((32, 32, 20))\nx = Conv2D(20, 1)(x)\n"
               "x = Conv2D(40, 3, strides=2, padding='same')(x)\nx = GlobalAveragePooling2D()(x)",
               LOSS_MSE, 11);
    check_with("x = Input((16, 16, 3))\nx = Conv2D(80, 1)(x)\n"
               "x = Conv2D(132, 3, strides=2, padding='same')(x)\nx = GlobalAveragePooling2D()(x)",
               LOSS_MSE, 23);
    /* threads divide the channels */
    check("(8, 8, 64)", "x = Conv2D(64, 1)(x)\n"
                        "x = Conv2D(128, 3, strides=2, padding='same', activation='relu')(x)\n"
                        "x = GlobalAveragePooling2D()(x)");
}
END_TEST

/* The strided convolutions of residual networks work for their neighbours, too: what another layer
 * that reads the same passes on, the relu before; tiles that move back must leave that to others.
 */
static void check_strided_block(const char *layers)
{
    char text[800];
    snprintf(text, sizeof text,
             "x = Conv2D(20, 3, padding='same')(x)\nx = Activation('relu')(x)\n%s\n"
             "x = Conv2D(3, 3)(x)",
             layers);
    check("(16, 16, 3)", text);
    check("(14, 16, 3)", text);
    check("(16, 14, 3)", text);
}

/* The strided convolution reads the block's input last, and first beside an Add. */
static const char completing[] =
    "y = Conv2D(24, 3, strides=2, padding='same', activation='relu')(x)\n"
    "y = Conv2D(24, 3, padding='same')(y)\nx = Conv2D(24, 1, strides=2)(x)\n"
    "x = Add()([x, y])\nx = Activation('relu')(x)";
static const char taking_the_rest[] =
    "v = Conv2D(20, 1, activation='relu')(x)\nw = Conv2D(20, 1)(x)\n"
    "y = Conv2D(24, 3, strides=2, padding='same')(v)\nu = Add()([v, w])\n"
    "u = Conv2D(24, 1, strides=2)(u)\nx = Add()([u, y])";

/* How many layers complete a gradient, and how many are left a rest of theirs. */
static void check_fused(const char *layers, int completes, int rests)
{
    struct bench bench;
    char text[800];
    snprintf(text, sizeof text,
             "x = Input((16, 16, 3))\nx = Conv2D(20, 3, padding='same')(x)\n"
             "x = Activation('relu')(x)\n%s\nx = Conv2D(3, 3)(x)",
             layers);
    bench_start(&bench, text, LOSS_MSE, 5);
    struct fast *fast = look_into(&bench, train_cpu_find("auto", NULL));
    for (int i = 0; i < fast->count; i++) {
        completes -= fast->nodes[i].completes;
        rests -= fast->nodes[i].rest != NULL;
    }
    ck_assert_msg(completes == 0, "%d too few complete a gradient:\n%s", completes, text);
    ck_assert_msg(rests == 0, "%d too few have a rest:\n%s", rests, text);
    look_away(&bench, fast);
}

START_TEST(strided_convolutions_with_sums)
{
    check_fused(completing, 1, 0);
    check_fused(taking_the_rest, 0, 1);
    check_strided_block(completing);
    check_strided_block(taking_the_rest);
    check_strided_block("z = Conv2D(24, 1, strides=2)(x)\n"
                        "x = Conv2D(24, 3, strides=2, padding='same')(x)\nx = Add()([z, x])");
    check_strided_block("y = Conv2D(24, 3, strides=2, padding='same')(x)\n"
                        "z = Conv2D(24, 1, strides=2)(x)\nu = Conv2D(24, 2, strides=2)(x)\n"
                        "x = Add()([y, z, u])");
    check_strided_block("z = Conv2D(20, 1)(x)\ny = Conv2D(24, 3, strides=2, padding='same')(x)\n"
                        "u = Add()([x, z])\nu = Conv2D(24, 2, strides=2)(u)\n"
                        "x = Add()([u, y])");
    check_strided_block("y = Conv2D(24, 3, padding='same')(x)\nz = Conv2D(24, 1)(x)\n"
                        "x = Add()([y, z])");
}
END_TEST

/* Without several parts the next test would test nothing. */
START_TEST(segments)
{
    struct bench bench;
    bench_start(&bench,
                "x = Input((32, 32, 3))\nx = Conv2D(16, 3, padding='same')(x)\n"
                "x = Conv2D(16, 3, padding='same')(x)\nx = MaxPooling2D(4)(x)\n"
                "x = BatchNormalization()(x)\nx = Conv2D(16, 3, padding='same')(x)\n"
                "x = Flatten()(x)\nx = Dense(3)(x)",
                LOSS_MSE, 40);
    struct fast *fast = look_into(&bench, train_cpu_find("auto", NULL));
    /* a direct convolution; 64 tiles; BatchNormalization and 4 tiles; all weights of a Dense */
    const struct fast_segment expected[] = {
        {0, 2, 1, false}, {2, 4, 2, true}, {4, 7, 32, false}, {7, 8, 40, true}};
    ck_assert_int_eq(fast->segment_count, 4);
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(fast->segments[i].first, expected[i].first);
        ck_assert_int_eq(fast->segments[i].end, expected[i].end);
        ck_assert_int_eq(fast->segments[i].pictures, expected[i].pictures);
        ck_assert_int_eq(fast->segments[i].nests, expected[i].nests);
    }
    look_away(&bench, fast);
}
END_TEST

/* Maps of 49 tiles go through three at a time, then those of 16 by eight, which makes nine; each of
 * these has a block whose Add lends its gradient and passes it on. */
#define NESTED                                                                                     \
    "x = Input((28, 28, 3))\nx = Conv2D(32, 3, padding='same', activation='relu')(x)\n"            \
    "y = Conv2D(32, 3, padding='same', activation='relu')(x)\n"                                    \
    "y = Conv2D(32, 3, padding='same')(y)\nx = Add()([x, y])\nx = Activation('relu')(x)\n"         \
    "y = Conv2D(32, 3, strides=2, padding='same', activation='relu')(x)\n"                         \
    "y = Conv2D(32, 3, padding='same')(y)\nx = Conv2D(32, 1, strides=2)(x)\n"                      \
    "x = Add()([x, y])\nx = Activation('relu')(x)\ny = Conv2D(32, 3, padding='same')(x)\n"         \
    "z = Conv2D(32, 1)(x)\nx = Add()([x, y, z])\n"

/* Where each gradient has as many pictures as are needed at a time, and all where the loss, a
 * BatchNormalization or another chain of segments reads it. */
START_TEST(gradients_take_turns)
{
    struct bench bench;
    bench_start(&bench,
                NESTED "x = BatchNormalization()(x)\nx = Conv2D(32, 3, padding='same')(x)\n"
                       "x = GlobalAveragePooling2D()(x)\nx = Dense(3)(x)",
                LOSS_MSE, 40);
    struct fast *fast = look_into(&bench, train_cpu_find("auto", NULL));
    const struct {
        const char *layer;
        int turns;
    } expected[] = {{"conv2d", 3},   {"conv2d_1", 3}, {"add", 9},   {"conv2d_3", 9},
                    {"add_1", 9},    {"conv2d_6", 9}, {"add_2", 9}, {"batch_normalization", 0},
                    {"conv2d_8", 8}, {"dense", 0}};
    for (size_t k = 0; k < sizeof expected / sizeof *expected; k++)
        for (int i = 0; i < fast->count; i++)
            if (strcmp(fast->nodes[i].layer->name, expected[k].layer) == 0)
                ck_assert_msg(fast->nodes[i].gradient.turns == expected[k].turns,
                              "%s: %d slots, not %d", expected[k].layer,
                              fast->nodes[i].gradient.turns, expected[k].turns);
    look_away(&bench, fast);
}
END_TEST

/* What a max pooling of 2x2 takes is not needed again, and has as many slots as go together; that
 * of other poolings is, and so is that of two readers. */
/* The pooling comes behind another branch, where eight pictures go together. */
#define OTHER_SEGMENT                                                                              \
    "z = AveragePooling2D(2)(i)\nz = Conv2D(16, 3, padding='same')(z)\n"                           \
    "z = Conv2D(16, 3, padding='same')(z)\nx = MaxPooling2D(2)(x)\nx = Activation('tanh')(x)\n"    \
    "x = Add()([x, z])"

START_TEST(pooled_values_take_turns)
{
    static const struct {
        const char *layers;
        int turns; /* of layer 2 */
        bool chooses;
    } cases[] = {
        {"x = MaxPooling2D(2)(x)", 2, true},
        {"x = MaxPooling2D(3, strides=2)(x)", 0, false},
        {"x = AveragePooling2D(2)(x)", 0, false},
        {"y = MaxPooling2D(2)(x)\nx = Conv2D(16, 2, strides=2)(x)\nx = Add()([x, y])", 0, true},
        {"x = MaxPooling2D(2)(x)\nx = Conv2D(16, 3, padding='same')(x)", 2, true},
        {OTHER_SEGMENT, 8, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct bench bench;
        char text[400];
        snprintf(text, sizeof text,
                 "i = Input((32, 32, 3))\nx = Conv2D(16, 3, padding='same')(i)\n"
                 "x = Conv2D(16, 3, padding='same')(x)\n%s\nx = GlobalAveragePooling2D()(x)",
                 cases[i].layers);
        check_one_by_one(text, 12);
        bench_start(&bench, text, LOSS_MSE, 40);
        struct fast *fast = look_into(&bench, train_cpu_find("auto", NULL));
        ck_assert_msg(fast->nodes[2].value.turns == cases[i].turns, "%s: %d slots", cases[i].layers,
                      fast->nodes[2].value.turns);
        const struct fast_node *pool = fast_only_reader(fast, &fast->nodes[2]);
        ck_assert_msg(fast_pool_chooses(pool ? pool : &fast->nodes[3]) == cases[i].chooses, "%s",
                      cases[i].layers);
        look_away(&bench, fast);
    }
}
END_TEST

enum { POOL_HEIGHT = 2, POOL_WIDTH = 17, POOL_LANES = 16 };

/* Gradients of a pooling of equal values. */
static void pool_of_one_value(const struct train_kernels *kernels, float *dx)
{
    const int lanes = kernels->inference->lanes, row = POOL_WIDTH * lanes;
    const int values = POOL_HEIGHT * row;
    float *x = memory_allocate(4 * (size_t)values), *y = memory_allocate((size_t)values);
    float *chosen = memory_allocate((size_t)(POOL_HEIGHT * 2 * lanes));
    const struct view large = {x, 2 * row, 0, 1, 2 * POOL_HEIGHT, 2 * POOL_WIDTH};
    const struct view small = {y, row, 0, 1, POOL_HEIGHT, POOL_WIDTH};
    for (int i = 0; i < 4 * values; i++)
        x[i] = 3;
    kernels->pool_choose(&(struct pool_choice){.x = large, .y = small, .chosen = (void *)chosen});
    for (int i = 0; i < values; i++) {
        ck_assert_float_eq(y[i], 3);
        y[i] = (float)(i + 1);
    }
    struct view to = large;
    to.data = dx;
    kernels->pool_choose_back(
        &(struct pool_choice_back){.dy = small, .dx = to, .chosen = (void *)chosen});
    free(x);
    free(y);
    free(chosen);
}

START_TEST(first_of_equal_maxima)
{
    for (size_t k = 0; k < sizeof kernel_names / sizeof *kernel_names; k++) {
        const struct train_kernels *kernels = train_cpu_find(kernel_names[k], NULL);
        if (!kernels)
            continue;
        float dx[4 * POOL_HEIGHT * POOL_WIDTH * POOL_LANES] __attribute__((aligned(64)));
        const int lanes = kernels->inference->lanes;
        pool_of_one_value(kernels, dx);
        for (int i = 0; i < 2 * POOL_HEIGHT; i++)
            for (int j = 0; j < 2 * POOL_WIDTH * lanes; j++) {
                const bool first = i % 2 == 0 && j / lanes % 2 == 0;
                const int from = (i / 2 * POOL_WIDTH + j / lanes / 2) * lanes + j % lanes + 1;
                ck_assert_msg(dx[i * 2 * POOL_WIDTH * lanes + j] == (first ? (float)from : 0),
                              "%s: row %d, value %d", kernel_names[k], i, j);
            }
    }
}
END_TEST

START_TEST(nested_segments)
{
    check_one_by_one(NESTED "x = GlobalAveragePooling2D()(x)\nx = Dense(3)(x)", 20);
    /* The Add leaves its gradient to a convolution in front of the BatchNormalization. */
    check_with("x = Input((16, 16, 16))\nx = Conv2D(16, 3, padding='same')(x)\n"
               "y = Conv2D(16, 3, padding='same')(x)\ny = BatchNormalization()(y)\n"
               "y = Activation('tanh')(y)\nx = Add()([x, y])\nx = Activation('tanh')(x)\n"
               "x = Conv2D(16, 3, padding='same')(x)\nx = GlobalAveragePooling2D()(x)",
               LOSS_MSE, 20);
    /* The last Add lends its gradient to the one before, and that to a convolution in front of the
     * BatchNormalization: all pictures' are there at the same time. */
    check_with("x = Input((16, 16, 16))\nx = Conv2D(16, 3, padding='same')(x)\n"
               "y = Conv2D(16, 3, padding='same')(x)\nz = Conv2D(16, 3, padding='same')(x)\n"
               "z = BatchNormalization()(z)\ny = Add()([y, z])\n"
               "z = Conv2D(16, 3, padding='same')(z)\nx = Add()([y, z])\n"
               "x = Activation('tanh')(x)\nx = Conv2D(16, 3, padding='same')(x)\n"
               "x = GlobalAveragePooling2D()(x)",
               LOSS_MSE, 20);
}
END_TEST

/* Few pictures at a time through large maps, more through small ones; what is read in another
 * segment than it was written in; statistics of all pictures in between. */
START_TEST(parts_of_a_chunk)
{
    check_with("x = Input((40, 28, 3))\nx = BatchNormalization()(x)\n"
               "x = Conv2D(16, 3, padding='same', activation='relu')(x)\nx = Dropout(0.2)(x)\n"
               "y = Conv2D(16, 3, padding='same')(x)\nx = Add()([x, y])\n"
               "x = MaxPooling2D(2)(x)\nz = Conv2D(48, 1, strides=2)(x)\n"
               "x = Conv2D(24, 3, strides=2, padding='same')(x)\nx = LeakyReLU(0.2)(x)\n"
               "x = Conv2D(48, 3, padding='same')(x)\nx = BatchNormalization()(x)\n"
               "y = BatchNormalization()(x)\ny = Activation('tanh')(y)\n"
               "x = Add()([x, y, z])\nx = GlobalAveragePooling2D()(x)\n"
               "x = Dropout(0.3)(x)\nx = Dense(3)(x)",
               LOSS_MSE, 11);
    check_with("x = Input((16, 16, 16))\nx = Conv2D(16, 3, padding='same')(x)\n"
               "x = BatchNormalization(trainable=False)(x)\nx = Conv2D(16, 1)(x)\n"
               "x = BatchNormalization()(x)\nx = Activation('relu')(x)\nx = Conv2D(4, 5)(x)",
               LOSS_MSE, 19);
}
END_TEST

/* More pictures than a thread takes at once. */
START_TEST(several_chunks)
{
    check_with("x = Input((4, 4, 16))\ny = Conv2D(16, 3, padding='same', activation='relu')(x)\n"
               "y = Conv2D(16, 3, padding='same')(y)\nx = Add()([x, y])\n"
               "x = Activation('relu')(x)\ny = Conv2D(16, 3, padding='same')(x)\n"
               "x = Add()([x, y])\nx = GlobalAveragePooling2D()(x)",
               LOSS_MSE, 103);
    check_one_by_one("x = Input((32, 32, 3))\nx = Conv2D(16, 3, padding='same')(x)\n"
                     "x = Conv2D(16, 3, padding='same', activation='relu')(x)\n"
                     "x = MaxPooling2D(2)(x)\n"
                     "x = Conv2D(16, 3, padding='same', activation='tanh')(x)\n"
                     "x = MaxPooling2D(2)(x)\nx = Conv2D(16, 3, padding='same')(x)\n"
                     "x = GlobalAveragePooling2D()(x)",
                     70);
}
END_TEST

START_TEST(depthwise)
{
    check_map("x = DepthwiseConv2D(3, padding='same', activation='relu')(x)");
    check_map("x = DepthwiseConv2D(3, strides=2)(x)");
    check_map("x = DepthwiseConv2D(5, strides=2, padding='same', use_bias=False)(x)");
    check_map("x = DepthwiseConv2D(3, depth_multiplier=2)(x)");
    check("(8, 8, 3)", "x = DepthwiseConv2D(3, depth_multiplier=3)(x)\nx = Conv2D(2, 3)(x)");
}
END_TEST

START_TEST(pooling)
{
    check_map("x = MaxPooling2D(2)(x)");
    check("(6, 42, 3)", "x = Conv2D(18, 3, padding='same')(x)\nx = MaxPooling2D(2)(x)\n"
                        "x = Conv2D(4, 3)(x)");
    check_map("x = Activation('relu')(x)\nx = MaxPooling2D(2)(x)");
    check_map("x = MaxPooling2D(3, strides=2, padding='same')(x)");
    check_map("x = Conv2D(18, 3, activation='relu')(x)\nx = MaxPooling2D(3, strides=2)(x)");
    check_map("x = Conv2D(18, 3, activation='tanh')(x)\nx = MaxPooling2D(2)(x)");
    check_map("x = Conv2D(18, 3, activation='swish')(x)\nx = MaxPooling2D(2)(x)");
    check_map("x = Conv2D(18, 3, activation='relu')(x)\ny = MaxPooling2D(1)(x)\n"
              "y = Conv2D(18, 1)(y)\nx = Add()([x, y])");
    check_map("x = BatchNormalization()(x)\nx = Activation('relu')(x)\nx = MaxPooling2D(2)(x)");
    check_map("z = Conv2D(18, 2, strides=2)(x)\ny = Conv2D(18, 1, activation='relu')(x)\n"
              "y = MaxPooling2D(2)(y)\nx = Add()([z, y])");
    check_map("x = AveragePooling2D(2)(x)");
    check_map("x = AveragePooling2D(3, strides=1, padding='same')(x)");
    check("(8, 8, 3)", "x = Conv2D(20, 3)(x)\nx = GlobalAveragePooling2D()(x)\nx = Dense(4)(x)");
    check("(8, 8, 3)", "x = Conv2D(20, 3)(x)\nx = GlobalMaxPooling2D()(x)\nx = Dense(4)(x)");
}
END_TEST

START_TEST(dense)
{
    check("(37,)", "x = Dense(50, activation='relu')(x)\nx = Dense(129)(x)\nx = Dense(3)(x)");
    check("(8, 8, 3)", "x = Conv2D(20, 3)(x)\nx = Flatten()(x)\nx = Dense(33, "
                       "use_bias=False)(x)\nx = Dense(2)(x)");
    check("(6, 6, 20)", "x = Conv2D(4, 3)(x)\nx = Reshape((2, 8, 4))(x)\nx = Conv2D(4, 2)(x)");
}
END_TEST

/* So many weights that threads divide them, not the pictures; and shares that are no whole parts.
 */
START_TEST(dense_with_many_weights)
{
    check("(700,)", "x = Dense(203, activation='relu')(x)\nx = Dense(3)(x)");
    check("(7, 10, 4)", "x = Conv2D(20, 3)(x)\nx = Flatten()(x)\n"
                        "x = Dense(300, use_bias=False)(x)\nx = Activation('tanh')(x)\n"
                        "x = BatchNormalization()(x)\nx = Dense(500)(x)\nx = Dense(2)(x)");
    check("(700,)", "x = Dense(203)(x)\nx = Dense(700, trainable=False)(x)\nx = Dense(3)(x)");
    /* a thread without pictures has its part of the weights nevertheless */
    check_with("x = Input((700,))\nx = Dense(203, activation='relu')(x)\nx = Dense(3)(x)", LOSS_MSE,
               2);
}
END_TEST

START_TEST(normalization_and_dropout)
{
    check_map("x = BatchNormalization()(x)");
    check_map("x = BatchNormalization()(x)\nx = Activation('relu')(x)\nx = Dropout(0.3)(x)");
    check_map("x = BatchNormalization(scale=False, center=False)(x)\nx = Activation('tanh')(x)");
    check_map("x = ZeroPadding2D(((1, 2), (3, 0)))(x)");
    check("(8, 8, 3)", "x = Rescaling(2, 0.5)(x)\nx = Conv2D(20, 3)(x)\nx = Rescaling(0.5, 1)(x)");
    check("(20,)", "x = BatchNormalization()(x)\nx = Dense(18)(x)\nx = Dropout(0.5)(x)\n"
                   "x = BatchNormalization()(x)\nx = Dense(3)(x)");
}
END_TEST

START_TEST(branches)
{
    check_map("y = Conv2D(20, 3, padding='same', activation='relu')(x)\n"
              "y = Conv2D(20, 3, padding='same')(y)\nx = Add()([x, y])\nx = Activation('relu')(x)");
    check_map("y = Conv2D(20, 3, padding='same')(x)\nz = Conv2D(20, 1)(x)\n"
              "u = Add()([y, z])\nx = Add()([x, u])");
    check_map("y = Conv2D(20, 1)(x)\ny = Activation('swish')(y)\nx = Add()([y, x, y])");
    check_map("y = Conv2D(16, 1)(x)\nz = Conv2D(5, 1)(x)\nx = Concatenate()([y, z, x, y])");
    check_map("y = BatchNormalization()(x)\nx = Add()([x, y])");
    check_map("y = BatchNormalization()(x)\ny = Conv2D(5, 3)(y)\n" /* nobody reads it */
              "x = Conv2D(20, 1)(x)\nx = BatchNormalization()(x)");
    check_map("y = Conv2D(20, 5, strides=2, padding='same')(x)\n"
              "z = Conv2D(20, 1, strides=2)(x)\nx = Add()([y, z])\nx = Activation('relu')(x)");
}
END_TEST

START_TEST(frozen_layers)
{
    check("(9, 9, 3)", "x = Conv2D(20, 3, trainable=False)(x)\n"
                       "x = BatchNormalization(trainable=False)(x)\nx = Activation('relu')(x)\n"
                       "y = DepthwiseConv2D(3, padding='same', trainable=False)(x)\n"
                       "x = Add()([x, y])\nx = MaxPooling2D(2)(x)\nx = Conv2D(5, 3)(x)\n"
                       "x = BatchNormalization()(x)");
    check_map("x = BatchNormalization(trainable=False)(x)\nx = Activation('relu')(x)");
    check_map("x = BatchNormalization(scale=False, center=False, trainable=False)(x)\n"
              "x = Conv2D(18, 3, activation='relu', trainable=False)(x)");
    check("(9, 9, 3)", "x = Conv2D(20, 3, trainable=False)(x)\ny = Conv2D(20, 1)(x)\n"
                       "x = Add()([x, y])\nx = Concatenate()([x, y])\nx = Conv2D(4, 3)(x)");
    check("(9, 9, 3)", "x = Conv2D(20, 3, trainable=False)(x)\n"
                       "x = BatchNormalization(scale=False, center=False)(x)\n"
                       "x = Conv2D(4, 3)(x)");
    check("(20,)", "x = Dense(18, trainable=False)(x)\nx = Dropout(0.5)(x)\n"
                   "x = BatchNormalization(trainable=False)(x)\nx = Dense(3)(x)");
}
END_TEST

START_TEST(activations)
{
    const char *const names[] = {"relu", "elu",      "sigmoid", "hard_sigmoid",
                                 "tanh", "softplus", "swish",   "softmax"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[200];
        snprintf(text, sizeof text, "x = Conv2D(18, 3, activation='%s')(x)", names[i]);
        check_map(text);
        snprintf(text, sizeof text, "x = MaxPooling2D(2)(x)\nx = Activation('%s')(x)", names[i]);
        check_map(text);
        snprintf(text, sizeof text,
                 "x = Conv2D(18, 3, activation='%s')(x)\nx = MaxPooling2D(3, strides=2)(x)",
                 names[i]);
        check_map(text);
    }
    check_map("x = LeakyReLU(0.1)(x)");
    check_map("x = ReLU(max_value=0.5)(x)");
    check_map("x = LeakyReLU(0.1)(x)\nx = MaxPooling2D(2)(x)\nx = MaxPooling2D(2)(x)");
    check_map("x = ReLU(max_value=0.5)(x)\nx = MaxPooling2D(3, strides=2, padding='same')(x)");
    check_map("x = BatchNormalization()(x)\nx = LeakyReLU(0.1)(x)\nx = MaxPooling2D(2)(x)");
    check_map(
        "x = Activation('sigmoid')(x)\nx = GlobalMaxPooling2D()(x)\nx = Reshape((1, 1, 20))(x)");
}
END_TEST

START_TEST(losses)
{
    const char *softmax = "x = Input((5, 5, 3))\nx = Conv2D(8, 3, activation='relu')(x)\n"
                          "x = Flatten()(x)\nx = Dense(10, activation='softmax')(x)";
    const char *sigmoid = "x = Input((20,))\nx = Dense(1)(x)\nx = Activation('sigmoid')(x)";
    check_with(softmax, LOSS_CATEGORICAL_CROSSENTROPY, 7);
    check_with(softmax, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 2);
    check_with(softmax, LOSS_MSE, 7);
    check_with(sigmoid, LOSS_BINARY_CROSSENTROPY, 20);
}
END_TEST

TEST_MAIN(fast, convolutions_of_pictures, convolutions_of_blocks, winograd_of_many_tiles,
          winograd_of_many_channels, convolutions_with_sums, choice_for_strides,
          winograd_with_strides, strided_convolutions_with_sums, segments, gradients_take_turns,
          pooled_values_take_turns, first_of_equal_maxima, nested_segments, parts_of_a_chunk,
          several_chunks, depthwise, pooling, dense, dense_with_many_weights,
          normalization_and_dropout, branches, frozen_layers, activations, losses)
