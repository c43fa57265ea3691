/*
 * sources: where datasets come from. Each fills an empty dataset; on failure it stays empty and the
 * error names the file. The caller frees with dataset_free.
 */
#ifndef PAWCAM_NN_TRAIN_SOURCES_H
#define PAWCAM_NN_TRAIN_SOURCES_H

#include "nn/train/dataset.h"

/* MNIST and its relatives: PREFIX-images-idx3-ubyte and PREFIX-labels-idx1-ubyte, plain or .gz, in
 * the folder; PREFIX is "train" or "t10k". Format: http://yann.lecun.com/exdb/mnist/. */
bool idx_load(struct dataset *data, const char *folder, bool train, const char *const names[10],
              struct error *error);
extern const char *const mnist_classes[10], *const fashion_mnist_classes[10];

/* CIFAR-10's binary version: data_batch_1.bin to data_batch_5.bin, or test_batch.bin: records of
 * one label and the planes R, G, B of 32 x 32. Format: Krizhevsky, "The CIFAR-10 dataset". */
bool cifar10_load(struct dataset *data, const char *folder, bool train, struct error *error);

/* What is done with the bytes of picture files. nn/train knows no file format: tool/ hands in
 * functions on top of vision/. Safe from any thread. */
struct picture_codec {
    /* Decodes a file's bytes, resizes to height x width, writes R, G, B (or grey). */
    bool (*decode)(const uint8_t *bytes, size_t size, int height, int width, int channels,
                   uint8_t *pixels, struct error *error);

    /* Puts the pixels through JPEG at this quality (1..100), in place. */
    bool (*recompress)(uint8_t *pixels, int height, int width, int channels, int quality,
                       struct error *error);
};

struct folder_settings {
    const char *path;           /* PATH/CLASS/[.../]picture.{jpg,jpeg,png,bmp,webp} */
    const char *const *classes; /* in the order of the labels; NULL: all sub-folders, sorted */
    int class_count;
    bool flat; /* without the pictures in folders below a class's */
    int limit; /* at most so many pictures of each class, the first in order; 0: all */
    int height, width, channels;
    int threads; /* that decode */
    const struct picture_codec *codec;
};

/* The classes that folder_load will find, of a dataset without pictures: what does not fit is to be
 * found out before all of them are decoded. */
bool folder_find_classes(struct dataset *data, const struct folder_settings *settings,
                         struct error *error);

/* One warning in the log that names the sub-folders which are none of settings->classes: pictures
 * in them are not loaded, which is a surprise where it was not the user who chose the classes. */
bool folder_warn_of_others(const struct folder_settings *settings, struct error *error);

/* As Keras's flow_from_directory finds them: in folders below a class's folder, too, but not behind
 * links to folders; in the order of the folders' paths, then of the files' names. Files that are no
 * pictures are left out, with one warning each in the log, and counted in data->skipped. */
bool folder_load(struct dataset *data, const struct folder_settings *settings, struct error *error);

/* Drawn triangles, squares and circles of random size, place and grey, in turn: light on dark,
 * anti-aliased, with a little noise. One channel; the same for one seed on every machine. */
bool shapes_draw(struct dataset *data, int count, int side, uint64_t seed, struct error *error);

#endif
