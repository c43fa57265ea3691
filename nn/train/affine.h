/*
 * affine: the geometry of augmentation: a map from places in the new picture to places in the
 * source, and the walk along it. Places are (row, column) of pixel centres.
 */
#ifndef PAWCAM_NN_TRAIN_AFFINE_H
#define PAWCAM_NN_TRAIN_AFFINE_H

#include "nn/train/augment.h"

/* source row = m[0] row + m[1] column + m[2]; source column = m[3] row + m[4] column + m[5]. */
struct affine {
    double m[6];
};

/* The map of a plain resize, as cv::resize(INTER_LINEAR) has it. */
struct affine affine_resize(const struct picture_view *source, int out_height, int out_width);

/* Draws rotation, shifts, shear, zoom, flips and crop. */
struct affine affine_draw(const struct augment_settings *settings,
                          const struct picture_view *source, int out_height, int out_width,
                          struct random *random);

/* Shrinks what the map shows to this share of the new picture's area, somewhere in it. */
void affine_scale_out(struct affine *map, double area, int out_height, int out_width,
                      struct random *random);

/* The same map for a source of which each k x k pixels became one. */
void affine_thin_out(struct affine *map, int k);

/* Linear interpolation; outside of the source as fill_mode says. */
void affine_warp(const struct affine *map, const struct picture_view *source,
                 const struct augment_settings *settings, int out_height, int out_width,
                 float *out);

/* What is seen of a picture that lies on another one. */
struct affine_outline {
    double feather;  /* 0 to 1: the share of each half side on which it fades in from the edge */
    double exponent; /* of the superellipse |x|^e + |y|^e = 1 in the picture; 0: all of it */
};

/* Lays the source over `out`, [out_height][out_width][channels], which stays as it is outside of
 * the outline. */
void affine_paste(const struct affine *map, const struct picture_view *source,
                  const struct affine_outline *outline, int out_height, int out_width, float *out);

#endif
