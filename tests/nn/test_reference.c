/* The plain loops against numbers worked out by hand, most of them printed in the lessons. */
#include "nn/reference_ops.h"
#include "nn/session.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

static const float one_to_nine[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};

/* Runs the finished model with the reference engine and compares all of its outputs. */
static void check_run(struct model *model, const float *input, const float *expected,
                      float tolerance)
{
    struct error error = {0};
    finish(model);
    struct session *session = session_create(model, "reference", &error);
    ck_assert_msg(session != NULL, "%s", error.message);
    const float *output = session_run(session, input);
    for (size_t k = 0; k < shape_count(model_output_shape(model)); k++)
        ck_assert_msg(fabsf(output[k] - expected[k]) <= tolerance, "%zu: %g is not %g", k,
                      (double)output[k], (double)expected[k]);
    session_destroy(session);
    model_destroy(model);
}

static void check_conv(enum padding padding, int filters, const float *kernel,
                       const float *expected)
{
    struct model *model = build_model(3, 3, 1);
    struct layer *layer = add(model, conv(filters, 2, 1, padding));
    memcpy(layer->kernel, kernel, (size_t)(4 * filters) * sizeof *kernel);
    check_run(model, one_to_nine, expected, 0);
}

START_TEST(convolution_of_the_lessons)
{
    const float ones[] = {1, 1, 1, 1};
    check_conv(PADDING_VALID, 1, ones, (const float[]){12, 16, 24, 28});
    check_conv(PADDING_SAME, 1, ones, (const float[]){12, 16, 9, 24, 28, 15, 15, 17, 9});
    const float three[] = {1, 10, -1, 1, 10, -1, 1, 10, -1, 1, 10, -1};
    check_conv(PADDING_VALID, 3, three,
               (const float[]){12, 120, -12, 16, 160, -16, 24, 240, -24, 28, 280, -28});
}
END_TEST

START_TEST(max_pooling_of_the_lessons)
{
    struct model *model = build_model(3, 3, 1);
    add(model, pool(LAYER_MAX_POOL2D, 2, 1, PADDING_SAME));
    check_run(model, one_to_nine, (const float[]){5, 6, 6, 8, 9, 9, 8, 9, 9}, 0);
    model = build_model(3, 3, 1);
    add(model, pool(LAYER_MAX_POOL2D, 2, 1, PADDING_VALID));
    check_run(model, one_to_nine, (const float[]){5, 6, 8, 9}, 0);
}
END_TEST

START_TEST(padding_takes_no_part_in_pooling)
{
    const float negative[] = {-1, -2, -3, -4, -5, -6, -7, -8, -9};
    struct model *model = build_model(3, 3, 1);
    add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_SAME));
    check_run(model, negative, (const float[]){-1, -3, -7, -9}, 0);
    model = build_model(3, 3, 1);
    add(model, pool(LAYER_AVERAGE_POOL2D, 2, 2, PADDING_SAME));
    check_run(model, one_to_nine, (const float[]){3, 4.5f, 7.5f, 9}, 0);
}
END_TEST

/* "Deep Learning from Scratch", chapter 3: x = (1.0, 0.5), two hidden layers with sigmoids. */
START_TEST(three_layers_of_the_lessons)
{
    const float w1[] = {0.1f, 0.3f, 0.5f, 0.2f, 0.4f, 0.6f}, b1[] = {0.1f, 0.2f, 0.3f};
    const float w2[] = {0.1f, 0.4f, 0.2f, 0.5f, 0.3f, 0.6f}, b2[] = {0.1f, 0.2f};
    const float w3[] = {0.1f, 0.3f, 0.2f, 0.4f}, b3[] = {0.1f, 0.2f};
    const struct shape input = {1, {2}};
    struct error error;
    struct model *model = model_create("lesson", &input, &error);
    struct layer *layer = add(model, with(dense(3), ACTIVATION_SIGMOID));
    memcpy(layer->kernel, w1, sizeof w1);
    memcpy(layer->bias, b1, sizeof b1);
    layer = add(model, with(dense(2), ACTIVATION_SIGMOID));
    memcpy(layer->kernel, w2, sizeof w2);
    memcpy(layer->bias, b2, sizeof b2);
    layer = add(model, dense(2));
    memcpy(layer->kernel, w3, sizeof w3);
    memcpy(layer->bias, b3, sizeof b3);
    check_run(model, (const float[]){1.0f, 0.5f}, (const float[]){0.31682708f, 0.69627909f}, 1e-7f);
}
END_TEST

