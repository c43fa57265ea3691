/* Every layer, activation and loss of the reference engine: its gradients against finite
 * differences of its own loss, in double precision. */
#include "nn/train/reference_network.h"
#include "tests/train/nets.h"

#include <string.h>

enum { BATCH = 3, SAMPLES = 40 };

struct bench {
    struct net net;
    struct parameters parameters;
    struct reference_network *reference;
    bool *needed;
    float *targets;
    struct random random;
};

static void bench_start(struct bench *bench, const char *text, enum loss loss, double smoothing)
{
    struct error error = {0};
    struct trainer_settings settings = net_settings();
    settings.loss = loss;
    settings.label_smoothing = smoothing;
    net_build(&bench->net, text);
    struct model *model = bench->net.network.model;
    ck_assert(parameters_init(&bench->parameters, &bench->net.network, &error));
    bench->needed = malloc((size_t)model->layer_count * sizeof *bench->needed);
    memset(bench->needed, true, (size_t)model->layer_count);
    struct train_setup setup = {.model = model,
                                .needed = bench->needed,
                                .parameters = &bench->parameters,
                                .batch = BATCH,
                                .seed = 7};
    ck_assert_msg(loss_init(&setup.loss, model, &settings, &error), "%s", error.message);
    bench->reference = reference_network_create(&setup, true, &error);
    ck_assert_ptr_nonnull(bench->reference);
    random_seed(&bench->random, 5);
}

static void bench_finish(struct bench *bench)
{
    reference_network_destroy(bench->reference);
    parameters_finish(&bench->parameters);
    free(bench->needed);
    free(bench->targets);
    net_free(&bench->net);
}

static bool is_statistic(const struct parameter_array *array)
{
    return strncmp(array->what.name, "moving", 6) == 0;
}

/* Random weights, inputs and targets. */
static void bench_fill(struct bench *bench)
{
    struct reference_network *reference = bench->reference;
    const struct loss_function *loss = &reference->setup.loss;
    for (int i = 0; i < bench->parameters.count; i++) {
        const struct parameter_array *array = &bench->parameters.arrays[i];
        for (int r = 0; r < array->rows; r++)
            for (int c = 0; c < array->columns; c++)
                reference->weights[array->offset + (size_t)(r * array->pitch + c)] =
                    random_normal(&bench->random) * 0.5 + (is_statistic(array) ? 2 : 0);
    }
    const size_t inputs = shape_count(model_input_shape(reference->setup.model)) * BATCH;
    for (size_t i = 0; i < inputs; i++)
        reference->y[0][i] = random_normal(&bench->random);
    bench->targets = malloc((size_t)(BATCH * loss->targets) * sizeof *bench->targets);
    for (int i = 0; i < BATCH * loss->targets; i++)
        bench->targets[i] = loss->kind == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY
                                ? (float)random_below(&bench->random, (uint64_t)loss->outputs)
                                : (float)random_uniform(&bench->random);
}

static double mean_loss(struct bench *bench)
{
    reference_network_forward(bench->reference, BATCH, 3, true);
    return reference_network_loss(bench->reference, bench->targets, BATCH, false).loss / BATCH;
}

/* d loss / d *value, by the central difference. */
static double slope_at(struct bench *bench, double *value)
{
    const double step = 1e-5, before = *value;
    *value = before + step;
    const double above = mean_loss(bench);
    *value = before - step;
    const double below = mean_loss(bench);
    *value = before;
    return (above - below) / (2 * step);
}

static void assert_slope(struct bench *bench, const char *what, double *value, double gradient)
{
    const double slope = slope_at(bench, value);
    ck_assert_msg(fabs(slope - gradient) < 1e-7 + 1e-5 * fabs(slope),
                  "%s: gradient %.9g, difference quotient %.9g", what, gradient, slope);
}

