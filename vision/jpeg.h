/*
 * jpeg: JPEG files in memory, through libjpeg-turbo's TurboJPEG API. A codec holds the library's
 * scratch memory; one thread uses one codec.
 */
#ifndef PAWCAM_VISION_JPEG_H
#define PAWCAM_VISION_JPEG_H

#include "vision/vision.h"

/* Reads the header only. */
bool jpeg_size(const uint8_t *jpeg, size_t size, int *width, int *height, struct error *error);

/* Decodes to BGR; min_side as in vision_frame_to_bgr. A damaged file whose picture can still be
 * decoded in part is an error: a camera's next frame is better than half a picture. */
bool jpeg_decode(const uint8_t *jpeg, size_t size, int min_side, struct image *bgr,
                 struct error *error);

/* Encodes BGR (or grey) with 4:2:0 chroma at quality 1..100. On success *jpeg is malloc'd memory of
 * *size bytes that the caller frees; on failure both are zero. */
bool jpeg_encode(const struct image *image, int quality, uint8_t **jpeg, size_t *size,
                 struct error *error);

#endif
