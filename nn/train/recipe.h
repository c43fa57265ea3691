/*
 * recipe: one text file that names data, preprocessing, augmentation, network and training, in the
 * words of Keras. docs/recipes.md is the manual; script.h has the syntax, network.h the [network].
 *
 * Everything that the file can get wrong by itself is found here, with file:line; whether the data
 * fits is found when it is loaded (load.h).
 */
#ifndef PAWCAM_NN_TRAIN_RECIPE_H
#define PAWCAM_NN_TRAIN_RECIPE_H

#include "nn/train/augment.h"
#include "nn/train/schedule.h"
#include "nn/train/teacher.h"
#include "nn/train/trainer.h"

enum source_kind {
    SOURCE_NONE,
    SOURCE_MNIST,
    SOURCE_FASHION_MNIST,
    SOURCE_CIFAR10,
    SOURCE_FOLDER,
    SOURCE_SHAPES,
};

enum { SOURCES_MAX = DATASET_SOURCES_MAX };

/* One source of a line of [data]. */
struct source {
    enum source_kind kind;
    int line;
    const char *path;           /* relative to the data folder of the command line */
    const char *split;          /* "train" or "test" of MNIST and CIFAR10 */
    const struct expr *classes; /* Folder: names in the order of the labels; NULL: all, sorted */
    const char *mode;           /* Folder: "binary", "categorical", "sparse"; NULL: by the loss */
    int limit;                  /* Folder: pictures of a class; 0: all */
    int size[2];                /* Folder: height, width in memory; 0: those of the network */
    int count, side, seed;      /* Shapes */
    double share;               /* of an epoch, see order.h; 0: each picture once */
};

enum callback_kind {
    CALLBACK_CHECKPOINT,
    CALLBACK_EARLY_STOPPING,
    CALLBACK_CSV,
    CALLBACK_TENSORBOARD,
};

struct callback_settings {
    enum callback_kind kind;
    int line;
    const char *path;    /* checkpoint: with {epoch:02d} and such; CSV: file; TensorBoard: folder */
    const char *monitor; /* "val_loss", ...; checkpoint and early stopping */
    const char *mode;    /* "auto", "min", "max" */
    bool save_best_only;
    double min_delta;
    int patience;
    bool restore_best_weights;
    const struct expr *verbose; /* which Keras has; here what is done is always told */
};

enum { CALLBACKS_MAX = 8, RECIPE_SECTIONS = 6 };

struct recipe {
    struct script script;
    /* In order; the first of kind SOURCE_NONE ends the list. */
    struct source train[SOURCES_MAX], validation[SOURCES_MAX], test[SOURCES_MAX];
    double rescale; /* value = (pixel * rescale - mean) / std; NAN: not given (load.h) */
    double mean[3], std[3];
    bool augmented; /* there is an [augment] section */
    struct augment_settings augment;
    struct trainer_settings trainer; /* batch, threads, seed: those of the recipe */
    struct teacher_settings teacher;
    struct schedule schedule;
    int epochs;
    double validation_split;
    bool shuffle, balance; /* order.h */
    struct callback_settings callbacks[CALLBACKS_MAX];
    int callback_count;
};

/* On failure the recipe is empty. */
bool recipe_read(struct recipe *recipe, const char *path, struct error *error);
bool recipe_parse(struct recipe *recipe, const char *path, const char *text, struct error *error);

/* Can the recipe's network be trained as it says? What cannot is named by file:line. */
bool recipe_check_network(const struct recipe *recipe, const struct network *network,
                          struct error *error);

/* Accepts a zero recipe. */
void recipe_free(struct recipe *recipe);

#endif
