/* folder: making folders. */
#ifndef PAWCAM_COMMON_FOLDER_H
#define PAWCAM_COMMON_FOLDER_H

#include "common/error.h"

/* Makes the folder, and those on the way to it; one that is there already is fine. The error names
 * the path. */
bool folder_make(const char *path, struct error *error);

#endif
