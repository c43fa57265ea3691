#define H5_USE_110_API /* H5O_info_t is another type since HDF5 1.12 */
#include "nn/keras/hdf5_file.h"

#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    STRINGS_MAX = 1 << 16,       /* in one list; the largest networks have some thousands */
    STRING_BYTES_MAX = 64 << 20, /* a model_config of a large network has about 1 MiB */
    LIST_BYTES_MAX = 128 << 20,  /* of all strings of an attribute */
    RANK_MAX = 8,
};

struct hdf5_file {
    hid_t id;
    int bytes; /* the same file */
    bool values;
};

/* --- opening ---------------------------------------------------------------------------------- */

void hdf5_start(void)
{
    H5open();
}

bool hdf5_is_file(const char *path)
{
    struct stat info;
    return stat(path, &info) != 0 || S_ISREG(info.st_mode);
}

struct hdf5_file *hdf5_open(const char *path, bool values, struct error *error)
{
    struct hdf5_file *file = NULL;
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    if (access(path, R_OK) != 0) {
        error_set(error, "cannot be read: %s", strerror(errno));
        return NULL;
    }
    if (!hdf5_is_file(path) || H5Fis_hdf5(path) <= 0) {
        error_set(error, "is not an HDF5 file");
        return NULL;
    }
    hid_t id = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (id < 0) {
        error_set(error, "is an HDF5 file, but damaged or truncated; copy or save it again");
        return NULL;
    }
    file = malloc(sizeof *file);
    const int bytes = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (!file || bytes < 0) {
        error_set(error, file ? "cannot be read" : "out of memory");
        H5Fclose(id);
        free(file);
        return NULL;
    }
    *file = (struct hdf5_file){id, bytes, values};
    return file;
}

void hdf5_close(struct hdf5_file *file)
{
    if (!file)
        return;
    H5Fclose(file->id);
    close(file->bytes);
    free(file);
}

bool hdf5_has_group(struct hdf5_file *file, const char *group)
{
    hid_t id = H5Gopen2(file->id, group, H5P_DEFAULT);
    if (id < 0)
        return false;
    H5Gclose(id);
    return true;
}

bool hdf5_has_attribute(struct hdf5_file *file, const char *group, const char *name)
{
    return H5Aexists_by_name(file->id, group, name, H5P_DEFAULT) > 0;
}

/* --- attributes ------------------------------------------------------------------------------- */

/* An open attribute with its type and number of elements. */
struct attribute {
    hid_t id, type;
    size_t count;
};

static void close_attribute(struct attribute *attribute)
{
    if (attribute->type >= 0)
        H5Tclose(attribute->type);
    if (attribute->id >= 0)
        H5Aclose(attribute->id);
}

/* close_attribute is needed also after failure. */
static bool open_attribute(struct hdf5_file *file, const char *group, const char *name,
                           struct attribute *attribute, struct error *error)
{
    *attribute = (struct attribute){-1, -1, 0};
    attribute->id = H5Aopen_by_name(file->id, group, name, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute->id < 0)
        return error_set(error, "group %s has no attribute %s", group, name);
    attribute->type = H5Aget_type(attribute->id);
    hid_t space = H5Aget_space(attribute->id);
    hssize_t count = space < 0 ? -1 : H5Sget_simple_extent_npoints(space);
    if (space >= 0)
        H5Sclose(space);
    if (attribute->type < 0 || count < 0 || count > STRINGS_MAX)
        return error_set(error, "attribute %s of group %s is damaged", name, group);
    attribute->count = (size_t)count;
    return true;
}

void hdf5_strings_free(struct hdf5_strings *strings)
{
    for (int i = 0; i < strings->count; i++)
        free(strings->at[i]);
    free(strings->at);
    *strings = (struct hdf5_strings){0};
}

/* Appends a copy of at most `size` bytes of text. */
static bool append(struct hdf5_strings *strings, const char *text, size_t size)
{
    char *copy = strndup(text ? text : "", size);
    if (!copy)
        return false;
    strings->at[strings->count++] = copy;
    return true;
}

static bool grow(struct hdf5_strings *strings, size_t more)
{
    size_t count = (size_t)strings->count + more;
    char **at = count <= STRINGS_MAX ? realloc(strings->at, (count + 1) * sizeof *at) : NULL;
    if (at)
        strings->at = at;
    return at != NULL;
}

