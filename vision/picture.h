/* picture: picture files of any kind that people keep: JPEG, PNG, BMP, WebP, told apart by their
 * first bytes and not by their names. Safe from any thread. Not used by the daemon's hot path,
 * which takes JPEG only (jpeg.h). */
#ifndef PAWCAM_VISION_PICTURE_H
#define PAWCAM_VISION_PICTURE_H

#include "vision/vision.h"

/* Decodes to BGR. min_side as in jpeg_decode; the other formats are always decoded whole.
 * Transparent parts become white. A damaged file is an error. */
bool picture_decode(const uint8_t *bytes, size_t size, int min_side, struct image *bgr,
                    struct error *error);

/* Encodes BGR as PNG. On success *png is malloc'd memory of *size bytes, the caller's. */
bool png_encode(const struct image *bgr, uint8_t **png, size_t *size, struct error *error);

/* Windows bitmaps: 8 bits with a palette, 24 and 32 bits, not compressed. */
bool bmp_decode(const uint8_t *bytes, size_t size, struct image *bgr, struct error *error);

#endif
