/*
 * story: what happens in the drawn scene. A cat and a dog come, stay a while and leave, and at
 * times nobody is there. A pure function of seed and time, so any frame can be drawn without those
 * before.
 */
#ifndef PAWCAM_CAPTURE_STORY_H
#define PAWCAM_CAPTURE_STORY_H

#include "capture/scene.h"

#include <stdint.h>

/* One visit: an animal comes, stays and leaves, or nobody comes. Three visits in a row are one
 * each of cat, dog and nobody, in an order that the seed decides. */
enum { STORY_VISIT_S = 10 };

/* The scene at a time in seconds (>= 0) from the start. */
void story_scene(int seed, double time_s, struct scene *scene);

/* Numbers that look random and are the same on every machine (splitmix64, Steele, Lea and Flood,
 * "Fast splittable pseudorandom number generators", 2014). */
struct story_random {
    uint64_t state;
};
uint64_t story_bits(struct story_random *random);
double story_uniform(struct story_random *random, double from, double to);
int story_choice(struct story_random *random, int count);

/* Random furniture, colours and light; a random coat for this animal. */
void story_random_room(struct story_random *random, struct scene_room *room);
void story_random_coat(struct story_random *random, enum scene_animal animal,
                       struct scene_coat *coat);

#endif
