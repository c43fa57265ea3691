/* contact_sheet: the pictures about which a model was most wrong, on one page. */
#ifndef PAWCAM_TOOL_CONTACT_SHEET_H
#define PAWCAM_TOOL_CONTACT_SHEET_H

#include "nn/train/dataset.h"
#include "nn/train/metrics.h"

enum { CONTACT_SHEET_MAX = 24 };

/* Writes metrics->worst as one JPEG picture, each with its true and its decided class. The file is
 * replaced when it is complete. */
bool contact_sheet_write(const struct metrics *metrics, const struct dataset *data,
                         const char *path, struct error *error);

#endif
