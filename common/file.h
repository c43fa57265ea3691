/* file: reading what a user names. Only regular files are opened, or links to one: a FIFO or a
 * device would make the reader wait for ever, or never end. */
#ifndef PAWCAM_COMMON_FILE_H
#define PAWCAM_COMMON_FILE_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* For reading. NULL with the reason; the caller names the path (error_prefix). */
FILE *file_open(const char *path, struct error *error);

/* The whole file. The caller frees *bytes, which are NULL after failure: no regular file, empty,
 * larger than `max` bytes, out of memory. The error does not name the path. */
bool file_read(const char *path, size_t max, uint8_t **bytes, size_t *size, struct error *error);

#endif
