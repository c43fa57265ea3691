/*
 * images: a folder of pictures in natural order of their names, or a single picture, as a recording
 * at the rate of the settings. JPEG files are handed on as they are; PNG, BMP and WebP are decoded
 * by the video module, which is loaded when the first of them is met.
 */
#include "capture/backend.h"
#include "capture/jpeg_scan.h"
#include "capture/names.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/text.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PICTURE_BYTES_MAX = 256 * 1024 * 1024 };

struct pictures {
    struct names names;
    bool *bad; /* names.count of them: could not be read, and a warning said so */
    int bad_count;
    bool single; /* the source is one picture, not a folder */
    bool end_reported;
    double period_s;
    int interrupt_fd;
    struct capture_settings settings; /* for the video module; its `source` is set per picture */

    int next; /* index of the name to read next */
    int delivered;
    char description[192];
};

static void pictures_close(void *self)
{
    struct pictures *pictures = self;
    if (!pictures)
        return;
    names_finish(&pictures->names);
    free(pictures->bad);
    free(pictures);
}

static bool list(struct pictures *pictures, const char *source, struct error *error)
{
    struct stat info;
    if (stat(source, &info) != 0)
        return error_set(error, "%s: %s", source, strerror(errno));
    pictures->single = !S_ISDIR(info.st_mode);
    if (pictures->single)
        return names_single(&pictures->names, source, error);
    if (!names_in_folder(&pictures->names, source, error))
        return false;
    if (pictures->names.count == 0)
        return error_set(error, "%s: no pictures in this folder (%s)", source,
                         NAMES_PICTURE_ENDINGS);
    return true;
}

static void *pictures_open(const struct capture_settings *settings, int interrupt_fd,
                           enum capture_status *status, struct error *error)
{
    *status = CAPTURE_FAILED;
    struct pictures *pictures = calloc(1, sizeof *pictures);
    if (!pictures) {
        error_set(error, "%s: out of memory", settings->source);
        return NULL;
    }
    pictures->period_s = 1 / backend_fps(settings);
    pictures->interrupt_fd = interrupt_fd;
    pictures->settings =
        (struct capture_settings){.fps = settings->fps, .timeout_s = settings->timeout_s};
    if (!list(pictures, settings->source, error))
        goto failed;
    pictures->bad = calloc((size_t)pictures->names.count, sizeof *pictures->bad);
    if (!pictures->bad) {
        error_set(error, "%s: out of memory", settings->source);
        goto failed;
    }
    text_format(pictures->description, sizeof pictures->description,
                pictures->single ? "%s" : "%s (%d pictures)", settings->source,
                pictures->names.count);
    *status = CAPTURE_FRAME;
    return pictures;

failed:
    pictures_close(pictures);
    return NULL;
}

static bool read_all(int file, uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t count = read(file, data, size);
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0)
            return false;
        data += count;
        size -= (size_t)count;
    }
    return true;
}

/* Opens a file and finds its size. Returns its descriptor, or -1 with the reason. */
static int open_picture(const char *path, size_t *size, struct error *error)
{
    struct stat info;
    int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0 || fstat(file, &info) != 0) {
        error_set(error, "%s: %s", path, strerror(errno));
    } else if (!S_ISREG(info.st_mode) || info.st_size < 2 || info.st_size > PICTURE_BYTES_MAX) {
        error_set(error, "%s: not a picture file of 2 bytes to %d MiB", path,
                  PICTURE_BYTES_MAX >> 20);
    } else {
        *size = (size_t)info.st_size;
        return file;
    }
    if (file >= 0)
        close(file);
    return -1;
}

static bool cannot_read(const char *path, struct error *error)
{
    return error_set(error, "%s: cannot be read to its end", path);
}

/* The rest of a file behind its first two bytes, with them a JPEG frame that has no size in pixels
 * yet. */
static struct frame *load(int file, const uint8_t first[2], size_t size, const char *path,
                          struct error *error)
{
    struct frame *frame = frame_create(PIXEL_JPEG, 0, 0, 0, size);
    if (!frame) {
        error_set(error, "%s: out of memory", path);
        return NULL;
    }
    memcpy(frame->data, first, 2);
    if (!read_all(file, frame->data + 2, size - 2)) {
        cannot_read(path, error);
        frame_unref(&frame);
    }
    return frame;
}

