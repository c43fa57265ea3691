/*
 * frame: one picture as the source delivered it, or the news that the source has none.
 *
 * Made by capture, reference-counted, immutable once it was put into a slot.
 */
#ifndef PAWCAM_COMMON_FRAME_H
#define PAWCAM_COMMON_FRAME_H

#include "common/ref.h"

#include <stddef.h>
#include <stdint.h>

/* Names and byte order as in V4L2 (pixfmt-*.rst of the kernel's documentation). */
enum pixel_format {
    PIXEL_NONE, /* no picture: the source is lost, `lost` says why */
    PIXEL_JPEG, /* one JPEG file; stride is 0 */
    PIXEL_YUYV, /* packed 4:2:2, Y0 U Y1 V; BT.601 limited range, as all YUV formats here */
    PIXEL_UYVY, /* packed 4:2:2, U Y0 V Y1 */
    PIXEL_NV12, /* Y plane, then one plane of U V pairs for each 2x2 pixels, same stride */
    PIXEL_YU12, /* Y plane, U plane, V plane (I420); chroma stride = stride / 2 */
    PIXEL_YV12, /* Y plane, V plane, U plane; chroma stride = stride / 2 */
    PIXEL_RGB24,
    PIXEL_BGR24, /* what OpenCV calls BGR, the working format of this program */
    PIXEL_GREY,  /* 8-bit luma, full range */
    PIXEL_FORMAT_COUNT
};

struct frame {
    struct ref ref;
    enum pixel_format format;
    int width;           /* pixels */
    int height;          /* pixels */
    int stride;          /* bytes from one row of the first plane to the next */
    size_t size;         /* bytes in data */
    uint8_t *data;       /* owned */
    uint64_t sequence;   /* the source's count from 0; a gap is a frame that was dropped */
    int64_t captured_ns; /* CLOCK_MONOTONIC when the frame reached this process */
    double time_s;       /* seconds since the recording's start, or wall clock for live sources */
    const char *truth;   /* the true label where the source knows it (static string), else NULL */
    char lost[160];      /* PIXEL_NONE: why there is no picture, for people; else empty */
};

/* A frame with room for `size` bytes and the given geometry; all else zero. NULL: out of memory. */
struct frame *frame_create(enum pixel_format format, int width, int height, int stride,
                           size_t size);

/* A PIXEL_NONE frame that tells why the source is lost. NULL: out of memory. */
struct frame *frame_create_lost(const char *why);

/* Drops the caller's reference and clears the pointer; *frame may be NULL. */
void frame_unref(struct frame **frame);

/* Bytes that a picture of this geometry needs at least; 0 for PIXEL_NONE and PIXEL_JPEG, whose size
 * depends on the content, and for geometries that are not allowed (below 1 or above
 * FRAME_SIDE_MAX, stride too small, odd size of a format with shared chroma). */
enum { FRAME_SIDE_MAX = 16384 };
size_t frame_bytes(enum pixel_format format, int width, int height, int stride);

/* The smallest stride of a width in this format, in bytes; 0 for PIXEL_NONE and PIXEL_JPEG. */
int frame_min_stride(enum pixel_format format, int width);

/* "JPEG", "YUYV", ... for logs. */
const char *pixel_format_name(enum pixel_format format);

#endif
