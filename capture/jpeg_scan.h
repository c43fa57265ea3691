/*
 * jpeg_scan: finds the end of a JPEG file in memory, and its size in pixels, by walking its markers
 * (ITU-T T.81, annex B). Segments are skipped by their length, so a thumbnail inside one does not
 * end the picture; in the coded data stuffed bytes and restart markers are passed over. Nothing is
 * decoded. Pure, and safe on any bytes.
 */
#ifndef PAWCAM_CAPTURE_JPEG_SCAN_H
#define PAWCAM_CAPTURE_JPEG_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum jpeg_scan_status {
    JPEG_SCAN_WHOLE,   /* `position` bytes are one whole picture of width x height */
    JPEG_SCAN_PARTIAL, /* good so far; call again with more bytes of the same picture */
    JPEG_SCAN_BAD,     /* no JPEG, or damaged at `position` */
};

/* Zero-initialise for each picture. */
struct jpeg_scan {
    size_t position;   /* bytes understood so far */
    bool coded;        /* position is inside coded data, not before a marker */
    size_t coded_from; /* where the first coded data begins; 0: none was seen */
    int width, height;
};

/* `data` begins with the picture's first byte. A call with more bytes goes on where the one before
 * stopped. */
enum jpeg_scan_status jpeg_scan(struct jpeg_scan *scan, const uint8_t *data, size_t size);

#endif
