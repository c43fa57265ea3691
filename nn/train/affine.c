#include "nn/train/affine.h"

#include <math.h>
#include <string.h>

/* a after b: first b takes the place, then a. */
static struct affine compose(const struct affine *a, const struct affine *b)
{
    const double *p = a->m, *q = b->m;
    return (struct affine){{
        p[0] * q[0] + p[1] * q[3],
        p[0] * q[1] + p[1] * q[4],
        p[0] * q[2] + p[1] * q[5] + p[2],
        p[3] * q[0] + p[4] * q[3],
        p[3] * q[1] + p[4] * q[4],
        p[3] * q[2] + p[4] * q[5] + p[5],
    }};
}

static void append(struct affine *map, double m0, double m1, double m2, double m3, double m4,
                   double m5)
{
    const struct affine next = {{m0, m1, m2, m3, m4, m5}};
    *map = compose(map, &next);
}

static double between(const double range[2], struct random *random)
{
    return range[0] + (range[1] - range[0]) * random_uniform(random);
}

static double around_zero(double range, struct random *random)
{
    return range * (2 * random_uniform(random) - 1);
}

/* --- maps ------------------------------------------------------------------------------------- */

/* The window (top, left, height, width) of the source, stretched over the new picture. */
static struct affine stretch(double top, double left, double height, double width, int out_height,
                             int out_width)
{
    double y = height / out_height, x = width / out_width;
    return (struct affine){{y, 0, top + 0.5 * y - 0.5, 0, x, left + 0.5 * x - 0.5}};
}

struct affine affine_resize(const struct picture_view *source, int out_height, int out_width)
{
    return stretch(0, 0, source->height, source->width, out_height, out_width);
}

static struct affine draw_crop(const struct augment_settings *settings,
                               const struct picture_view *source, int out_height, int out_width,
                               struct random *random)
{
    double area = between(settings->random_crop, random);
    double aspect = sqrt(between(settings->aspect_range, random));
    double height = fmin(sqrt(area) / aspect, 1) * source->height;
    double width = fmin(sqrt(area) * aspect, 1) * source->width;
    double top = (source->height - height) * random_uniform(random);
    double left = (source->width - width) * random_uniform(random);
    return stretch(top, left, height, width, out_height, out_width);
}

/* A range below 1 is a share of the side, as in Keras. */
static double draw_shift(double range, int side, struct random *random)
{
    return around_zero(range, random) * (range < 1 ? side : 1);
}

/* The matrices in the order of apply_affine_transform of keras_preprocessing, around the centre. */
static struct affine draw_keras(const struct augment_settings *settings,
                                const struct picture_view *source, struct random *random)
{
    const double to_radians = M_PI / 180;
    double row = source->height / 2.0 - 0.5, column = source->width / 2.0 - 0.5;
    double theta = around_zero(settings->rotation_range, random) * to_radians;
    double ty = draw_shift(settings->height_shift_range, source->height, random);
    double tx = draw_shift(settings->width_shift_range, source->width, random);
    double shear = around_zero(settings->shear_range, random) * to_radians;
    double zy = between(settings->zoom_range, random), zx = between(settings->zoom_range, random);
    struct affine map = {{1, 0, row, 0, 1, column}};
    append(&map, cos(theta), -sin(theta), 0, sin(theta), cos(theta), 0);
    append(&map, 1, 0, ty, 0, 1, tx);
    append(&map, 1, -sin(shear), 0, 0, cos(shear), 0);
    append(&map, zy, 0, 0, 0, zx, 0);
    append(&map, 1, 0, -row, 0, 1, -column);
    return map;
}

struct affine affine_draw(const struct augment_settings *settings,
                          const struct picture_view *source, int out_height, int out_width,
                          struct random *random)
{
    struct affine keras = draw_keras(settings, source, random);
    struct affine crop = draw_crop(settings, source, out_height, out_width, random);
    struct affine map = compose(&keras, &crop);
    if (settings->horizontal_flip && random_uniform(random) < 0.5)
        append(&map, 1, 0, 0, 0, -1, out_width - 1);
    if (settings->vertical_flip && random_uniform(random) < 0.5)
        append(&map, -1, 0, out_height - 1, 0, 1, 0);
    return map;
}

