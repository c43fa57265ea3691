#include "capture/scene.h"

#include <math.h>
#include <string.h>

static const struct colour WOOD = {60, 95, 140};
static const struct colour PAPER = {225, 235, 240};

/* --- wall and floor --------------------------------------------------------------------------- */

enum { SHADE_ONE = 128 };

/* One row of a wall or floor, brighter near the window, darker by `shade` / SHADE_ONE. */
static void fill_row(const struct scene_room *room, struct image *image, uint8_t *row,
                     struct colour colour, int shade)
{
    enum { STEP = 8 }; /* pixels of one brightness; from step to step it changes by one level */
    for (int left = 0; left < image->width; left += STEP) {
        double distance = ((left + STEP / 2.0) / image->width - room->window_x) / 0.75;
        double factor = (0.80 + 0.28 * exp(-distance * distance)) * shade / SHADE_ONE;
        uint8_t b = (uint8_t)fmin(255, colour.b * room->light.b * factor);
        uint8_t g = (uint8_t)fmin(255, colour.g * room->light.g * factor);
        uint8_t r = (uint8_t)fmin(255, colour.r * room->light.r * factor);
        int right = left + STEP < image->width ? left + STEP : image->width;
        for (uint8_t *pixel = row + 3 * left; pixel < row + 3 * right; pixel += 3) {
            pixel[0] = b;
            pixel[1] = g;
            pixel[2] = r;
        }
    }
}

/* Rows of a gradient from one shade to another; most rows equal the one above and are copied. */
static void fill_rows(const struct scene_room *room, struct image *image, int top, int bottom,
                      struct colour colour, double from_shade, double to_shade)
{
    int last_shade = -1;
    for (int y = top; y < bottom; y++) {
        double share = (double)(y - top) / (bottom - top);
        int shade = (int)(SHADE_ONE * (from_shade + (to_shade - from_shade) * share));
        uint8_t *row = image->data + (size_t)y * (size_t)image->stride;
        if (shade == last_shade)
            memcpy(row, row - image->stride, 3 * (size_t)image->width);
        else
            fill_row(room, image, row, colour, shade);
        last_shade = shade;
    }
}

static void draw_boards(struct canvas *canvas, const struct scene_room *room, double aspect)
{
    canvas_box(canvas, 0, room->floor_y, aspect, 0.025, colour_mix(room->wall, PAPER, 0.7));
    struct colour gap = colour_times(room->floor, 0.82);
    for (int i = -6; i <= 6; i++) { /* the boards run towards the viewer */
        double far_x = aspect / 2 + 0.16 * i, near_x = aspect / 2 + 0.42 * i;
        canvas_polygon(canvas,
                       (struct point[]){{far_x, room->floor_y},
                                        {far_x + 0.003, room->floor_y},
                                        {near_x + 0.007, 0},
                                        {near_x, 0}},
                       4, gap);
    }
}

/* --- things in the room; x is their middle, in picture heights -------------------------------- */

static void draw_window(struct canvas *canvas, const struct scene_room *room, double x)
{
    static const struct colour night = {70, 35, 20}, noon = {250, 215, 165}, hill = {95, 150, 105},
                               sun = {150, 235, 255};
    const double width = 0.40, height = 0.42, bottom = room->floor_y + 0.27;
    struct colour sky = colour_mix(night, noon, room->day);
    double left = x - width / 2;
    canvas_box(canvas, left - 0.03, bottom - 0.03, width + 0.06, height + 0.06, PAPER);
    canvas_box(canvas, left, bottom, width, height, sky);
    canvas_ellipse(canvas, x + 0.10, bottom + 0.31, 0.042, 0.042, 0, sun);
    struct colour ground = colour_times(hill, 0.35 + 0.65 * room->day);
    canvas_polygon(canvas,
                   (struct point[]){{left, bottom},
                                    {left + width, bottom},
                                    {left + width, bottom + 0.07},
                                    {left + 0.28, bottom + 0.10},
                                    {left + 0.13, bottom + 0.15},
                                    {left, bottom + 0.10}},
                   6, ground);
    canvas_box(canvas, x - 0.009, bottom, 0.018, height, PAPER);
    canvas_box(canvas, left, bottom + height * 0.55, width, 0.016, PAPER);
    for (int side = -1; side <= 1; side += 2) {
        double hem = x + side * (width / 2 + 0.05);
        canvas_polygon(canvas,
                       (struct point[]){{hem - 0.075, bottom - 0.10},
                                        {hem + 0.075, bottom - 0.10},
                                        {hem + 0.05, bottom + height + 0.04},
                                        {hem - 0.05, bottom + height + 0.04}},
                       4, room->curtain);
        canvas_box(canvas, hem - 0.02, bottom - 0.10, 0.012, height + 0.14,
                   colour_times(room->curtain, 0.86));
    }
    canvas_limb(canvas, (struct point){left - 0.14, bottom + height + 0.045}, 0.011,
                (struct point){left + width + 0.14, bottom + height + 0.045}, 0.011, WOOD);
}

