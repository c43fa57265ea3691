/*
 * views: the parts of a frame that the network looks at. View 0 is the whole frame, squeezed into
 * the network's shape: of 16:9 a square network sees 56 % of the width, and an animal that is small
 * in the frame is hardly there. Where the frame is much wider (or taller) than that shape, the
 * parts that have it and lie side by side, overlapping by half or more (beyond 4:1 by less), are
 * views as well: in them an animal is as many pixels wide as it is high. Who looks closer has views
 * of 0.6 of a part's sides, too, up to eight spread over the frame: an animal far from the camera
 * is large enough in one of them.
 *
 * All of these are looked at mirrored as well, and that, too, is a view: a network errs on a
 * picture and on its mirror image in different ways.
 *
 * A camera's frame is looked at from a view or two, the next frame from the next. What each view
 * showed last is pooled to the frame's scores (classify/pool.h), and these are averaged over time
 * (classify/smooth.h).
 */
#ifndef PAWCAM_CLASSIFY_VIEWS_H
#define PAWCAM_CLASSIFY_VIEWS_H

#include "common/prediction.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    VIEWS_PARTS_MAX = 7,
    VIEWS_NEAR_MAX = 8,
    VIEWS_MAX = 2 * (1 + VIEWS_PARTS_MAX + VIEWS_NEAR_MAX),
    VIEWS_GAP_S = 5, /* after which what was seen before says nothing about what is seen now */
};

/* whole: one view, not mirrored. The order is that of the choices of pawcamd's option. */
enum views_mode { VIEWS_CLOSER, VIEWS_PARTS, VIEWS_WHOLE };
#define VIEWS_CHOICES "closer|parts|whole"
#define VIEWS_DEFAULT "closer"

struct views {
    int count;                   /* 1: the whole only; else 2 * places */
    int places;                  /* views places, places + 1, ... are views 0, 1, ... mirrored */
    int width, height;           /* of the frame, in pixels */
    int parts;                   /* views 1, 2, ... are parts, */
    int part_width, part_height; /* of this size, */
    int columns, rows;           /* and those after them the near views, row by row; 0: none */
    int near_width, near_height;
};

struct rectangle {
    int x, y, width, height;
};

/* Of a frame of this size, for a network whose input is of that size; all sides are positive. */
struct views views_of(enum views_mode mode, int width, int height, int input_width,
                      int input_height);

/* The least side of a frame, decoded at a fraction of its size, that leaves the views as many
 * pixels as the network has. */
int views_min_side(enum views_mode mode, int input_width, int input_height);

/* The place in the frame of a view, 0 ... count - 1; parts lie from left to right or from the top
 * down. */
struct rectangle views_place(const struct views *views, int view);
bool views_mirrored(const struct views *views, int view);

/* As many views of frames of the same size? In one mode and for one network they are the same. */
bool views_same(const struct views *one, const struct views *other);

/* Whose turn it is. All zero: nothing was looked at yet. */
struct turns {
    struct views views; /* of the frame before; count 0: there was none */
    int next;
    bool begun;        /* the frame before was the first, and took as long as it took */
    double owed;       /* views, below 1 */
    double spared_s;   /* until this time one view a frame has to do */
    double time_s;     /* of the frame before, */
    uint64_t sequence; /* and its number */
};

/* The views of the frame at time_s: the next one, or, from a source of fewer than 2 * count frames
 * a second, as many as show each of them twice a second; all of them in the first frame, when the
 * views are others, when the source begins anew, and after VIEWS_GAP_S. When frames between this
 * one and the one before were dropped, here or by the driver, this machine is too slow, and one has
 * to do, now and in the next seconds. Returns how many, 1 ... count, all different. */
int turns_take(struct turns *turns, const struct views *views, double time_s, uint64_t sequence,
               int list[VIEWS_MAX]);

/* The frame could not be decoded: it was not dropped. */
void turns_skip(struct turns *turns, uint64_t sequence);

/* What the network says of a frame. */
struct look {
    int view;
    double scores[PREDICTION_CLASSES_MAX];
};

struct looks {
    struct views views;          /* of the frame */
    int count;                   /* of views that were looked at, in list: 1 ... views.count */
    struct look list[VIEWS_MAX]; /* each from another view */
};

#endif