void affine_scale_out(struct affine *map, double area, int out_height, int out_width,
                      struct random *random)
{
    const double scale = 1 / sqrt(area);
    const double top = (out_height - out_height / scale) * random_uniform(random);
    const double left = (out_width - out_width / scale) * random_uniform(random);
    append(map, scale, 0, (0.5 - top) * scale - 0.5, 0, scale, (0.5 - left) * scale - 0.5);
}

void affine_thin_out(struct affine *map, int k)
{
    const struct affine thin = {{1.0 / k, 0, 0.5 / k - 0.5, 0, 1.0 / k, 0.5 / k - 0.5}};
    *map = compose(&thin, map);
}

/* --- the walk --------------------------------------------------------------------------------- */

enum fill { FILL_NEAREST, FILL_CONSTANT, FILL_REFLECT, FILL_WRAP };

static enum fill find_fill(const char *name)
{
    return strcmp(name, "constant") == 0  ? FILL_CONSTANT
           : strcmp(name, "reflect") == 0 ? FILL_REFLECT
           : strcmp(name, "wrap") == 0    ? FILL_WRAP
                                          : FILL_NEAREST;
}

/* The index inside of 0..side-1 that stands for one outside; -1: the constant. */
static int inside(int index, int side, enum fill fill)
{
    if (index >= 0 && index < side)
        return index;
    int period = fill == FILL_REFLECT ? 2 * side : side;
    int wrapped = ((index % period) + period) % period;
    switch (fill) {
    case FILL_CONSTANT:
        return -1;
    case FILL_REFLECT: /* d c b a | a b c d | d c b a */
        return wrapped < side ? wrapped : period - 1 - wrapped;
    case FILL_WRAP:
        return wrapped;
    case FILL_NEAREST:
        break;
    }
    return index < 0 ? 0 : side - 1;
}

/* One of the four neighbours of a place, or NULL for the constant. */
static const uint8_t *neighbour(const struct picture_view *source, int row, int column,
                                enum fill fill)
{
    int y = inside(row, source->height, fill), x = inside(column, source->width, fill);
    return y < 0 || x < 0 ? NULL
                          : source->pixels + ((size_t)y * (size_t)source->width + (size_t)x) *
                                                 (size_t)source->channels;
}

/* Three channels at once; the fourth is the next pixel's, and of no use. */
typedef float vector __attribute__((vector_size(16)));
typedef uint8_t bytes __attribute__((vector_size(16)));
typedef uint16_t halves __attribute__((vector_size(16)));
typedef int32_t words __attribute__((vector_size(16)));

/* Bytes become words by zeros in between; that is one instruction each, unlike a conversion. */
static inline vector load(const uint8_t *pixel)
{
    int32_t four;
    memcpy(&four, pixel, sizeof four);
    const bytes values = (bytes)(words){four, 0, 0, 0}, no_bytes = {0};
    const halves no_halves = {0};
    const halves wide = (halves)__builtin_shufflevector(values, no_bytes, 0, 16, 1, 17, 2, 18, 3,
                                                        19, 4, 20, 5, 21, 6, 22, 7, 23);
    const words wider = (words)__builtin_shufflevector(wide, no_halves, 0, 8, 1, 9, 2, 10, 3, 11);
    return __builtin_convertvector(wider, vector);
}

/* R, G, B between four pixels that have another one to their right; v, u: how far behind the
 * first. */
static inline void sample_inside(const struct picture_view *source, int top, int left, float v,
                                 float u, float *out)
{
    const ptrdiff_t down = (ptrdiff_t)source->width * 3;
    const uint8_t *first = source->pixels + top * down + (ptrdiff_t)left * 3;
    const vector upper = (1 - u) * load(first) + u * load(first + 3);
    const vector lower = (1 - u) * load(first + down) + u * load(first + down + 3);
    const vector value = (1 - v) * upper + v * lower;
    for (int i = 0; i < 3; i++)
        out[i] = value[i];
}

