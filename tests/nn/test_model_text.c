#include "nn/model_text.h"

#include "tests/nn/build.h"
#include "tests/suite.h"

START_TEST(triples_are_one_number_or_three)
{
    float values[3];
    ck_assert(model_text_triple("0.5", values, NULL));
    ck_assert_float_eq(values[0], 0.5F);
    ck_assert_float_eq(values[2], 0.5F);
    ck_assert(model_text_triple(" -1 , 2e1,3 ", values, NULL));
    ck_assert_float_eq(values[0], -1);
    ck_assert_float_eq(values[1], 20);
    ck_assert_float_eq(values[2], 3);
}
END_TEST

START_TEST(auto_and_mistakes_leave_the_values)
{
    static const char *const wrong[] = {"",     ",",    "1,",    "1,2",   "1,2,3,4", "a",   "1,b,3",
                                        "1e39", "0x10", "1;2;3", "1 2 3", "inf",     "1,,3"};
    float values[3] = {7, 8, 9};
    ck_assert(model_text_triple("auto", values, NULL));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        ck_assert_msg(!model_text_triple(wrong[i], values, &error), "took \"%s\"", wrong[i]);
        ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    }
    ck_assert_float_eq(values[0], 7);
    ck_assert_float_eq(values[1], 8);
    ck_assert_float_eq(values[2], 9);
}
END_TEST

START_TEST(classes_are_trimmed_names)
{
    struct class_list list;
    ck_assert(class_list_parse("", &list, NULL));
    ck_assert_int_eq(list.count, 0);
    class_list_free(&list);
    ck_assert(class_list_parse(" cat,\tbig dog ,unknown", &list, NULL));
    ck_assert_int_eq(list.count, 3);
    ck_assert_str_eq(list.names[0], "cat");
    ck_assert_str_eq(list.names[1], "big dog");
    ck_assert_str_eq(list.names[2], "unknown");
    class_list_free(&list);
    ck_assert_ptr_null(list.names);
    ck_assert_ptr_null(list.storage);
}
END_TEST

START_TEST(a_list_may_be_long)
{
    enum { COUNT = 1000 };
    char text[2 * COUNT];
    for (int i = 0; i < COUNT; i++) {
        text[2 * i] = 'x';
        text[2 * i + 1] = ',';
    }
    text[sizeof text - 1] = '\0';
    struct class_list list;
    ck_assert(class_list_parse(text, &list, NULL));
    ck_assert_int_eq(list.count, COUNT);
    class_list_free(&list);
}
END_TEST

START_TEST(wrong_lists_of_classes_are_usage_errors)
{
    static const char *const wrong[][2] = {{"cat", "two or more"},
                                           {"cat,", "has no name"},
                                           {",", "has no name"},
                                           {" ", "has no name"}};
    struct class_list list;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct error error = {0};
        ck_assert_msg(!class_list_parse(wrong[i][0], &list, &error), "took %s", wrong[i][0]);
        ck_assert_ptr_nonnull(strstr(error.message, wrong[i][1]));
        ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
        class_list_free(&list);
    }
}
END_TEST

START_TEST(a_model_takes_the_names_that_fit)
{
    struct model *model = build_model(1, 1, 3);
    struct error error = {0};
    add(model, (struct layer){.op = LAYER_FLATTEN});
    ck_assert_msg(model_finish(model, &error), "%s", error.message);
    ck_assert(model_text_classes("cat, dog, neither", model, NULL));
    ck_assert_str_eq(model->class_names[1], "dog");
    ck_assert(model_text_classes("", model, NULL));
    ck_assert_str_eq(model->class_names[1], "dog");
    static const char *const wrong[][2] = {{"cat,dog", "2 names"},
                                           {"cat,dog,cat", "two classes are called"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        ck_assert_msg(!model_text_classes(wrong[i][0], model, &error), "took %s", wrong[i][0]);
        ck_assert_ptr_nonnull(strstr(error.message, wrong[i][1]));
        ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    }
    ck_assert_str_eq(model->class_names[2], "neither");
    model_destroy(model);
}
END_TEST

TEST_MAIN(model_text, triples_are_one_number_or_three, auto_and_mistakes_leave_the_values,
          classes_are_trimmed_names, a_list_may_be_long, wrong_lists_of_classes_are_usage_errors,
          a_model_takes_the_names_that_fit)
