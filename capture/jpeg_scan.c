#include "capture/jpeg_scan.h"

#include <string.h>

enum marker {
    MARKER_SOF0 = 0xC0,
    MARKER_DHT = 0xC4,
    MARKER_JPG = 0xC8,
    MARKER_DAC = 0xCC,
    MARKER_SOF15 = 0xCF,
    MARKER_RST0 = 0xD0,
    MARKER_RST7 = 0xD7,
    MARKER_SOI = 0xD8,
    MARKER_EOI = 0xD9,
    MARKER_SOS = 0xDA,
    MARKER_APP15 = 0xEF,
    MARKER_COM = 0xFE,
};

static bool is_frame_header(int marker)
{
    return marker >= MARKER_SOF0 && marker <= MARKER_SOF15 && marker != MARKER_DHT &&
           marker != MARKER_JPG && marker != MARKER_DAC;
}

/* Markers that no picture has: all those without a meaning, and a second beginning. */
static bool is_forbidden(int marker)
{
    return marker < MARKER_SOF0 || marker == MARKER_SOI || marker == MARKER_JPG ||
           (marker > MARKER_APP15 && marker < MARKER_COM);
}

static bool is_restart(int marker)
{
    return marker >= MARKER_RST0 && marker <= MARKER_RST7;
}

static int big_endian_16(const uint8_t *bytes)
{
    return bytes[0] << 8 | bytes[1];
}

/* Moves to the marker that ends the coded data; false when it is not here yet. */
static bool skip_coded(struct jpeg_scan *scan, const uint8_t *data, size_t size)
{
    for (;;) {
        const uint8_t *found = memchr(data + scan->position, 0xFF, size - scan->position);
        if (!found) {
            scan->position = size;
            return false;
        }
        scan->position = (size_t)(found - data);
        if (scan->position + 1 >= size)
            return false;
        int next = found[1];
        if (next == 0xFF)
            scan->position += 1; /* a fill byte */
        else if (next == 0 || is_restart(next))
            scan->position += 2;
        else
            return true;
    }
}

/* Walks over one segment with a length; position is at its 0xFF. */
static enum jpeg_scan_status skip_segment(struct jpeg_scan *scan, const uint8_t *data, size_t size,
                                          int marker)
{
    size_t left = size - scan->position;
    const uint8_t *segment = data + scan->position;
    if (left < 4)
        return JPEG_SCAN_PARTIAL;
    size_t length = (size_t)big_endian_16(segment + 2);
    if (length < 2 || (is_frame_header(marker) && length < 8))
        return JPEG_SCAN_BAD;
    if (left < length + 2)
        return JPEG_SCAN_PARTIAL;
    if (is_frame_header(marker)) {
        scan->height = big_endian_16(segment + 5);
        scan->width = big_endian_16(segment + 7);
        if (scan->width == 0 || scan->height == 0)
            return JPEG_SCAN_BAD;
    }
    scan->position += length + 2;
    scan->coded = marker == MARKER_SOS;
    if (scan->coded && scan->coded_from == 0)
        scan->coded_from = scan->position;
    return JPEG_SCAN_WHOLE;
}

/* Handles the marker at position. JPEG_SCAN_WHOLE here: go on behind it. */
static enum jpeg_scan_status skip_marker(struct jpeg_scan *scan, const uint8_t *data, size_t size)
{
    if (data[scan->position] != 0xFF)
        return JPEG_SCAN_BAD;
    if (scan->position + 1 >= size)
        return JPEG_SCAN_PARTIAL;
    int marker = data[scan->position + 1];
    if (marker == 0xFF) {
        scan->position += 1;
        return JPEG_SCAN_WHOLE;
    }
    bool early = marker == MARKER_SOS && scan->width == 0;
    bool again = is_frame_header(marker) && scan->width != 0;
    if (is_forbidden(marker) || is_restart(marker) || early || again)
        return JPEG_SCAN_BAD;
    return skip_segment(scan, data, size, marker);
}

static bool at_end_marker(const struct jpeg_scan *scan, const uint8_t *data, size_t size)
{
    return size - scan->position >= 2 && data[scan->position] == 0xFF &&
           data[scan->position + 1] == MARKER_EOI;
}

enum jpeg_scan_status jpeg_scan(struct jpeg_scan *scan, const uint8_t *data, size_t size)
{
    if (scan->position == 0) {
        if ((size > 0 && data[0] != 0xFF) || (size > 1 && data[1] != MARKER_SOI))
            return JPEG_SCAN_BAD;
        if (size < 2)
            return JPEG_SCAN_PARTIAL;
        scan->position = 2;
    }
    while (scan->position < size) {
        if (scan->coded && !skip_coded(scan, data, size))
            return JPEG_SCAN_PARTIAL;
        scan->coded = false;
        if (at_end_marker(scan, data, size)) {
            scan->position += 2;
            return scan->coded_from ? JPEG_SCAN_WHOLE : JPEG_SCAN_BAD;
        }
        enum jpeg_scan_status status = skip_marker(scan, data, size);
        if (status != JPEG_SCAN_WHOLE)
            return status;
    }
    return JPEG_SCAN_PARTIAL;
}
