#include "nn/shape.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

/* Expected output side and padding of one axis: TensorFlow's own definition, worked out by hand. */
static void check_window(int input, int kernel, int stride, int dilation, enum padding padding,
                         int output, int before, int after)
{
    struct model *model = build_model(input, input + 1, 1);
    struct layer wanted = conv(2, kernel, stride, padding);
    wanted.conv.window.dilation_h = wanted.conv.window.dilation_w = dilation;
    const struct layer *layer = add(model, wanted);
    ck_assert_int_eq(layer->shape.dim[0], output);
    ck_assert_int_eq(layer->shape.dim[2], 2);
    ck_assert_int_eq(layer->conv.window.pad_top, before);
    ck_assert_int_eq(layer->conv.window.pad_bottom, after);
    model_destroy(model);
}

START_TEST(windows_slide_as_in_tensorflow)
{
    check_window(128, 3, 1, 1, PADDING_SAME, 128, 1, 1);
    check_window(128, 3, 1, 1, PADDING_VALID, 126, 0, 0);
    check_window(224, 3, 2, 1, PADDING_SAME, 112, 0, 1); /* the odd pixel goes below */
    check_window(225, 3, 2, 1, PADDING_SAME, 113, 1, 1);
    check_window(7, 2, 2, 1, PADDING_SAME, 4, 0, 1);
    check_window(7, 2, 2, 1, PADDING_VALID, 3, 0, 0);
    check_window(5, 1, 3, 1, PADDING_SAME, 2, 0, 0); /* the window needs no padding */
    check_window(9, 3, 1, 3, PADDING_SAME, 9, 3, 3);
    check_window(9, 3, 1, 3, PADDING_VALID, 3, 0, 0);
    check_window(3, 7, 1, 1, PADDING_SAME, 3, 3, 3);
}
END_TEST

static const char *refusal(struct layer layer)
{
    static struct error error;
    struct model *model = build_model(8, 8, 3);
    layer.name = (char *)"culprit";
    error.message[0] = '\0';
    ck_assert_ptr_null(try_add(model, layer, &error));
    ck_assert_int_eq(model->layer_count, 1);
    model_destroy(model);
    ck_assert_ptr_nonnull(strstr(error.message, "culprit"));
    return error.message;
}

static void refused(struct layer layer, const char *reason)
{
    const char *message = refusal(layer);
    ck_assert_msg(strstr(message, reason) != NULL, "\"%s\" lacks \"%s\"", message, reason);
}

START_TEST(bad_geometry_is_refused_by_name)
{
    refused(conv(0, 3, 1, PADDING_SAME), "at least one filter");
    refused(conv(-4, 3, 1, PADDING_SAME), "at least one filter");
    refused(conv(4, 0, 1, PADDING_SAME), "kernel 0");
    refused(conv(4, 3, 0, PADDING_SAME), "stride 0");
    refused(conv(4, 3, -2, PADDING_SAME), "stride -2");
    refused(conv(4, 1 << 20, 1, PADDING_SAME), "must lie in");
    refused(conv(4, 9, 1, PADDING_VALID), "does not fit");
    refused(conv(1 << 30, 3, 1, PADDING_SAME), "more than");
    struct layer wide = conv(4, 5, 1, PADDING_SAME);
    wide.conv.window.dilation_h = wide.conv.window.dilation_w = 4096;
    refused(wide, "with its padding: the shape 16392 x 16392 x 3 has more than");
    refused(dense(0), "at least one unit");
    refused(dense(1 << 29), "more than");
    refused(pool(LAYER_MAX_POOL2D, 0, 2, PADDING_VALID), "kernel 0");
    refused((struct layer){.op = LAYER_ZERO_PADDING2D, .pool = {.pad_left = -1}}, "padding of -1");
    refused((struct layer){.op = LAYER_RESHAPE, .reshape = {{1, {191}}}}, "cannot become 191");
    refused((struct layer){.op = LAYER_ADD}, "two inputs");
    refused((struct layer){.op = LAYER_INPUT}, "cannot be added");
    refused((struct layer){.op = LAYER_FLATTEN, .input_count = 1, .inputs = (int[]){7}},
            "not an earlier layer");
    refused((struct layer){.op = LAYER_ACTIVATION, .activation = {.kind = ACTIVATION_RELU}},
            "cap of its ReLU");
}
END_TEST

