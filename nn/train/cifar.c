#include "common/file.h"
#include "nn/train/sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { SIDE = 32, PLANE = SIDE * SIDE, RECORD = 1 + 3 * PLANE, BATCHES = 5, PATH_BYTES = 4096 };

static const char *const classes[10] = {"airplane", "automobile", "bird",  "cat",  "deer",
                                        "dog",      "frog",       "horse", "ship", "truck"};

/* Pictures of one file, from its size. */
static bool count_records(const char *path, int *count, struct error *error)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    if (status.st_size == 0 && S_ISREG(status.st_mode))
        return error_set(error, "%s: is empty", path);
    if (!S_ISREG(status.st_mode) || status.st_size % RECORD != 0 ||
        status.st_size / RECORD > 1 << 20)
        return error_set(error, "%s: not a CIFAR-10 file: its size is no multiple of %d bytes",
                         path, RECORD);
    *count = (int)(status.st_size / RECORD);
    return true;
}

/* Planes R, G, B to pixels. */
static void interleave(const uint8_t *planes, uint8_t *pixels)
{
    for (int i = 0; i < PLANE; i++)
        for (int c = 0; c < 3; c++)
            pixels[3 * i + c] = planes[c * PLANE + i];
}

static bool read_records(struct dataset *data, const char *path, FILE *file, int first, int count,
                         struct error *error)
{
    uint8_t record[RECORD];
    for (int i = first; i < first + count; i++) {
        if (fread(record, 1, RECORD, file) != RECORD)
            return error_set(error, "%s: cannot be read: %s", path, strerror(errno));
        if (record[0] >= 10)
            return error_set(error, "%s: label %d of picture %d; there are 10 classes", path,
                             record[0], i - first);
        data->labels[i] = record[0];
        interleave(record + 1, data->pixels + (size_t)i * 3 * PLANE);
    }
    return true;
}

static bool read_file(struct dataset *data, const char *path, int first, int count,
                      struct error *error)
{
    FILE *file = file_open(path, error);
    if (!file)
        return error_prefix(error, "%s", path);
    bool good = read_records(data, path, file, first, count, error);
    fclose(file);
    return good;
}

static void name_file(const char *folder, bool train, int batch, char path[PATH_BYTES])
{
    if (train)
        snprintf(path, PATH_BYTES, "%s/data_batch_%d.bin", folder, batch + 1);
    else
        snprintf(path, PATH_BYTES, "%s/test_batch.bin", folder);
}

bool cifar10_load(struct dataset *data, const char *folder, bool train, struct error *error)
{
    int files = train ? BATCHES : 1, counts[BATCHES], total = 0, first = 0;
    char path[PATH_BYTES];
    *data = (struct dataset){0};
    for (int i = 0; i < files; i++, total += counts[i - 1]) {
        name_file(folder, train, i, path);
        if (!count_records(path, &counts[i], error))
            return false;
    }
    bool good = dataset_reserve(data, total, SIDE, SIDE, 3, error) &&
                dataset_set_classes(data, classes, 10, error);
    for (int i = 0; good && i < files; first += counts[i++]) {
        name_file(folder, train, i, path);
        good = read_file(data, path, first, counts[i], error);
    }
    if (!good)
        dataset_free(data);
    return good;
}
