/*
 * memory: arrays of floats for kernels. Large ones lie in large pages where the system has some:
 * fewer faults while they are filled, and fewer misses of the address cache, above all in
 * Winograd's transforms, which write to 36 places in turn.
 */
#ifndef PAWCAM_NN_MEMORY_H
#define PAWCAM_NN_MEMORY_H

#include <stddef.h>

/* Aligned to KERNEL_ALIGNMENT (kernels.h), all zero; NULL: out of memory. For free(). */
float *memory_allocate(size_t floats);

/* The same with anything in it, for what will be filled in completely. */
float *memory_allocate_unset(size_t floats);

#endif