START_TEST(a_flat_input_does_not_fit_a_convolution)
{
    struct error error;
    struct model *model = build_model(8, 8, 3);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    ck_assert_ptr_null(try_add(model, conv(4, 3, 1, PADDING_SAME), &error));
    ck_assert_ptr_nonnull(strstr(error.message, "not 192"));
    model_destroy(model);
}
END_TEST

START_TEST(inputs_of_joins_must_fit)
{
    struct error error;
    struct model *model = build_model(8, 8, 3);
    add(model, conv(5, 1, 1, PADDING_SAME));
    struct layer join = {.op = LAYER_ADD, .input_count = 2, .inputs = (int[]){0, 1}};
    ck_assert_ptr_null(try_add(model, join, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "8 x 8 x 3 and 8 x 8 x 5"));
    join.op = LAYER_CONCATENATE;
    ck_assert_int_eq(add(model, join)->shape.dim[2], 8);
    model_destroy(model);
}
END_TEST

START_TEST(sizes_are_limited_before_memory_is_asked_for)
{
    struct error error;
    const struct shape negative = {3, {8, -8, 3}}, huge = {3, {1 << 30, 1 << 30, 1 << 30}};
    ck_assert_ptr_null(model_create("m", &negative, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "8 x -8 x 3"));
    ck_assert_ptr_null(model_create("m", &huge, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "more than"));
    const struct shape row = {3, {1, 1 << 28, 1}}; /* each pixel is stored with sixteen channels */
    ck_assert_ptr_null(model_create("m", &row, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "counted by sixteens"));

    struct model *model = build_model(64, 64, 64);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    ck_assert_ptr_null(try_add(model, dense(4096), &error));
    ck_assert_ptr_nonnull(strstr(error.message, "brings the model to"));
    model_destroy(model);
}
END_TEST

START_TEST(weights_that_are_no_numbers_are_refused_by_name)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const char *const word[] = {"NaN", "infinite", "infinite"};
    for (int i = 0; i < 3; i++) {
        struct error error = {0};
        struct model *model = build_model(4, 4, 1);
        struct layer layer = conv(2, 3, 1, PADDING_SAME);
        layer.name = (char *)"conv_7";
        add(model, layer)->bias[1] = bad[i];
        ck_assert(!model_finish(model, &error));
        ck_assert_ptr_nonnull(strstr(error.message, "conv_7"));
        ck_assert_ptr_nonnull(strstr(error.message, "value 1 of bias"));
        ck_assert_ptr_nonnull(strstr(error.message, word[i]));
        model_destroy(model);
    }
}
END_TEST

/* Channel 1 of a batch normalization with this variance. */
static void check_variance(float variance, float epsilon, bool good)
{
    struct error error = {0};
    struct model *model = build_model(4, 4, 3);
    struct layer layer = {.op = LAYER_BATCH_NORM, .batch_norm = {epsilon, 0.9f}};
    layer.name = (char *)"norm_3";
    add(model, layer)->variance[1] = variance;
    ck_assert(model_finish(model, &error) == good);
    ck_assert(good || strstr(error.message, "norm_3"));
    model_destroy(model);
}

START_TEST(a_variance_without_a_root_is_refused)
{
    check_variance(0, 1e-3f, true);
    check_variance(-1e-4f, 1e-3f, true); /* rounding in the program that wrote it */
    check_variance(-5, 1e-3f, false);
    check_variance(0, 0, false);
}
END_TEST

START_TEST(an_empty_model_is_refused)
{
    struct error error;
    struct model *model = build_model(4, 4, 1);
    ck_assert(!model_finish(model, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "no layers"));
    model_destroy(model);
}
END_TEST

START_TEST(classes_follow_the_output)
{
    struct error error;
    const char *const two[] = {"cat", "dog"}, *const three[] = {"cat", "dog", "neither"};
    struct model *model = build_model(4, 4, 1);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, with(dense(1), ACTIVATION_SIGMOID));
    finish(model);
    ck_assert_int_eq(model->class_count, 2);
    ck_assert_str_eq(model->class_names[1], "class 1");
    ck_assert(!model_set_classes(model, three, 3, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "between 2 classes, but 3 names"));
    ck_assert(model_set_classes(model, two, 2, &error));
    finish(model);
    ck_assert_str_eq(model->class_names[1], "dog");
    model_destroy(model);

    model = build_model(4, 4, 1);
    add(model, conv(2, 3, 1, PADDING_SAME));
    finish(model); /* a map is no list of scores */
    ck_assert_int_eq(model->class_count, 0);
    ck_assert(!model_set_classes(model, two, 2, &error));
    model_destroy(model);
}
END_TEST

