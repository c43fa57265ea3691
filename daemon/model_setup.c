#include "daemon/model_setup.h"

#include "classify/classifier.h"
#include "nn/keras/keras.h"
#include "nn/model_text.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SHIPPED_MODEL "catdog.h5"

/* The folder of the running program, without the slash at its end; "." when it is not known. */
static void find_program_folder(char folder[PATH_MAX])
{
    ssize_t length = readlink("/proc/self/exe", folder, PATH_MAX - 1);
    folder[length > 0 ? length : 0] = '\0';
    char *slash = strrchr(folder, '/');
    if (slash)
        *slash = '\0';
    else
        strcpy(folder, ".");
}

/* Writes the path of the shipped model. */
static bool find_shipped_model(char *path, size_t size, struct error *error)
{
    char folder[PATH_MAX];
    find_program_folder(folder);
    const char *const formats[] = {
        "%s/models/" SHIPPED_MODEL,
        "%s/../models/" SHIPPED_MODEL,
        "%s/../share/pawcam/" SHIPPED_MODEL,
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        int length = snprintf(path, size, formats[i], folder);
        if (length > 0 && (size_t)length < size && access(path, F_OK) == 0)
            return true;
    }
    snprintf(path, size, PAWCAM_PREFIX "/share/pawcam/" SHIPPED_MODEL);
    if (access(path, F_OK) == 0)
        return true;
    return error_set(error,
                     "no model: " SHIPPED_MODEL " is neither in %s/models nor in %s/../models nor "
                     "in " PAWCAM_PREFIX "/share/pawcam; name a Keras file with --model FILE",
                     folder, folder);
}

static bool apply_options(struct model *model, const struct options *options, struct error *error)
{
    struct preprocessing *how = &model->preprocessing;
    if (options->model.channels != CHANNELS_AUTO)
        how->bgr = options->model.channels == CHANNELS_BGR;
    return (model_text_classes(options->model.classes, model, error) ||
            error_prefix(error, "option classes")) &&
           model_text_triple(options->model.scale, how->scale, error) &&
           model_text_triple(options->model.offset, how->offset, error);
}

/* Those that an option sets were checked when it was read; a file can hold any. */
static bool check_names(const struct model *model, struct error *error)
{
    for (int i = 0; i < model->class_count; i++)
        if (strcmp(model->class_names[i], PREDICTION_UNKNOWN) == 0)
            return error_set(error,
                             "its class %d is called \"" PREDICTION_UNKNOWN
                             "\", which is the label where none is chosen; give "
                             "other names with --classes",
                             i);
    return true;
}

/* Applies the options, and checks what comes of it; blames the file for what is the file's. */
static bool fit(struct model *model, const char *path, const struct options *options,
                struct error *error)
{
    if (!classifier_check_model(model, error))
        return error_prefix(error, "%s", path);
    return apply_options(model, options, error) &&
           (check_names(model, error) || error_prefix(error, "%s", path));
}

struct model *model_setup(const struct options *options, struct error *error)
{
    char shipped[PATH_MAX + sizeof "/../share/pawcam/" SHIPPED_MODEL];
    const char *path = options->model.path;
    if (strcmp(path, "auto") == 0) {
        if (!find_shipped_model(shipped, sizeof shipped, error))
            return NULL;
        path = shipped;
    }
    struct model *model = keras_load_guarded(path, error);
    if (!model || fit(model, path, options, error))
        return model;
    model_destroy(model);
    return NULL;
}

double model_setup_threshold(const struct options *options, const struct model *model)
{
    return options->model.threshold >= 0 ? options->model.threshold : model_threshold(model);
}
