#include "nn/session.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

/* A network that shows its input: one picture of 1 x 2, flattened, with two or six "classes". */
static struct session *identity(struct model *model)
{
    struct error error = {0};
    add(model, (struct layer){.op = LAYER_FLATTEN});
    finish(model);
    struct session *session = session_create(model, "reference", &error);
    ck_assert_msg(session != NULL, "%s", error.message);
    return session;
}

static const uint8_t bgr[] = {10, 200, 30, 255, 0, 0}; /* one pixel, then a blue one */

START_TEST(colour_pictures_get_the_models_order_and_scale)
{
    struct model *model = build_model(1, 2, 3);
    model->preprocessing = (struct preprocessing){{2, 1, 0.5f}, {1, 0, -1}, false};
    struct session *session = identity(model);
    float scores[6];
    session_classify(session, bgr, sizeof bgr, scores);
    ck_assert_mem_eq(scores, ((const float[]){61, 200, 4, 1, 0, 126.5f}), sizeof scores);
    session_destroy(session);

    model->preprocessing.bgr = true;
    session = session_create(model, "reference", NULL);
    session_classify(session, bgr, sizeof bgr, scores);
    ck_assert_mem_eq(scores, ((const float[]){21, 200, 14, 511, 0, -1}), sizeof scores);
    session_destroy(session);
    model_destroy(model);
}
END_TEST

START_TEST(grey_models_see_the_luma_of_opencv)
{
    struct model *model = build_model(1, 2, 1);
    model->preprocessing = (struct preprocessing){{1, 0, 0}, {0, 0, 0}, false};
    struct session *session = identity(model);
    float scores[2];
    session_classify(session, bgr, sizeof bgr, scores);
    ck_assert_mem_eq(scores, ((const float[]){128, 29}), sizeof scores); /* as cv2.cvtColor says */
    session_destroy(session);
    model_destroy(model);
}
END_TEST

START_TEST(rows_follow_the_stride)
{
    struct model *model = build_model(2, 1, 3);
    const uint8_t padded[] = {1, 2, 3, 99, 99, 4, 5, 6};
    model->preprocessing = (struct preprocessing){{1, 1, 1}, {0}, true};
    struct session *session = identity(model);
    float scores[6];
    session_classify(session, padded, 5, scores);
    ck_assert_mem_eq(scores, ((const float[]){1, 2, 3, 4, 5, 6}), sizeof scores);
    session_destroy(session);
    model_destroy(model);
}
END_TEST

START_TEST(one_sigmoid_becomes_two_classes)
{
    struct error error;
    struct model *model = build_model(1, 1, 3);
    add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
    struct layer *layer = add(model, with(dense(1), ACTIVATION_SIGMOID));
    layer->bias[0] = logf(3); /* sigmoid(log 3) = 3/4 */
    finish(model);
    struct session *session = session_create(model, "auto", &error);
    float scores[2];
    session_classify(session, bgr, 3, scores);
    ck_assert_float_eq_tol(scores[0], 0.25f, 1e-6f);
    ck_assert_float_eq_tol(scores[1], 0.75f, 1e-6f);
    session_destroy(session);
    model_destroy(model);
}
END_TEST

START_TEST(unknown_kernels_are_a_usage_error)
{
    struct error error;
    struct model *model = build_model(1, 1, 3);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    finish(model);
    ck_assert_ptr_null(session_create(model, "mmx", &error));
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_ptr_nonnull(strstr(error.message, "mmx"));
    ck_assert_ptr_nonnull(strstr(error.message, "reference"));
    model_destroy(model);
}
END_TEST

START_TEST(runs_give_the_same_bits)
{
    struct error error;
    struct model *model = build_model(9, 7, 3);
    add(model, with(conv(5, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, with(dense(4), ACTIVATION_SOFTMAX));
    fill_weights(model, 1);
    finish(model);
    float x[9 * 7 * 3], first[4];
    fill(x, 9 * 7 * 3, 2);
    struct session *session = session_create(model, NULL, &error);
    memcpy(first, session_run(session, x), sizeof first);
    ck_assert_mem_eq(session_run(session, x), first, sizeof first);
    ck_assert_float_eq_tol(first[0] + first[1] + first[2] + first[3], 1, 1e-5f);
    session_destroy(session);
    model_destroy(model);
}
END_TEST

/* What `pawcam bench` relies on when it frees the model's kernels. */
START_TEST(sessions_with_weights_of_their_own_outlive_the_models)
{
    struct error error;
    struct model *model = build_model(9, 7, 3);
    add(model, with(conv(5, 3, 1, PADDING_SAME), ACTIVATION_RELU));
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, dense(4));
    fill_weights(model, 1);
    finish(model);
    float x[9 * 7 * 3], before[4];
    fill(x, 9 * 7 * 3, 2);
    struct session *session = session_create(model, "auto", &error);
    memcpy(before, session_run(session, x), sizeof before);
    if (session_holds_weights(session))
        model_drop_kernels(model);
    ck_assert_ptr_null(model->layers[model->output].kernel);
    ck_assert_mem_eq(session_run(session, x), before, sizeof before);
    session_destroy(session);
    session = session_create(model, "reference", &error);
    ck_assert(!session_holds_weights(session));
    session_destroy(session);
    model_destroy(model);
}
END_TEST

TEST_MAIN(session, colour_pictures_get_the_models_order_and_scale,
          grey_models_see_the_luma_of_opencv, rows_follow_the_stride,
          one_sigmoid_becomes_two_classes, unknown_kernels_are_a_usage_error,
          runs_give_the_same_bits, sessions_with_weights_of_their_own_outlive_the_models)