START_TEST(class_names_are_different_and_plain)
{
    static const struct {
        const char *names[2], *reason;
    } cases[] = {
        {{"cat", "cat"}, "two classes are called \"cat\""},
        {{"cat", ""}, "the name of class 1 is empty"},
        {{"k\xe4t", "dog"}, "the name of class 0 is not UTF-8"},
        {{"cat", "dog\n"}, "the name of class 1 is not UTF-8, or has control"},
    };
    struct model *model = build_model(4, 4, 1);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, dense(2));
    finish(model);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error;
        ck_assert(!model_set_classes(model, cases[i].names, 2, &error));
        ck_assert_msg(strstr(error.message, cases[i].reason) != NULL, "%s", error.message);
        ck_assert_str_eq(model->class_names[1], "class 1");
    }
    model_destroy(model);
}
END_TEST

/* The lessons' networks: parameters per layer and in all. */
START_TEST(parameter_counts_of_the_lessons)
{
    struct model *model = build_model(28, 28, 1);
    const struct layer pool2 = pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID);
    const struct layer flatten = {.op = LAYER_FLATTEN};
    add(model, conv(32, 3, 1, PADDING_VALID));
    add(model, pool2);
    add(model, conv(64, 3, 1, PADDING_VALID));
    add(model, pool2);
    add(model, conv(64, 3, 1, PADDING_VALID));
    add(model, flatten);
    add(model, dense(64));
    add(model, dense(10));
    ck_assert_uint_eq(total_parameters(model), 320 + 18496 + 36928 + 36928 + 650);
    model_destroy(model);

    model = build_model(32, 32, 3);
    add(model, conv(32, 3, 1, PADDING_VALID));
    ck_assert_uint_eq(total_parameters(model), 896);
    add(model, pool2);
    add(model, conv(64, 3, 1, PADDING_VALID));
    ck_assert_uint_eq(total_parameters(model), 896 + 18496);
    add(model, pool2);
    add(model, conv(64, 3, 1, PADDING_VALID));
    ck_assert_uint_eq(total_parameters(model), 896 + 18496 + 36928);
    add(model, flatten);
    ck_assert_int_eq(model_output_shape(model)->dim[0], 1024);
    add(model, dense(64));
    ck_assert_uint_eq(total_parameters(model), 896 + 18496 + 36928 + 65600);
    add(model, dense(10));
    ck_assert_uint_eq(total_parameters(model), 122570);
    model_destroy(model);
}
END_TEST

START_TEST(options_take_weights_away)
{
    struct model *model = build_model(4, 4, 3);
    struct layer plain = conv(2, 1, 1, PADDING_SAME);
    plain.no_bias = true;
    ck_assert_ptr_null(add(model, plain)->bias);
    const struct layer *norm = add(model, (struct layer){.op = LAYER_BATCH_NORM, .no_gamma = true});
    ck_assert_ptr_null(norm->gamma);
    ck_assert(norm->variance[1] == 1 && norm->mean[1] == 0 && norm->beta[1] == 0);
    ck_assert_uint_eq(total_parameters(model), 6 + 6);
    model_destroy(model);
}
END_TEST

START_TEST(scores_that_are_no_numbers_are_refused_by_name)
{
    struct error error;
    struct model *model = build_model(4, 4, 1);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, dense(3));
    finish(model);
    ck_assert(model_check_scores(model, (const float[]){0, 1e38f, -1}, &error));
    ck_assert(!model_check_scores(model, (const float[]){0, 1, NAN}, &error));
    ck_assert_str_eq(error.message, "the network's score of \"class 2\" is not a number");
    ck_assert(!model_check_scores(model, (const float[]){-INFINITY, 1, 0}, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "class 0"));
    model_destroy(model);
}
END_TEST

TEST_MAIN(model, windows_slide_as_in_tensorflow, bad_geometry_is_refused_by_name,
          a_flat_input_does_not_fit_a_convolution, inputs_of_joins_must_fit,
          sizes_are_limited_before_memory_is_asked_for,
          weights_that_are_no_numbers_are_refused_by_name, a_variance_without_a_root_is_refused,
          an_empty_model_is_refused, classes_follow_the_output,
          scores_that_are_no_numbers_are_refused_by_name, class_names_are_different_and_plain,
          parameter_counts_of_the_lessons, options_take_weights_away)
