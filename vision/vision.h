/*
 * vision: pictures in memory and what is done to them. A C contract without one OpenCV word;
 * OpenCV does the work for all but JPEG (libjpeg-turbo, vision/jpeg.h).
 *
 * An image is 8-bit, interleaved, rows from top to bottom. Images that are results are resized as
 * needed: zero-initialise once, reuse for every frame (no allocation after the first), image_free
 * at the end. After a failure a result's content is undefined but it is still valid to reuse or
 * free.
 */
#ifndef PAWCAM_VISION_VISION_H
#define PAWCAM_VISION_VISION_H

#include "common/error.h"

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct frame; /* common/frame.h, which C++ cannot include for its C11 atomics */

struct image {
    uint8_t *data;   /* [height][stride] */
    int width;       /* pixels */
    int height;      /* pixels */
    int channels;    /* 3: B, G, R; 1: grey */
    int stride;      /* bytes from row to row, >= width * channels */
    size_t capacity; /* bytes owned at data; 0: data is borrowed and never freed */
};

/* Gives the image this geometry (sides 1..FRAME_SIDE_MAX, 1 or 3 channels) with rows packed and
 * undefined content; keeps the memory where it suffices. A borrowed image gets memory of its own.
 * The memory begins on a cache line (64 bytes). */
bool image_reserve(struct image *image, int width, int height, int channels, struct error *error);
void image_free(struct image *image);

/* Left and right change places. */
void image_mirror(struct image *image);

/* The frame's picture as BGR, whatever its format and stride. A JPEG may be decoded at 1/2, 1/4 or
 * 1/8 of its size as long as both sides stay >= min_side (the network needs no more); min_side 0:
 * full size. */
bool vision_frame_to_bgr(const struct frame *frame, int min_side, struct image *bgr,
                         struct error *error);

/* cv::resize(INTER_LINEAR) to width x height. `to` is another image than `from`, here and below. */
bool vision_resize(const struct image *from, int width, int height, struct image *to,
                   struct error *error);

/* Text as cv::putText(FONT_HERSHEY_SIMPLEX | FONT_ITALIC, LINE_8) draws it: (x, y) is the left end
 * of the base line; what lies outside of the picture is cut off; a byte that is not printable ASCII
 * becomes '?'. The size is cv::getTextSize's: height above and baseline below the base line. */
struct text_style {
    double scale;  /* of the font; 1 = letters about 22 pixels high */
    int thickness; /* pixels */
    uint8_t bgr[3];
};
bool vision_put_text(struct image *image, const char *text, int x, int y,
                     const struct text_style *style, struct error *error);
bool vision_text_size(const char *text, const struct text_style *style, int *width, int *height,
                      int *baseline, struct error *error);

/* cv::warpAffine(INTER_LINEAR, BORDER_CONSTANT black): matrix is the 2x3 forward map from source to
 * destination coordinates, row by row. */
bool vision_warp_affine(const struct image *from, const double matrix[6], int width, int height,
                        struct image *to, struct error *error);

/* cv::getRotationMatrix2D: degrees counter-clockwise around (x, y), and a scale. */
void vision_rotation_matrix(double x, double y, double degrees, double scale, double matrix[6]);

/* Filled shapes for the drawn scene, anti-aliased, by cv::fillPoly and cv::ellipse with 1/16 pixel.
 * points: count pairs x, y in pixels; a polygon may be concave and may leave the picture. */
bool vision_fill_polygon(struct image *image, const float *points, int count, const uint8_t bgr[3],
                         struct error *error);
bool vision_fill_ellipse(struct image *image, double x, double y, double radius_x, double radius_y,
                         double degrees, const uint8_t bgr[3], struct error *error);

#ifdef __cplusplus
}
#endif

#endif
