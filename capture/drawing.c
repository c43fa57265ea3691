#include "capture/drawing.h"

#include "capture/story.h"

#include <math.h>

static const double FILM_SHARE = 0.4;
static const double OUT_OF_SIGHT = -9; /* a place in picture widths */

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static bool happens(struct story_random *random, double probability)
{
    return story_uniform(random, 0, 1) < probability;
}

/* --- colours ---------------------------------------------------------------------------------- */

/* Hue in turns, saturation and value 0..1. */
static struct colour colour_hsv(double hue, double saturation, double value)
{
    double channels[3];
    for (int i = 0; i < 3; i++) { /* red, green, blue */
        double k = fmod(5 - 2 * i + 6 * hue, 6);
        channels[i] = value * (1 - saturation * fmax(0, fmin(fmin(k, 4 - k), 1)));
    }
    return (struct colour){(uint8_t)(255 * channels[2]), (uint8_t)(255 * channels[1]),
                           (uint8_t)(255 * channels[0])};
}

static struct colour any_colour(struct story_random *random, double saturation_max,
                                double value_min)
{
    double hue = story_uniform(random, 0, 1);
    double saturation = story_uniform(random, 0, saturation_max);
    return colour_hsv(hue, saturation, story_uniform(random, value_min, 1));
}

/* Black, greys, white, cream, ginger and browns, and what lies between two of them: the same for
 * both animals, and for some of the things, so that a colour alone tells nothing. */
static struct colour fur_colour(struct story_random *random)
{
    static const struct colour furs[] = {{40, 36, 38},    {95, 95, 100},   {160, 160, 165},
                                         {238, 240, 244}, {190, 220, 235}, {75, 145, 225},
                                         {90, 150, 205},  {60, 90, 130},   {40, 55, 85}};
    struct colour one = furs[story_choice(random, COUNT(furs))];
    struct colour other = furs[story_choice(random, COUNT(furs))];
    return colour_mix(one, other, story_uniform(random, 0, 0.6));
}

static struct scene_coat random_coat(struct story_random *random, enum scene_animal animal)
{
    struct scene_coat coat;
    if (happens(random, 0.3)) {
        story_random_coat(random, animal, &coat);
        return coat;
    }
    coat.base = fur_colour(random);
    coat.dark = happens(random, 0.6) ? colour_times(coat.base, story_uniform(random, 0.4, 0.8))
                                     : fur_colour(random);
    coat.light = colour_mix(coat.base, (struct colour){248, 250, 252},
                            happens(random, 0.3) ? 0.1 : story_uniform(random, 0.4, 1));
    coat.eyes = any_colour(random, 0.8, 0.3);
    coat.pattern = (enum scene_pattern)story_choice(random, PATTERN_COUNT);
    return coat;
}

/* --- room and things -------------------------------------------------------------------------- */

static struct light random_light(struct story_random *random)
{
    double bright =
        happens(random, 0.15) ? story_uniform(random, 0.2, 0.4) : story_uniform(random, 0.4, 1.15);
    double warm = story_uniform(random, -0.25, 0.25), green = story_uniform(random, -0.1, 0.1);
    return (struct light){(float)(bright * (1 - warm)), (float)(bright * (1 + green)),
                          (float)(bright * (1 + warm))};
}

static double place_or_none(struct story_random *random, double probability)
{
    double x = story_uniform(random, -0.1, 1.1);
    return happens(random, probability) ? x : OUT_OF_SIGHT;
}

static struct scene_room random_room(struct story_random *random)
{
    struct scene_room room;
    story_random_room(random, &room);
    room.light = random_light(random);
    if (happens(random, 0.3))
        return room;
    room.wall = any_colour(random, 0.6, 0.25);
    room.floor = any_colour(random, 0.7, 0.2);
    room.rug = happens(random, 0.3) ? room.floor : any_colour(random, 0.8, 0.2);
    room.sofa = happens(random, 0.3) ? fur_colour(random) : any_colour(random, 0.8, 0.15);
    room.curtain = any_colour(random, 0.8, 0.3);
    room.floor_y = story_uniform(random, 0.12, 0.62);
    room.window_x = place_or_none(random, 0.7);
    room.picture_x = place_or_none(random, 0.7);
    room.sofa_x = place_or_none(random, 0.7);
    room.plant_x = place_or_none(random, 0.7);
    return room;
}

static struct scene_thing random_thing(struct story_random *random)
{
    struct scene_thing thing = {
        .kind = (enum scene_thing_kind)story_choice(random, THING_KIND_COUNT),
        .x = story_uniform(random, 0, 1),
        .y = story_uniform(random, 0, 0.4),
        .height = 0.1 * pow(7, story_uniform(random, 0, 1)),
        .degrees = happens(random, 0.2) ? story_uniform(random, -90, 90) : 0,
    };
    thing.colour = happens(random, 0.5) ? fur_colour(random) : any_colour(random, 1, 0.1);
    thing.trim = happens(random, 0.5) ? fur_colour(random) : any_colour(random, 1, 0.1);
    return thing;
}

