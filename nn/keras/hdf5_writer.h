/*
 * hdf5_writer: the little of HDF5 that Keras files need, for writing. The file is put together in
 * memory (libhdf5 does not survive a full disk) and then written at once (common/atomic_file.h): a
 * crash or a full disk leaves the file that was there before.
 */
#ifndef PAWCAM_NN_KERAS_HDF5_WRITER_H
#define PAWCAM_NN_KERAS_HDF5_WRITER_H

#include "common/error.h"

struct hdf5_writer;

/* NULL: no permission, no such folder, out of memory. */
struct hdf5_writer *hdf5_create(const char *path, struct error *error);

/* Begins with what the file at `path` holds, all of which is kept but for what is written. NULL:
 * not there, no permission, not HDF5. Damaged files can crash libhdf5: load the model first,
 * guarded. */
struct hdf5_writer *hdf5_amend(const char *path, struct error *error);

/* Completes the file and moves it to its name; frees the writer in any case. false: what was
 * written is gone, with the reason of the first failure since hdf5_create. */
bool hdf5_commit(struct hdf5_writer *writer, struct error *error);

/* Gives up: removes what was written. NULL is allowed. */
void hdf5_abandon(struct hdf5_writer *writer);

/* An attribute that is there is replaced. The functions below do nothing once one has failed;
 * hdf5_commit then tells the reason. Groups on the way are made as needed; "/" is the root. Strings
 * have variable length, in UTF-8. A list too long for one attribute becomes NAME0, NAME1, ..., as
 * Keras does it; it must not be there yet. */
void hdf5_write_string(struct hdf5_writer *writer, const char *group, const char *attribute,
                       const char *text);
void hdf5_write_strings(struct hdf5_writer *writer, const char *group, const char *attribute,
                        const char *const *texts, int count);
void hdf5_write_numbers(struct hdf5_writer *writer, const char *group, const char *attribute,
                        const double *numbers, int count);

/* A float32 dataset of the shape dim[0..rank) in the group; its name may name further groups. */
void hdf5_write_array(struct hdf5_writer *writer, const char *group, const char *name, int rank,
                      const int *dim, const float *values);

#endif
