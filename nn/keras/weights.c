#include "nn/keras/weights.h"

#include "nn/keras/keras1.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Slots first..end of the builder belong to one layer of the outermost model. */
struct range {
    int first, end;
};

static struct range next_range(const struct builder *builder, int first)
{
    int end = first;
    while (end < builder->slot_count &&
           strcmp(builder->slots[end].group, builder->slots[first].group) == 0)
        end++;
    return (struct range){first, end};
}

/* --- one array -------------------------------------------------------------------------------- */

/* Reads Theano's [out][in][kernel_h][kernel_w] and converts it. */
static bool read_theano_kernel(struct hdf5_file *file, const char *group, const char *name,
                               const struct parameter *parameter, float *values,
                               struct error *error)
{
    const int *dim = parameter->dim;
    float *raw = malloc(parameter_count(parameter) * sizeof *raw);
    bool good = raw ? hdf5_read_array(file, group, name, 4,
                                      (const int[]){dim[3], dim[2], dim[0], dim[1]}, raw, error)
                    : error_set(error, "out of memory");
    if (good)
        keras1_convert_kernel(raw, dim, values);
    free(raw);
    return good;
}

static bool reorder_rows(const struct builder *builder, const struct layer *layer,
                         const struct parameter *parameter, float *values, struct error *error)
{
    const struct shape *picture =
        layer->op == LAYER_DENSE ? keras1_flattened(builder->model, layer) : NULL;
    if (!picture || parameter->rank != 2)
        return true;
    size_t bytes = parameter_count(parameter) * sizeof *values;
    float *copy = malloc(bytes);
    if (!copy)
        return error_set(error, "out of memory");
    memcpy(copy, values, bytes);
    keras1_permute_rows(copy, picture, layer->dense.units, values);
    free(copy);
    return true;
}

static bool read_slot(const struct builder *builder, const struct slot *slot,
                      struct hdf5_file *file, const char *group, const char *name,
                      struct error *error)
{
    const struct parameter *parameter = &slot->parameter;
    const struct layer *layer = &builder->model->layers[slot->index];
    float *values = parameter_values(layer, parameter);
    bool good =
        parameter->rank == 4 && builder->channels_first
            ? read_theano_kernel(file, group, name, parameter, values, error)
            : hdf5_read_array(file, group, name, parameter->rank, parameter->dim, values, error);
    if (!good)
        return error_prefix(error, "layer %.60s", slot->layer);
    if (parameter->rank == 4 && builder->theano)
        keras1_turn_kernel(values, parameter->dim[0], parameter->dim[1],
                           (size_t)parameter->dim[2] * (size_t)parameter->dim[3]);
    return !builder->channels_first || reorder_rows(builder, layer, parameter, values, error);
}

/* --- which array is which --------------------------------------------------------------------- */

/* Where the text ends without the "_1" that it may end in. */
static const char *before_number(const char *text, const char *end)
{
    const char *number = end;
    while (number > text && isdigit((unsigned char)number[-1]))
        number--;
    return number < end && number > text && number[-1] == '_' ? number - 1 : end;
}

/* Is the path ".../layer/name:0" (the index and, in Keras 3, the colon may be missing)? The layer's
 * name may hold a '/' itself. `suffix` allows "layer_1", as TensorFlow calls a layer that was built
 * twice. */
static bool names_slot(const char *path, const struct slot *slot, bool suffix)
{
    const char *last = strrchr(path, '/');
    size_t name_length = strlen(slot->name), layer_length = strlen(slot->layer);
    if (!last || strncmp(last + 1, slot->name, name_length) != 0 ||
        (last[1 + name_length] != '\0' && last[1 + name_length] != ':'))
        return false;
    const char *end = suffix ? before_number(path, last) : last;
    if ((size_t)(end - path) < layer_length)
        return false;
    const char *owner = end - layer_length;
    return strncmp(owner, slot->layer, layer_length) == 0 && (owner == path || owner[-1] == '/');
}

/* "conv1/conv/kernel" is not for a layer conv where there is a layer conv1/conv. */
static bool names_longer(const struct builder *builder, struct range range, const char *path,
                         const struct slot *slot, bool suffix)
{
    for (int i = range.first; i < range.end; i++)
        if (strlen(builder->slots[i].layer) > strlen(slot->layer) &&
            names_slot(path, &builder->slots[i], suffix))
            return true;
    return false;
}

/* Layers of nested models share a group and are told apart by name; each array is used once. */
static int find_by_name(const struct builder *builder, struct range range, const struct slot *slot,
                        const struct hdf5_strings *names, bool *used)
{
    for (int suffix = 0; suffix <= 1; suffix++)
        for (int i = 0; i < names->count; i++)
            if (!used[i] && names_slot(names->at[i], slot, suffix) &&
                !names_longer(builder, range, names->at[i], slot, suffix)) {
                used[i] = true;
                return i;
            }
    return -1;
}

static bool is_nested(const struct builder *builder, struct range range)
{
    for (int i = range.first; i < range.end; i++)
        if (strcmp(builder->slots[i].layer, builder->slots[i].group) != 0)
            return true;
    return false;
}

