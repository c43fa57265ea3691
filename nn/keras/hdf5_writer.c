#include "nn/keras/hdf5_writer.h"

#include "common/atomic_file.h"

#include <errno.h>
#include <hdf5.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RANK_MAX = 4, GROW_BYTES = 1 << 20 };

/* An attribute has less than 64 KiB, and a string in it, which lies elsewhere, takes 16 bytes.
 * Keras leaves the same margin: HDF5_OBJECT_HEADER_LIMIT of its hdf5_format.py. */
enum { ATTRIBUTE_STRINGS_MAX = 64512 / 16 };

struct hdf5_writer {
    hid_t file, string_type, make_groups;
    hid_t make_arrays; /* without the time: the same model is the same bytes whenever it is saved */
    char *path;
    bool failed;
    struct error error; /* the first failure */
};

static void fail(struct hdf5_writer *writer, const char *what)
{
    if (!writer->failed)
        error_set(&writer->error, "%s: libhdf5 cannot make %s; is the memory full?", writer->path,
                  what);
    writer->failed = true;
}

/* --- life ------------------------------------------------------------------------------------- */

/* A file that lives in memory and is never written by the library; < 0: failed. */
static hid_t open_in_memory(const char *path, bool amend)
{
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    hid_t access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_fapl_core(access, GROW_BYTES, 0);
    hid_t file = amend ? H5Fopen(path, H5F_ACC_RDWR, access)
                       : H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, access);
    H5Pclose(access);
    return file;
}

/* Takes over the file, also on failure. */
static struct hdf5_writer *wrap(hid_t file, const char *path, struct error *error)
{
    struct hdf5_writer *writer = calloc(1, sizeof *writer);
    if (writer)
        writer->path = strdup(path);
    if (!writer || !writer->path) {
        error_set(error, "%s: out of memory", path);
        free(writer);
        H5Fclose(file);
        return NULL;
    }
    writer->file = file;
    writer->string_type = H5Tcopy(H5T_C_S1);
    H5Tset_size(writer->string_type, H5T_VARIABLE);
    H5Tset_cset(writer->string_type, H5T_CSET_UTF8);
    writer->make_groups = H5Pcreate(H5P_LINK_CREATE);
    H5Pset_create_intermediate_group(writer->make_groups, 1);
    writer->make_arrays = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_obj_track_times(writer->make_arrays, 0);
    return writer;
}

struct hdf5_writer *hdf5_create(const char *path, struct error *error)
{
    hid_t file = open_in_memory(path, false);
    if (file >= 0)
        return wrap(file, path, error);
    error_set(error, "%s: out of memory", path);
    return NULL;
}

struct hdf5_writer *hdf5_amend(const char *path, struct error *error)
{
    hid_t file = access(path, R_OK) == 0 ? open_in_memory(path, true) : -1;
    if (file >= 0)
        return wrap(file, path, error);
    if (access(path, R_OK) != 0)
        error_set(error, "%s: %s", path, strerror(errno));
    else
        error_set(error, "%s: is not an HDF5 file", path);
    return NULL;
}

/* The bytes of the file; the caller frees them. NULL: failed. */
static void *take_image(struct hdf5_writer *writer, size_t *size)
{
    H5Fflush(writer->file, H5F_SCOPE_GLOBAL);
    ssize_t bytes = H5Fget_file_image(writer->file, NULL, 0);
    void *image = bytes > 0 ? malloc((size_t)bytes) : NULL;
    *size = bytes > 0 ? (size_t)bytes : 0;
    if (!image || H5Fget_file_image(writer->file, image, *size) < 0) {
        fail(writer, "the file");
        free(image);
        return NULL;
    }
    return image;
}

bool hdf5_commit(struct hdf5_writer *writer, struct error *error)
{
    size_t size;
    void *image = writer->failed ? NULL : take_image(writer, &size);
    bool good = image && atomic_file_write(writer->path, image, size, error);
    if (!image && error)
        *error = writer->error;
    free(image);
    H5Tclose(writer->string_type);
    H5Pclose(writer->make_groups);
    H5Pclose(writer->make_arrays);
    H5Fclose(writer->file);
    free(writer->path);
    free(writer);
    return good;
}

/* --- attributes ------------------------------------------------------------------------------- */

/* The group, made with all on the way to it where it is missing; < 0: failed. */
static hid_t open_group(struct hdf5_writer *writer, const char *group)
{
    hid_t id = H5Gopen2(writer->file, group, H5P_DEFAULT);
    if (id < 0)
        id = H5Gcreate2(writer->file, group, writer->make_groups, H5P_DEFAULT, H5P_DEFAULT);
    return id;
}

/* count < 0: a scalar. */
static void write_attribute(struct hdf5_writer *writer, const char *group, const char *name,
                            hid_t type, const void *values, int count)
{
    if (writer->failed)
        return;
    hsize_t size = count < 0 ? 1 : (hsize_t)count; /* an empty list is an array of length 0 */
    hid_t space = count < 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, NULL);
    hid_t id = open_group(writer, group);
    if (H5Aexists(id, name) > 0)
        H5Adelete(id, name);
    hid_t attribute = H5Acreate2(id, name, type, space, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute < 0 || (count != 0 && H5Awrite(attribute, type, values) < 0))
        fail(writer, name);
    if (attribute >= 0)
        H5Aclose(attribute);
    if (id >= 0)
        H5Gclose(id);
    H5Sclose(space);
}

void hdf5_write_string(struct hdf5_writer *writer, const char *group, const char *attribute,
                       const char *text)
{
    write_attribute(writer, group, attribute, writer->string_type, &text, -1);
}

void hdf5_write_strings(struct hdf5_writer *writer, const char *group, const char *attribute,
                        const char *const *texts, int count)
{
    char part[64];
    const int whole = ATTRIBUTE_STRINGS_MAX;
    if (count <= whole)
        write_attribute(writer, group, attribute, writer->string_type, texts, count);
    for (int first = 0; count > whole && first < count; first += whole) {
        const int rest = count - first;
        snprintf(part, sizeof part, "%s%d", attribute, first / whole);
        write_attribute(writer, group, part, writer->string_type, texts + first,
                        rest < whole ? rest : whole);
    }
}

void hdf5_write_numbers(struct hdf5_writer *writer, const char *group, const char *attribute,
                        const double *numbers, int count)
{
    write_attribute(writer, group, attribute, H5T_NATIVE_DOUBLE, numbers, count);
}

/* --- arrays ----------------------------------------------------------------------------------- */

void hdf5_write_array(struct hdf5_writer *writer, const char *group, const char *name, int rank,
                      const int *dim, const float *values)
{
    hsize_t size[RANK_MAX];
    if (writer->failed)
        return;
    for (int i = 0; i < rank; i++)
        size[i] = (hsize_t)dim[i];
    hid_t id = open_group(writer, group), space = H5Screate_simple(rank, size, NULL);
    hid_t data = H5Dcreate2(id, name, H5T_IEEE_F32LE, space, writer->make_groups,
                            writer->make_arrays, H5P_DEFAULT);
    if (data < 0 || H5Dwrite(data, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0)
        fail(writer, name);
    if (data >= 0)
        H5Dclose(data);
    if (id >= 0)
        H5Gclose(id);
    H5Sclose(space);
}