static inline void sample(const struct picture_view *source, enum fill fill, float cval, double row,
                          double column, float *out)
{
    /* Far outside of any picture an int would overflow; everything there looks the same. */
    const double far = 1e6;
    row = row < -far ? -far : row > far ? far : row;
    column = column < -far ? -far : column > far ? far : column;
    int top = (int)(row + far) - (int)far, left = (int)(column + far) - (int)far; /* floor */
    float v = (float)(row - top), u = (float)(column - left);
    if (source->channels == 3 && top >= 0 && left >= 0 && top + 1 < source->height &&
        left + 2 < source->width) {
        sample_inside(source, top, left, v, u, out);
        return;
    }
    const uint8_t *a = neighbour(source, top, left, fill);
    const uint8_t *b = neighbour(source, top, left + 1, fill);
    const uint8_t *c = neighbour(source, top + 1, left, fill);
    const uint8_t *d = neighbour(source, top + 1, left + 1, fill);
    for (int i = 0; i < source->channels; i++) {
        float upper = (1 - u) * (a ? a[i] : cval) + u * (b ? b[i] : cval);
        float lower = (1 - u) * (c ? c[i] : cval) + u * (d ? d[i] : cval);
        out[i] = (1 - v) * upper + v * lower;
    }
}

void affine_warp(const struct affine *map, const struct picture_view *source,
                 const struct augment_settings *settings, int out_height, int out_width, float *out)
{
    const enum fill fill = find_fill(settings->fill_mode);
    const double *m = map->m;
    for (int row = 0; row < out_height; row++)
        for (int column = 0; column < out_width; column++) {
            sample(source, fill, (float)settings->cval, m[0] * row + m[1] * column + m[2],
                   m[3] * row + m[4] * column + m[5], out);
            out += source->channels;
        }
}

/* How much of the source is seen at a place of it: 1 inside, 0 from its edge on. */
static double cover(double place, int side, double feather)
{
    const double inside = fmin(place + 0.5, side - 0.5 - place); /* pixels behind the edge */
    const double fade = fmax(feather * side / 2, 1);
    return inside <= 0 ? 0 : fmin(inside / fade, 1);
}

/* The same for an oval in the source; it fades without a crease, as nothing else marks its rim. */
static double oval_cover(const struct picture_view *source, const struct affine_outline *outline,
                         double row, double column)
{
    const double y = fabs(2 * (row + 0.5) / source->height - 1);
    const double x = fabs(2 * (column + 0.5) / source->width - 1);
    if (y >= 1 || x >= 1)
        return 0;
    const double e = outline->exponent, pixel = 2 / fmin(source->height, source->width);
    const double inside = 1 - pow(pow(y, e) + pow(x, e), 1 / e);
    const double t = fmin(fmax(inside / fmax(outline->feather, pixel), 0), 1);
    return t * t * (3 - 2 * t);
}

static double outline_cover(const struct picture_view *source, const struct affine_outline *outline,
                            double row, double column)
{
    return outline->exponent > 0 ? oval_cover(source, outline, row, column)
                                 : cover(row, source->height, outline->feather) *
                                       cover(column, source->width, outline->feather);
}

void affine_paste(const struct affine *map, const struct picture_view *source,
                  const struct affine_outline *outline, int out_height, int out_width, float *out)
{
    const double *m = map->m;
    for (int y = 0; y < out_height; y++)
        for (int x = 0; x < out_width; x++) {
            const double row = m[0] * y + m[1] * x + m[2], column = m[3] * y + m[4] * x + m[5];
            const float share = (float)outline_cover(source, outline, row, column);
            float pixel[4]; /* sample writes as many as there are channels, at most 3 */
            if (share > 0) {
                sample(source, FILL_NEAREST, 0, row, column, pixel);
                for (int c = 0; c < source->channels; c++)
                    out[c] += share * (pixel[c] - out[c]);
            }
            out += source->channels;
        }
}
