#include "tests/train/nets.h"
#include "tests/train/torch_values.h"

#include <string.h>

static const char *const engines[] = {"reference", "auto"};
enum { ENGINES = sizeof engines / sizeof *engines };

/* --- against PyTorch -------------------------------------------------------------------------- */

/* The same formula stands in make_torch_values.py. */
static void fill_wave(float *values, int count, double frequency, double size)
{
    for (int i = 0; i < count; i++)
        values[i] = (float)(size * sin(frequency * (i + 1)));
}

static const char curve_net[] = "x = Input((8, 8, 2))\n"
                                "x = Conv2D(4, 3, padding='same', use_bias=False)(x)\n"
                                "x = BatchNormalization(momentum=0.8)(x)\n"
                                "x = Activation('relu')(x)\n"
                                "x = MaxPooling2D(2)(x)\n"
                                "x = Conv2D(6, 3, strides=2, activation='relu')(x)\n"
                                "x = Flatten()(x)\n"
                                "x = Dense(3, activation='softmax')(x)\n";

static void check_loss_curve(const char *cpu)
{
    struct net net;
    net_build(&net, curve_net);
    struct layer *layers = net.network.model->layers;
    fill_wave(layers[1].kernel, 72, 0.31, 0.4);
    fill_wave(layers[5].kernel, 216, 0.47, 0.3);
    fill_wave(layers[7].kernel, 18, 0.71, 0.5);
    struct trainer_settings settings = net_settings();
    settings.optimizer = OPTIMIZER_SGD;
    settings.cpu = cpu;
    struct trainer *trainer = net_trainer(&net, &settings);

    float x[8 * 8 * 8 * 2];
    const float y[8] = {0, 1, 2, 0, 1, 2, 0, 1};
    fill_wave(x, sizeof x / sizeof *x, 0.113, 1);
    for (int step = 0; step < 12; step++) {
        const struct trainer_result result = trainer_step(trainer, x, y, 8, 0.1);
        ck_assert(result.finite);
        ck_assert_double_eq_tol(result.loss / 8, torch_losses[step], 2e-5);
    }
    const struct trainer_result result = trainer_evaluate(trainer, x, y, 8, NULL);
    ck_assert_double_eq_tol(result.loss / 8, torch_losses[12], 1e-4);
    trainer_destroy(trainer);
    net_free(&net);
}

START_TEST(loss_curve_as_pytorch)
{
    check_loss_curve(engines[_i]);
}
END_TEST

/* --- learning --------------------------------------------------------------------------------- */

enum { SIDE = 12, PICTURES = 32, PIXELS = SIDE * SIDE };

/* A bright square, triangle or ring somewhere on noise. */
static void draw(struct random *random, int shape, float *picture)
{
    const int left = 3 + (int)random_below(random, 5), top = 3 + (int)random_below(random, 5);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            const int dx = abs(x - left), dy = abs(y - top), far = dx > dy ? dx : dy;
            const bool on = shape == 0   ? far <= 2
                            : shape == 1 ? far <= 2 && dx <= y - top + 2
                                         : far == 2;
            picture[y * SIDE + x] = (float)(on + 0.3 * random_normal(random));
        }
}

static void draw_all(float *x, float *y)
{
    struct random random;
    random_seed(&random, 11);
    for (int i = 0; i < PICTURES; i++) {
        draw(&random, i % 3, x + (ptrdiff_t)i * PIXELS);
        y[i] = (float)(i % 3);
    }
}

static const char shapes_net[] = "x = Input((12, 12, 1))\n"
                                 "x = Conv2D(8, 3, padding='same', activation='relu')(x)\n"
                                 "x = MaxPooling2D(2)(x)\n"
                                 "x = Conv2D(12, 3, activation='relu')(x)\n"
                                 "x = Dropout(0.1)(x)\n"
                                 "x = Flatten()(x)\n"
                                 "x = Dense(16, activation='relu')(x)\n"
                                 "x = Dense(3, activation='softmax')(x)\n";

