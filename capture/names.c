#include "capture/names.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool names_is_picture(const char *name)
{
    const char *ending = strrchr(name, '.');
    if (!ending || strchr(ending, ' '))
        return false;
    char wanted[16];
    if (snprintf(wanted, sizeof wanted, "%s ", ending) >= (int)sizeof wanted)
        return false;
    return strcasestr(NAMES_PICTURE_ENDINGS " ", wanted) != NULL;
}

static int compare_numbers(const char **a, const char **b)
{
    while (**a == '0')
        ++*a;
    while (**b == '0')
        ++*b;
    size_t length_a = strspn(*a, "0123456789");
    size_t length_b = strspn(*b, "0123456789");
    if (length_a != length_b)
        return length_a < length_b ? -1 : 1;
    int order = memcmp(*a, *b, length_a);
    *a += length_a;
    *b += length_b;
    return order;
}

int names_compare(const char *a, const char *b)
{
    const char *left = a, *right = b;
    while (*left && *right) {
        int order;
        if (isdigit((unsigned char)*left) && isdigit((unsigned char)*right))
            order = compare_numbers(&left, &right);
        else
            order = (unsigned char)*left++ - (unsigned char)*right++;
        if (order != 0)
            return order;
    }
    int order = (unsigned char)*left - (unsigned char)*right;
    return order != 0 ? order : strcmp(a, b); /* "1" and "01" must not be equal */
}

static int compare_paths(const void *a, const void *b)
{
    return names_compare(*(char *const *)a, *(char *const *)b);
}

/* Takes over `path`, also on failure. */
static bool append(struct names *names, char *path, const char *where, struct error *error)
{
    char **paths = path ? realloc(names->paths, ((size_t)names->count + 1) * sizeof *paths) : NULL;
    if (!paths) {
        free(path);
        return error_set(error, "%s: out of memory", where);
    }
    names->paths = paths;
    names->paths[names->count++] = path;
    return true;
}

static char *join(const char *folder, const char *name)
{
    const char *slash = folder[strlen(folder) - 1] == '/' ? "" : "/";
    char *path;
    return asprintf(&path, "%s%s%s", folder, slash, name) < 0 ? NULL : path;
}

bool names_in_folder(struct names *names, const char *folder, struct error *error)
{
    DIR *directory = opendir(folder);
    if (!directory)
        return error_set(error, "%s: %s", folder, strerror(errno));
    bool ok = true;
    struct dirent *entry;
    while (ok && (errno = 0, entry = readdir(directory)))
        if (entry->d_name[0] != '.' && names_is_picture(entry->d_name))
            ok = append(names, join(folder, entry->d_name), folder, error);
    if (ok && errno != 0) /* no end of the folder: a disk or a network failed */
        ok = error_set(error, "%s: cannot be read to its end: %s", folder, strerror(errno));
    closedir(directory);
    if (names->count > 1)
        qsort(names->paths, (size_t)names->count, sizeof *names->paths, compare_paths);
    return ok;
}

bool names_single(struct names *names, const char *path, struct error *error)
{
    return append(names, strdup(path), path, error);
}

void names_finish(struct names *names)
{
    for (int i = 0; i < names->count; i++)
        free(names->paths[i]);
    free(names->paths);
    *names = (struct names){0};
}
