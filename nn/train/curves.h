/*
 * curves: histories drawn as a picture: loss on the left, accuracy on the right; training as a thin
 * dashed line, validation as a bold one, each run in a colour of its own. What is drawn is said
 * here; a pen draws it: as SVG (below), or as pixels (tool/curves_png.h).
 */
#ifndef PAWCAM_NN_TRAIN_CURVES_H
#define PAWCAM_NN_TRAIN_CURVES_H

#include "nn/train/history.h"

enum { CURVES_RUNS_MAX = 8, CURVES_WIDTH = 960, CURVES_HEIGHT = 400 };

struct curves_run {
    const char *name; /* for the legend */
    struct history history;
};

enum curves_align { CURVES_LEFT, CURVES_MIDDLE, CURVES_RIGHT };

/* Coordinates in a picture of CURVES_WIDTH x CURVES_HEIGHT, from its upper left corner; colours are
 * 0xRRGGBB. The picture is white before. A pen keeps its failures for itself. */
struct curves_pen {
    void *self;
    /* points: x and y in turn, 2 count values */
    void (*line)(void *self, const double *points, int count, double width, unsigned colour,
                 bool dashed);
    void (*box)(void *self, double x, double y, double width, double height, unsigned colour);
    /* On the line y; titles are larger. */
    void (*text)(void *self, double x, double y, enum curves_align align, bool title,
                 const char *text);
};

/* false: out of memory. */
bool curves_draw(const struct curves_run *runs, int count, const struct curves_pen *pen,
                 struct error *error);

/* The file is replaced when it is complete. */
bool curves_write_svg(const struct curves_run *runs, int count, const char *path,
                      struct error *error);

#endif
