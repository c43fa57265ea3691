#include "capture/v4l2_frame.h"

#include <string.h>

/* Markers of ITU-T T.81, table B.1; each is preceded by 0xff. */
enum {
    MARKER_SOF0 = 0xc0,
    MARKER_DHT = 0xc4,
    MARKER_JPG = 0xc8,
    MARKER_DAC = 0xcc,
    MARKER_SOF15 = 0xcf,
    MARKER_RST0 = 0xd0,
    MARKER_RST7 = 0xd7,
    MARKER_SOI = 0xd8,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
};

static bool is_frame_header(uint8_t marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

static bool refuse(const char **why, const char *text)
{
    *why = text;
    return false;
}

static int big_endian_16(const uint8_t *at)
{
    return at[0] << 8 | at[1];
}

/* Reads the segments from the start marker to the start of the scan; returns where its data begins,
 * 0 when it does not get there. Fills the geometry. */
static size_t read_segments(const uint8_t *data, size_t size, struct jpeg_outline *outline)
{
    size_t at = 2;
    while (at + 4 <= size && data[at] == 0xff) {
        uint8_t marker = data[at + 1];
        if (marker == 0xff) { /* fill byte */
            at++;
            continue;
        }
        size_t length = (size_t)big_endian_16(data + at + 2);
        if (length < 2 || length > size - at - 2)
            return 0;
        if (is_frame_header(marker) && length >= 7) {
            outline->height = big_endian_16(data + at + 5);
            outline->width = big_endian_16(data + at + 7);
        }
        at += 2 + length;
        if (marker == MARKER_SOS)
            return at;
    }
    return 0;
}

/* The end of the scans that begin at `at`; 0: there is none. In entropy-coded data 0xff is followed
 * by a stuffed zero or a restart marker; other markers belong to segments between scans. What lies
 * behind the end is not looked at: buffers can hold the rest of an older, longer picture. */
static size_t find_end(const uint8_t *data, size_t at, size_t size)
{
    while (at + 2 <= size) {
        const uint8_t *escape = memchr(data + at, 0xff, size - at - 1);
        if (!escape)
            return 0;
        at = (size_t)(escape - data) + 1;
        uint8_t marker = data[at];
        if (marker == MARKER_EOI)
            return at + 1;
        if (marker == 0 || marker == 0xff || (marker >= MARKER_RST0 && marker <= MARKER_RST7))
            continue;
        if (at + 3 > size)
            return 0;
        at += 1 + (size_t)big_endian_16(data + at + 1);
    }
    return 0;
}

bool jpeg_outline_read(const uint8_t *data, size_t size, struct jpeg_outline *outline,
                       const char **why)
{
    *outline = (struct jpeg_outline){0};
    if (size < 4 || data[0] != 0xff || data[1] != MARKER_SOI)
        return refuse(why, "no JPEG start marker");
    size_t scan = read_segments(data, size, outline);
    if (scan == 0)
        return refuse(why, "damaged JPEG header");
    if (outline->width < 1 || outline->height < 1 || outline->width > FRAME_SIDE_MAX ||
        outline->height > FRAME_SIDE_MAX)
        return refuse(why, "impossible JPEG size");
    outline->size = find_end(data, scan, size);
    return outline->size > 0 || refuse(why, "no JPEG end marker");
}

struct frame *v4l2_frame_copy(const struct v4l2_picture *picture, const uint8_t *data, size_t used,
                              const char **why)
{
    struct jpeg_outline outline = {picture->width, picture->height, picture->size};
    if (picture->format == PIXEL_JPEG && !jpeg_outline_read(data, used, &outline, why))
        return NULL;
    if (used < outline.size) {
        *why = "too short";
        return NULL;
    }
    struct frame *frame =
        frame_create(picture->format, outline.width, outline.height, picture->stride, outline.size);
    if (!frame) {
        *why = "out of memory";
        return NULL;
    }
    memcpy(frame->data, data, outline.size);
    return frame;
}
