#include "daemon/predictions.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

struct predictions {
    char *name; /* for people */
    int fd;
    int interrupt_fd; /* an eventfd, readable after predictions_interrupt */
};

static bool open_output(struct predictions *predictions, const char *path, struct error *error)
{
    bool standard_output = strcmp(path, "-") == 0;
    predictions->name = strdup(standard_output ? "standard output" : path);
    predictions->interrupt_fd = eventfd(0, EFD_CLOEXEC);
    if (!predictions->name || predictions->interrupt_fd < 0)
        return error_set(error, "predictions: %s", strerror(errno));
    if (standard_output)
        predictions->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    else /* non-blocking, for a pipe would wait for its reader and no signal could end that */
        predictions->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0644);
    if (predictions->fd < 0 && errno == ENXIO)
        return error_set(error,
                         "cannot write predictions to %s: nobody reads that pipe; start its "
                         "reader first",
                         path);
    if (predictions->fd < 0)
        return error_set(error, "cannot write predictions to %s: %s", predictions->name,
                         strerror(errno));
    return true;
}

/* A file whose last line was cut off, by a loss of power say, gets an end to that line: the next
 * one must not be glued to it. */
static bool end_half_line(const struct predictions *predictions, const char *path,
                          struct error *error)
{
    struct stat info;
    if (fstat(predictions->fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size == 0)
        return true;
    char last = '\n';
    int reader = open(path, O_RDONLY | O_CLOEXEC); /* predictions->fd is for writing only */
    bool cut = reader >= 0 && pread(reader, &last, 1, info.st_size - 1) == 1 && last != '\n';
    if (reader >= 0)
        close(reader);
    if (!cut || write(predictions->fd, "\n", 1) == 1)
        return true;
    return error_set(error, "cannot write predictions to %s: %s", predictions->name,
                     strerror(errno));
}

struct predictions *predictions_open(const char *path, struct error *error)
{
    struct predictions *predictions = malloc(sizeof *predictions);
    if (!predictions) {
        error_set(error, "predictions: out of memory");
        return NULL;
    }
    *predictions = (struct predictions){.fd = -1, .interrupt_fd = -1};
    if (open_output(predictions, path, error) && end_half_line(predictions, path, error))
        return predictions;
    predictions_close(predictions, NULL);
    return NULL;
}

static bool wait_writable(const struct predictions *predictions, struct error *error)
{
    struct pollfd fds[] = {{.fd = predictions->fd, .events = POLLOUT},
                           {.fd = predictions->interrupt_fd, .events = POLLIN}};
    while (poll(fds, 2, -1) < 0)
        if (errno != EINTR)
            return error_set(error, "predictions: poll: %s", strerror(errno));
    if (!fds[0].revents)
        return error_set(error,
                         "predictions: stopped while the reader of %s was not reading; "
                         "the last line is incomplete or missing",
                         predictions->name);
    return true;
}

/* Half a line would swallow the first one of the next run. */
static void take_back(const struct predictions *predictions, size_t size)
{
    struct stat info;
    if (size > 0 && fstat(predictions->fd, &info) == 0 && S_ISREG(info.st_mode))
        (void)!ftruncate(predictions->fd, info.st_size - (off_t)size);
}

static bool write_all(const struct predictions *predictions, const char *bytes, size_t size,
                      struct error *error)
{
    const char *begin = bytes;
    while (size > 0) {
        if (!wait_writable(predictions, error))
            return false;
        /* A pipe that polls as writable takes PIPE_BUF bytes without blocking (pipe(7)). */
        ssize_t written = write(predictions->fd, bytes, size < PIPE_BUF ? size : PIPE_BUF);
        if (written < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (written < 0) {
            error_set(error, "cannot write predictions to %s: %s", predictions->name,
                      strerror(errno));
            take_back(predictions, (size_t)(bytes - begin));
            return false;
        }
        bytes += written;
        size -= (size_t)written;
    }
    return true;
}

bool predictions_write(struct predictions *predictions, const struct prediction *prediction,
                       struct error *error)
{
    json_t *json = prediction_to_json(prediction);
    char *line = json ? json_dumps(json, PREDICTION_JSON_FLAGS) : NULL;
    json_decref(json);
    if (!line)
        return error_set(error, "predictions: out of memory");
    size_t length = strlen(line);
    line[length] = '\n'; /* in place of the terminator: one write for the line and its end */
    bool written = write_all(predictions, line, length + 1, error);
    free(line);
    return written;
}

void predictions_interrupt(struct predictions *predictions)
{
    if (predictions)
        eventfd_write(predictions->interrupt_fd, 1);
}

bool predictions_close(struct predictions *predictions, struct error *error)
{
    if (!predictions)
        return true;
    bool closed = true;
    if (predictions->fd >= 0 && close(predictions->fd) < 0)
        closed = error_set(error, "cannot write predictions to %s: %s", predictions->name,
                           strerror(errno));
    if (predictions->interrupt_fd >= 0)
        close(predictions->interrupt_fd);
    free(predictions->name);
    free(predictions);
    return closed;
}
