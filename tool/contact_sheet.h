/* contact_sheet: many small pictures with captions on one page. */
#ifndef PAWCAM_TOOL_CONTACT_SHEET_H
#define PAWCAM_TOOL_CONTACT_SHEET_H

#include "nn/train/augment.h"
#include "nn/train/metrics.h"
#include "vision/vision.h"

enum { CONTACT_SHEET_MAX = 24 }; /* mistakes on a page */

/* May the page be written there, by a name that ends in .jpg or .jpeg? The option's name is for the
 * error. */
bool contact_sheet_check(const char *option, const char *path, struct error *error);

/* An empty page for `count` pictures; the caller frees it with image_free, also after failure. */
bool contact_sheet_begin(struct image *sheet, int count, struct error *error);

/* Puts the picture (grey or R, G, B) in its place, with a line below it. */
bool contact_sheet_add(struct image *sheet, int index, const struct picture_view *picture,
                       const char *caption, struct error *error);

/* Writes the page as JPEG; the file is replaced when it is complete. */
bool contact_sheet_save(const struct image *sheet, const char *path, struct error *error);

/* All of this for metrics->worst, which are not none: the pictures about which a model was most
 * wrong, each with its true and its decided class. */
bool contact_sheet_write(const struct metrics *metrics, const struct dataset *data,
                         const char *path, struct error *error);

#endif
