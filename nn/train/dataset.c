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
    free(data->sources);
    *data = (struct dataset){0};
}

bool dataset_check_names(char *const *first, char *const *other, int count, struct error *error)
{
    for (int i = 0; i < count; i++)
        if (strcmp(first[i], other[i]) != 0)
            return error_set_usage(error,
                                   "its class %d is '%.40s', that of the training pictures '%.40s'",
                                   i, other[i], first[i]);
    return true;
}

bool dataset_check_classes(const struct dataset *first, const struct dataset *other,
                           struct error *error)
{
    if (other->class_count != first->class_count)
        return error_set_usage(error,
                               "its number of classes is %d, that of the training pictures %d",
                               other->class_count, first->class_count);
    return dataset_check_names(first->class_names, other->class_names, first->class_count, error);
}

static bool same_kind(const struct dataset *a, const struct dataset *b, struct error *error)
{
    if (!dataset_check_classes(a, b, error))
        return false;
    return (a->height == b->height && a->width == b->width && a->channels == b->channels) ||
           error_set_usage(error, "pictures of %d x %d x %d do not go with those of %d x %d x %d",
                           b->height, b->width, b->channels, a->height, a->width, a->channels);
}

/* Larger arrays; on failure some are, which harms nothing. */
static bool grow(struct dataset *data, int count)
{
    const size_t length = (size_t)count;
    uint8_t *pixels = realloc(data->pixels, length * picture_bytes(data));
    data->pixels = pixels ? pixels : data->pixels;
    int *labels = realloc(data->labels, length * sizeof *labels);
    data->labels = labels ? labels : data->labels;
    uint8_t *sources = realloc(data->sources, length);
    if (sources && !data->sources)
        memset(sources, 0, length);
    data->sources = sources ? sources : data->sources;
    char **files = data->files ? realloc(data->files, length * sizeof *files) : NULL;
    data->files = files ? files : data->files;
    return pixels && labels && sources && (files || !data->files);
}

/* Takes the names over; only if both sides have them is there a list afterwards. */
static void append_files(struct dataset *data, struct dataset *other)
{
    if (data->files && other->files) {
        memcpy(data->files + data->count, other->files, (size_t)other->count * sizeof *data->files);
        free(other->files);
        other->files = NULL;
    } else if (data->files) {
        free_strings(data->files, data->count);
        data->files = NULL;
    }
}

bool dataset_append(struct dataset *data, struct dataset *other, struct error *error)
{
    if (!same_kind(data, other, error))
        return false;
    if (!grow(data, data->count + other->count))
        return error_set(error, "out of memory for %d pictures more", other->count);
    if (data->source_count == 0)
        data->source_count = 1;
    memcpy(data->pixels + (size_t)data->count * picture_bytes(data), other->pixels,
           (size_t)other->count * picture_bytes(other));
    memcpy(data->labels + data->count, other->labels, (size_t)other->count * sizeof *data->labels);
    memset(data->sources + data->count, data->source_count, (size_t)other->count);
    append_files(data, other);
    data->skipped += other->skipped;
    data->count += other->count;
    data->source_count++;
    dataset_free(other);
    return true;
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

/* Number of the picture's class of its source, below group_count. */
static int group_of(const struct dataset *data, int index)
{
    return (data->sources ? data->sources[index] : 0) * data->class_count + data->labels[index];
}

static int group_count(const struct dataset *data)
{
    return (data->sources ? data->source_count : 1) * data->class_count;
}

/* kept[g]: how many pictures of group g stay. */
static void divide(const struct dataset *data, int *kept_of_group, struct subset *kept,
                   struct subset *held_out)
{
    for (int i = 0; i < data->count; i++) {
        struct subset *to = kept_of_group[group_of(data, i)]-- > 0 ? kept : held_out;
        to->indices[to->count++] = i;
    }
}

bool dataset_split(const struct dataset *data, double share, struct subset *kept,
                   struct subset *held_out, struct error *error)
{
    int *kept_of_group = calloc((size_t)group_count(data) + 1, sizeof *kept_of_group);
    *kept = *held_out = (struct subset){0};
    bool good = kept_of_group || error_set(error, "out of memory for a list of pictures");
    good = good && reserve_subset(data, kept, error) && reserve_subset(data, held_out, error);
    if (good) {
        for (int i = 0; i < data->count; i++)
            kept_of_group[group_of(data, i)]++;
        for (int g = 0; g < group_count(data); g++)
            kept_of_group[g] -= (int)(share * kept_of_group[g]);
        divide(data, kept_of_group, kept, held_out);
        if (kept->count == 0 || (share > 0 && held_out->count == 0))
            good = error_set_usage(error, "%d pictures are too few to hold out %g of them",
                                   data->count, share);
    }
    free(kept_of_group);
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