START_TEST(learns_32_pictures_by_heart)
{
    static float x[PICTURES * PIXELS], y[PICTURES];
    struct net net;
    draw_all(x, y);
    net_build(&net, shapes_net);
    struct trainer_settings settings = net_settings();
    settings.batch = PICTURES;
    settings.cpu = engines[_i];
    struct trainer *trainer = net_trainer(&net, &settings);
    const struct trainer_result before = trainer_evaluate(trainer, x, y, PICTURES, NULL);
    for (int step = 0; step < 80; step++)
        ck_assert(trainer_step(trainer, x, y, PICTURES, 0.01).finite);
    const struct trainer_result after = trainer_evaluate(trainer, x, y, PICTURES, NULL);
    ck_assert_int_eq(after.n, PICTURES);
    ck_assert_int_eq(after.correct, PICTURES);
    ck_assert_double_lt(after.loss, before.loss / 20);
    trainer_destroy(trainer);
    net_free(&net);
}
END_TEST

/* --- contract --------------------------------------------------------------------------------- */

/* Weights of the shapes net after `steps` steps, from a trainer that may be stopped, saved and
 * loaded in between. */
static void train_shapes(const char *cpu, int threads, int steps, int interrupt, float *kernel)
{
    static float x[PICTURES * PIXELS], y[PICTURES];
    struct error error = {0};
    struct net net;
    draw_all(x, y);
    net_build(&net, shapes_net);
    struct trainer_settings settings = net_settings();
    settings.cpu = cpu;
    settings.threads = threads;
    settings.ema = 0.9;
    struct trainer *trainer = net_trainer(&net, &settings);
    for (int step = 0; step < steps; step++) {
        if (step == interrupt) {
            FILE *file = tmpfile();
            ck_assert(trainer_save(trainer, file, &error));
            trainer_destroy(trainer);
            trainer = net_trainer(&net, &settings);
            rewind(file);
            ck_assert_msg(trainer_load(trainer, file, &error), "%s", error.message);
            fclose(file);
        }
        const ptrdiff_t first = step * 7 % (PICTURES - 8);
        trainer_step(trainer, x + first * PIXELS, y + first, 8, 0.01);
    }
    trainer_store(trainer, true);
    memcpy(kernel, net.network.model->layers[3].kernel, 3 * 3 * 8 * 12 * sizeof *kernel);
    trainer_destroy(trainer);
    net_free(&net);
}

enum { KERNEL = 3 * 3 * 8 * 12 };

START_TEST(one_seed_one_result)
{
    static float first[KERNEL], second[KERNEL];
    train_shapes(engines[_i], 2, 6, -1, first);
    train_shapes(engines[_i], 2, 6, -1, second);
    ck_assert_mem_eq(first, second, sizeof first);
}
END_TEST

START_TEST(resumed_goes_on_exactly)
{
    static float first[KERNEL], second[KERNEL];
    train_shapes(engines[_i], 1, 6, -1, first);
    train_shapes(engines[_i], 1, 6, 3, second);
    ck_assert_mem_eq(first, second, sizeof first);
}
END_TEST

START_TEST(threads_agree_up_to_rounding)
{
    static float first[KERNEL], second[KERNEL];
    train_shapes(engines[_i], 1, 4, -1, first);
    train_shapes(engines[_i], 3, 4, -1, second);
    for (int i = 0; i < KERNEL; i++)
        ck_assert_double_eq_tol((double)first[i], (double)second[i], 1e-4);
}
END_TEST

START_TEST(the_average_is_judged)
{
    static float x[PICTURES * PIXELS], y[PICTURES];
    struct net net;
    draw_all(x, y);
    net_build(&net, "x = Input((12, 12, 1))\nx = Conv2D(8, 3, use_bias=False)(x)\n"
                    "x = BatchNormalization(momentum=0.5)(x)\nx = Activation('relu')(x)\n"
                    "x = Flatten()(x)\nx = Dense(3, activation='softmax')(x)\n");
    struct trainer_settings settings = net_settings();
    settings.cpu = engines[_i];
    settings.ema = 0.8;
    struct trainer *trainer = net_trainer(&net, &settings);
    for (int step = 0; step < 5; step++)
        trainer_step(trainer, x + (ptrdiff_t)step * PIXELS, y + step, 8, 0.05);
    const double judged = trainer_evaluate(trainer, x, y, 8, NULL).loss;
    const struct layer *layers = net.network.model->layers;
    trainer_store(trainer, false);
    const float variance = layers[2].variance[0], latest = layers[1].kernel[0];
    trainer_store(trainer, true);
    ck_assert(layers[1].kernel[0] != latest && layers[2].variance[0] == variance);
    trainer_destroy(trainer);

    settings.ema = 0;
    trainer = net_trainer(&net, &settings);
    ck_assert_double_eq_tol(trainer_evaluate(trainer, x, y, 8, NULL).loss, judged, 1e-9);
    trainer_destroy(trainer);
    net_free(&net);
}
END_TEST

