/* folder: making folders, and having one to oneself. */
#ifndef PAWCAM_COMMON_FOLDER_H
#define PAWCAM_COMMON_FOLDER_H

#include "common/error.h"

/* Makes the folder, and those on the way to it; one that is there already is fine. The error names
 * the path. */
bool folder_make(const char *path, struct error *error);

/* Does the path of a file, which need not be there, lead into the folder, or one in it, also where
 * it is a link? */
bool folder_holds(const char *folder, const char *path);

/* Locks the folder against other processes that lock it: through the file `lock` in it, which
 * stays. The lock ends when the caller closes the descriptor, or with the process, however that
 * ends. -1: another process has it, which the error names, or the file cannot be made. */
int folder_lock(const char *path, struct error *error);

#endif