static void draw_picture(struct canvas *canvas, const struct scene_room *room, double x)
{
    double y = room->floor_y + 0.38;
    struct colour sea = colour_mix(room->sofa, (struct colour){190, 140, 80}, 0.6);
    canvas_box(canvas, x - 0.13, y, 0.26, 0.20, WOOD);
    canvas_box(canvas, x - 0.11, y + 0.02, 0.22, 0.16, PAPER);
    canvas_box(canvas, x - 0.085, y + 0.04, 0.17, 0.06, sea);
    canvas_ellipse(canvas, x + 0.035, y + 0.135, 0.022, 0.022, 0, room->rug);
    canvas_polygon(
        canvas, (struct point[]){{x - 0.06, y + 0.10}, {x + 0.01, y + 0.10}, {x - 0.03, y + 0.16}},
        3, room->curtain);
}

static void draw_sofa(struct canvas *canvas, const struct scene_room *room, double x)
{
    double floor = room->floor_y - 0.07;
    struct colour side = colour_times(room->sofa, 0.82), seat = colour_times(room->sofa, 1.10);
    for (int end = -1; end <= 1; end += 2)
        canvas_box(canvas, x + end * 0.36 - 0.02, floor - 0.01, 0.04, 0.06, WOOD);
    canvas_limb(canvas, (struct point){x - 0.30, floor + 0.28}, 0.085,
                (struct point){x + 0.30, floor + 0.28}, 0.085, room->sofa);
    canvas_box(canvas, x - 0.385, floor + 0.05, 0.77, 0.22, room->sofa);
    for (int half = -1; half <= 1; half += 2)
        canvas_limb(canvas, (struct point){x + half * 0.17 - 0.11, floor + 0.17}, 0.045,
                    (struct point){x + half * 0.17 + 0.11, floor + 0.17}, 0.045, seat);
    canvas_box(canvas, x - 0.385, floor + 0.04, 0.77, 0.09, colour_times(room->sofa, 0.92));
    for (int end = -1; end <= 1; end += 2)
        canvas_limb(canvas, (struct point){x + end * 0.39, floor + 0.09}, 0.055,
                    (struct point){x + end * 0.39, floor + 0.20}, 0.06, side);
    canvas_polygon(canvas,
                   (struct point[]){{x - 0.27, floor + 0.18},
                                    {x - 0.12, floor + 0.19},
                                    {x - 0.13, floor + 0.33},
                                    {x - 0.28, floor + 0.32}},
                   4, room->rug);
}

static void draw_plant(struct canvas *canvas, const struct scene_room *room, double x)
{
    static const struct colour pot = {70, 110, 190}, leaf = {70, 140, 75};
    double floor = room->floor_y - 0.10;
    for (int i = -3; i <= 3; i++) {
        struct point root = {x, floor + 0.13}, bend = {x + 0.05 * i, floor + 0.34};
        struct point tip = {x + 0.075 * i, floor + 0.42 - 0.025 * i * i};
        canvas_ribbon(canvas, root, bend, tip, 0.012, 0.024,
                      colour_times(leaf, i % 2 == 0 ? 0.85 : 1.05));
    }
    canvas_polygon(canvas,
                   (struct point[]){{x - 0.075, floor + 0.15},
                                    {x + 0.075, floor + 0.15},
                                    {x + 0.055, floor},
                                    {x - 0.055, floor}},
                   4, pot);
    canvas_box(canvas, x - 0.085, floor + 0.135, 0.17, 0.03, colour_times(pot, 1.12));
}

