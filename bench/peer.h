/* peer: what the project does not do, for comparison: other ways from a JPEG to a small picture. */
#ifndef PAWCAM_BENCH_PEER_H
#define PAWCAM_BENCH_PEER_H

#include "vision/vision.h"

#ifdef __cplusplus
extern "C" {
#endif

/* cv::resize(INTER_AREA). */
bool peer_resize_area(const struct image *from, int width, int height, struct image *to,
                      struct error *error);

/* Full size, with TurboJPEG's FASTDCT and FASTUPSAMPLE. */
bool peer_decode_fast(const uint8_t *jpeg, size_t size, struct image *bgr, struct error *error);

#ifdef __cplusplus
}
#endif

#endif
