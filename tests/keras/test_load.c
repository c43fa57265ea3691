/* What each version of Keras writes gives the outputs that NumPy computes. */
#include "nn/keras/keras.h"
#include "nn/keras/save.h"
#include "nn/session.h"
#include "tests/keras/files.h"

#include <math.h>

static struct model *load(const char *name)
{
    struct error error = {0};
    struct model *model = keras_load(path_of(name), &error);
    ck_assert_msg(model != NULL, "%s", error.message);
    return model;
}

static void check_outputs(const struct model *model, const char *name, const json_t *expected)
{
    struct error error;
    struct session *session = session_create(model, "reference", &error);
    size_t count = shape_count(model_input_shape(model));
    float *input = malloc(count * sizeof *input);
    for (size_t i = 0; i < count; i++) /* drawn_input of numpy_keras.py */
        input[i] = (float)(i * 7919 % 256) / 255;
    const float *output = session_run(session, input);
    ck_assert_uint_eq(shape_count(model_output_shape(model)), json_array_size(expected));
    for (size_t k = 0; k < json_array_size(expected); k++) {
        double wanted = json_real_value(json_array_get(expected, k));
        ck_assert_msg(fabs((double)output[k] - wanted) < 1e-5, "%s: output %zu is %g, not %g", name,
                      k, (double)output[k], wanted);
    }
    free(input);
    session_destroy(session);
}

static void check_good_file(const char *name, const json_t *expected)
{
    struct model *model = load(name);
    check_outputs(model, name, expected);
    model_destroy(model);
}

static void check_saved_again(const char *name, const json_t *expected)
{
    struct error error = {0};
    struct model *model = load(name);
    ck_assert_msg(keras_save(model, path_of("again.h5"), &error), "%s: %s", name, error.message);
    model_destroy(model);
    model = load("again.h5");
    check_outputs(model, name, expected);
    model_destroy(model);
}

static void for_each_good_file(void (*check)(const char *, const json_t *))
{
    json_t *list = read_list("good.json"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
        check(json_string_value(json_object_get(entry, "file")), json_object_get(entry, "output"));
    json_decref(list);
}

START_TEST(every_good_file_agrees_with_numpy)
{
    for_each_good_file(check_good_file);
}
END_TEST

START_TEST(every_good_file_can_be_saved_again)
{
    for_each_good_file(check_saved_again);
}
END_TEST

START_TEST(attributes_of_pawcam_are_read)
{
    struct model *model = load("attributes.h5");
    const struct preprocessing *how = &model->preprocessing;
    ck_assert(how->bgr);
    ck_assert(how->scale[0] == 0.5f && how->scale[1] == 0.25f && how->scale[2] == 2);
    ck_assert(how->offset[0] == -1 && how->offset[2] == -1);
    ck_assert(model->threshold == 0.75);
    ck_assert_int_eq(model->class_count, 3);
    ck_assert_str_eq(model->class_names[1], "Hünd");
    model_destroy(model);
}
END_TEST

START_TEST(without_attributes_pixels_are_scaled_to_one)
{
    struct model *model = load("list.h5");
    ck_assert(!model->preprocessing.bgr && model->threshold == 0);
    ck_assert(model->preprocessing.scale[1] == 1.0f / 255 && model->preprocessing.offset[1] == 0);
    ck_assert_str_eq(model->class_names[2], "class 2");
    model_destroy(model);
}
END_TEST

START_TEST(a_model_that_rescales_itself_gets_plain_pixels)
{
    static const char *const names[] = {"rescaling.h5", "augmenting.h5"};
    for (int i = 0; i < 2; i++) {
        struct model *model = load(names[i]);
        ck_assert(model->preprocessing.scale[0] == 1);
        model_destroy(model);
    }
}
END_TEST

static void assert_input_name(const char *file, const char *name)
{
    struct model *model = load(file);
    ck_assert_str_eq(model->layers[0].name, name);
    model_destroy(model);
}

START_TEST(the_input_has_a_name_of_its_own)
{
    assert_input_name("functional.h5", "net_in");
    assert_input_name("keras3.h5", "input_layer");
    assert_input_name("list.h5", "input");
    assert_input_name("named_input.h5", "input_2");
    assert_input_name("nested_name.h5", "net_in_1");
}
END_TEST

START_TEST(a_single_output_has_two_classes)
{
    struct model *model = load("functional.h5");
    ck_assert_int_eq(model->class_count, 2);
    model_destroy(model);
}
END_TEST

FILES_MAIN(load, every_good_file_agrees_with_numpy, every_good_file_can_be_saved_again,
           attributes_of_pawcam_are_read, without_attributes_pixels_are_scaled_to_one,
           a_model_that_rescales_itself_gets_plain_pixels, the_input_has_a_name_of_its_own,
           a_single_output_has_two_classes)
