#include "common/frame.h"

#include "common/text.h"

#include <stdbool.h>
#include <stdlib.h>

static void destroy(struct ref *ref)
{
    struct frame *frame = (struct frame *)ref;
    free(frame->data);
    free(frame);
}

struct frame *frame_create(enum pixel_format format, int width, int height, int stride, size_t size)
{
    struct frame *frame = calloc(1, sizeof *frame);
    if (!frame)
        return NULL;
    ref_init(&frame->ref, destroy);
    frame->format = format;
    frame->width = width;
    frame->height = height;
    frame->stride = stride;
    frame->size = size;
    frame->data = size ? malloc(size) : NULL;
    if (size && !frame->data)
        frame_unref(&frame);
    return frame;
}

struct frame *frame_create_lost(const char *why)
{
    struct frame *frame = frame_create(PIXEL_NONE, 0, 0, 0, 0);
    if (frame)
        text_copy(frame->lost, sizeof frame->lost, why);
    return frame;
}

void frame_unref(struct frame **frame)
{
    if (*frame)
        ref_drop(&(*frame)->ref);
    *frame = NULL;
}

int frame_min_stride(enum pixel_format format, int width)
{
    switch (format) {
    case PIXEL_YUYV:
    case PIXEL_UYVY:
        return 2 * width;
    case PIXEL_NV12:
    case PIXEL_YU12:
    case PIXEL_YV12:
    case PIXEL_GREY:
        return width;
    case PIXEL_RGB24:
    case PIXEL_BGR24:
        return 3 * width;
    case PIXEL_NONE:
    case PIXEL_JPEG:
    case PIXEL_FORMAT_COUNT:
        break;
    }
    return 0;
}

static bool shares_chroma_in_x(enum pixel_format format)
{
    return format == PIXEL_YUYV || format == PIXEL_UYVY || format == PIXEL_NV12 ||
           format == PIXEL_YU12 || format == PIXEL_YV12;
}

static bool shares_chroma_in_y(enum pixel_format format)
{
    return format == PIXEL_NV12 || format == PIXEL_YU12 || format == PIXEL_YV12;
}

size_t frame_bytes(enum pixel_format format, int width, int height, int stride)
{
    int min_stride = frame_min_stride(format, width);
    if (min_stride == 0 || width < 1 || height < 1 || width > FRAME_SIDE_MAX ||
        height > FRAME_SIDE_MAX || stride < min_stride || stride > 8 * FRAME_SIDE_MAX)
        return 0;
    if ((shares_chroma_in_x(format) && width % 2) || (shares_chroma_in_y(format) && height % 2))
        return 0;
    size_t first_plane = (size_t)stride * (size_t)height;
    return shares_chroma_in_y(format) ? first_plane + first_plane / 2 : first_plane;
}

const char *pixel_format_name(enum pixel_format format)
{
    static const char *const names[PIXEL_FORMAT_COUNT] = {
        [PIXEL_NONE] = "none", [PIXEL_JPEG] = "JPEG",   [PIXEL_YUYV] = "YUYV",
        [PIXEL_UYVY] = "UYVY", [PIXEL_NV12] = "NV12",   [PIXEL_YU12] = "YU12",
        [PIXEL_YV12] = "YV12", [PIXEL_RGB24] = "RGB24", [PIXEL_BGR24] = "BGR24",
        [PIXEL_GREY] = "GREY",
    };
    return format < PIXEL_FORMAT_COUNT ? names[format] : "unknown";
}