/* As Keras's val_loss: of what is judged, the average, and of layers that learn. */
START_TEST(evaluation_counts_the_regularizers)
{
    struct net net;
    struct trainer_settings settings = net_settings();
    float x[8 * 4], y[8] = {0, 1, 0, 1, 0, 1, 0, 1};
    struct random random;
    random_seed(&random, 5);
    net_fill(&random, x, sizeof x / sizeof *x);
    net_build(&net, "x = Input((4,))\nx = Dense(3, kernel_regularizer=l2(0.25))(x)\n"
                    "x = Dense(3, kernel_regularizer=l2(9), trainable=False)(x)\n"
                    "x = Dense(2, 'softmax', kernel_regularizer=l2(0.5))(x)");
    settings.ema = 0.5;
    struct trainer *trainer = net_trainer(&net, &settings);
    trainer_step(trainer, x, y, 8, 0.1);
    trainer_store(trainer, true);
    double squares[2] = {0, 0};
    for (int i = 0; i < 12; i++)
        squares[0] += pow((double)net.network.model->layers[1].kernel[i], 2);
    for (int i = 0; i < 6; i++)
        squares[1] += pow((double)net.network.model->layers[3].kernel[i], 2);
    ck_assert_double_eq_tol(trainer_evaluate(trainer, x, y, 8, NULL).penalty,
                            0.25 * squares[0] + 0.5 * squares[1], 1e-9);
    trainer_destroy(trainer);
    net_free(&net);
}
END_TEST

START_TEST(frozen_layers_stay)
{
    static float x[PICTURES * PIXELS], y[PICTURES];
    struct net net;
    draw_all(x, y);
    net_build(&net, "x = Input((12, 12, 1))\n"
                    "x = Conv2D(8, 3, activation='relu', trainable=False)(x)\n"
                    "x = BatchNormalization(trainable=False)(x)\n"
                    "x = Conv2D(4, 3, activation='relu')(x)\nx = BatchNormalization()(x)\n"
                    "x = Flatten()(x)\nx = Dense(3, activation='softmax')(x)\n");
    struct trainer_settings settings = net_settings();
    settings.cpu = engines[_i];
    settings.weight_decay = 0.1;
    struct trainer *trainer = net_trainer(&net, &settings);
    const struct layer *layers = net.network.model->layers;
    const float frozen = layers[1].kernel[5], trained = layers[3].kernel[5];
    for (int step = 0; step < 3; step++)
        ck_assert(trainer_step(trainer, x, y, 8, 0.01).finite);
    trainer_store(trainer, false);
    ck_assert(layers[1].kernel[5] == frozen && layers[1].bias[0] == 0);
    ck_assert(layers[2].mean[0] == 0 && layers[2].variance[0] == 1 && layers[2].gamma[0] == 1);
    ck_assert(layers[3].kernel[5] != trained && layers[4].mean[0] != 0);
    trainer_destroy(trainer);
    net_free(&net);
}
END_TEST

START_TEST(nan_changes_nothing)
{
    float x[4] = {1, NAN, 2, 3}, y[2] = {0, 1}, before[6], after[6];
    struct net net;
    net_build(&net, "x = Input((2,))\nx = BatchNormalization()(x)\n"
                    "x = Dense(3, activation='softmax')(x)");
    struct trainer_settings settings = net_settings();
    settings.cpu = engines[_i];
    struct trainer *trainer = net_trainer(&net, &settings);
    memcpy(before, net.network.model->layers[2].kernel, sizeof before);
    ck_assert(!trainer_step(trainer, x, y, 2, 0.1).finite);
    trainer_store(trainer, false);
    memcpy(after, net.network.model->layers[2].kernel, sizeof after);
    ck_assert_mem_eq(before, after, sizeof before);
    ck_assert(net.network.model->layers[1].mean[1] == 0);
    x[1] = 1;
    ck_assert(trainer_step(trainer, x, y, 2, 0.1).finite);
    y[0] = 3; /* no class */
    ck_assert(!trainer_step(trainer, x, y, 2, 0.1).finite);
    y[0] = NAN;
    ck_assert(!trainer_step(trainer, x, y, 2, 0.1).finite);
    trainer_destroy(trainer);
    net_free(&net);
}
END_TEST

