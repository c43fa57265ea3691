/*
 * hdf5_file: the little of HDF5 that Keras files need, for reading. libhdf5's own error printing is
 * switched off; errors here do not name the file (keras.c puts its name in front).
 */
#ifndef PAWCAM_NN_KERAS_HDF5_FILE_H
#define PAWCAM_NN_KERAS_HDF5_FILE_H

#include "common/error.h"

#include <stddef.h>

struct hdf5_file;

/* Makes libhdf5 ready, which takes milliseconds: for who forks, and whose child would do it again.
 * Without it the first call of another function does so. */
void hdf5_start(void);

/* Whether opening it cannot block: false for folders, pipes and devices. True where nothing is; of
 * that hdf5_open says why. */
bool hdf5_is_file(const char *path);

/* NULL: missing, no permission, not HDF5, damaged or truncated. `values` false is for trials
 * (trial.h): arrays that are read without libhdf5's help are then left as they are. */
struct hdf5_file *hdf5_open(const char *path, bool values, struct error *error);
void hdf5_close(struct hdf5_file *file); /* accepts NULL */

bool hdf5_has_group(struct hdf5_file *file, const char *group);

/* Attributes of a group ("/" is the root). hdf5_has_attribute tells absent from unreadable. */
bool hdf5_has_attribute(struct hdf5_file *file, const char *group, const char *name);

/* A list of strings; fixed or variable length in the file. */
struct hdf5_strings {
    char **at;
    int count;
};
void hdf5_strings_free(struct hdf5_strings *strings);

/* Reads an attribute of one or many strings; an empty attribute of any type is an empty list. The
 * caller frees the result (it is empty after failure). */
bool hdf5_read_strings(struct hdf5_file *file, const char *group, const char *name,
                       struct hdf5_strings *strings, struct error *error);

/* The same for lists that Keras splits when they are too long for one attribute: "name", or
 * "name0", "name1", ... Source: load_attributes_from_hdf5_group in keras/saving/hdf5_format.py. */
bool hdf5_read_split_strings(struct hdf5_file *file, const char *group, const char *name,
                             struct hdf5_strings *strings, struct error *error);

/* Reads an attribute of 1..capacity numbers; *count tells how many. */
bool hdf5_read_numbers(struct hdf5_file *file, const char *group, const char *name, double *numbers,
                       int capacity, int *count, struct error *error);

/* Reads a dataset of floating point numbers (any width) as float32. Its shape must be dim[0..rank);
 * nothing is read otherwise. What lies in the file as in memory, as Keras leaves it unless asked to
 * compress, libhdf5 only finds: then the bytes are read from there. */
bool hdf5_read_array(struct hdf5_file *file, const char *group, const char *name, int rank,
                     const int *dim, float *values, struct error *error);

#endif
