/* scene_things: what else may stand in the drawn room. Round and furry colours are no reason to see
 * an animal. Coordinates are in the thing's height, its foot is the origin. */
#include "capture/scene.h"

static void draw_ball(struct canvas *canvas, const struct scene_thing *thing)
{
    canvas_ellipse(canvas, 0, 0.5, 0.5, 0.5, 0, thing->colour);
    canvas_ribbon(canvas, (struct point){-0.42, 0.65}, (struct point){0, 0.30},
                  (struct point){0.42, 0.65}, 0.05, 0.05, thing->trim);
    canvas_ellipse(canvas, -0.16, 0.72, 0.10, 0.07, 30,
                   colour_mix(thing->colour, thing->trim, 0.5));
}

static void draw_box(struct canvas *canvas, const struct scene_thing *thing)
{
    canvas_box(canvas, -0.55, 0, 1.1, 0.8, thing->colour);
    canvas_polygon(canvas, (struct point[]){{-0.55, 0.8}, {0.55, 0.8}, {0.72, 1.0}, {-0.38, 1.0}},
                   4, colour_times(thing->colour, 1.15));
    canvas_polygon(canvas, (struct point[]){{0.55, 0}, {0.72, 0.2}, {0.72, 1.0}, {0.55, 0.8}}, 4,
                   colour_times(thing->colour, 0.75));
    canvas_box(canvas, -0.08, 0, 0.16, 0.8, thing->trim);
}

static void draw_bottle(struct canvas *canvas, const struct scene_thing *thing)
{
    canvas_limb(canvas, (struct point){0, 0.17}, 0.17, (struct point){0, 0.50}, 0.17,
                thing->colour);
    canvas_box(canvas, -0.17, 0, 0.34, 0.2, thing->colour);
    canvas_limb(canvas, (struct point){0, 0.50}, 0.13, (struct point){0, 0.90}, 0.06,
                thing->colour);
    canvas_box(canvas, -0.17, 0.22, 0.34, 0.24, thing->trim);
    canvas_box(canvas, -0.065, 0.92, 0.13, 0.08, thing->trim);
}

static void draw_cushion(struct canvas *canvas, const struct scene_thing *thing)
{
    for (int side = -1; side <= 1; side += 2) {
        canvas_limb(canvas, (struct point){side * 0.62, 0.12}, 0.12,
                    (struct point){side * 0.62, 0.88}, 0.12, thing->colour);
        canvas_ellipse(canvas, side * 0.66, 0.5, 0.08, 0.30, 0, colour_times(thing->colour, 0.9));
    }
    canvas_box(canvas, -0.64, 0.05, 1.28, 0.90, thing->colour);
    for (int i = -1; i <= 1; i++)
        canvas_limb(canvas, (struct point){0.36 * i, 0.10}, 0.04, (struct point){0.36 * i, 0.90},
                    0.04, thing->trim);
}

static void draw_lamp(struct canvas *canvas, const struct scene_thing *thing)
{
    canvas_ellipse(canvas, 0, 0.03, 0.20, 0.05, 0, thing->trim);
    canvas_limb(canvas, (struct point){0, 0.04}, 0.02, (struct point){0, 0.70}, 0.02, thing->trim);
    canvas_polygon(canvas, (struct point[]){{-0.30, 0.62}, {0.30, 0.62}, {0.17, 1.0}, {-0.17, 1.0}},
                   4, thing->colour);
    canvas_ellipse(canvas, 0, 0.62, 0.30, 0.04, 0, colour_times(thing->colour, 1.2));
}

static void draw_bag(struct canvas *canvas, const struct scene_thing *thing)
{
    canvas_ribbon(canvas, (struct point){-0.28, 0.60}, (struct point){0, 1.32},
                  (struct point){0.28, 0.60}, 0.04, 0.04, thing->trim);
    canvas_limb(canvas, (struct point){-0.30, 0.24}, 0.22, (struct point){0.30, 0.24}, 0.22,
                thing->colour);
    canvas_polygon(canvas, (struct point[]){{-0.52, 0.2}, {0.52, 0.2}, {0.38, 0.72}, {-0.38, 0.72}},
                   4, thing->colour);
    canvas_box(canvas, -0.40, 0.48, 0.80, 0.05, thing->trim);
}

void scene_draw_thing(struct canvas *canvas, const struct scene_thing *thing)
{
    static void (*const draw[])(struct canvas *, const struct scene_thing *) = {
        [THING_BALL] = draw_ball,       [THING_BOX] = draw_box,   [THING_BOTTLE] = draw_bottle,
        [THING_CUSHION] = draw_cushion, [THING_LAMP] = draw_lamp, [THING_BAG] = draw_bag,
    };
    draw[thing->kind](canvas, thing);
}
