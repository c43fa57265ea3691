/*
 * fingerprint: what of a recipe a training cannot go on without, as a number for each section: two
 * recipes that say the same have the same. Layout and comments do not count, nor does what may
 * change between two halves of a training: epochs, callbacks, the test set. Seed and batch size
 * are compared apart, because the command line can set them (fit_state.h).
 */
#ifndef PAWCAM_NN_TRAIN_FINGERPRINT_H
#define PAWCAM_NN_TRAIN_FINGERPRINT_H

#include "nn/train/recipe.h"

/* FNV-1a: the hash so far, FINGERPRINT_BEGIN at first, with more bytes in it. Source: Fowler, Noll,
 * Vo, RFC 9923. */
#define FINGERPRINT_BEGIN UINT64_C(0xcbf29ce484222325)
uint64_t fingerprint_mix(uint64_t hash, const void *bytes, size_t size);

/* Plain data: a checkpoint holds it. */
struct fingerprint {
    uint64_t sections[RECIPE_SECTIONS];
};

/* The network says which layers are frozen, which is more than the recipe does. */
struct fingerprint fingerprint_of(const struct recipe *recipe, const struct network *network);

/* The name of the first section that differs; NULL: none does. */
const char *fingerprint_difference(const struct fingerprint *a, const struct fingerprint *b);

#endif
