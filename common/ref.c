#include "common/ref.h"

#include <stddef.h>

void ref_init(struct ref *ref, void (*destroy)(struct ref *))
{
    atomic_init(&ref->count, 1);
    ref->destroy = destroy;
}

struct ref *ref_take(struct ref *ref)
{
    atomic_fetch_add_explicit(&ref->count, 1, memory_order_relaxed);
    return ref;
}

void ref_drop(struct ref *ref)
{
    /* Release what this thread wrote; acquire what the others wrote, before the memory goes. */
    if (ref && atomic_fetch_sub_explicit(&ref->count, 1, memory_order_acq_rel) == 1)
        ref->destroy(ref);
}