START_TEST(im2col_equals_the_definition)
{
    enum { MAX = 13 * 11 * 5 };
    float x[MAX];
    fill(x, MAX, 3);
    for (int kernel = 1; kernel <= 4; kernel++)
        for (int stride = 1; stride <= 3; stride++)
            for (int dilation = 1; dilation <= 2; dilation++)
                for (int padding = PADDING_VALID; padding <= PADDING_SAME; padding++) {
                    struct model *model = build_model(13, 11, 5);
                    struct layer wanted = conv(7, kernel, stride, (enum padding)padding);
                    wanted.conv.window.dilation_h = dilation;
                    const struct layer *layer = add(model, wanted);
                    fill_weights(model, 5);
                    const struct shape *in = model_input_shape(model);
                    size_t count = shape_count(&layer->shape);
                    float *direct = malloc(count * sizeof *direct);
                    float *product = malloc(count * sizeof *product);
                    float *columns = malloc(reference_im2col_count(layer, in) * sizeof *columns);
                    reference_conv2d(layer, in, x, direct);
                    reference_conv2d_im2col(layer, in, x, columns, product);
                    for (size_t k = 0; k < count; k++)
                        ck_assert_float_eq_tol(product[k], direct[k], 1e-6f);
                    free(columns);
                    free(product);
                    free(direct);
                    model_destroy(model);
                }
}
END_TEST

START_TEST(im2col_lays_patches_out_as_rows)
{
    struct model *model = build_model(3, 3, 1);
    const struct layer *layer = add(model, conv(1, 2, 1, PADDING_VALID));
    const float expected[] = {1, 2, 4, 5, 2, 3, 5, 6, 4, 5, 7, 8, 5, 6, 8, 9};
    float columns[16];
    ck_assert_uint_eq(reference_im2col_count(layer, model_input_shape(model)), 16);
    reference_im2col(layer, model_input_shape(model), one_to_nine, columns);
    ck_assert_mem_eq(columns, expected, sizeof expected);
    model_destroy(model);
}
END_TEST

START_TEST(depthwise_keeps_channels_apart)
{
    struct model *model = build_model(1, 2, 2);
    struct layer wanted = {.op = LAYER_DEPTHWISE_CONV2D,
                           .conv = {window(1, 1, PADDING_SAME), .multiplier = 2}};
    struct layer *layer = add(model, wanted);
    memcpy(layer->kernel, (const float[]){1, 10, 100, 1000}, 4 * sizeof(float));
    layer->bias[3] = 0.5f;
    check_run(model, (const float[]){1, 2, 3, 4},
              (const float[]){1, 10, 200, 2000.5f, 3, 30, 400, 4000.5f}, 0);
}
END_TEST

START_TEST(batch_norm_by_its_formula)
{
    struct model *model = build_model(1, 2, 2);
    struct layer *layer =
        add(model, (struct layer){.op = LAYER_BATCH_NORM, .batch_norm = {.epsilon = 1}});
    memcpy(layer->mean, (const float[]){1, 0}, 2 * sizeof(float));
    memcpy(layer->variance, (const float[]){3, 8}, 2 * sizeof(float));
    memcpy(layer->gamma, (const float[]){2, 3}, 2 * sizeof(float));
    memcpy(layer->beta, (const float[]){0, -1}, 2 * sizeof(float));
    check_run(model, (const float[]){1, 3, 5, 6}, (const float[]){0, 2, 4, 5}, 1e-6f);
}
END_TEST

START_TEST(global_pools_padding_rescaling)
{
    const float x[] = {1, -1, 2, -2, 3, -3, 6, -6}; /* 2 x 2 x 2 */
    struct model *model = build_model(2, 2, 2);
    add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
    check_run(model, x, (const float[]){3, -3}, 0);
    model = build_model(2, 2, 2);
    add(model, (struct layer){.op = LAYER_GLOBAL_MAX_POOL2D});
    check_run(model, x, (const float[]){6, -1}, 0);
    model = build_model(1, 2, 1);
    add(model, (struct layer){.op = LAYER_ZERO_PADDING2D, .pool = {.pad_top = 1, .pad_right = 2}});
    check_run(model, (const float[]){5, 7}, (const float[]){0, 0, 0, 0, 5, 7, 0, 0}, 0);
    model = build_model(1, 2, 1);
    add(model, (struct layer){.op = LAYER_RESCALING, .rescaling = {0.5f, -1}});
    check_run(model, (const float[]){4, 0}, (const float[]){1, -1}, 0);
}
END_TEST

