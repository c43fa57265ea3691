/* pictures: labelled pictures of a user, in a folder for each class, as a model takes them. */
#ifndef PAWCAM_TOOL_PICTURES_H
#define PAWCAM_TOOL_PICTURES_H

#include "nn/model.h"
#include "nn/train/dataset.h"

struct pictures_settings {
    const char *folder;
    const char *limit; /* the text of --limit: so many of each class; NULL: all */
    int side_min;
    bool chosen; /* by --classes: whoever gave that knows of the folders of other names */
};

/* Loads FOLDER/CLASS/picture for the model's classes; a model whose file names none takes the
 * folders' names, sorted. Folders of other names are left out, with one warning in the log. The
 * pictures have the sides of the network's input, or side_min where that is more. */
bool pictures_load(struct dataset *data, const struct pictures_settings *settings,
                   const struct model *model, struct error *error);

/* Puts the labels of pictures that have class names of their own into the order of the model's,
 * which are the same names or a usage error. A model whose file names none goes by place. */
bool pictures_match(struct dataset *data, const struct model *model, struct error *error);

#endif