static bool read_named(const struct builder *builder, struct range range, struct hdf5_file *file,
                       const char *group, const struct hdf5_strings *names, struct error *error)
{
    bool nested = is_nested(builder, range);
    bool *used = calloc((size_t)names->count + 1, sizeof *used);
    bool good = used || error_set(error, "out of memory");
    for (int i = range.first; good && i < range.end; i++) {
        const struct slot *slot = &builder->slots[i];
        int index = nested ? find_by_name(builder, range, slot, names, used) : i - range.first;
        good = index >= 0 || error_set(error, "layer %.60s: its %s is missing in group %s",
                                       slot->layer, slot->name, group);
        good = good && read_slot(builder, slot, file, group, names->at[index], error);
    }
    free(used);
    return good;
}

static bool read_group(const struct builder *builder, struct range range, struct hdf5_file *file,
                       const char *group, struct error *error)
{
    struct hdf5_strings names;
    int needed = range.end - range.first;
    if (!hdf5_read_split_strings(file, group, "weight_names", &names, error))
        return error_prefix(error, "layer %.60s: missing weights",
                            builder->slots[range.first].group);
    bool good = is_nested(builder, range) || names.count == needed ||
                error_set(error, "layer %.60s: the file has %d arrays of weights, but it needs %d",
                          builder->slots[range.first].group, names.count, needed);
    good = good && read_named(builder, range, file, group, &names, error);
    hdf5_strings_free(&names);
    return good;
}

/* --- which group is which --------------------------------------------------------------------- */

enum { GROUP_PATH_MAX = 1024 };

static bool join(char path[GROUP_PATH_MAX], const char *root, const char *name)
{
    return snprintf(path, GROUP_PATH_MAX, "%s/%s", root, name) < GROUP_PATH_MAX;
}

/* The first layer whose group the file does not have; NULL: it has all. */
static const char *find_missing(const struct builder *builder, struct hdf5_file *file,
                                const char *root)
{
    char path[GROUP_PATH_MAX];
    for (int i = 0; i < builder->slot_count; i = next_range(builder, i).end)
        if (!join(path, root, builder->slots[i].group) || !hdf5_has_group(file, path))
            return builder->slots[i].group;
    return NULL;
}

static int count_ranges(const struct builder *builder)
{
    int count = 0;
    for (int i = 0; i < builder->slot_count; i = next_range(builder, i).end)
        count++;
    return count;
}

/* Keeps the names of those groups that hold weights, in order. */
static void keep_filled(struct hdf5_file *file, const char *root, struct hdf5_strings *groups)
{
    int kept = 0;
    for (int i = 0; i < groups->count; i++) {
        char path[GROUP_PATH_MAX];
        struct hdf5_strings names = {0};
        bool filled = join(path, root, groups->at[i]) &&
                      hdf5_read_split_strings(file, path, "weight_names", &names, NULL) &&
                      names.count > 0;
        hdf5_strings_free(&names);
        if (filled)
            groups->at[kept++] = groups->at[i];
        else
            free(groups->at[i]);
    }
    groups->count = kept;
}

/* groups: one name for each layer with weights, in order; NULL: they are called as the layers. */
static bool read_groups(const struct builder *builder, struct hdf5_file *file, const char *root,
                        const struct hdf5_strings *groups, struct error *error)
{
    for (int i = 0, position = 0; i < builder->slot_count; position++) {
        struct range range = next_range(builder, i);
        const char *name = groups ? groups->at[position] : builder->slots[i].group;
        char path[GROUP_PATH_MAX];
        if (!join(path, root, name))
            return error_set(error, "layer %.60s: its name is too long", name);
        if (!read_group(builder, range, file, path, error))
            return false;
        i = range.end;
    }
    return true;
}

/* A weights file may come from another run, in which the layers were called otherwise: Keras then
 * pairs them in order. Source: load_weights_from_hdf5_group. */
static bool read_in_order(const struct builder *builder, struct hdf5_file *file, const char *root,
                          const char *missing, struct error *error)
{
    struct hdf5_strings groups;
    int needed = count_ranges(builder);
    if (!hdf5_read_split_strings(file, *root ? root : "/", "layer_names", &groups, error))
        return error_prefix(error, "layer %.60s: missing weights", missing);
    keep_filled(file, root, &groups);
    bool good = groups.count == needed
                    ? read_groups(builder, file, root, &groups, error)
                    : error_set(error,
                                "layer %.60s: missing weights; the file has some for %d layers, "
                                "the model needs them for %d",
                                missing, groups.count, needed);
    hdf5_strings_free(&groups);
    return good;
}

const char *weights_root(struct hdf5_file *file)
{
    return hdf5_has_group(file, "/model_weights") ? "/model_weights" : "";
}

bool weights_read(struct builder *builder, struct hdf5_file *file, struct error *error)
{
    const char *root = weights_root(file);
    const char *missing = find_missing(builder, file, root);
    return missing ? read_in_order(builder, file, root, missing, error)
                   : read_groups(builder, file, root, NULL, error);
}
