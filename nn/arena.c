#include "nn/arena.h"

#include <stdlib.h>
#include <string.h>

static size_t end_of(const struct arena_buffer *buffer)
{
    const size_t padded = (buffer->count + ARENA_ALIGNMENT - 1) / ARENA_ALIGNMENT * ARENA_ALIGNMENT;
    return buffer->offset + padded;
}

static bool same_time(const struct arena_buffer *a, const struct arena_buffer *b)
{
    return a->first <= b->last && b->first <= a->last;
}

static bool same_place(const struct arena_buffer *a, const struct arena_buffer *b)
{
    return a->offset < end_of(b) && b->offset < end_of(a);
}

static int by_size(const void *a, const void *b)
{
    const struct arena_buffer *left = *(struct arena_buffer *const *)a;
    const struct arena_buffer *right = *(struct arena_buffer *const *)b;
    return (left->count < right->count) - (left->count > right->count);
}

/* `placed` is in the order of offsets. */
static void insert(struct arena_buffer **placed, int count, struct arena_buffer *buffer)
{
    int at = count;
    for (; at > 0 && placed[at - 1]->offset > buffer->offset; at--)
        placed[at] = placed[at - 1];
    placed[at] = buffer;
}

/* The lowest gap between the placed buffers of the same time. */
static void find_place(struct arena_buffer *const *placed, int count, struct arena_buffer *buffer)
{
    buffer->offset = 0;
    for (int i = 0; i < count; i++) {
        if (!same_time(placed[i], buffer))
            continue;
        if (placed[i]->offset >= end_of(buffer))
            return;
        if (end_of(placed[i]) > buffer->offset)
            buffer->offset = end_of(placed[i]);
    }
}

static void mark_shared(struct arena_buffer *const *placed, int count)
{
    for (int i = 0; i < count; i++)
        for (int k = i + 1; k < count && placed[k]->offset < end_of(placed[i]); k++)
            if (same_place(placed[i], placed[k]))
                placed[i]->shared = placed[k]->shared = true;
}

size_t arena_place(struct arena_buffer **buffers, int count)
{
    struct arena_buffer **sorted = malloc(((size_t)count + 1) * sizeof *sorted);
    struct arena_buffer **placed = malloc(((size_t)count + 1) * sizeof *placed);
    size_t total = 0;
    int used = 0;
    if (sorted && placed) {
        memcpy(sorted, buffers, (size_t)count * sizeof *sorted);
        qsort(sorted, (size_t)count, sizeof *sorted, by_size);
        for (int i = 0; i < count && sorted[i]->count > 0; i++) {
            find_place(placed, used, sorted[i]);
            insert(placed, used++, sorted[i]);
            if (end_of(sorted[i]) > total)
                total = end_of(sorted[i]);
        }
        mark_shared(placed, used);
    }
    free(sorted);
    free(placed);
    return total;
}
