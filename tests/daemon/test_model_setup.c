#include "daemon/model_setup.h"

#include "tests/nn/build.h"
#include "tests/suite.h"

START_TEST(threshold_is_the_options_then_the_models_then_the_default)
{
    struct options options = {.model = {.threshold = 0}};
    struct model *model = build_model(2, 2, 3);
    model->threshold = 0.8;
    ck_assert_double_eq(model_setup_threshold(&options, model), 0);
    options.model.threshold = -1;
    ck_assert_double_eq(model_setup_threshold(&options, model), 0.8);
    model->threshold = 0;
    ck_assert_double_eq(model_setup_threshold(&options, model), MODEL_THRESHOLD_DEFAULT);
    model_destroy(model);
}
END_TEST

/* What it refuses and accepts of real files: tests/e2e/test_bad_input. */
START_TEST(model_that_is_not_there_is_named)
{
    struct options options = {.model = {.path = (char *)"/nowhere/net.h5"}};
    struct error error = {0};
    ck_assert_ptr_null(model_setup(&options, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "/nowhere/net.h5"));
    ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
}
END_TEST

TEST_MAIN(model_setup, threshold_is_the_options_then_the_models_then_the_default,
          model_that_is_not_there_is_named)
