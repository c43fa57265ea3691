/* drawings: pictures as `pawcam draw` makes them, in memory: something like what a camera sees, to
 * try a network on that has no pictures of its own at hand. */
#ifndef PAWCAM_TOOL_DRAWINGS_H
#define PAWCAM_TOOL_DRAWINGS_H

#include "common/error.h"

#include <stdint.h>

/* `count` pictures of width x height B, G, R pixels, one behind the other, a third each of cats,
 * dogs and rooms without them; always the same. For free(). NULL: out of memory. */
uint8_t *drawings_make(int count, int width, int height, struct error *error);

#endif
