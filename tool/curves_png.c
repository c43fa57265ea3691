#include "tool/curves_png.h"

#include "common/atomic_file.h"
#include "vision/picture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double zoom = 2;
static const double dash = 4, gap = 3; /* as in the SVG */

struct canvas {
    struct image image;
    bool failed;
    struct error error; /* the first failure */
};

static void note(struct canvas *canvas, bool good, const struct error *error)
{
    if (!good && !canvas->failed)
        canvas->error = *error;
    canvas->failed = canvas->failed || !good;
}

static void split(unsigned colour, uint8_t bgr[3])
{
    for (int c = 0; c < 3; c++)
        bgr[c] = (uint8_t)(colour >> (8 * c));
}

static void fill(struct canvas *canvas, const double *corners, int count, unsigned colour)
{
    struct error error;
    float points[8];
    uint8_t bgr[3];
    split(colour, bgr);
    for (int i = 0; i < 2 * count; i++)
        points[i] = (float)(corners[i] * zoom - 0.5); /* OpenCV counts from the pixel's middle */
    note(canvas, vision_fill_polygon(&canvas->image, points, count, bgr, &error), &error);
}

/* A straight piece, and a round end, so that the next one joins. */
static void stroke(struct canvas *canvas, double x1, double y1, double x2, double y2, double width,
                   unsigned colour)
{
    struct error error;
    uint8_t bgr[3];
    const double length = hypot(x2 - x1, y2 - y1);
    const double across_x = length > 0 ? (y2 - y1) / length * width / 2 : 0;
    const double across_y = length > 0 ? (x1 - x2) / length * width / 2 : 0;
    const double corners[] = {x1 + across_x, y1 + across_y, x2 + across_x, y2 + across_y,
                              x2 - across_x, y2 - across_y, x1 - across_x, y1 - across_y};
    fill(canvas, corners, 4, colour);
    split(colour, bgr);
    if (width > 2)
        note(canvas,
             vision_fill_ellipse(&canvas->image, x2 * zoom - 0.5, y2 * zoom - 0.5, width * zoom / 2,
                                 width * zoom / 2, 0, bgr, &error),
             &error);
}

/* Goes along the piece; *at is how far the line is in its pattern of dashes. */
static void stroke_dashes(struct canvas *canvas, const double *from, const double *to, double width,
                          unsigned colour, double *at)
{
    const double length = hypot(to[0] - from[0], to[1] - from[1]);
    for (double done = 0; done < length;) {
        const double left = (*at < dash ? dash : dash + gap) - *at;
        const double step = fmin(left, length - done);
        const double a = done / length, b = (done + step) / length;
        if (*at < dash)
            stroke(canvas, from[0] + a * (to[0] - from[0]), from[1] + a * (to[1] - from[1]),
                   from[0] + b * (to[0] - from[0]), from[1] + b * (to[1] - from[1]), width, colour);
        done += step;
        *at = step < left ? *at + step : *at < dash ? dash : 0;
    }
}

static void png_line(void *self, const double *points, int count, double width, unsigned colour,
                     bool dashed)
{
    double at = 0;
    for (int i = 1; i < count; i++, points += 2)
        if (dashed)
            stroke_dashes(self, points, points + 2, width, colour, &at);
        else
            stroke(self, points[0], points[1], points[2], points[3], width, colour);
}

static void png_box(void *self, double x, double y, double width, double height, unsigned colour)
{
    const double corners[] = {x, y, x + width, y, x + width, y + height, x, y + height};
    fill(self, corners, 4, colour);
}

static void png_text(void *self, double x, double y, enum curves_align align, bool title,
                     const char *text)
{
    struct canvas *canvas = self;
    const struct text_style style = {
        .scale = (title ? 0.5 : 0.4) * zoom, .thickness = title ? 2 : 1, .bgr = {51, 51, 51}};
    struct error error;
    int width = 0, height, baseline;
    bool good = vision_text_size(text, &style, &width, &height, &baseline, &error);
    const double left = x * zoom - width * (align == CURVES_LEFT     ? 0
                                            : align == CURVES_MIDDLE ? 0.5
                                                                     : 1);
    good = good && vision_put_text(&canvas->image, text, (int)lround(left), (int)lround(y * zoom),
                                   &style, &error);
    note(canvas, good, &error);
}

static bool save(const struct image *image, const char *path, struct error *error)
{
    uint8_t *png = NULL;
    size_t size;
    const bool good =
        png_encode(image, &png, &size, error) && atomic_file_write(path, png, size, error);
    free(png);
    return good;
}

bool curves_write_png(const struct curves_run *runs, int count, const char *path,
                      struct error *error)
{
    struct canvas canvas = {0};
    const struct curves_pen pen = {&canvas, png_line, png_box, png_text};
    bool good = image_reserve(&canvas.image, (int)(CURVES_WIDTH * zoom),
                              (int)(CURVES_HEIGHT * zoom), 3, error);
    if (good) {
        memset(canvas.image.data, 255, (size_t)canvas.image.stride * (size_t)canvas.image.height);
        good = curves_draw(runs, count, &pen, error);
    }
    if (good && canvas.failed) {
        good = false;
        *error = canvas.error;
    }
    good = good && save(&canvas.image, path, error);
    image_free(&canvas.image);
    return good;
}
