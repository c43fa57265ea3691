#include "nn/keras/save.h"

#include "common/atomic_file.h"
#include "common/text.h"
#include "nn/keras/hdf5_writer.h"
#include "nn/layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version whose layout this is; readers choose their ways by it. */
static const char keras_version[] = "2.11.0", backend[] = "tensorflow";

enum { PATH_BYTES = 1024 }; /* keras_config refuses names that would not fit */

/* The layer's arrays, in its group of `root`. */
static void write_weights(struct hdf5_writer *writer, const char *root, const struct model *model,
                          const struct layer *layer)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    char group[PATH_BYTES], names[LAYER_PARAMETERS_MAX][PATH_BYTES];
    const char *name_list[LAYER_PARAMETERS_MAX];
    int count = layer_parameters(model, layer, list);

    snprintf(group, sizeof group, "%s/%s", root, layer->name);
    for (int i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "%s/%s:0", layer->name, list[i].name);
        name_list[i] = names[i];
        hdf5_write_array(writer, group, names[i], list[i].rank, list[i].dim,
                         parameter_values(layer, &list[i]));
    }
    hdf5_write_strings(writer, group, "weight_names", name_list, count);
    if (layer->range[0] < layer->range[1])
        hdf5_write_numbers(writer, group, "pawcam_int8_range",
                           (const double[]){layer->range[0], layer->range[1]}, 2);
}

static void write_preprocessing(struct hdf5_writer *writer, const struct model *model)
{
    double scale[3], offset[3];
    for (int c = 0; c < 3; c++) {
        scale[c] = model->preprocessing.scale[c];
        offset[c] = model->preprocessing.offset[c];
    }
    hdf5_write_numbers(writer, "/", "pawcam_scale", scale, 3);
    hdf5_write_numbers(writer, "/", "pawcam_offset", offset, 3);
    hdf5_write_string(writer, "/", "pawcam_channels", model->preprocessing.bgr ? "bgr" : "rgb");
    if (model->class_count > 0)
        hdf5_write_strings(writer, "/", "pawcam_classes", (const char *const *)model->class_names,
                           model->class_count);
    if (model->threshold > 0)
        hdf5_write_numbers(writer, "/", "pawcam_threshold", &model->threshold, 1);
}

static void write_version(struct hdf5_writer *writer, const char *group)
{
    hdf5_write_string(writer, group, "keras_version", keras_version);
    hdf5_write_string(writer, group, "backend", backend);
}

/* What save_weights writes, in the group `root`: "" or "/model_weights". */
static void write_all_weights(struct hdf5_writer *writer, const char *root,
                              const struct model *model, const char **layer_names)
{
    const char *group = *root ? root : "/";
    for (int i = 0; i < model->layer_count; i++)
        layer_names[i] = model->layers[i].name;
    write_version(writer, group);
    hdf5_write_strings(writer, group, "layer_names", layer_names, model->layer_count);
    for (int i = 0; i < model->layer_count; i++)
        write_weights(writer, root, model, &model->layers[i]);
    write_preprocessing(writer, model);
}

/* config NULL: the weights alone. */
static bool save_hdf5(const struct model *model, const char *config, const char *path,
                      struct error *error)
{
    const char **layer_names = calloc((size_t)model->layer_count, sizeof *layer_names);
    struct hdf5_writer *writer = layer_names ? hdf5_create(path, error) : NULL;
    if (!layer_names)
        error_set_memory(error, "%s: out of memory", path);
    if (writer && config) {
        write_version(writer, "/");
        hdf5_write_string(writer, "/", "model_config", config);
    }
    if (writer)
        write_all_weights(writer, config ? "/model_weights" : "", model, layer_names);
    free(layer_names);
    return writer && hdf5_commit(writer, error);
}

/* --- model.json ------------------------------------------------------------------------------- */

/* The weights first: what names them comes when they are there. */
static bool save_pair(const struct model *model, const char *config, const char *path,
                      struct error *error)
{
    char *weights;
    if (asprintf(&weights, "%.*s_weights.h5", (int)(strlen(path) - 5), path) < 0)
        return error_set_memory(error, "%s: out of memory", path);
    bool good = save_hdf5(model, NULL, weights, error) &&
                atomic_file_write(path, config, strlen(config), error);
    free(weights);
    return good;
}

bool keras_save(const struct model *model, const char *path, struct error *error)
{
    const bool pair = text_ends_with(path, ".json");
    json_t *tree = keras_config(model, error);
    if (!tree)
        return error_prefix(error, "%s", path);
    if (pair) { /* to_json says these here, save says them in attributes */
        json_object_set_new(tree, "keras_version", json_string(keras_version));
        json_object_set_new(tree, "backend", json_string(backend));
    }
    char *config = json_dumps(tree, JSON_COMPACT);
    bool good = config ? (pair ? save_pair : save_hdf5)(model, config, path, error)
                       : error_set_memory(error, "%s: out of memory", path);
    free(config);
    json_decref(tree);
    return good;
}

bool keras_store_threshold(const char *path, double threshold, struct error *error)
{
    struct hdf5_writer *writer = hdf5_amend(path, error);
    if (!writer)
        return false;
    hdf5_write_numbers(writer, "/", "pawcam_threshold", &threshold, 1);
    return hdf5_commit(writer, error);
}
