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

/* Arrays that are freed together, such as the weights of all layers, which are too small one by one
 * for large pages. They lie behind each other in few large pieces; what nobody has written to takes
 * no memory. {0} is an empty pool. */
struct memory_pool {
    struct memory_piece *pieces; /* the newest first */
};

/* Aligned to KERNEL_ALIGNMENT, all zero; NULL: out of memory. The pool owns it. */
float *memory_pool_allocate(struct memory_pool *pool, size_t floats);

/* Frees all arrays; the pool is empty again. */
void memory_pool_free(struct memory_pool *pool);

#endif
