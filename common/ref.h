/*
 * ref: shared ownership of an immutable object. The object embeds a `struct ref` as its FIRST
 * member; the last ref_drop calls its destroy function. Count and drop are safe from any thread.
 */
#ifndef PAWCAM_COMMON_REF_H
#define PAWCAM_COMMON_REF_H

#include <stdatomic.h>

struct ref {
    atomic_int count;
    void (*destroy)(struct ref *); /* frees the whole object */
};

/* The creator holds the first reference. */
void ref_init(struct ref *ref, void (*destroy)(struct ref *));

/* Adds a reference; returns its argument. */
struct ref *ref_take(struct ref *ref);

/* Gives one reference back; NULL is allowed. The caller must not touch the object afterwards. */
void ref_drop(struct ref *ref);

#endif