static void check_with(const char *text, enum loss loss, double smoothing)
{
    struct bench bench = {0};
    bench_start(&bench, text, loss, smoothing);
    bench_fill(&bench);
    struct reference_network *reference = bench.reference;
    const size_t inputs = shape_count(model_input_shape(reference->setup.model)) * BATCH;

    mean_loss(&bench);
    reference_network_forward(reference, BATCH, 3, true);
    reference_network_loss(reference, bench.targets, BATCH, true);
    reference_network_backward(reference, BATCH, 3, true);
    double *gradients = malloc(bench.parameters.total * sizeof *gradients + 1);
    double *input_gradients = malloc(inputs * sizeof *input_gradients);
    memcpy(gradients, reference->gradients, bench.parameters.total * sizeof *gradients);
    memcpy(input_gradients, reference->dy[0], inputs * sizeof *input_gradients);

    for (int i = 0; i < bench.parameters.count; i++) {
        const struct parameter_array *array = &bench.parameters.arrays[i];
        for (int k = 0; k < SAMPLES && array->what.trainable; k++) {
            const int row = (int)random_below(&bench.random, (uint64_t)array->rows);
            const int column = (int)random_below(&bench.random, (uint64_t)array->columns);
            const size_t at = array->offset + (size_t)(row * array->pitch + column);
            assert_slope(&bench, array->what.name, &reference->weights[at], gradients[at]);
        }
    }
    for (int k = 0; k < SAMPLES; k++) {
        const size_t at = (size_t)random_below(&bench.random, inputs);
        assert_slope(&bench, text, &reference->y[0][at], input_gradients[at]);
    }
    free(gradients);
    free(input_gradients);
    bench_finish(&bench);
}

static void check(const char *layers)
{
    char text[1000];
    snprintf(text, sizeof text, "x = Input((7, 6, 3))\n%s\n", layers);
    check_with(text, LOSS_MSE, 0);
}

START_TEST(convolutions)
{
    check("x = Conv2D(4, 3)(x)");
    check("x = Conv2D(4, 3, padding='same', use_bias=False)(x)");
    check("x = Conv2D(5, (2, 3), strides=2, padding='same')(x)");
    check("x = Conv2D(2, 3, strides=(3, 1))(x)");
    check("x = Conv2D(2, 3, dilation_rate=2, padding='same')(x)");
    check("x = Conv2D(3, 1, strides=2)(x)");
    check("x = DepthwiseConv2D(3, padding='same')(x)");
    check("x = DepthwiseConv2D(3, strides=2, depth_multiplier=2)(x)");
}
END_TEST

START_TEST(dense_and_shapes)
{
    check("x = Flatten()(x)\nx = Dense(4)(x)\nx = Dense(3, use_bias=False)(x)");
    check("x = Dense(4)(x)");
    check("x = Reshape((6, 7, 3))(x)\nx = Conv2D(2, 3)(x)");
    check("x = ZeroPadding2D(((1, 2), (3, 0)))(x)\nx = Conv2D(2, 3)(x)");
    check("x = Rescaling(0.5, 1)(x)\nx = Conv2D(2, 3)(x)");
}
END_TEST

START_TEST(pooling)
{
    check("x = MaxPooling2D(2)(x)");
    check("x = MaxPooling2D(3, strides=2, padding='same')(x)");
    check("x = AveragePooling2D(2)(x)");
    check("x = AveragePooling2D(3, strides=2, padding='same')(x)");
    check("x = GlobalAveragePooling2D()(x)");
    check("x = GlobalMaxPooling2D()(x)");
}
END_TEST

START_TEST(normalization_and_dropout)
{
    check("x = BatchNormalization()(x)");
    check("x = BatchNormalization(scale=False, center=False)(x)");
    check("x = Flatten()(x)\nx = Dense(5)(x)\nx = BatchNormalization()(x)");
    check("x = Dropout(0.4)(x)\nx = Conv2D(3, 3)(x)");
    check("x = Conv2D(3, 3)(x)\nx = BatchNormalization(trainable=False)(x)\nx = Conv2D(2, 3)(x)");
}
END_TEST

