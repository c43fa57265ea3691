#include "common/frame.h"

#include "vision/convert.h"
#include "vision/jpeg.h"

static bool is_whole(const struct frame *frame, struct error *error)
{
    size_t needed = frame_bytes(frame->format, frame->width, frame->height, frame->stride);
    if (needed == 0)
        return error_set(error, "a %s frame of %dx%d pixels with %d bytes per row is not possible",
                         pixel_format_name(frame->format), frame->width, frame->height,
                         frame->stride);
    if (frame->size < needed)
        return error_set(error, "a %s frame of %dx%d pixels has %zu bytes instead of %zu",
                         pixel_format_name(frame->format), frame->width, frame->height, frame->size,
                         needed);
    return true;
}

static bool convert_packed_frame(const struct frame *frame, enum packed_layout layout,
                                 struct image *bgr, struct error *error)
{
    return convert_packed(layout, frame->data, frame->stride, bgr, error);
}

/* The planes behind Y, by V4L2's layout of one contiguous buffer. */
static const uint8_t *first_chroma(const struct frame *frame)
{
    return frame->data + (size_t)frame->stride * (size_t)frame->height;
}

static const uint8_t *second_chroma(const struct frame *frame)
{
    return first_chroma(frame) + (size_t)(frame->stride / 2) * (size_t)(frame->height / 2);
}

static bool convert(const struct frame *frame, struct image *bgr, struct error *error)
{
    switch (frame->format) {
    case PIXEL_YUYV:
        return convert_packed_frame(frame, PACKED_YUYV, bgr, error);
    case PIXEL_UYVY:
        return convert_packed_frame(frame, PACKED_UYVY, bgr, error);
    case PIXEL_RGB24:
        return convert_packed_frame(frame, PACKED_RGB, bgr, error);
    case PIXEL_BGR24:
        return convert_packed_frame(frame, PACKED_BGR, bgr, error);
    case PIXEL_GREY:
        return convert_packed_frame(frame, PACKED_GREY, bgr, error);
    case PIXEL_NV12:
        return convert_two_planes(frame->data, first_chroma(frame), frame->stride, bgr, error);
    case PIXEL_YU12:
        return convert_three_planes(frame->data, first_chroma(frame), second_chroma(frame),
                                    frame->stride, bgr, error);
    case PIXEL_YV12:
        return convert_three_planes(frame->data, second_chroma(frame), first_chroma(frame),
                                    frame->stride, bgr, error);
    case PIXEL_NONE:
    case PIXEL_JPEG:
    case PIXEL_FORMAT_COUNT:
        break;
    }
    return error_set(error, "frames of format %s cannot be converted",
                     pixel_format_name(frame->format));
}

bool vision_frame_to_bgr(const struct frame *frame, int min_side, struct image *bgr,
                         struct error *error)
{
    if (frame->format == PIXEL_NONE)
        return error_set(error, "there is no picture: %s", frame->lost);
    if (frame->format == PIXEL_JPEG)
        return jpeg_decode(frame->data, frame->size, min_side, bgr, error);
    return is_whole(frame, error) && image_reserve(bgr, frame->width, frame->height, 3, error) &&
           convert(frame, bgr, error);
}