static bool accept_jpeg(struct frame *frame, const char *path, struct error *error)
{
    struct jpeg_scan scan = {0};
    if (jpeg_scan(&scan, frame->data, frame->size) != JPEG_SCAN_WHOLE)
        return error_set(error, "%s: damaged JPEG file", path);
    if (scan.width > FRAME_SIDE_MAX || scan.height > FRAME_SIDE_MAX)
        return error_set(error, "%s: %d x %d pixels; at most %d a side", path, scan.width,
                         scan.height, FRAME_SIDE_MAX);
    frame->width = scan.width;
    frame->height = scan.height;
    frame->size = scan.position;
    return true;
}

/* Reads it as a video of one frame. */
static enum capture_status decode(struct pictures *pictures, const char *path, struct frame **frame,
                                  struct error *error)
{
    const struct backend *video = backend_video_load(path, error);
    if (!video)
        return CAPTURE_FAILED;
    enum capture_status status;
    pictures->settings.source = path;
    void *decoder = video->open(&pictures->settings, pictures->interrupt_fd, &status, error);
    if (decoder)
        status = video->read(decoder, frame, error);
    video->close(decoder);
    return status;
}

static enum capture_status read_picture(struct pictures *pictures, const char *path,
                                        struct frame **frame, struct error *error)
{
    size_t size;
    uint8_t first[2];
    int file = open_picture(path, &size, error);
    if (file < 0)
        return CAPTURE_FAILED;
    bool ok = read_all(file, first, 2) || cannot_read(path, error);
    bool is_jpeg = ok && first[0] == 0xFF && first[1] == 0xD8;
    struct frame *jpeg = is_jpeg ? load(file, first, size, path, error) : NULL;
    close(file);
    if (ok && !is_jpeg)
        return decode(pictures, path, frame, error);
    if (jpeg && accept_jpeg(jpeg, path, error)) {
        *frame = jpeg;
        return CAPTURE_FRAME;
    }
    frame_unref(&jpeg);
    return CAPTURE_FAILED;
}

static enum capture_status end(struct pictures *pictures, struct error *error)
{
    const struct names *names = &pictures->names;
    if (pictures->bad_count == names->count) {
        error_set(error, "%s: none of its %d pictures can be read", pictures->description,
                  names->count);
        return CAPTURE_FAILED;
    }
    if (pictures->bad_count > 0 && !pictures->end_reported)
        log_warning("%s: %d could not be read", pictures->description, pictures->bad_count);
    pictures->end_reported = true;
    return CAPTURE_END;
}

static enum capture_status pictures_read(void *self, struct frame **frame, struct error *error)
{
    struct pictures *pictures = self;
    for (; pictures->next < pictures->names.count; pictures->next++) {
        if (pictures->bad[pictures->next])
            continue;
        const char *path = pictures->names.paths[pictures->next];
        enum capture_status status = read_picture(pictures, path, frame, error);
        if (status == CAPTURE_FRAME) {
            (*frame)->captured_ns = clock_monotonic_ns();
            (*frame)->time_s = pictures->delivered * pictures->period_s;
            pictures->next++;
            pictures->delivered++;
            return CAPTURE_FRAME;
        }
        if (status == CAPTURE_INTERRUPTED || pictures->single)
            return status;
        log_warning("%s; skipped", error->message);
        pictures->bad[pictures->next] = true;
        pictures->bad_count++;
    }
    return end(pictures, error);
}

static enum capture_status pictures_rewind(void *self, struct error *error)
{
    (void)error;
    struct pictures *pictures = self;
    pictures->next = 0;
    pictures->delivered = 0;
    return CAPTURE_FRAME;
}

static const char *pictures_describe(const void *self)
{
    const struct pictures *pictures = self;
    return pictures->description;
}

const struct backend backend_images = {.name = "images",
                                       .is_recording = true,
                                       .open = pictures_open,
                                       .read = pictures_read,
                                       .rewind = pictures_rewind,
                                       .describe = pictures_describe,
                                       .close = pictures_close};