START_TEST(branches)
{
    check("y = Conv2D(3, 3, padding='same')(x)\nx = Add()([x, y])\nx = Conv2D(2, 3)(x)");
    check("y = Conv2D(2, 3, padding='same')(x)\nx = Concatenate()([x, y, x])\nx = Dense(2)(x)");
    check("y = Conv2D(3, 3, padding='same', activation='relu')(x)\nx = Add()([y, y])");
}
END_TEST

START_TEST(activations)
{
    const char *const names[] = {"relu", "elu",      "sigmoid", "hard_sigmoid",
                                 "tanh", "softplus", "swish",   "softmax"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[200];
        snprintf(text, sizeof text, "x = Conv2D(4, 3, activation='%s')(x)\nx = Dense(2)(x)",
                 names[i]);
        check(text);
        snprintf(text, sizeof text, "x = Conv2D(4, 3)(x)\nx = Activation('%s')(x)", names[i]);
        check(text);
    }
    check("x = Conv2D(4, 3)(x)\nx = LeakyReLU(0.1)(x)");
    check("x = Conv2D(4, 3)(x)\nx = ReLU(max_value=0.5)(x)");
}
END_TEST

START_TEST(losses)
{
    const char *softmax = "x = Input((5,))\nx = Dense(4, activation='softmax')(x)";
    const char *sigmoid = "x = Input((5,))\nx = Dense(3, activation='sigmoid')(x)";
    check_with(softmax, LOSS_CATEGORICAL_CROSSENTROPY, 0);
    check_with(softmax, LOSS_CATEGORICAL_CROSSENTROPY, 0.1);
    check_with(softmax, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 0);
    check_with(softmax, LOSS_SPARSE_CATEGORICAL_CROSSENTROPY, 0.1);
    check_with(sigmoid, LOSS_BINARY_CROSSENTROPY, 0);
    check_with(sigmoid, LOSS_BINARY_CROSSENTROPY, 0.2);
    check_with(softmax, LOSS_MSE, 0);
}
END_TEST

static double product(const double *a, const double *b, size_t count)
{
    double sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

/* A linear map without bias: <dy, y> = <dx, x> = <dw, w>. */
static void assert_adjoint(const char *layer)
{
    char text[200];
    struct bench bench = {0};
    snprintf(text, sizeof text, "x = Input((9, 8, 3))\nx = %s(x)\n", layer);
    bench_start(&bench, text, LOSS_MSE, 0);
    bench_fill(&bench);
    struct reference_network *reference = bench.reference;
    const size_t outputs = shape_count(model_output_shape(reference->setup.model)) * BATCH;
    const size_t inputs = shape_count(model_input_shape(reference->setup.model)) * BATCH;
    reference_network_forward(reference, BATCH, 0, true);
    double *dy = malloc(outputs * sizeof *dy);
    for (size_t i = 0; i < outputs; i++)
        dy[i] = reference->dy[1][i] = random_normal(&bench.random);
    reference_network_backward(reference, BATCH, 0, true);

    const double expected = product(dy, reference->y[1], outputs);
    ck_assert_double_eq_tol(product(reference->dy[0], reference->y[0], inputs), expected, 1e-10);
    ck_assert_double_eq_tol(
        product(reference->gradients, reference->weights, bench.parameters.trainable), expected,
        1e-10);
    free(dy);
    bench_finish(&bench);
}

START_TEST(convolutions_are_adjoint)
{
    assert_adjoint("Conv2D(4, 3, padding='same', use_bias=False)");
    assert_adjoint("Conv2D(4, 3, strides=2, use_bias=False)");
    assert_adjoint("Conv2D(4, (5, 2), strides=(1, 2), padding='same', use_bias=False)");
    assert_adjoint("DepthwiseConv2D(3, padding='same', use_bias=False)");
    assert_adjoint("Dense(4, use_bias=False)");
}
END_TEST

TEST_MAIN(gradients, convolutions, dense_and_shapes, pooling, normalization_and_dropout, branches,
          activations, losses, convolutions_are_adjoint)
