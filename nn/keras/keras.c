#include "nn/keras/keras.h"

#include "common/text.h"
#include "nn/keras/attributes.h"
#include "nn/keras/builder.h"
#include "nn/keras/hdf5_file.h"
#include "nn/keras/keras1.h"
#include "nn/keras/trial.h"
#include "nn/keras/tuning_file.h"
#include "nn/keras/weights.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, TRIAL_S = 10 };

/* --- configurations --------------------------------------------------------------------------- */

static json_t *parse_config(const char *text, struct error *error)
{
    json_error_t where;
    json_t *root = json_loads(text, 0, &where);
    if (!root)
        error_set(error, "the model's configuration is damaged: %s at line %d", where.text,
                  where.line);
    return root;
}

static json_t *config_from_hdf5(struct hdf5_file *file, struct error *error)
{
    struct hdf5_strings text;
    if (!hdf5_has_attribute(file, "/", "model_config")) {
        error_set(error, "holds no model (no model_config); save the whole model, or put its "
                         "model.json beside the weights and name that");
        return NULL;
    }
    if (!hdf5_read_strings(file, "/", "model_config", &text, error))
        return NULL;
    json_t *root = parse_config(text.count == 1 ? text.at[0] : "", error);
    hdf5_strings_free(&text);
    return root;
}

static json_t *config_from_json(const char *path, struct error *error)
{
    json_error_t where;
    json_t *root = json_load_file(path, 0, &where);
    if (!root)
        error_set(error, "is no readable JSON: %s (line %d)", where.text, where.line);
    return root;
}

/* The first of the file's attribute and the configuration's member that is there. */
static void read_note(struct hdf5_file *file, const json_t *root, const char *key, char *text,
                      size_t size)
{
    struct hdf5_strings strings = {0};
    const char *member = json_string_value(json_object_get(root, key));
    if (hdf5_has_attribute(file, "/", key) && hdf5_read_strings(file, "/", key, &strings, NULL) &&
        strings.count == 1)
        member = strings.at[0];
    snprintf(text, size, "%s", member ? member : "");
    hdf5_strings_free(&strings);
}

/* Keras 1 did not write its version into model.json. */
static bool prepare(struct builder *builder, json_t *root, struct hdf5_file *file,
                    struct error *error)
{
    char version[32], backend[32];
    read_note(file, root, "keras_version", version, sizeof version);
    read_note(file, root, "backend", backend, sizeof backend);
    builder->keras_version = *version ? atoi(version) : 1;
    builder->theano = strcmp(backend, "theano") == 0;
    if (builder->keras_version > 1)
        return true;
    if (!keras1_modernize(root, error) ||
        !keras1_channels_first(root, &builder->channels_first, error))
        return false;
    builder->theano = builder->theano || (builder->channels_first && !*backend);
    return true;
}

/* --- models ----------------------------------------------------------------------------------- */

/* A network that scales its input itself wants the pixels as they are. */
static void set_preprocessing(struct model *model)
{
    if (model_rescales(model))
        for (int c = 0; c < 3; c++)
            model->preprocessing.scale[c] = 1;
}

static bool build(struct builder *builder, json_t *root, struct hdf5_file *file, const char *name,
                  struct error *error)
{
    if (!prepare(builder, root, file, error) || !builder_read(builder, root, name, error))
        return false;
    if (builder->channels_first && !keras1_check_order(builder->model, error))
        return false;
    if (!weights_read(builder, file, error))
        return false;
    set_preprocessing(builder->model);
    return attributes_read(builder->model, file, error);
}

/* Not finished yet. */
static struct model *load(json_t *root, struct hdf5_file *file, const char *path,
                          struct error *error)
{
    struct builder builder = {0};
    const char *slash = strrchr(path, '/');
    bool good = build(&builder, root, file, slash ? slash + 1 : path, error);
    free(builder.slots);
    if (good)
        return builder.model;
    model_destroy(builder.model);
    return NULL;
}

/* --- files ------------------------------------------------------------------------------------ */

/* Keras 3's own format is a zip archive. */
static bool is_archive(const char *path)
{
    char magic[4] = "";
    FILE *file = fopen(path, "rb");
    bool zip = file && fread(magic, 1, sizeof magic, file) == sizeof magic &&
               memcmp(magic, "PK\3\4", sizeof magic) == 0;
    if (file)
        fclose(file);
    return zip;
}

static struct model *load_hdf5(const char *path, bool values, struct error *error)
{
    if (is_archive(path)) {
        error_set(error, "is a .keras archive; save the model as .h5 (model.save(\"model.h5\"))");
        return NULL;
    }
    struct hdf5_file *file = hdf5_open(path, values, error);
    json_t *root = file ? config_from_hdf5(file, error) : NULL;
    struct model *model = root ? load(root, file, path, error) : NULL;
    json_decref(root);
    hdf5_close(file);
    return model;
}

/* NAME.json: the weights file beside it. */
static bool find_weights(const char *path, char weights[PATH_BYTES], struct error *error)
{
    /* NAME.h5 may be a whole model of that name. */
    static const char *const endings[] = {"_weights.h5", ".weights.h5", ".h5", ".hdf5"};
    int stem = (int)(strlen(path) - strlen(".json"));
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        int length = snprintf(weights, PATH_BYTES, "%.*s%s", stem, path, endings[i]);
        if (length < PATH_BYTES && access(weights, F_OK) == 0)
            return true;
    }
    return error_set(error,
                     "missing weights: there is no %.*s_weights.h5, %.*s.weights.h5, .h5 or .hdf5 "
                     "beside it",
                     stem, path, stem, path);
}

static struct model *load_json(const char *path, bool values, struct error *error)
{
    char weights[PATH_BYTES];
    struct model *model = NULL;
    json_t *root = config_from_json(path, error);
    if (root && find_weights(path, weights, error)) {
        struct hdf5_file *file = hdf5_open(weights, values, error);
        if (file)
            model = load(root, file, path, error);
        else
            error_prefix(error, "its weights %s", weights);
        hdf5_close(file);
    }
    json_decref(root);
    return model;
}

/* Not finished yet; `values`: see hdf5_open. */
static struct model *load_file(const char *path, bool values, struct error *error)
{
    struct model *model = NULL;
    if (!hdf5_is_file(path))
        error_set(error, "is not a file");
    else
        model = text_ends_with(path, ".json") ? load_json(path, values, error)
                                              : load_hdf5(path, values, error);
    if (!model)
        error_prefix(error, "%s", path);
    return model;
}

struct model *keras_load(const char *path, struct error *error)
{
    struct model *model = load_file(path, true, error);
    if (!model || model_finish(model, error))
        return model;
    error_prefix(error, "%s", path);
    model_destroy(model);
    return NULL;
}

/* As far as libhdf5 has a part in it: to finish the model would be to go through weights that a
 * trial does not read. */
static void try_to_load(void *path)
{
    struct error error;
    model_destroy(load_file(path, false, &error));
}

struct model *keras_load_guarded(const char *path, struct error *error)
{
    hdf5_start();
    if (!trial_survives(try_to_load, (void *)path, TRIAL_S)) {
        error_set(error, "%s: is damaged inside, libhdf5 fails on it; copy or save it again", path);
        return NULL;
    }
    struct model *model = keras_load(path, error);
    if (model)
        tuning_file_load(path, model);
    return model;
}