START_TEST(scores_are_the_outputs)
{
    float x[4] = {1, 0.5F, 2, 3}, y[2] = {0, 1}, scores[6];
    struct net net;
    net_build(&net, "x = Input((2,))\nx = Dense(3, activation='softmax')(x)");
    struct trainer_settings settings = net_settings();
    settings.cpu = engines[_i];
    struct trainer *trainer = net_trainer(&net, &settings);
    const struct trainer_result result = trainer_evaluate(trainer, x, y, 2, scores);
    ck_assert_double_eq_tol((double)(scores[3] + scores[4] + scores[5]), 1, 1e-6);
    ck_assert_double_eq_tol(result.loss, -log((double)scores[0]) - log((double)scores[4]), 1e-5);
    trainer_destroy(trainer);
    net_free(&net);
}
END_TEST

static void assert_refused(const char *text, const struct trainer_settings *settings,
                           const char *message)
{
    struct error error = {0};
    struct net net;
    net_build(&net, text);
    ck_assert_ptr_null(trainer_create(&net.network, settings, &error));
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    net_free(&net);
}

START_TEST(what_cannot_be_trained_is_refused)
{
    const char *linear = "x = Input((2,))\nx = Dense(3, name='last')(x)";
    struct trainer_settings settings = net_settings();
    assert_refused(linear, &settings, "the last layer (last) must have activation='softmax'");
    settings.loss = LOSS_BINARY_CROSSENTROPY;
    assert_refused(linear, &settings, "must have activation='sigmoid'");
    settings.loss = LOSS_CATEGORICAL_CROSSENTROPY;
    assert_refused("x = Input((2,))\nx = Dense(1, activation='softmax')(x)", &settings,
                   "over one value");
    assert_refused("x = Input((2, 2, 1))\nx = Dense(2, activation='softmax')(x)", &settings,
                   "a list, not a map");
    settings.loss = LOSS_MSE;
    settings.batch = 0;
    assert_refused(linear, &settings, "batch of 0");
    settings.batch = 2;
    settings.cpu = "z80";
    assert_refused(linear, &settings, "z80");
    settings.cpu = NULL;
    assert_refused("x = Input((2,))\nx = Dense(3, trainable=False)(x)", &settings,
                   "no layer has weights that can be trained");
}
END_TEST

START_TEST(state_of_another_training_is_refused)
{
    struct error error = {0};
    struct net net, other;
    struct trainer_settings settings = net_settings();
    net_build(&net, "x = Input((2,))\nx = Dense(3, activation='softmax')(x)");
    net_build(&other, "x = Input((3,))\nx = Dense(3, activation='softmax')(x)");
    struct trainer *trainer = net_trainer(&net, &settings);
    struct trainer *of_other = net_trainer(&other, &settings);
    FILE *file = tmpfile();
    ck_assert(trainer_save(trainer, file, &error));
    rewind(file);
    ck_assert(!trainer_load(of_other, file, &error));
    ck_assert_msg(strstr(error.message, "another network"), "%s", error.message);
    ck_assert_int_eq(fseek(file, 60, SEEK_SET), 0);
    ck_assert(!trainer_load(trainer, file, &error));
    ck_assert_msg(strstr(error.message, "no state of a training"), "%s", error.message);
    fclose(file);
    trainer_destroy(trainer);
    trainer_destroy(of_other);
    net_free(&net);
    net_free(&other);
}
END_TEST

int main(void)
{
    const TTest *const each_engine[] = {loss_curve_as_pytorch,
                                        learns_32_pictures_by_heart,
                                        one_seed_one_result,
                                        resumed_goes_on_exactly,
                                        threads_agree_up_to_rounding,
                                        the_average_is_judged,
                                        evaluation_counts_the_regularizers,
                                        frozen_layers_stay,
                                        nan_changes_nothing,
                                        scores_are_the_outputs};
    Suite *suite = suite_create("trainer");
    TCase *cases = tcase_create("trainer");
    tcase_set_timeout(cases, 120);
    for (size_t i = 0; i < sizeof each_engine / sizeof *each_engine; i++)
        tcase_add_loop_test(cases, each_engine[i], 0, ENGINES);
    tcase_add_test(cases, what_cannot_be_trained_is_refused);
    tcase_add_test(cases, state_of_another_training_is_refused);
    suite_add_tcase(suite, cases);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    const int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
