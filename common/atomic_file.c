#include "common/atomic_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool can_be_replaced(const char *path)
{
    struct stat about;
    return stat(path, &about) != 0 || S_ISREG(about.st_mode);
}

bool atomic_file_open(struct atomic_file *file, const char *path, struct error *error)
{
    if (!can_be_replaced(path))
        return error_set(error, "%s: cannot be written: it is there and no regular file", path);
    *file = (struct atomic_file){.path = strdup(path)};
    if (!file->path || asprintf(&file->temporary, "%s.part", path) < 0) {
        free(file->path);
        return error_set_memory(error, "%s: out of memory", path);
    }
    file->stream = fopen(file->temporary, "wbe");
    if (file->stream)
        return true;
    error_set(error, "%s: cannot be written: %s", path, strerror(errno));
    free(file->temporary);
    free(file->path);
    return false;
}

bool atomic_file_commit(struct atomic_file *file, struct error *error)
{
    bool good =
        !ferror(file->stream) && fflush(file->stream) == 0 && fsync(fileno(file->stream)) == 0;
    int reason = errno;
    if (fclose(file->stream) != 0 && good) {
        reason = errno;
        good = false;
    }
    if (good && rename(file->temporary, file->path) != 0) {
        reason = errno;
        good = false;
    }
    if (!good) {
        error_set(error, "%s: cannot be written: %s", file->path, strerror(reason));
        unlink(file->temporary);
    }
    free(file->temporary);
    free(file->path);
    return good;
}

void atomic_file_abandon(struct atomic_file *file)
{
    fclose(file->stream);
    unlink(file->temporary);
    free(file->temporary);
    free(file->path);
}

bool atomic_file_write(const char *path, const void *bytes, size_t size, struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    fwrite(bytes, 1, size, file.stream); /* atomic_file_commit notices failures */
    return atomic_file_commit(&file, error);
}
