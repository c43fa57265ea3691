#include "nn/keras/attributes.h"

#include "nn/keras/weights.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* One number for all channels, or three. */
static bool read_triple(struct hdf5_file *file, const char *name, float triple[3],
                        struct error *error)
{
    double numbers[3];
    int count;
    if (!hdf5_has_attribute(file, "/", name))
        return true;
    if (!hdf5_read_numbers(file, "/", name, numbers, 3, &count, error))
        return false;
    if (count == 2)
        return error_set(error, "attribute %s must hold one number or three", name);
    for (int c = 0; c < 3; c++) {
        triple[c] = (float)numbers[count == 1 ? 0 : c];
        if (!isfinite(triple[c]))
            return error_set(error, "attribute %s must hold finite numbers", name);
    }
    return true;
}

static bool read_channels(struct hdf5_file *file, bool *bgr, struct error *error)
{
    struct hdf5_strings text;
    if (!hdf5_has_attribute(file, "/", "pawcam_channels"))
        return true;
    if (!hdf5_read_strings(file, "/", "pawcam_channels", &text, error))
        return false;
    bool is_bgr = text.count == 1 && strcmp(text.at[0], "bgr") == 0;
    bool is_rgb = text.count == 1 && strcmp(text.at[0], "rgb") == 0;
    hdf5_strings_free(&text);
    *bgr = is_bgr;
    return is_bgr || is_rgb ||
           error_set(error, "attribute pawcam_channels must be \"rgb\" or \"bgr\"");
}

static bool read_classes(struct model *model, struct hdf5_file *file, struct error *error)
{
    struct hdf5_strings names;
    if (!hdf5_has_attribute(file, "/", "pawcam_classes") &&
        !hdf5_has_attribute(file, "/", "pawcam_classes0"))
        return true;
    if (!hdf5_read_split_strings(file, "/", "pawcam_classes", &names, error))
        return false;
    bool good = model_set_classes(model, (const char *const *)names.at, names.count, error);
    hdf5_strings_free(&names);
    return good || error_prefix(error, "attribute pawcam_classes");
}

static bool read_threshold(struct hdf5_file *file, double *threshold, struct error *error)
{
    double number;
    int count;
    if (!hdf5_has_attribute(file, "/", "pawcam_threshold"))
        return true;
    if (!hdf5_read_numbers(file, "/", "pawcam_threshold", &number, 1, &count, error))
        return false;
    if (!(number >= 0 && number <= 1))
        return error_set(error, "attribute pawcam_threshold must lie in 0..1, not %g", number);
    *threshold = number;
    return true;
}

/* Ranges are kept with the layers' weights, by keras_save. */
static bool read_range(struct layer *layer, struct hdf5_file *file, const char *root,
                       struct error *error)
{
    char group[1024];
    double range[2];
    int count;
    if (snprintf(group, sizeof group, "%s/%s", root, layer->name) >= (int)sizeof group ||
        !hdf5_has_attribute(file, group, "pawcam_int8_range"))
        return true;
    if (!hdf5_read_numbers(file, group, "pawcam_int8_range", range, 2, &count, error))
        return false;
    layer->range[0] = (float)range[0];
    layer->range[1] = count == 2 ? (float)range[1] : 0;
    return (count == 2 && isfinite(layer->range[0]) && isfinite(layer->range[1]) &&
            layer->range[0] < layer->range[1]) ||
           error_set(error,
                     "attribute pawcam_int8_range of layer %.60s must be two numbers, the "
                     "lower one first",
                     layer->name);
}

static bool read_ranges(struct model *model, struct hdf5_file *file, struct error *error)
{
    const char *root = weights_root(file);
    for (int i = 1; i < model->layer_count; i++)
        if (!read_range(&model->layers[i], file, root, error))
            return false;
    return true;
}

bool attributes_read(struct model *model, struct hdf5_file *file, struct error *error)
{
    return read_triple(file, "pawcam_scale", model->preprocessing.scale, error) &&
           read_triple(file, "pawcam_offset", model->preprocessing.offset, error) &&
           read_channels(file, &model->preprocessing.bgr, error) &&
           read_classes(model, file, error) && read_threshold(file, &model->threshold, error) &&
           read_ranges(model, file, error);
}
