/*
 * dataset: labelled pictures in memory, all of one size, 8 bits a value. The sources that fill one
 * are in sources.h; prefetch.h makes batches of it.
 */
#ifndef PAWCAM_NN_TRAIN_DATASET_H
#define PAWCAM_NN_TRAIN_DATASET_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

enum { DATASET_SOURCES_MAX = 8 };

struct dataset {
    int count;
    int height, width, channels; /* channels: 1 (grey) or 3 (R, G, B) */
    uint8_t *pixels;             /* [count][height][width][channels], owned */
    int *labels;                 /* [count], each in 0..class_count-1, owned */
    int class_count;
    char **class_names; /* [class_count], owned */
    char **files;       /* [count], owned, the files that pictures came from; NULL: none */
    int skipped;        /* files that could not be read as pictures */

    /* Of pictures that dataset_append put together. */
    int source_count;
    uint8_t *sources;                   /* [count], owned: where each came from; NULL: one source */
    double shares[DATASET_SOURCES_MAX]; /* of an epoch (order.h); 0: each picture once */
};

/* Room for `count` pictures of zeros without class names. On failure the dataset is empty. */
bool dataset_reserve(struct dataset *data, int count, int height, int width, int channels,
                     struct error *error);
bool dataset_set_classes(struct dataset *data, const char *const *names, int count,
                         struct error *error);

/* Are these `count` names of classes those of `first`, the pictures trained on, in the same order?
 */
bool dataset_check_names(char *const *first, char *const *other, int count, struct error *error);

/* Whether `other` has the same names in the same order as `first`, the pictures trained on. */
bool dataset_check_classes(const struct dataset *first, const struct dataset *other,
                           struct error *error);

/* Puts the other's pictures behind those that are there, as one more source (at most
 * DATASET_SOURCES_MAX, the caller sees to it). The other is left empty. Refuses other classes and
 * other sizes; after failure `data` is as it was. */
bool dataset_append(struct dataset *data, struct dataset *other, struct error *error);

/* Accepts an empty (zero) dataset; leaves one. */
void dataset_free(struct dataset *data);

const uint8_t *dataset_picture(const struct dataset *data, int index);

/* A selection of a dataset's pictures, by index, in a fixed order. */
struct subset {
    const struct dataset *data;
    int *indices; /* owned */
    int count;
};

/* Divides the pictures: of each class of each source the last `share` (0 <= share < 1, rounded
 * down) go to *held_out, the rest to *kept. (The validation_split of Keras's ImageDataGenerator
 * goes by class as well, but takes the first ones; fit's takes the last of all.) A usage error when
 * either is left empty though share > 0. Both are to be freed. */
bool dataset_split(const struct dataset *data, double share, struct subset *kept,
                   struct subset *held_out, struct error *error);

/* All pictures. */
bool dataset_all(const struct dataset *data, struct subset *all, struct error *error);

void subset_free(struct subset *subset);

#endif
