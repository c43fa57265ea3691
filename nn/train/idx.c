#include "common/file.h"
#include "nn/train/sources.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

const char *const mnist_classes[10] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
const char *const fashion_mnist_classes[10] = {
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat",
    "Sandal",      "Shirt",   "Sneaker",  "Bag",   "Ankle boot",
};

enum { IDX_UNSIGNED_BYTE = 8, SIDE_MAX = 4096, PATH_BYTES = 4096 };

/* zlib reads plain files as they are. */
static gzFile open_gz(const char *path, struct error *error)
{
    FILE *file = file_open(path, error);
    if (!file)
        return NULL;
    const int fd = dup(fileno(file));
    fclose(file);
    gzFile opened = fd < 0 ? NULL : gzdopen(fd, "rb");
    if (!opened && fd >= 0)
        close(fd);
    if (!opened)
        error_set_memory(error, "out of memory");
    return opened;
}

static gzFile open_either(const char *folder, const char *name, char path[PATH_BYTES],
                          struct error *error)
{
    snprintf(path, PATH_BYTES, "%s/%s.gz", folder, name);
    if (access(path, F_OK) != 0)
        snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    gzFile file = open_gz(path, error);
    if (!file)
        error_prefix(error, "%s/%s, or the same with .gz", folder, name);
    return file;
}

/* "short", or what zlib found wrong with the data. */
static bool refuse_data(gzFile file, const char *path, struct error *error)
{
    int code;
    const char *text = gzerror(file, &code);
    if (code == Z_OK || code == Z_STREAM_END || code == Z_BUF_ERROR)
        return error_set(error, "%s: the file is shorter than its header says", path);
    return error_set(error, "%s: damaged: %s", path, code == Z_ERRNO ? strerror(errno) : text);
}

static bool read_all(gzFile file, const char *path, void *bytes, size_t size, struct error *error)
{
    enum { CHUNK = 1 << 20 };
    for (size_t done = 0; done < size;) {
        size_t left = size - done;
        int got = gzread(file, (char *)bytes + done, left < CHUNK ? (unsigned)left : CHUNK);
        if (got <= 0)
            return refuse_data(file, path, error);
        done += (size_t)got;
    }
    return true;
}

static uint32_t big_endian(const uint8_t bytes[4])
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* The sides of an array of bytes of this rank. */
static bool read_header(gzFile file, const char *path, int rank, int dim[3], struct error *error)
{
    uint8_t bytes[4];
    if (!read_all(file, path, bytes, sizeof bytes, error))
        return false;
    if (bytes[0] || bytes[1] || bytes[2] != IDX_UNSIGNED_BYTE || bytes[3] != rank)
        return error_set(error, "%s: not an idx file of unsigned bytes with %d axes", path, rank);
    for (int i = 0; i < rank; i++) {
        if (!read_all(file, path, bytes, sizeof bytes, error))
            return false;
        uint32_t side = big_endian(bytes), most = i ? SIDE_MAX : 1 << 24;
        if (side < 1 || side > most)
            return error_set(error, "%s: a side of %u in the header is not possible", path, side);
        dim[i] = (int)side;
    }
    return true;
}

static bool read_pictures(struct dataset *data, const char *folder, const char *name,
                          struct error *error)
{
    char path[PATH_BYTES];
    int dim[3];
    gzFile file = open_either(folder, name, path, error);
    if (!file)
        return false;
    bool good =
        read_header(file, path, 3, dim, error) &&
        (dataset_reserve(data, dim[0], dim[1], dim[2], 1, error) ||
         error_prefix(error, "%s", path)) &&
        read_all(file, path, data->pixels, (size_t)dim[0] * (size_t)dim[1] * (size_t)dim[2], error);
    gzclose_r(file);
    return good;
}

static bool read_label(struct dataset *data, gzFile file, const char *path, int index,
                       struct error *error)
{
    uint8_t label;
    if (!read_all(file, path, &label, 1, error))
        return false;
    if (label >= data->class_count)
        return error_set(error, "%s: label %d of picture %d; there are %d classes", path, label,
                         index, data->class_count);
    data->labels[index] = label;
    return true;
}

static bool read_labels(struct dataset *data, const char *folder, const char *name,
                        struct error *error)
{
    char path[PATH_BYTES];
    int dim[3];
    gzFile file = open_either(folder, name, path, error);
    if (!file)
        return false;
    bool good = read_header(file, path, 1, dim, error);
    if (good && dim[0] != data->count)
        good = error_set(error, "%s: %d labels for %d pictures", path, dim[0], data->count);
    for (int i = 0; good && i < data->count; i++)
        good = read_label(data, file, path, i, error);
    gzclose_r(file);
    return good;
}

bool idx_load(struct dataset *data, const char *folder, bool train, const char *const names[10],
              struct error *error)
{
    *data = (struct dataset){0};
    if (read_pictures(data, folder, train ? "train-images-idx3-ubyte" : "t10k-images-idx3-ubyte",
                      error) &&
        dataset_set_classes(data, names, 10, error) &&
        read_labels(data, folder, train ? "train-labels-idx1-ubyte" : "t10k-labels-idx1-ubyte",
                    error))
        return true;
    dataset_free(data);
    return false;
}
