#include "capture/canvas.h"

#include <math.h>

static const double RADIANS = 3.14159265358979323846 / 180;

static uint8_t clamp_byte(double value)
{
    return value <= 0 ? 0 : value >= 255 ? 255 : (uint8_t)lround(value);
}

struct colour colour_mix(struct colour from, struct colour to, double share)
{
    return (struct colour){clamp_byte(from.b + (to.b - from.b) * share),
                           clamp_byte(from.g + (to.g - from.g) * share),
                           clamp_byte(from.r + (to.r - from.r) * share)};
}

struct colour colour_times(struct colour colour, double factor)
{
    return (struct colour){clamp_byte(colour.b * factor), clamp_byte(colour.g * factor),
                           clamp_byte(colour.r * factor)};
}

struct canvas canvas_on(struct image *image, struct light light, struct error *error)
{
    return (struct canvas){.image = image,
                           .origin = {0, image->height},
                           .scale = 1,
                           .mirror = 1,
                           .light = light,
                           .error = error};
}

/* Units to pixels. */
static struct point place(const struct canvas *canvas, double x, double y)
{
    double c = cos(canvas->degrees * RADIANS), s = sin(canvas->degrees * RADIANS);
    double turned_x = canvas->mirror * (c * x - s * y);
    double turned_y = s * x + c * y;
    return (struct point){canvas->origin.x + canvas->scale * turned_x,
                          canvas->origin.y - canvas->scale * turned_y};
}

struct canvas canvas_child(const struct canvas *parent, double x, double y, double scale,
                           double degrees)
{
    struct canvas child = *parent;
    child.origin = place(parent, x, y);
    child.scale *= scale;
    child.outline /= scale;
    child.degrees += degrees;
    return child;
}

static void paint(const struct canvas *canvas, struct colour colour, uint8_t bgr[3])
{
    if (canvas->outline > 0)
        colour = canvas->outline_colour;
    bgr[0] = clamp_byte(colour.b * canvas->light.b);
    bgr[1] = clamp_byte(colour.g * canvas->light.g);
    bgr[2] = clamp_byte(colour.r * canvas->light.r);
}

/* Nothing of a shape this far from the point shows in the picture. */
static bool out_of_view(const struct canvas *canvas, struct point centre, double radius)
{
    return centre.x + radius < 0 || centre.y + radius < 0 ||
           centre.x - radius > canvas->image->width || centre.y - radius > canvas->image->height;
}

void canvas_ellipse(struct canvas *canvas, double x, double y, double radius_x, double radius_y,
                    double degrees, struct colour colour)
{
    struct point centre = place(canvas, x, y);
    double a = canvas->scale * (radius_x + canvas->outline);
    double b = canvas->scale * (radius_y + canvas->outline);
    if (canvas->failed || out_of_view(canvas, centre, fmax(a, b)))
        return;
    uint8_t bgr[3];
    paint(canvas, colour, bgr);
    double turn = -canvas->mirror * (degrees + canvas->degrees); /* OpenCV turns clockwise */
    canvas->failed =
        !vision_fill_ellipse(canvas->image, centre.x, centre.y, a, b, turn, bgr, canvas->error);
}

static void fill(struct canvas *canvas, const struct point *pixels, int count, struct colour colour)
{
    float corners[2 * CANVAS_CORNERS_MAX];
    for (int i = 0; i < count; i++) {
        corners[2 * i] = (float)pixels[i].x;
        corners[2 * i + 1] = (float)pixels[i].y;
    }
    uint8_t bgr[3];
    paint(canvas, colour, bgr);
    if (!canvas->failed)
        canvas->failed = !vision_fill_polygon(canvas->image, corners, count, bgr, canvas->error);
}

void canvas_polygon(struct canvas *canvas, const struct point *corners, int count,
                    struct colour colour)
{
    struct point pixels[CANVAS_CORNERS_MAX], centre = {0, 0};
    for (int i = 0; i < count; i++) {
        pixels[i] = place(canvas, corners[i].x, corners[i].y);
        centre.x += pixels[i].x / count;
        centre.y += pixels[i].y / count;
    }
    /* An outline moves each corner away from the middle. */
    double farthest = 0, grow = canvas->scale * canvas->outline * 1.6;
    for (int i = 0; i < count; i++) {
        double x = pixels[i].x - centre.x, y = pixels[i].y - centre.y, distance = hypot(x, y);
        if (grow > 0 && distance > 0) {
            pixels[i].x += x / distance * grow;
            pixels[i].y += y / distance * grow;
        }
        farthest = fmax(farthest, distance + grow);
    }
    if (!out_of_view(canvas, centre, farthest))
        fill(canvas, pixels, count, colour);
}

void canvas_box(struct canvas *canvas, double x, double y, double width, double height,
                struct colour colour)
{
    canvas_polygon(
        canvas, (struct point[]){{x, y}, {x + width, y}, {x + width, y + height}, {x, y + height}},
        4, colour);
}

void canvas_ribbon(struct canvas *canvas, struct point from, struct point bend, struct point to,
                   double from_radius, double to_radius, struct colour colour)
{
    enum { STEPS = CANVAS_CORNERS_MAX / 2 };
    struct point edge[CANVAS_CORNERS_MAX];
    for (int i = 0; i < STEPS; i++) {
        double t = (double)i / (STEPS - 1), u = 1 - t;
        double x = u * u * from.x + 2 * u * t * bend.x + t * t * to.x;
        double y = u * u * from.y + 2 * u * t * bend.y + t * t * to.y;
        double along_x = u * (bend.x - from.x) + t * (to.x - bend.x);
        double along_y = u * (bend.y - from.y) + t * (to.y - bend.y);
        double length = fmax(hypot(along_x, along_y), 1e-9);
        double radius = u * from_radius + t * to_radius + canvas->outline;
        double across_x = -along_y / length * radius, across_y = along_x / length * radius;
        edge[i] = place(canvas, x + across_x, y + across_y);
        edge[CANVAS_CORNERS_MAX - 1 - i] = place(canvas, x - across_x, y - across_y);
    }
    fill(canvas, edge, CANVAS_CORNERS_MAX, colour);
    canvas_ellipse(canvas, from.x, from.y, from_radius, from_radius, 0, colour);
    canvas_ellipse(canvas, to.x, to.y, to_radius, to_radius, 0, colour);
}

void canvas_limb(struct canvas *canvas, struct point from, double from_radius, struct point to,
                 double to_radius, struct colour colour)
{
    struct point middle = {(from.x + to.x) / 2, (from.y + to.y) / 2};
    canvas_ribbon(canvas, from, middle, to, from_radius, to_radius, colour);
}