static void add_things(struct story_random *random, struct scene *scene)
{
    bool alone = scene->animal == SCENE_NOBODY;
    if (!happens(random, alone ? 0.7 : 0.4))
        return;
    scene->thing_count = 1 + story_choice(random, SCENE_THINGS_MAX);
    for (int i = 0; i < scene->thing_count; i++)
        scene->things[i] = random_thing(random);
}

/* --- the animal's place ----------------------------------------------------------------------- */

/* The box around an animal without its tail, in its height; to either side of the body's middle. */
static const double BOX_REACH = 0.65;

/* Share of that box which is in the picture. */
static double share_in_view(const struct scene_pose *pose, double aspect)
{
    double reach = BOX_REACH * pose->height / aspect;
    double across = fmin(1, pose->x + reach) - fmax(0, pose->x - reach);
    double upward = fmin(1, pose->y + pose->height) - fmax(0, pose->y);
    return fmax(0, across) / (2 * reach) * fmax(0, upward) / pose->height;
}

/* An animal whose head is outside is another animal's rump. */
static bool shows_head(const struct scene_pose *pose, double aspect)
{
    double x = pose->x + pose->facing * 0.28 * pose->height / aspect;
    double y = pose->y + 0.75 * pose->height;
    return x > 0.05 && x < 0.95 && y > 0.05 && y < 0.95;
}

static void place(struct story_random *random, double aspect, struct scene_pose *pose)
{
    double area = 0.2 * pow(8, story_uniform(random, 0, 1)); /* of the box, in pictures */
    pose->height = sqrt(area * aspect / (2 * BOX_REACH));
    pose->facing = happens(random, 0.5) ? 1 : -1;
    do {
        pose->x = story_uniform(random, -0.2, 1.2);
        pose->y = story_uniform(random, -0.6, 0.5);
    } while (share_in_view(pose, aspect) < 0.5 || !shows_head(pose, aspect));
}

static struct scene_pose random_pose(struct story_random *random, enum scene_animal animal,
                                     double aspect)
{
    struct scene_pose pose = {
        .stride = story_uniform(random, 0, 1),
        .gait = happens(random, 0.5) ? story_uniform(random, 0, 1) : 0,
        .tail = story_uniform(random, -1, 1),
        .tilt = story_uniform(random, -20, 20),
        .eyes = happens(random, 0.1) ? 0 : story_uniform(random, 0.4, 1),
    };
    if (happens(random, 0.5))
        pose.sit = 1 - pose.gait;
    if (animal == SCENE_DOG && happens(random, 0.7))
        pose.mouth = story_uniform(random, 0, 1);
    place(random, aspect, &pose);
    return pose;
}

/* --- the drawing ------------------------------------------------------------------------------ */

static struct scene free_scene(struct story_random *random, enum scene_animal animal, double aspect)
{
    struct scene scene = {.room = random_room(random), .animal = animal};
    add_things(random, &scene);
    if (animal != SCENE_NOBODY) {
        scene.coat = random_coat(random, animal);
        scene.pose = random_pose(random, animal, aspect);
    }
    return scene;
}

/* A moment at which the animal is well in view, or nobody is. */
static struct scene film_scene(struct story_random *random, enum scene_animal animal, int width,
                               int height)
{
    const double day_s = 9 * STORY_VISIT_S; /* then light and order have come round */
    struct scene scene;
    bool fits;
    do {
        int seed = (int)(story_bits(random) >> 33);
        story_scene(seed, story_uniform(random, 0, day_s), &scene);
        double visible = scene_visible(&scene, width, height);
        fits = animal == SCENE_NOBODY ? visible == 0
                                      : scene.animal == animal && visible > SCENE_VISIBLE_MIN;
    } while (!fits);
    return scene;
}

struct drawing drawing_random(uint64_t seed, uint64_t number, enum scene_animal animal,
                              int short_side)
{
    static const int shapes[][2] = {{4, 3}, {4, 3}, {4, 3}, {16, 9}, {1, 1}, {3, 4}};
    struct story_random random = {seed};
    random.state = story_bits(&random) ^ number;
    random.state = story_bits(&random) ^ (uint64_t)animal;

    const int *shape = shapes[story_choice(&random, COUNT(shapes))];
    int shorter = shape[0] < shape[1] ? shape[0] : shape[1];
    struct drawing drawing = {
        .width = short_side * shape[0] / shorter,
        .height = short_side * shape[1] / shorter,
        .jpeg_quality = 50 + story_choice(&random, 46),
    };
    drawing.scene = happens(&random, FILM_SHARE)
                        ? film_scene(&random, animal, drawing.width, drawing.height)
                        : free_scene(&random, animal, (double)drawing.width / drawing.height);
    return drawing;
}

bool drawing_render(const struct drawing *drawing, struct image *large, struct image *image,
                    struct error *error)
{
    return image_reserve(large, 2 * drawing->width, 2 * drawing->height, 3, error) &&
           scene_draw(&drawing->scene, large, error) &&
           vision_resize(large, drawing->width, drawing->height, image, error);
}
