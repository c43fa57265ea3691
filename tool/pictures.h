/* pictures: labelled pictures of a user, in a folder for each class, as a model takes them. */
#ifndef PAWCAM_TOOL_PICTURES_H
#define PAWCAM_TOOL_PICTURES_H

#include "nn/model.h"
#include "nn/train/dataset.h"

/* Loads FOLDER/CLASS/picture for the model's classes; a model whose file names none takes the
 * folders' names, sorted. The pictures have the sides of the network's input, or side_min where
 * that is more. `limit` is the text of --limit (so many of each class), or NULL. */
bool pictures_load(struct dataset *data, const char *folder, const struct model *model,
                   const char *limit, int side_min, struct error *error);

#endif
