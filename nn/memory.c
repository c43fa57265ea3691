#include "nn/memory.h"

#include "nn/kernels.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { LARGE_PAGE_BYTES = 2 << 20 };

static size_t round_up(size_t bytes, size_t multiple)
{
    return (bytes + multiple - 1) / multiple * multiple;
}

float *memory_allocate_unset(size_t floats)
{
    const size_t wanted = floats > 0 ? floats * sizeof(float) : 1;
    const size_t alignment = wanted >= LARGE_PAGE_BYTES ? LARGE_PAGE_BYTES : KERNEL_ALIGNMENT;
    const size_t bytes = round_up(wanted, KERNEL_ALIGNMENT);
    void *memory;
    if (posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
    if (alignment == LARGE_PAGE_BYTES) /* only a wish */
        madvise(memory, bytes / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES, MADV_HUGEPAGE);
    return memory;
}

float *memory_allocate(size_t floats)
{
    float *memory = memory_allocate_unset(floats);
    if (memory)
        memset(memory, 0, round_up(floats * sizeof *memory, KERNEL_ALIGNMENT));
    return memory;
}
