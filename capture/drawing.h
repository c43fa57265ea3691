/*
 * drawing: single pictures of random scenes, to train and to measure networks on. A pure function
 * of seed and number. Two fifths are moments of the film that the synthetic source shows (story.h);
 * the others take what the film keeps to itself: any colour of room, fur and light, animals near
 * and far and partly outside, furniture that is missing, and things that are no animals.
 */
#ifndef PAWCAM_CAPTURE_DRAWING_H
#define PAWCAM_CAPTURE_DRAWING_H

#include "capture/scene.h"

#include <stdint.h>

struct drawing {
    struct scene scene;
    int width, height; /* the shorter side is what was asked for; 1:1, 4:3, 3:4 or 16:9 */
    int jpeg_quality;  /* to save it with; says nothing about what it shows */
};

/* An animal takes a tenth of the picture at least, measured by the box around it, and half of that
 * box is in view. With SCENE_NOBODY not even a part of one is. */
struct drawing drawing_random(uint64_t seed, uint64_t number, enum scene_animal animal,
                              int short_side);

/* Draws it into `image`, which is resized as needed. It is drawn at twice the size first, in
 * `large`: small shapes are smoother so. Both are reused from drawing to drawing. */
bool drawing_render(const struct drawing *drawing, struct image *large, struct image *image,
                    struct error *error);

#endif