START_TEST(joins)
{
    const float x[] = {1, 2, 3, 4}; /* 1 x 2 x 2 */
    struct model *model = build_model(1, 2, 2);
    add(model, (struct layer){.op = LAYER_RESCALING, .rescaling = {10, 0}});
    add(model, (struct layer){.op = LAYER_ADD, .input_count = 3, .inputs = (int[]){0, 1, 0}});
    check_run(model, x, (const float[]){12, 24, 36, 48}, 0);
    model = build_model(1, 2, 2);
    add(model, (struct layer){.op = LAYER_RESCALING, .rescaling = {10, 0}});
    add(model, (struct layer){.op = LAYER_CONCATENATE, .input_count = 2, .inputs = (int[]){1, 0}});
    check_run(model, x, (const float[]){10, 20, 1, 2, 30, 40, 3, 4}, 0);
}
END_TEST

static void check_activation(struct activation_params activation, const float expected[4])
{
    struct model *model = build_model(1, 1, 4);
    add(model, (struct layer){.op = LAYER_ACTIVATION, .activation = activation});
    check_run(model, (const float[]){-2, -0.5f, 1, 8}, expected, 1e-6f);
}

/* Expected values: keras.activations of Keras 2, by their formulas. */
START_TEST(activations)
{
    check_activation((struct activation_params){ACTIVATION_LINEAR, 0, 0},
                     (const float[]){-2, -0.5f, 1, 8});
    check_activation((struct activation_params){ACTIVATION_RELU, 0, INFINITY},
                     (const float[]){0, 0, 1, 8});
    check_activation((struct activation_params){ACTIVATION_RELU, 0.1f, 6},
                     (const float[]){-0.2f, -0.05f, 1, 6});
    check_activation((struct activation_params){ACTIVATION_LEAKY_RELU, 0.3f, 0},
                     (const float[]){-0.6f, -0.15f, 1, 8});
    check_activation((struct activation_params){ACTIVATION_ELU, 2, 0},
                     (const float[]){-1.7293294f, -0.7869387f, 1, 8});
    check_activation((struct activation_params){ACTIVATION_SIGMOID, 0, 0},
                     (const float[]){0.11920292f, 0.37754067f, 0.73105858f, 0.99966465f});
    check_activation((struct activation_params){ACTIVATION_HARD_SIGMOID, 0, 0},
                     (const float[]){0.1f, 0.4f, 0.7f, 1});
    check_activation((struct activation_params){ACTIVATION_TANH, 0, 0},
                     (const float[]){-0.96402758f, -0.46211716f, 0.76159416f, 0.99999977f});
    check_activation((struct activation_params){ACTIVATION_SOFTPLUS, 0, 0},
                     (const float[]){0.12692801f, 0.47407698f, 1.31326169f, 8.00033541f});
    check_activation((struct activation_params){ACTIVATION_SWISH, 0, 0},
                     (const float[]){-0.23840584f, -0.18877033f, 0.73105858f, 7.99731720f});
    check_activation((struct activation_params){ACTIVATION_SOFTMAX, 0, 0},
                     (const float[]){4.5354e-05f, 2.03264e-04f, 9.10970e-04f, 0.99884041f});
}
END_TEST

START_TEST(softmax_of_large_values_stays_finite)
{
    struct model *model = build_model(1, 2, 2); /* over the last axis: two softmaxes */
    add(model, with((struct layer){.op = LAYER_ACTIVATION}, ACTIVATION_SOFTMAX));
    check_run(model, (const float[]){1010, 1010, -900, 900}, (const float[]){0.5f, 0.5f, 0, 1}, 0);
}
END_TEST

TEST_MAIN(reference, convolution_of_the_lessons, max_pooling_of_the_lessons,
          padding_takes_no_part_in_pooling, three_layers_of_the_lessons,
          im2col_equals_the_definition, im2col_lays_patches_out_as_rows,
          depthwise_keeps_channels_apart, batch_norm_by_its_formula, global_pools_padding_rescaling,
          joins, activations, softmax_of_large_values_stays_finite)