static void draw_rug(struct canvas *canvas, const struct scene_room *room, double aspect)
{
    double y = room->floor_y * 0.42;
    canvas_ellipse(canvas, aspect / 2, y, 0.52 * aspect, 0.105, 0, colour_times(room->rug, 0.85));
    canvas_ellipse(canvas, aspect / 2, y, 0.48 * aspect, 0.090, 0, room->rug);
    canvas_ellipse(canvas, aspect / 2, y, 0.40 * aspect, 0.068, 0,
                   colour_mix(room->rug, PAPER, 0.3));
    canvas_ellipse(canvas, aspect / 2, y, 0.37 * aspect, 0.060, 0, room->rug);
}

/* --- the scene -------------------------------------------------------------------------------- */

static void draw_things(struct canvas *room, const struct scene *scene, double aspect)
{
    for (int i = 0; i < scene->thing_count; i++) {
        const struct scene_thing *thing = &scene->things[i];
        struct canvas canvas =
            canvas_child(room, thing->x * aspect, thing->y, thing->height, thing->degrees);
        scene_draw_thing(&canvas, thing);
        room->failed |= canvas.failed;
    }
}

static void draw_animal(const struct canvas *room, const struct scene *scene, double aspect,
                        bool *failed)
{
    const struct scene_pose *pose = &scene->pose;
    struct canvas canvas = canvas_child(room, pose->x * aspect, pose->y, pose->height, 0);
    canvas.mirror = pose->facing < 0 ? -1 : 1;
    canvas_ellipse(&canvas, -0.08, 0.01, 0.62 - 0.15 * pose->sit, 0.055, 0,
                   colour_times(scene->room.rug, 0.62));
    if (scene->animal == SCENE_CAT)
        scene_draw_cat(&canvas, pose, &scene->coat);
    else
        scene_draw_dog(&canvas, pose, &scene->coat);
    *failed = canvas.failed;
}

bool scene_draw(const struct scene *scene, struct image *image, struct error *error)
{
    const struct scene_room *room = &scene->room;
    double aspect = (double)image->width / image->height;
    int edge = (int)lround((1 - room->floor_y) * image->height);
    fill_rows(room, image, 0, edge, room->wall, 1.0, 0.90);
    fill_rows(room, image, edge, image->height, room->floor, 0.80, 1.08);

    struct canvas pixels = canvas_on(image, room->light, error);
    struct canvas canvas = canvas_child(&pixels, 0, 0, image->height, 0);
    draw_boards(&canvas, room, aspect);
    draw_window(&canvas, room, room->window_x * aspect);
    draw_picture(&canvas, room, room->picture_x * aspect);
    draw_sofa(&canvas, room, room->sofa_x * aspect);
    draw_plant(&canvas, room, room->plant_x * aspect);
    draw_rug(&canvas, room, aspect);
    draw_things(&canvas, scene, aspect);
    bool failed = false;
    if (scene->animal != SCENE_NOBODY)
        draw_animal(&canvas, scene, aspect, &failed);
    return !failed && !canvas.failed;
}

/* From the middle of the body to the rump or the whiskers, in the animal's height; a tail alone is
 * no animal. */
static const double REACH = 0.65;

double scene_visible(const struct scene *scene, int width, int height)
{
    if (scene->animal == SCENE_NOBODY)
        return 0;
    double reach = REACH * scene->pose.height * height / width;
    double left = fmax(0, scene->pose.x - reach), right = fmin(1, scene->pose.x + reach);
    return fmax(0, right - left) / (2 * reach);
}

const char *scene_truth(const struct scene *scene, int width, int height)
{
    if (scene_visible(scene, width, height) < SCENE_VISIBLE_MIN)
        return "neither";
    return scene->animal == SCENE_CAT ? "cat" : "dog";
}
