#include "capture/v4l2_frame.h"

#include "capture/jpeg_scan.h"

#include <string.h>

/* Fills in size and geometry of the JPEG picture at the beginning of the data. */
static bool outline_jpeg(const uint8_t *data, size_t used, struct v4l2_picture *outline,
                         const char **why)
{
    struct jpeg_scan scan = {0};
    enum jpeg_scan_status status = jpeg_scan(&scan, data, used);
    outline->width = scan.width;
    outline->height = scan.height;
    outline->size = scan.position;
    if (scan.position == 0)
        *why = "no JPEG start marker";
    else if (scan.coded_from == 0)
        *why = "damaged JPEG header";
    else if (scan.width > FRAME_SIDE_MAX || scan.height > FRAME_SIDE_MAX)
        *why = "impossible JPEG size";
    else if (status == JPEG_SCAN_PARTIAL)
        *why = "no JPEG end marker";
    else if (status == JPEG_SCAN_BAD)
        *why = "damaged JPEG data";
    else
        return true;
    return false;
}

struct frame *v4l2_frame_copy(const struct v4l2_picture *picture, const uint8_t *data, size_t used,
                              const char **why)
{
    struct v4l2_picture outline = *picture;
    if (picture->format == PIXEL_JPEG && !outline_jpeg(data, used, &outline, why))
        return NULL;
    if (used < outline.size) {
        *why = "too short";
        return NULL;
    }
    struct frame *frame =
        frame_create(outline.format, outline.width, outline.height, outline.stride, outline.size);
    if (!frame) {
        *why = "out of memory";
        return NULL;
    }
    memcpy(frame->data, data, outline.size);
    return frame;
}
