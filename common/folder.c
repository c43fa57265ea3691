#include "common/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

bool folder_make(const char *path, struct error *error)
{
    char *part = strdup(path);
    if (!part)
        return error_set(error, "%s: out of memory", path);
    int above = 0; /* why the first one above that is missing cannot be made */
    for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        if (mkdir(part, 0777) != 0 && errno != EEXIST && !above)
            above = errno;
        *slash = '/';
    }
    const bool failed = mkdir(part, 0777) != 0;
    const int why = failed && errno == ENOENT && above ? above : errno;
    free(part);
    if (!failed || (why == EEXIST && is_folder(path)))
        return true;
    return error_set(error, "%s: cannot be made: %s", path,
                     why == EEXIST ? "what is there is no folder" : strerror(why));
}

/* Of the file that is there, where a link leads, or of the nearest folder above that is; NULL: out
 * of memory. The caller frees it. */
static char *real_place_of(const char *path)
{
    char *above = strdup(path), *real = realpath(path, NULL);
    for (char *slash; above && !real && (slash = strrchr(above, '/'));) {
        *slash = '\0';
        real = realpath(slash == above ? "/" : above, NULL);
    }
    free(above);
    return real ? real : realpath(".", NULL);
}

bool folder_holds(const char *folder, const char *path)
{
    char *place = real_place_of(path), *whole = realpath(folder, NULL);
    const size_t length = whole ? strlen(whole) : 0;
    const bool inside = place && whole && strncmp(place, whole, length) == 0 &&
                        (place[length] == '\0' || place[length] == '/');
    free(place);
    free(whole);
    return inside;
}

static int open_lock(const char *folder)
{
    char *path;
    if (asprintf(&path, "%s/lock", folder) < 0)
        return -1;
    const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    const int why = errno;
    free(path);
    errno = why;
    return fd;
}

/* A record lock: unlike flock's it can be asked who holds it, and a child does not inherit it. */
int folder_lock(const char *path, struct error *error)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    const int fd = open_lock(path);
    if (fd >= 0 && fcntl(fd, F_SETLK, &lock) == 0)
        return fd;
    const int why = errno;
    if (fd >= 0 && (why == EACCES || why == EAGAIN) && fcntl(fd, F_GETLK, &lock) == 0)
        error_set(error, "%s: process %d is at work there; wait for it, or take another folder",
                  path, (int)lock.l_pid);
    else
        error_set(error, "%s: cannot be locked: %s", path, strerror(why));
    if (fd >= 0)
        close(fd);
    return -1;
}
