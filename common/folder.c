#include "common/folder.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

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
    for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
        *slash = '\0';
        mkdir(part, 0777); /* the last one tells whether all worked */
        *slash = '/';
    }
    const bool failed = mkdir(part, 0777) != 0;
    const int why = errno;
    free(part);
    if (!failed || (why == EEXIST && is_folder(path)))
        return true;
    return error_set(error, "%s: cannot be made: %s", path,
                     why == EEXIST ? "what is there is no folder" : strerror(why));
}
