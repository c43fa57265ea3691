#include "nn/train/random.h"
#include "nn/train/sources.h"

#include <math.h>

static const char *const classes[] = {"triangle", "square", "circle"};

enum { TRIANGLE, SQUARE, CIRCLE, SHAPE_COUNT };
enum { SUBPIXELS = 4 }; /* in each direction, for smooth edges */

struct drawing {
    int shape;
    double x, y, radius; /* centre and size, in pixels */
    double light, dark;
};

static bool is_inside(const struct drawing *drawing, double x, double y)
{
    double dx = x - drawing->x, dy = y - drawing->y, r = drawing->radius;
    switch (drawing->shape) {
    case TRIANGLE: /* as high as wide, point upwards */
        return dy <= r && dy >= -r && fabs(dx) <= (dy + r) / 2;
    case SQUARE:
        return fabs(dx) <= 0.9 * r && fabs(dy) <= 0.9 * r;
    default:
        return dx * dx + dy * dy <= r * r;
    }
}

/* Share of the pixel that the shape covers. */
static double coverage(const struct drawing *drawing, int column, int row)
{
    int inside = 0;
    for (int v = 0; v < SUBPIXELS; v++)
        for (int u = 0; u < SUBPIXELS; u++)
            inside +=
                is_inside(drawing, column + (u + 0.5) / SUBPIXELS, row + (v + 0.5) / SUBPIXELS);
    return (double)inside / (SUBPIXELS * SUBPIXELS);
}

static void draw(const struct drawing *drawing, int side, struct random *random, uint8_t *pixels)
{
    for (int row = 0; row < side; row++)
        for (int column = 0; column < side; column++) {
            double share = coverage(drawing, column, row);
            double grey = drawing->dark + share * (drawing->light - drawing->dark) +
                          6 * random_normal(random);
            pixels[row * side + column] = (uint8_t)fmin(fmax(grey, 0), 255);
        }
}

bool shapes_draw(struct dataset *data, int count, int side, uint64_t seed, struct error *error)
{
    struct random random;
    random_seed(&random, seed);
    if (!dataset_reserve(data, count, side, side, 1, error))
        return false;
    if (!dataset_set_classes(data, classes, SHAPE_COUNT, error)) {
        dataset_free(data);
        return false;
    }
    for (int i = 0; i < count; i++) {
        struct drawing drawing = {.shape = i % SHAPE_COUNT};
        drawing.radius = side * (0.28 + 0.17 * random_uniform(&random));
        double room = side - 2 * drawing.radius;
        drawing.x = drawing.radius + room * random_uniform(&random);
        drawing.y = drawing.radius + room * random_uniform(&random);
        drawing.light = 150 + 105 * random_uniform(&random);
        drawing.dark = 60 * random_uniform(&random);
        data->labels[i] = drawing.shape;
        draw(&drawing, side, &random, data->pixels + (size_t)i * (size_t)(side * side));
    }
    return true;
}