static bool read_variable(const struct attribute *attribute, struct hdf5_strings *strings)
{
    bool good = false;
    hid_t type = H5Tcopy(H5T_C_S1);
    hid_t space = H5Aget_space(attribute->id);
    char **texts = calloc(attribute->count, sizeof *texts);
    /* libhdf5 converts lengths but not character sets, so ask for the file's. */
    if (type >= 0 && space >= 0 && texts && H5Tset_size(type, H5T_VARIABLE) >= 0 &&
        H5Tset_cset(type, H5Tget_cset(attribute->type)) >= 0 &&
        H5Aread(attribute->id, type, texts) >= 0) {
        good = true;
        for (size_t i = 0; good && i < attribute->count; i++)
            good = append(strings, texts[i], STRING_BYTES_MAX);
        H5Dvlen_reclaim(type, space, H5P_DEFAULT, texts);
    }
    free(texts);
    if (space >= 0)
        H5Sclose(space);
    if (type >= 0)
        H5Tclose(type);
    return good;
}

static bool read_fixed(const struct attribute *attribute, struct hdf5_strings *strings)
{
    size_t size = H5Tget_size(attribute->type);
    if (size == 0 || size > STRING_BYTES_MAX || size * attribute->count > LIST_BYTES_MAX)
        return false;
    char *texts = malloc(size * attribute->count);
    bool good = texts && H5Aread(attribute->id, attribute->type, texts) >= 0;
    for (size_t i = 0; good && i < attribute->count; i++)
        good = append(strings, texts + i * size, size);
    free(texts);
    return good;
}

/* Appends the attribute's strings to the list. */
static bool read_more(struct hdf5_file *file, const char *group, const char *name,
                      struct hdf5_strings *strings, struct error *error)
{
    struct attribute attribute;
    bool good = open_attribute(file, group, name, &attribute, error);
    if (good && attribute.count > 0) {
        htri_t variable = H5Tis_variable_str(attribute.type);
        good = H5Tget_class(attribute.type) == H5T_STRING && variable >= 0 &&
               grow(strings, attribute.count) &&
               (variable ? read_variable(&attribute, strings) : read_fixed(&attribute, strings));
        if (!good)
            error_set(error, "attribute %s of group %s holds no readable text", name, group);
    }
    close_attribute(&attribute);
    return good;
}

bool hdf5_read_strings(struct hdf5_file *file, const char *group, const char *name,
                       struct hdf5_strings *strings, struct error *error)
{
    *strings = (struct hdf5_strings){0};
    if (read_more(file, group, name, strings, error))
        return true;
    hdf5_strings_free(strings);
    return false;
}

bool hdf5_read_split_strings(struct hdf5_file *file, const char *group, const char *name,
                             struct hdf5_strings *strings, struct error *error)
{
    char part[64];
    snprintf(part, sizeof part, "%s0", name);
    if (hdf5_has_attribute(file, group, name) || !hdf5_has_attribute(file, group, part))
        return hdf5_read_strings(file, group, name, strings, error);

    *strings = (struct hdf5_strings){0};
    for (int i = 0; hdf5_has_attribute(file, group, part); i++) {
        if (!read_more(file, group, part, strings, error)) {
            hdf5_strings_free(strings);
            return false;
        }
        snprintf(part, sizeof part, "%s%d", name, i + 1);
    }
    return true;
}

bool hdf5_read_numbers(struct hdf5_file *file, const char *group, const char *name, double *numbers,
                       int capacity, int *count, struct error *error)
{
    struct attribute attribute;
    bool good = open_attribute(file, group, name, &attribute, error);
    if (good) {
        H5T_class_t class = H5Tget_class(attribute.type);
        good = (class == H5T_FLOAT || class == H5T_INTEGER) && attribute.count >= 1 &&
               attribute.count <= (size_t)capacity &&
               H5Aread(attribute.id, H5T_NATIVE_DOUBLE, numbers) >= 0;
        if (!good)
            error_set(error, "attribute %s must hold 1 to %d numbers", name, capacity);
        *count = (int)attribute.count;
    }
    close_attribute(&attribute);
    return good;
}

/* --- datasets --------------------------------------------------------------------------------- */

