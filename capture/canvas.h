/*
 * canvas: soft shapes in a coordinate system of their own, for the drawn scene. x goes right (or
 * left, when mirrored), y goes up; one unit is `scale` pixels. The first error stays and makes
 * later calls do nothing, so a drawing is written without a check behind every stroke.
 */
#ifndef PAWCAM_CAPTURE_CANVAS_H
#define PAWCAM_CAPTURE_CANVAS_H

#include "vision/vision.h"

struct colour {
    uint8_t b, g, r;
};

/* Light on things: each channel of a colour is multiplied by its factor. */
struct light {
    float b, g, r;
};

struct point {
    double x, y;
};

struct canvas {
    struct image *image; /* borrowed, BGR */
    struct point origin; /* where (0, 0) is, in pixels */
    double scale;        /* pixels per unit */
    double mirror;       /* 1: x grows to the right; -1: to the left */
    double degrees;      /* counter-clockwise turn around the origin, before mirroring */
    struct light light;
    double outline;               /* > 0: every shape grows by this many units ... */
    struct colour outline_colour; /* ... and has this colour */
    bool failed;
    struct error *error;
};

/* A canvas whose units are pixels, with y still going up from the picture's lower edge. */
struct canvas canvas_on(struct image *image, struct light light, struct error *error);

/* The same picture and light; its origin lies at (x, y) of the parent. */
struct canvas canvas_child(const struct canvas *parent, double x, double y, double scale,
                           double degrees);

void canvas_ellipse(struct canvas *canvas, double x, double y, double radius_x, double radius_y,
                    double degrees, struct colour colour);

/* A round-ended bar from one point to another, with a radius at each end. */
void canvas_limb(struct canvas *canvas, struct point from, double from_radius, struct point to,
                 double to_radius, struct colour colour);

/* A round-ended ribbon along the quadratic Bezier curve from -> bend -> to. */
void canvas_ribbon(struct canvas *canvas, struct point from, struct point bend, struct point to,
                   double from_radius, double to_radius, struct colour colour);

/* A polygon of at most CANVAS_CORNERS_MAX corners. */
enum { CANVAS_CORNERS_MAX = 32 };
void canvas_polygon(struct canvas *canvas, const struct point *corners, int count,
                    struct colour colour);

/* A rectangle from its lower left corner. */
void canvas_box(struct canvas *canvas, double x, double y, double width, double height,
                struct colour colour);

/* from at 0, to at 1 */
struct colour colour_mix(struct colour from, struct colour to, double share);
struct colour colour_times(struct colour colour, double factor);

#endif
