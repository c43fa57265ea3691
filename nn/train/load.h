/* load: from the sources that a recipe names to datasets, checked against the network and the loss
 * that they are for. */
#ifndef PAWCAM_NN_TRAIN_LOAD_H
#define PAWCAM_NN_TRAIN_LOAD_H

#include "nn/train/prefetch.h"
#include "nn/train/recipe.h"

struct load_settings {
    const char *root; /* folder to which the recipe's relative paths belong */
    const struct picture_codec *codec;
    int threads;
};

/* A recipe's path as seen from here; the caller frees it. NULL: nothing is there, or out of memory.
 */
char *load_find(const char *root, const char *path, struct error *error);

/* Fills an empty dataset from one source after another, those of a line of [data]. Classes and size
 * that a later one does not give are those of the first. Errors name file:line of the recipe; on
 * failure the dataset is empty. */
bool load_sources(const struct recipe *recipe, const struct source list[SOURCES_MAX],
                  const struct model *model, const struct load_settings *settings,
                  struct dataset *data, struct error *error);

/* Tells the model what its input and output mean: the recipe's preprocessing, the data's classes.
 * A rescale that is not given is 1/255, or 1 where the network begins with a Rescaling layer. */
bool load_describe(const struct recipe *recipe, const struct dataset *data, struct model *model,
                   struct error *error);

/* Batches of these pictures for the recipe's loss: everything but augmentation, codec, batch,
 * threads, shuffle and seed. */
struct prefetch_settings load_feed(const struct recipe *recipe, const struct model *model,
                                   const struct subset *pictures);

#endif
