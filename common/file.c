#include "common/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* -1: it is none, with the reason. */
static int open_regular(const char *path, struct error *error)
{
    struct stat about;
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a FIFO must not make it wait */
    if (fd >= 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode))
        return fd;
    if (fd < 0)
        error_set(error, "%s", strerror(errno));
    else
        error_set(error, "is no regular file");
    if (fd >= 0)
        close(fd);
    return -1;
}

FILE *file_open(const char *path, struct error *error)
{
    const int fd = open_regular(path, error);
    FILE *file = fd < 0 ? NULL : fdopen(fd, "rb");
    if (!file && fd >= 0) {
        error_set_memory(error, "out of memory");
        close(fd);
    }
    return file;
}

static bool read_stream(FILE *file, size_t max, uint8_t **bytes, size_t *size, struct error *error)
{
    struct stat about;
    if (fstat(fileno(file), &about) != 0)
        return error_set(error, "cannot be read: %s", strerror(errno));
    *size = (size_t)about.st_size;
    if (*size == 0)
        return error_set(error, "is empty");
    if (*size > max)
        return error_set(error, "is too large: %zu bytes; at most %zu are read", *size, max);
    *bytes = malloc(*size);
    if (!*bytes)
        return error_set_memory(error, "out of memory for a file of %zu bytes", *size);
    errno = 0;
    return fread(*bytes, 1, *size, file) == *size ||
           error_set(error, "cannot be read to its end: %s",
                     errno ? strerror(errno) : "it became shorter");
}

bool file_read(const char *path, size_t max, uint8_t **bytes, size_t *size, struct error *error)
{
    *bytes = NULL;
    FILE *file = file_open(path, error);
    if (!file)
        return false;
    const bool good = read_stream(file, max, bytes, size, error);
    fclose(file);
    if (!good) {
        free(*bytes);
        *bytes = NULL;
    }
    return good;
}
