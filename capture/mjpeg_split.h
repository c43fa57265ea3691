/*
 * mjpeg_split: cuts a stream of bytes into JPEG pictures: concatenated files, or the parts of a
 * multipart stream, whose boundary and header lines are passed over like any bytes between two
 * pictures. Damaged pictures are counted and passed over. Pure: it reads the caller's buffer,
 * keeps positions only, and is safe on any bytes.
 */
#ifndef PAWCAM_CAPTURE_MJPEG_SPLIT_H
#define PAWCAM_CAPTURE_MJPEG_SPLIT_H

#include "capture/jpeg_scan.h"

/* Zero-initialise at the start of a stream. */
struct mjpeg_split {
    size_t start;          /* bytes in front of it are done with */
    bool inside;           /* a picture begins at start */
    struct jpeg_scan scan; /* of that picture */
    uint64_t bad;          /* damaged pictures passed over so far */
};

struct mjpeg_picture {
    const uint8_t *data; /* points into the caller's buffer */
    size_t size;         /* bytes */
    int width, height;   /* pixels */
};

/* The next whole picture in data[0, size). False: none is there yet; the caller may then drop the
 * first `start` bytes, must set start to the place where the rest now begins, appends more bytes
 * and calls again. */
bool mjpeg_split_next(struct mjpeg_split *split, const uint8_t *data, size_t size,
                      struct mjpeg_picture *picture);

/* Gives up the picture that was begun, because it is too large, with all of data[0, size); counts
 * it as bad. */
void mjpeg_split_give_up(struct mjpeg_split *split, size_t size);

#endif
