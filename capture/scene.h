/*
 * scene: a drawn room in which a drawn cat or dog may stand. Everything about it is in the struct,
 * so a film of it (story.h) and single pictures of random scenes are drawn by the same function. It
 * needs no files, is the same on every run, and its true label is known.
 */
#ifndef PAWCAM_CAPTURE_SCENE_H
#define PAWCAM_CAPTURE_SCENE_H

#include "capture/canvas.h"

enum scene_animal { SCENE_NOBODY, SCENE_CAT, SCENE_DOG };

enum scene_pattern { PATTERN_PLAIN, PATTERN_STRIPES, PATTERN_PATCHES, PATTERN_COUNT };

struct scene_coat {
    struct colour base;  /* most of the fur */
    struct colour dark;  /* stripes, patches, a dog's ears */
    struct colour light; /* muzzle, chest, paws */
    struct colour eyes;
    enum scene_pattern pattern;
};

struct scene_pose {
    double x;      /* middle of the body, in picture widths from the left; may lie outside */
    double y;      /* the floor under the paws, in picture heights from the lower edge */
    double height; /* of the animal, in picture heights */
    double facing; /* 1: looks to the right, -1: to the left */
    double stride; /* phase of the walk in turns; 0.25 has the legs farthest apart */
    double gait;   /* 0: stands still .. 1: walks */
    double sit;    /* 0: stands .. 1: sits */
    double tail;   /* swing of the tail, -1..1 */
    double tilt;   /* of the head, degrees */
    double eyes;   /* 0: closed .. 1: wide open */
    double mouth;  /* 0: closed .. 1: open (a dog's tongue) */
};

struct scene_room {
    struct colour wall, floor, rug, sofa, curtain;
    struct light light;
    double window_x; /* middle of the window, in picture widths; light falls from there */
    double day;      /* 0: night outside the window .. 1: noon */
    double sofa_x, picture_x, plant_x; /* in picture widths */
    double floor_y;                    /* edge between wall and floor, in picture heights */
};

/* Things that stand on the floor and are no animals. */
enum scene_thing_kind {
    THING_BALL,
    THING_BOX,
    THING_BOTTLE,
    THING_CUSHION,
    THING_LAMP,
    THING_BAG,
    THING_KIND_COUNT
};

struct scene_thing {
    enum scene_thing_kind kind;
    double x, y, height; /* as in struct scene_pose */
    double degrees;      /* counter-clockwise turn around the foot */
    struct colour colour, trim;
};

enum { SCENE_THINGS_MAX = 3 };

struct scene {
    struct scene_room room;
    int thing_count; /* the first is drawn first, all of them behind the animal */
    struct scene_thing things[SCENE_THINGS_MAX];
    enum scene_animal animal;
    struct scene_coat coat;
    struct scene_pose pose;
};

/* Draws the scene over the whole picture, whose size and memory are given (image_reserve, 3
 * channels). */
bool scene_draw(const struct scene *scene, struct image *image, struct error *error);

/* Share of the animal's width, without its tail, that is in view of a picture of this shape, 0..1;
 * 0 for nobody. */
double scene_visible(const struct scene *scene, int width, int height);

/* "cat", "dog" or, when less than SCENE_VISIBLE_MIN of the animal is in view, "neither". */
#define SCENE_VISIBLE_MIN 0.35
const char *scene_truth(const struct scene *scene, int width, int height);

/* The animal alone, on a canvas whose origin is the floor under it and whose unit is its height.
 * For scene.c. */
void scene_draw_cat(struct canvas *canvas, const struct scene_pose *pose,
                    const struct scene_coat *coat);
void scene_draw_dog(struct canvas *canvas, const struct scene_pose *pose,
                    const struct scene_coat *coat);

/* One thing, on a canvas whose origin is its foot and whose unit is its height. For scene.c. */
void scene_draw_thing(struct canvas *canvas, const struct scene_thing *thing);

#endif
