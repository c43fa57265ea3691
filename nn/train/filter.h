/*
 * filter: pictures resized and convolved, as floats [height][width][channels]. What lies outside
 * repeats the border.
 */
#ifndef PAWCAM_NN_TRAIN_FILTER_H
#define PAWCAM_NN_TRAIN_FILTER_H

#include <stddef.h>

struct canvas {
    float *pixels;
    int height, width, channels;
};

enum { FILTER_REACH = 16 }; /* pixels to each side that a filter may look at */

/* Floats of scratch that each function here needs at most. */
size_t filter_scratch(int height, int width, int channels);

/* RESAMPLE_NEAREST takes single pixels. The others are antialiased: the kernel is as wide as the
 * pixels of the coarser picture (box, triangle, Catmull-Rom). */
enum resample {
    RESAMPLE_NEAREST,
    RESAMPLE_BOX,
    RESAMPLE_LINEAR,
    RESAMPLE_CUBIC,
    RESAMPLE_COUNT,
};

/* Smaller by the factor (0..1) with one kernel, and back to the size with another, in place. */
void filter_rescale(const struct canvas *canvas, double factor, enum resample down,
                    enum resample up, float *scratch);

/* In place: Gaussian of this standard deviation in pixels, a straight movement of this length in
 * this direction (radians), unsharp masking by this amount. */
void filter_blur(const struct canvas *canvas, double deviation, float *scratch);
void filter_move(const struct canvas *canvas, double length, double angle, float *scratch);
void filter_sharpen(const struct canvas *canvas, double amount, float *scratch);

#endif
