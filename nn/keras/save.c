#include "nn/keras/save.h"

#include "nn/keras/hdf5_writer.h"
#include "nn/layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The version whose layout this is; readers choose their ways by it. */
static const char keras_version[] = "2.11.0";

enum { PATH_BYTES = 1024 }; /* keras_config refuses names that would not fit */

static void write_weights(struct hdf5_writer *writer, const struct model *model,
                          const struct layer *layer)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    char group[PATH_BYTES], names[LAYER_PARAMETERS_MAX][PATH_BYTES];
    const char *name_list[LAYER_PARAMETERS_MAX];
    int count = layer_parameters(model, layer, list);

    snprintf(group, sizeof group, "/model_weights/%s", layer->name);
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

static void write_model(struct hdf5_writer *writer, const struct model *model, const char *config,
                        const char **layer_names)
{
    for (int i = 0; i < model->layer_count; i++)
        layer_names[i] = model->layers[i].name;
    hdf5_write_string(writer, "/", "keras_version", keras_version);
    hdf5_write_string(writer, "/", "backend", "tensorflow");
    hdf5_write_string(writer, "/", "model_config", config);
    hdf5_write_string(writer, "/model_weights", "keras_version", keras_version);
    hdf5_write_string(writer, "/model_weights", "backend", "tensorflow");
    hdf5_write_strings(writer, "/model_weights", "layer_names", layer_names, model->layer_count);
    for (int i = 0; i < model->layer_count; i++)
        write_weights(writer, model, &model->layers[i]);
    write_preprocessing(writer, model);
}

bool keras_save(const struct model *model, const char *path, struct error *error)
{
    json_t *tree = keras_config(model, error);
    if (!tree)
        return error_prefix(error, "%s", path);
    char *config = json_dumps(tree, JSON_COMPACT);
    const char **layer_names = calloc((size_t)model->layer_count, sizeof *layer_names);
    struct hdf5_writer *writer = NULL;
    bool ok = false;
    if (!config || !layer_names)
        error_set(error, "%s: out of memory", path);
    else if ((writer = hdf5_create(path, error))) {
        write_model(writer, model, config, layer_names);
        ok = hdf5_commit(writer, error);
    }
    free(layer_names);
    free(config);
    json_decref(tree);
    return ok;
}

bool keras_store_threshold(const char *path, double threshold, struct error *error)
{
    struct hdf5_writer *writer = hdf5_amend(path, error);
    if (!writer)
        return false;
    hdf5_write_numbers(writer, "/", "pawcam_threshold", &threshold, 1);
    return hdf5_commit(writer, error);
}
