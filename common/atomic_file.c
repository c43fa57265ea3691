#include "common/atomic_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* What is to be replaced: where a link leads, and never a device or a folder. The caller frees it;
 * NULL with the reason. *before is all zero where there is nothing yet. */
static char *find_place(const char *path, struct stat *before, struct error *error)
{
    *before = (struct stat){0};
    const bool there = lstat(path, before) == 0;
    const bool link = there && S_ISLNK(before->st_mode);
    if (link && stat(path, before) != 0) {
        error_set(error, "%s: cannot be written: it is a link to what is not there", path);
        return NULL;
    }
    if (there && !S_ISREG(before->st_mode)) {
        error_set(error, "%s: cannot be written: it is there and no regular file", path);
        return NULL;
    }
    char *place = link ? realpath(path, NULL) : strdup(path);
    if (!place && errno == ENOMEM)
        error_set_memory(error, "%s: out of memory", path);
    else if (!place)
        error_set(error, "%s: cannot be written: %s", path, strerror(errno));
    return place;
}

/* With the owner and the permissions of the file that it will replace, as far as that is allowed:
 * on a memory stick all files may be those of who mounted it, with permissions that stay as they
 * are. */
static void take_after(int fd, const struct stat *before)
{
    const bool same_group = fchown(fd, before->st_uid, before->st_gid) == 0 ||
                            fchown(fd, (uid_t)-1, before->st_gid) == 0;
    /* Another group must not get what was this one's. */
    fchmod(fd, before->st_mode & (same_group ? 0777 : 0707));
}

/* Whoever writes holds a lock, which ends with it, however it ends. */
static bool is_being_written(const char *path)
{
    const int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const bool locked = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    return locked;
}

/* New; what an earlier run left of it, or put in its place, is gone. */
static FILE *create(const char *path, const struct stat *before)
{
    if (is_being_written(path)) {
        errno = EBUSY;
        return NULL;
    }
    unlink(path);
    const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
                        before->st_mode ? before->st_mode & 0700 : 0666);
    if (fd < 0)
        return NULL;
    flock(fd, LOCK_EX | LOCK_NB); /* where a file system has no locks, it goes without */
    if (before->st_mode)
        take_after(fd, before);
    FILE *stream = fdopen(fd, "wb");
    if (!stream) {
        const int why = errno;
        close(fd);
        unlink(path);
        errno = why;
    }
    return stream;
}

static bool refuse(const struct atomic_file *file, const char *path, struct error *error)
{
    if (errno == EEXIST)
        return error_set(error, "%s: cannot be written: %s is in the way", path, file->temporary);
    return error_set(error, "%s: cannot be written: %s", path,
                     errno == EBUSY ? "another program is writing it" : strerror(errno));
}

bool atomic_file_open(struct atomic_file *file, const char *path, struct error *error)
{
    struct stat before;
    *file = (struct atomic_file){.path = find_place(path, &before, error)};
    if (!file->path)
        return false;
    if (asprintf(&file->temporary, "%s.part", file->path) < 0) {
        free(file->path);
        return error_set_memory(error, "%s: out of memory", path);
    }
    file->stream = create(file->temporary, &before);
    if (file->stream)
        return true;
    refuse(file, path, error);
    free(file->temporary);
    free(file->path);
    return false;
}

/* Two that begin in the same moment may both pass is_being_written; then one has replaced the
 * other's file. */
static bool is_still_ours(const struct atomic_file *file)
{
    struct stat ours, there;
    return fstat(fileno(file->stream), &ours) == 0 && lstat(file->temporary, &there) == 0 &&
           ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

/* errno is of what came after the write that failed, so another is tried. */
static const char *why_writes_fail(const struct atomic_file *file)
{
    return write(fileno(file->stream), "", 1) == 1 ? "a write failed" : strerror(errno);
}

/* Under its name while the lock still holds; NULL, or why not. */
static const char *complete(const struct atomic_file *file)
{
    if (ferror(file->stream))
        return why_writes_fail(file);
    if (fflush(file->stream) != 0 || fsync(fileno(file->stream)) != 0)
        return strerror(errno);
    if (!is_still_ours(file))
        return access(file->temporary, F_OK) == 0 ? "another program is writing it"
                                                  : "its .part was removed meanwhile";
    return rename(file->temporary, file->path) == 0 ? NULL : strerror(errno);
}

bool atomic_file_commit(struct atomic_file *file, struct error *error)
{
    const char *why = complete(file);
    if (why) {
        error_set(error, "%s: cannot be written: %s", file->path, why);
        if (is_still_ours(file))
            unlink(file->temporary);
    }
    fclose(file->stream);
    free(file->temporary);
    free(file->path);
    return !why;
}

void atomic_file_abandon(struct atomic_file *file)
{
    if (is_still_ours(file))
        unlink(file->temporary);
    fclose(file->stream);
    free(file->temporary);
    free(file->path);
}

bool atomic_file_check(const char *path, struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    atomic_file_abandon(&file);
    return true;
}

bool atomic_file_write(const char *path, const void *bytes, size_t size, struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    fwrite(bytes, 1, size, file.stream); /* atomic_file_commit notices failures */
    return atomic_file_commit(&file, error);
}
