/* arena: one block of memory in which buffers share the places of those whose time is over. */
#ifndef PAWCAM_NN_ARENA_H
#define PAWCAM_NN_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_buffer {
    size_t count;    /* floats; 0: takes no place */
    int first, last; /* steps, both included, during which it is in use */
    size_t offset;   /* floats from the arena's start, a multiple of ARENA_ALIGNMENT; filled in */
    bool shared;     /* another buffer lies in the same memory at another time; filled in */
};

enum { ARENA_ALIGNMENT = 16 }; /* floats */

/* Places the buffers so that no two overlap while both are in use: the largest first, each at the
 * lowest free place ("greedy by size" in Pisarchyk and Lee, "Efficient Memory Management for Deep
 * Neural Net Inference", arXiv:2001.03288). Returns the floats needed in all; 0: out of memory
 * (or nothing to place). */
size_t arena_place(struct arena_buffer **buffers, int count);

#endif
