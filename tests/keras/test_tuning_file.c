/* The file beside a model: what is written is read again; what is stale or damaged counts as none.
 */
#include "common/log.h"
#include "nn/keras/tuning_file.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* The one file that a test leaves in it, and the folder. */
static void remove_folder(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/m.h5.tuning", folder);
    unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static struct model *small_model(void)
{
    struct model *model = build_model(8, 8, 3);
    struct layer first = with(conv(8, 3, 1, PADDING_SAME), ACTIVATION_RELU);
    first.name = (char *)"first";
    add(model, first);
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, dense(3));
    fill_weights(model, 7);
    finish(model);
    return model;
}

/* Loads the tuning of "FOLDER/m.h5" after writing these bytes beside it. */
static bool accepts(const char *folder, struct model *model, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/m.h5.tuning", folder);
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    log_set_level(LOG_LEVEL_ERROR); /* a line for each damaged file would be many */
    fputs(text, file);
    fclose(file);
    snprintf(path, sizeof path, "%s/m.h5", folder);
    free(model->tuning);
    model->tuning = NULL;
    tuning_file_load(path, model);
    return model->tuning != NULL;
}

static char *text_of(const struct model *model)
{
    struct tuning *tuning = tuning_create(model, "some");
    tuning->layers[1] = (struct tuned_layer){1, 3, 4, 4, 15, false};
    tuning->layers[2] = (struct tuned_layer){2, 2, 1, 0, 0, true};
    tuning->layers[3].halved = true;
    char *text = tuning_file_text(model, tuning);
    ck_assert_ptr_nonnull(text);
    free(tuning);
    return text;
}

/* The text with the first occurrence of a word replaced. */
static char *changed(const char *text, const char *word, const char *by)
{
    const char *at = strstr(text, word);
    ck_assert_msg(at != NULL, "%s in %s", word, text);
    char *result = malloc(strlen(text) + strlen(by) + 1);
    sprintf(result, "%.*s%s%s", (int)(at - text), text, by, at + strlen(word));
    return result;
}

START_TEST(what_is_written_is_read_again)
{
    char folder[] = "/tmp/pawcam-test-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct model *model = small_model();
    char *text = text_of(model);
    ck_assert(accepts(folder, model, text));
    ck_assert_str_eq(model->tuning->kernels, "some");
    const struct tuned_layer *first = &model->tuning->layers[1];
    ck_assert(first->rows == 1 && first->columns == 3 && first->vectors == 4 && first->side == 4 &&
              first->block == 15);
    ck_assert(model->tuning->layers[3].halved && !first->halved);
    ck_assert(first[1].rows == 2 && first[1].block == 0 && first[1].halved);
    ck_assert_int_eq(model->tuning->layers[0].rows, 0);
    free(text);
    model_destroy(model);
    remove_folder(folder);
}
END_TEST

START_TEST(stale_or_damaged_files_are_no_tuning)
{
    static const char *const changes[][2] = {
        {"pawcam tuning 6", "pawcam tuning 4"},
        {"pawcam tuning 6", "pawcam tunin"},
        {"\"kernels\": \"some\"", "\"kernels\": 7"},
        {"\"cpu\": \"", "\"cpu\": \"not "},
        {"\"model\": \"", "\"model\": \"f"},
        {"15", "-15"},
        {"15", "1500000"},
        {"15", "\"15\""},
        {"null", "null, null"},
        {"true", "1"},
        {"}", ""},
    };
    char folder[] = "/tmp/pawcam-test-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct model *model = small_model();
    char *text = text_of(model);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        char *damaged = changed(text, changes[i][0], changes[i][1]);
        ck_assert_msg(!accepts(folder, model, damaged), "accepted: %s", damaged);
        free(damaged);
    }
    for (size_t length = 0; length < strlen(text); length++) {
        char *cut = strdup(text);
        cut[length] = '\0';
        ck_assert_msg(!accepts(folder, model, cut), "accepted when cut to %zu bytes", length);
        free(cut);
    }
    model->layers[1].bias[0] = 1;
    ck_assert(!accepts(folder, model, text)); /* another model now */
    free(text);
    model_destroy(model);
    remove_folder(folder);
}
END_TEST

START_TEST(what_is_no_file_is_no_tuning)
{
    char folder[] = "/tmp/pawcam-test-XXXXXX", path[512];
    ck_assert_ptr_nonnull(mkdtemp(folder));
    struct model *model = small_model();
    snprintf(path, sizeof path, "%s/m.h5", folder);
    tuning_file_load(path, model); /* there is none */
    ck_assert_ptr_null(model->tuning);
    char *beside = tuning_file_path(path);
    ck_assert_int_eq(mkfifo(beside, 0600), 0); /* must not wait for a writer */
    tuning_file_load(path, model);
    ck_assert_ptr_null(model->tuning);
    free(beside);
    model_destroy(model);
    remove_folder(folder);
}
END_TEST

TEST_MAIN(tuning_file, what_is_written_is_read_again, stale_or_damaged_files_are_no_tuning,
          what_is_no_file_is_no_tuning)
