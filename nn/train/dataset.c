#include "nn/train/dataset.h"

#include <stdlib.h>
#include <string.h>

static size_t picture_bytes(const struct dataset *data)
{
    return (size_t)data->height * (size_t)data->width * (size_t)data->channels;
}

bool dataset_reserve(struct dataset *data, int count, int height, int width, int channels,
                     struct error *error)
{
    *data =
        (struct dataset){.count = count, .height = height, .width = width, .channels = channels};
    data->pixels = calloc((size_t)count, picture_bytes(data));
    data->labels = calloc((size_t)count, sizeof *data->labels);
    if (data->pixels && data->labels)
        return true;
    dataset_free(data);
    return error_set(error, "out of memory for %d pictures of %d x %d x %d", count, height, width,
                     channels);
}

bool dataset_set_classes(struct dataset *data, const char *const *names, int count,
                         struct error *error)
{
    data->class_names = calloc((size_t)count, sizeof *data->class_names);
    for (int i = 0; data->class_names && i < count; i++) {
        data->class_names[i] = strdup(names[i]);
        if (!data->class_names[i])
            break;
        data->class_count++;
    }
    return data->class_count == count || error_set(error, "out of memory for class names");
}

static void free_strings(char **strings, int count)
{
    for (int i = 0; strings && i < count; i++)
        free(strings[i]);
    free(strings);
}

void dataset_free(struct dataset *data)
{
    free_strings(data->class_names, data->class_count);
    free_strings(data->files, data->count);
    free(data->pixels);
    free(data->labels);
    *data = (struct dataset){0};
}

const uint8_t *dataset_picture(const struct dataset *data, int index)
{
    return data->pixels + (size_t)index * picture_bytes(data);
}

static bool reserve_subset(const struct dataset *data, struct subset *subset, struct error *error)
{
    *subset = (struct subset){.data = data};
    subset->indices = calloc((size_t)data->count + 1, sizeof *subset->indices);
    return subset->indices || error_set(error, "out of memory for a list of pictures");
}

/* kept_of_class[c]: how many pictures of class c stay. */
static void divide(const struct dataset *data, int *kept_of_class, struct subset *kept,
                   struct subset *held_out)
{
    for (int i = 0; i < data->count; i++) {
        struct subset *to = kept_of_class[data->labels[i]]-- > 0 ? kept : held_out;
        to->indices[to->count++] = i;
    }
}

bool dataset_split(const struct dataset *data, double share, struct subset *kept,
                   struct subset *held_out, struct error *error)
{
    int *kept_of_class = calloc((size_t)data->class_count + 1, sizeof *kept_of_class);
    *kept = *held_out = (struct subset){0};
    bool good = kept_of_class || error_set(error, "out of memory for a list of pictures");
    good = good && reserve_subset(data, kept, error) && reserve_subset(data, held_out, error);
    if (good) {
        for (int i = 0; i < data->count; i++)
            kept_of_class[data->labels[i]]++;
        for (int c = 0; c < data->class_count; c++)
            kept_of_class[c] -= (int)(share * kept_of_class[c]);
        divide(data, kept_of_class, kept, held_out);
        if (kept->count == 0 || (share > 0 && held_out->count == 0))
            good = error_set(error, "%d pictures are too few to hold out %g of them", data->count,
                             share);
    }
    free(kept_of_class);
    if (!good) {
        subset_free(kept);
        subset_free(held_out);
    }
    return good;
}

bool dataset_all(const struct dataset *data, struct subset *all, struct error *error)
{
    struct subset none;
    bool good = dataset_split(data, 0, all, &none, error);
    subset_free(&none);
    return good;
}

void subset_free(struct subset *subset)
{
    free(subset->indices);
    *subset = (struct subset){0};
}