static void print_shape(char *text, size_t size, int rank, const hsize_t *dim)
{
    size_t used = (size_t)snprintf(text, size, "(");
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(text + used, size - used, "%s%llu", i ? ", " : "",
                                 (unsigned long long)dim[i]);
    if (used < size)
        snprintf(text + used, size - used, ")");
}

static bool check_shape(hid_t dataset, int rank, const int *dim, struct error *error)
{
    hsize_t found[RANK_MAX] = {0}, wanted[RANK_MAX] = {0};
    char found_text[96], wanted_text[96];
    hid_t space = H5Dget_space(dataset);
    int found_rank = space < 0 ? -1 : H5Sget_simple_extent_ndims(space);
    if (found_rank > RANK_MAX || found_rank < 0 ||
        H5Sget_simple_extent_dims(space, found, NULL) < 0)
        found_rank = -1;
    if (space >= 0)
        H5Sclose(space);
    if (found_rank < 0)
        return error_set(error, "its shape cannot be read");

    bool same = found_rank == rank;
    for (int i = 0; i < rank; i++) {
        wanted[i] = (hsize_t)dim[i];
        same = same && found[i] == wanted[i];
    }
    print_shape(found_text, sizeof found_text, found_rank, found);
    print_shape(wanted_text, sizeof wanted_text, rank, wanted);
    return same ||
           error_set(error, "has the shape %s, but the layer needs %s", found_text, wanted_text);
}

static bool check_type(hid_t dataset, struct error *error)
{
    hid_t type = H5Dget_type(dataset);
    H5T_class_t class = type < 0 ? H5T_NO_CLASS : H5Tget_class(type);
    if (type >= 0)
        H5Tclose(type);
    return class == H5T_FLOAT || error_set(error, "does not hold floating point numbers");
}

/* Do the values lie in the file in one piece, as they are in memory? */
static bool lies_plain(hid_t dataset, size_t bytes, off_t *offset)
{
    const hid_t type = H5Dget_type(dataset), list = H5Dget_create_plist(dataset);
    const haddr_t address = H5Dget_offset(dataset);
    const bool plain = type >= 0 && list >= 0 && H5Tequal(type, H5T_NATIVE_FLOAT) > 0 &&
                       H5Pget_layout(list) == H5D_CONTIGUOUS && H5Pget_external_count(list) == 0 &&
                       address != HADDR_UNDEF && address <= INT64_MAX &&
                       H5Dget_storage_size(dataset) == bytes;
    if (list >= 0)
        H5Pclose(list);
    if (type >= 0)
        H5Tclose(type);
    *offset = (off_t)address;
    return plain;
}

/* A link may lead into another file. */
static bool is_here(const struct hdf5_file *file, hid_t dataset)
{
    H5O_info_t here, there;
    return H5Oget_info2(file->id, &here, H5O_INFO_BASIC) >= 0 &&
           H5Oget_info2(dataset, &there, H5O_INFO_BASIC) >= 0 && here.fileno == there.fileno;
}

static bool read_bytes(int file, void *to, size_t count, off_t offset)
{
    char *at = to;
    while (count > 0) {
        const ssize_t got = pread(file, at, count, offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        offset += got;
        count -= (size_t)got;
    }
    return true;
}

static bool read_values(const struct hdf5_file *file, hid_t dataset, size_t count, float *values)
{
    off_t offset;
    if (is_here(file, dataset) && lies_plain(dataset, count * sizeof *values, &offset))
        return !file->values || read_bytes(file->bytes, values, count * sizeof *values, offset);
    return H5Dread(dataset, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0;
}

static size_t count_of(int rank, const int *dim)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dim[i];
    return count;
}

bool hdf5_read_array(struct hdf5_file *file, const char *group, const char *name, int rank,
                     const int *dim, float *values, struct error *error)
{
    bool good = false;
    hid_t parent = H5Gopen2(file->id, group, H5P_DEFAULT);
    hid_t dataset = parent < 0 ? -1 : H5Dopen2(parent, name, H5P_DEFAULT);
    if (dataset < 0)
        error_set(error, "is missing");
    else if (check_shape(dataset, rank, dim, error) && check_type(dataset, error))
        good = read_values(file, dataset, count_of(rank, dim), values) ||
               error_set(error, "cannot be read; the file is damaged");
    if (!good)
        error_prefix(error, "weights %s/%s", group, name);
    if (dataset >= 0)
        H5Dclose(dataset);
    if (parent >= 0)
        H5Gclose(parent);
    return good;
}
