#include "nn/memory.h"

#include "nn/kernels.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* With ASan a pool's free memory is poisoned, and some of it follows each array. */
#if __has_include(<sanitizer/asan_interface.h>)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes)   ((void)(memory), (void)(bytes))
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes) ((void)(memory), (void)(bytes))
#endif

enum { LARGE_PAGE_BYTES = 2 << 20, PIECE_BYTES = 16 << 20 };

struct memory_piece {
    struct memory_piece *next;
    void *mapping;
    size_t mapping_bytes;
    char *free, *end;
};

static size_t round_up(size_t bytes, size_t multiple)
{
    return (bytes + multiple - 1) / multiple * multiple;
}

float *memory_allocate(size_t floats)
{
    const size_t wanted = floats > 0 ? floats * sizeof(float) : 1;
    const size_t alignment = wanted >= LARGE_PAGE_BYTES ? LARGE_PAGE_BYTES : KERNEL_ALIGNMENT;
    const size_t bytes = round_up(wanted, KERNEL_ALIGNMENT);
    void *memory;
    if (posix_memalign(&memory, alignment, bytes) != 0)
        return NULL;
    if (alignment == LARGE_PAGE_BYTES) /* only a wish */
        madvise(memory, bytes / LARGE_PAGE_BYTES * LARGE_PAGE_BYTES, MADV_HUGEPAGE);
    memset(memory, 0, bytes);
    return memory;
}

/* --- pools ------------------------------------------------------------------------------------ */

/* Mapped, because only then the system's zeros need not be written again. */
static struct memory_piece *add_piece(struct memory_pool *pool, size_t bytes)
{
    const size_t mapping_bytes = bytes + LARGE_PAGE_BYTES; /* the end that alignment may need */
    struct memory_piece *piece = malloc(sizeof *piece);
    void *mapping = piece ? mmap(NULL, mapping_bytes, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                          : MAP_FAILED;
    if (mapping == MAP_FAILED) {
        free(piece);
        return NULL;
    }
    char *first = (char *)mapping + -(uintptr_t)mapping % LARGE_PAGE_BYTES;
    *piece = (struct memory_piece){pool->pieces, mapping, mapping_bytes, first, first + bytes};
    madvise(first, bytes, MADV_HUGEPAGE); /* only a wish */
    ASAN_POISON_MEMORY_REGION(mapping, mapping_bytes);
    pool->pieces = piece;
    return piece;
}

float *memory_pool_allocate(struct memory_pool *pool, size_t floats)
{
    struct memory_piece *piece = pool->pieces;
    const size_t bytes = round_up(floats * sizeof(float), KERNEL_ALIGNMENT);
    const size_t room = bytes + KERNEL_ALIGNMENT; /* a gap, for ASan */
    if (!piece || (size_t)(piece->end - piece->free) < room)
        piece = add_piece(pool, round_up(room, PIECE_BYTES));
    if (!piece)
        return NULL;
    void *memory = piece->free;
    piece->free += room;
    ASAN_UNPOISON_MEMORY_REGION(memory, bytes);
    return memory;
}

void memory_pool_free(struct memory_pool *pool)
{
    for (struct memory_piece *piece = pool->pieces, *next; piece; piece = next) {
        next = piece->next;
        ASAN_UNPOISON_MEMORY_REGION(piece->mapping, piece->mapping_bytes);
        munmap(piece->mapping, piece->mapping_bytes);
        free(piece);
    }
    pool->pieces = NULL;
}
