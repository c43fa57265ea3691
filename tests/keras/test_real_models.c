/* Trained models from the field, where ../shared/data/keras has them: their outputs agree with
 * NumPy's. */
#include "nn/keras/keras.h"
#include "nn/layer.h"
#include "nn/session.h"
#include "tests/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DATA "../shared/data/"
enum { MNIST_HEADER = 16, MNIST_PIXELS = 28 * 28, ROWS_EXPECTED = 19 };

struct runner {
    struct model *model;
    struct session *session;
    float *input;
    size_t input_count;
};

static struct runner start(const char *path, const char *cpu)
{
    struct error error = {0};
    struct runner runner = {.model = keras_load(path, &error)};
    ck_assert_msg(runner.model != NULL, "%s", error.message);
    runner.session = session_create(runner.model, cpu, &error);
    ck_assert_msg(runner.session != NULL, "%s", error.message);
    runner.input_count = shape_count(model_input_shape(runner.model));
    runner.input = malloc(runner.input_count * sizeof *runner.input);
    return runner;
}

static void stop(struct runner *runner)
{
    free(runner->input);
    session_destroy(runner->session);
    model_destroy(runner->model);
}

/* `text`: numbers with blanks between them. */
static void check_output(struct runner *runner, const char *text, double tolerance)
{
    const float *output = session_run(runner->session, runner->input);
    char *rest = (char *)text;
    for (size_t k = 0; k < shape_count(model_output_shape(runner->model)); k++) {
        const char *at = rest;
        double expected = strtod(at, &rest);
        ck_assert_msg(rest != at && fabs((double)output[k] - expected) < tolerance,
                      "%s: output %zu is %g, expected %s", runner->model->name, k,
                      (double)output[k], at);
    }
}

static void read_digit(long index, float *input)
{
    unsigned char bytes[MNIST_PIXELS];
    FILE *images = popen("gzip -dc " DATA "mnist/t10k-images-idx3-ubyte.gz", "r");
    ck_assert_ptr_nonnull(images);
    for (long i = -1; i <= index; i++) {
        size_t wanted = i < 0 ? MNIST_HEADER : MNIST_PIXELS;
        ck_assert_uint_eq(fread(bytes, 1, wanted, images), wanted);
    }
    pclose(images);
    for (int i = 0; i < MNIST_PIXELS; i++)
        input[i] = (float)bytes[i] / 255;
}

/* The two kinds of input that ../shared/data/README.md describes. */
static void fill_input(struct runner *runner, const char *kind)
{
    const char *formula = strstr(kind, "i*");
    long index;
    if (sscanf(kind, "t10k[%ld]", &index) == 1) {
        read_digit(index, runner->input);
        return;
    }
    ck_assert_msg(formula != NULL, "unknown input %s", kind);
    size_t factor = strtoul(formula + 2, NULL, 10);
    size_t summand = strtoul(strchr(formula, '+') + 1, NULL, 10);
    for (size_t i = 0; i < runner->input_count; i++)
        runner->input[i] = (float)((i * factor + summand) % 256) / 255;
}

static void check_row(char *row, const char *cpu)
{
    char path[256];
    char *comma = strchr(row, ',');
    *comma = '\0';
    const char *kind = comma + 1, *outputs = strrchr(kind, ',') + 1;
    snprintf(path, sizeof path, DATA "keras/%.64s%s", row, strstr(row, ".h5") ? "" : ".json");
    struct runner runner = start(path, cpu);
    fill_input(&runner, kind);
    check_output(&runner, outputs, 1e-4);
    stop(&runner);
}

static void check_rows(const char *cpu)
{
    char row[1024];
    int rows = 0;
    FILE *csv = fopen(DATA "keras/reference.csv", "r");
    ck_assert_ptr_nonnull(csv);
    ck_assert_ptr_nonnull(fgets(row, sizeof row, csv)); /* the heading */
    for (; fgets(row, sizeof row, csv); rows++)
        check_row(row, cpu);
    fclose(csv);
    ck_assert_int_ge(rows, ROWS_EXPECTED);
}

START_TEST(reference_agrees_with_every_row)
{
    check_rows("reference");
}
END_TEST

START_TEST(best_kernels_agree_with_every_row)
{
    check_rows("auto");
}
END_TEST

/* A MobileNetV2 inside two Sequentials, by Teachable Machine; input from -1 to 1. */
static void check_teachable(int factor)
{
    char command[256], expected[256];
    snprintf(command, sizeof command,
             "/usr/bin/python3 -B tests/keras/numpy_keras.py " DATA
             "keras/catdog_teachable.h5 %d 0.00784313725490196 -1",
             factor);
    FILE *numpy = popen(command, "r");
    ck_assert_ptr_nonnull(numpy);
    ck_assert_ptr_nonnull(fgets(expected, sizeof expected, numpy));
    ck_assert_int_eq(pclose(numpy), 0);

    const char *const engines[] = {"reference", "auto"};
    for (int e = 0; e < 2; e++) {
        struct runner runner = start(DATA "keras/catdog_teachable.h5", engines[e]);
        for (size_t i = 0; i < runner.input_count; i++)
            runner.input[i] = (float)((double)(i * (size_t)factor % 256) / 127.5 - 1);
        check_output(&runner, expected, 1e-3);
        stop(&runner);
    }
}

START_TEST(teachable_machine_agrees_with_numpy)
{
    check_teachable(7919);
    check_teachable(5);
}
END_TEST

static size_t parameters_of(const char *path)
{
    struct error error;
    struct parameter list[LAYER_PARAMETERS_MAX];
    struct model *model = keras_load(path, &error);
    size_t sum = 0;
    for (int i = 0; i < model->layer_count; i++)
        for (int k = layer_parameters(model, &model->layers[i], list); k > 0; k--)
            sum += parameter_count(&list[k - 1]);
    model_destroy(model);
    return sum;
}

/* Counted in the files with h5py: the sum of all datasets' sizes. */
START_TEST(no_weight_is_left_out)
{
    ck_assert_uint_eq(parameters_of(DATA "keras/catdog_teachable.h5"), 538508);
    ck_assert_uint_eq(parameters_of(DATA "keras/mnist_cnn.h5"), 93322);
    ck_assert_uint_eq(parameters_of(DATA "keras/mnist_keras1.json"), 4968);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {reference_agrees_with_every_row,
                                  best_kernels_agree_with_every_row,
                                  teachable_machine_agrees_with_numpy, no_weight_is_left_out};
    if (access(DATA "keras/reference.csv", R_OK) != 0) {
        puts("skipped: there is no " DATA "keras");
        return TEST_SKIPPED;
    }
    return suite_run("real_models", tests, sizeof tests / sizeof *tests, 240);
}
