/* names: the picture files of a folder, in the order a person would put them in. */
#ifndef PAWCAM_CAPTURE_NAMES_H
#define PAWCAM_CAPTURE_NAMES_H

#include "common/error.h"

#define NAMES_PICTURE_ENDINGS ".jpg .jpeg .png .bmp .webp"

/* Zero-initialise. */
struct names {
    char **paths; /* owned, as are the strings */
    int count;
};

/* True for names with one of NAMES_PICTURE_ENDINGS, in upper or lower case. */
bool names_is_picture(const char *name);

/* Fills in folder/name of every picture file right in this folder, not of hidden ones. An empty
 * folder is no error. */
bool names_in_folder(struct names *names, const char *folder, struct error *error);

/* Fills in this one path. */
bool names_single(struct names *names, const char *path, struct error *error);

void names_finish(struct names *names);

/* strcmp, but runs of digits compare by their value: "frame9" comes before "frame10". */
int names_compare(const char *a, const char *b);

#endif
