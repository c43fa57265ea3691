/* Every bad file is refused with one line that names the file and says what is wrong. */
#include "nn/keras/keras.h"
#include "tests/keras/files.h"

static void check_refusal(const char *name, const json_t *says)
{
    struct error error = {0};
    const char *path = path_of(name);
    struct model *model = keras_load(path, &error);
    const json_t *part;
    size_t i;
    ck_assert_msg(model == NULL, "%s is taken for a good model", name);
    ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
    ck_assert_msg(strncmp(error.message, path, strlen(path)) == 0, "\"%s\" does not begin with %s",
                  error.message, path);
    json_array_foreach(says, i, part)
        ck_assert_msg(strstr(error.message, json_string_value(part)) != NULL,
                      "%s: \"%s\" lacks \"%s\"", name, error.message, json_string_value(part));
    ck_assert_msg(strlen(error.message) < sizeof error.message - 1, "%s: the message is cut: %s",
                  name, error.message);
}

START_TEST(bad_files_are_refused_by_name)
{
    json_t *list = read_list("bad.json"), *entry;
    size_t i;
    json_array_foreach(list, i, entry)
        check_refusal(json_string_value(json_object_get(entry, "file")),
                      json_object_get(entry, "says"));
    json_decref(list);
}
END_TEST

FILES_MAIN(bad_files, bad_files_are_refused_by_name)
