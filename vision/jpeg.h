/*
 * jpeg: JPEG files in memory, through libjpeg-turbo's TurboJPEG API. Functions without state: safe
 * from any thread.
 *
 * Baseline and progressive files, grey and colour, every subsampling that TurboJPEG knows, and
 * Motion JPEG frames without Huffman tables, which then are the standard's (ITU T.81, annex K).
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

/* Room for the largest file that a picture can become, which is many times the usual one: to ask
 * the system for it anew each time is a measurable part of the encoding. Zero-initialise, reuse for
 * every picture, jpeg_room_free at the end. */
struct jpeg_room {
    uint8_t *data; /* owned */
    size_t capacity;
};
void jpeg_room_free(struct jpeg_room *room);

/* jpeg_encode for one picture after the other. *jpeg is the caller's, not part of the room. */
bool jpeg_encode_in(struct jpeg_room *room, const struct image *image, int quality, uint8_t **jpeg,
                    size_t *size, struct error *error);

#endif
