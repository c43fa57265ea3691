/* convert: raw pixels to BGR, one function per memory layout. Inside of vision/: vision/frame.c
 * knows which layout a frame has and that it is whole, vision/opencv.cpp does the work. */
#ifndef PAWCAM_VISION_CONVERT_H
#define PAWCAM_VISION_CONVERT_H

#include "vision/vision.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Layouts with all of a pixel's bytes in one plane. YUV is BT.601, limited range. */
enum packed_layout { PACKED_YUYV, PACKED_UYVY, PACKED_RGB, PACKED_BGR, PACKED_GREY };

/* rows: height rows of width pixels, `stride` bytes apart. The result has its geometry already. */
bool convert_packed(enum packed_layout layout, const uint8_t *rows, int stride, struct image *bgr,
                    struct error *error);

/* 4:2:0 in planes: y[height][stride], uv[height / 2][stride] with pairs U V. Even sides. */
bool convert_two_planes(const uint8_t *y, const uint8_t *uv, int stride, struct image *bgr,
                        struct error *error);

/* 4:2:0 in planes: y[height][stride], u and v [height / 2][stride / 2]. Even sides. */
bool convert_three_planes(const uint8_t *y, const uint8_t *u, const uint8_t *v, int stride,
                          struct image *bgr, struct error *error);

#ifdef __cplusplus
}
#endif

#endif
