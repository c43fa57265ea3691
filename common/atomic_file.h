/*
 * atomic_file: a file that is written under another name beside its place and takes its own name
 * only when it is complete and on the disk. A crash or a full disk leaves what was there before.
 * While one program writes a file, others are refused.
 */
#ifndef PAWCAM_COMMON_ATOMIC_FILE_H
#define PAWCAM_COMMON_ATOMIC_FILE_H

#include "common/error.h"

#include <stdio.h>

struct atomic_file {
    FILE *stream; /* to write to */
    char *path, *temporary;
};

/* On failure nothing is left over; the error names the path. What is there already must be a
 * regular file, or a link to one: a rename would put the new file in the place of a device. A link
 * stays one, and what it leads to is replaced; the new file has owner and permissions of the old
 * one as far as that is allowed. */
bool atomic_file_open(struct atomic_file *file, const char *path, struct error *error);

/* Completes the file. false: it is gone, and what had its name before is untouched. */
bool atomic_file_commit(struct atomic_file *file, struct error *error);

/* Gives up. */
void atomic_file_abandon(struct atomic_file *file);

/* Could it be written? For those who work long before they write. What is there stays as it is. */
bool atomic_file_check(const char *path, struct error *error);

/* The whole at once, for what lies in memory. */
bool atomic_file_write(const char *path, const void *bytes, size_t size, struct error *error);

#endif
