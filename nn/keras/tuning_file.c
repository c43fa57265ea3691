#include "nn/keras/tuning_file.h"

#include "common/log.h"
#include "nn/cpu.h"
#include "nn/keras/json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The number goes up when kernels come or become faster: what was fastest before may hold back a
 * guess that is better now. */
static const char format[] = "pawcam tuning 6";
static const char any_format[] = "pawcam tuning ";
static const char damaged[] = "is damaged";

enum { FILE_BYTES_MAX = 1 << 20, TILE_MAX = 64, BLOCK_MAX = 4096, HASH_BYTES = 17 };

static const char *hash_text(const struct model *model, char text[HASH_BYTES])
{
    snprintf(text, HASH_BYTES, "%016" PRIx64, tuning_hash(model));
    return text;
}

char *tuning_file_path(const char *model_path)
{
    static const char ending[] = ".tuning";
    const size_t length = strlen(model_path);
    char *path = malloc(length + sizeof ending);
    if (path) {
        memcpy(path, model_path, length);
        memcpy(path + length, ending, sizeof ending);
    }
    return path;
}

/* --- writing ---------------------------------------------------------------------------------- */

static json_t *layer_object(const struct layer *layer, const struct tuned_layer *tuned)
{
    if (tuned->rows > 0)
        return json_pack("{s:s, s:[i,i,i], s:[i,i], s:b}", "layer", layer->name, "tile",
                         tuned->rows, tuned->columns, tuned->vectors, "winograd", tuned->side,
                         tuned->block, "halved", tuned->halved);
    if (tuned->halved)
        return json_pack("{s:s, s:b}", "layer", layer->name, "halved", 1);
    return json_null();
}

char *tuning_file_text(const struct model *model, const struct tuning *tuning)
{
    char cpu[CPU_NAME_BYTES], hash[HASH_BYTES];
    json_t *layers = json_array();
    bool good = layers != NULL;
    for (int i = 0; i < tuning->layer_count && good; i++)
        good =
            json_array_append_new(layers, layer_object(&model->layers[i], &tuning->layers[i])) == 0;
    json_t *root =
        json_pack("{s:s, s:s, s:s, s:s, s:o}", "format", format, "cpu", cpu_name(cpu), "kernels",
                  tuning->kernels, "model", hash_text(model, hash), "layers", layers);
    char *text = root && good ? json_dumps(root, JSON_INDENT(2)) : NULL;
    json_decref(root);
    return text;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool in_bounds(int value, int min, int max)
{
    return value >= min && value <= max;
}

static bool read_layer(json_t *object, struct tuned_layer *layer)
{
    int halved = 0;
    if (json_is_null(object))
        return true;
    if (json_unpack(object, "{s?b, s?[i,i,i], s?[i,i]}", "halved", &halved, "tile", &layer->rows,
                    &layer->columns, &layer->vectors, "winograd", &layer->side, &layer->block) != 0)
        return false;
    layer->halved = halved;
    return in_bounds(layer->rows, 0, TILE_MAX) && in_bounds(layer->columns, 0, TILE_MAX) &&
           in_bounds(layer->vectors, 0, TILE_MAX) && in_bounds(layer->side, 0, TILE_MAX) &&
           in_bounds(layer->block, 0, BLOCK_MAX);
}

static struct tuning *read_layers(const json_t *list, const char *kernels,
                                  const struct model *model)
{
    if (json_array_size(list) != (size_t)model->layer_count)
        return NULL;
    struct tuning *tuning = tuning_create(model, kernels);
    for (int i = 0; tuning && i < model->layer_count; i++)
        if (!read_layer(json_array_get(list, (size_t)i), &tuning->layers[i])) {
            free(tuning);
            return NULL;
        }
    return tuning;
}

/* Sets the model's tuning; else says why not. */
static const char *read_root(json_t *root, struct model *model)
{
    char name[CPU_NAME_BYTES], hash[HASH_BYTES];
    const char *kind, *cpu, *kernels, *of_model;
    json_t *layers;
    if (json_unpack(root, "{s:s, s:s, s:s, s:s, s:o}", "format", &kind, "cpu", &cpu, "kernels",
                    &kernels, "model", &of_model, "layers", &layers) != 0 ||
        strncmp(kind, any_format, sizeof any_format - 1) != 0)
        return damaged;
    if (strcmp(kind, format) != 0)
        return "was measured with the kernels of another version";
    if (strcmp(cpu, cpu_name(name)) != 0)
        return "was measured on another processor";
    if (strcmp(of_model, hash_text(model, hash)) != 0)
        return "was measured on another model";
    model->tuning = read_layers(layers, kernels, model);
    return model->tuning ? NULL : damaged;
}

void tuning_file_load(const char *model_path, struct model *model)
{
    struct stat status;
    char *path = tuning_file_path(model_path);
    if (path && stat(path, &status) == 0) {
        const bool plausible = S_ISREG(status.st_mode) && status.st_size <= FILE_BYTES_MAX;
        json_t *root = plausible ? json_load_file(path, 0, NULL) : NULL;
        const char *problem = root ? read_root(root, model) : damaged;
        void (*const say)(const char *, ...) __attribute__((format(printf, 1, 2))) =
            problem == damaged ? log_warning : log_info;
        if (problem)
            say("%s: %s, and is ignored; pawcam tune makes it anew", path, problem);
        json_decref(root);
    }
    free(path);
}
