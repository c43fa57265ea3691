/* recipe_parts: the readers of a recipe's sections, one file each; recipe.c calls them in turn. All
 * errors are usage errors with file:line. */
#ifndef PAWCAM_NN_TRAIN_RECIPE_PARTS_H
#define PAWCAM_NN_TRAIN_RECIPE_PARTS_H

#include "nn/train/recipe.h"

/* Names: "data", ... */
extern const char *const recipe_sections[RECIPE_SECTIONS];

/* [data] */
bool recipe_read_data(struct recipe *recipe, struct error *error);

/* [compile]: optimizer, loss, metrics, schedule */
bool recipe_read_compile(struct recipe *recipe, struct error *error);

/* [fit] but for its callbacks, and those */
bool recipe_read_fit(struct recipe *recipe, struct error *error);
bool recipe_read_callbacks(struct recipe *recipe, const struct expr *list, struct error *error);

/* The statements of one section, one after the other: zero *index first; NULL at the end. */
const struct statement *recipe_next(const struct recipe *recipe, const char *section, int *index);

#endif
