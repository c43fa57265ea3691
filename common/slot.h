/*
 * slot: the newest object of a stream, handed from one producer thread to its consumers.
 *
 * Newest wins: a put replaces what was there, so a slow consumer skips instead of delaying anybody
 * (there is never a queue). Two ways to consume, not to be mixed on one slot:
 *   slot_take   one consumer, each object at most once (frames -> pipeline)
 *   slot_peek   many consumers, each sees the newest (snapshots -> HTTP clients)
 * For lossless replay the producer uses slot_put_wait, which waits until the last object was taken.
 *
 * Objects embed a struct ref (see ref.h). All functions are safe from any thread.
 */
#ifndef PAWCAM_COMMON_SLOT_H
#define PAWCAM_COMMON_SLOT_H

#include "common/ref.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct slot {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct ref *newest; /* owned; NULL before the first put and after a take */
    uint64_t version;   /* number of puts so far */
    bool closed;
    atomic_int watchers;
};

void slot_init(struct slot *slot);

/* No thread may still use the slot. Drops the object in it. */
void slot_finish(struct slot *slot);

/* Takes over the caller's reference, also when the slot is closed (the object is then dropped). */
void slot_put(struct slot *slot, struct ref *object);

/* The same, after waiting until the object before it was taken. */
void slot_put_wait(struct slot *slot, struct ref *object);

/* Waits up to timeout_ns for an object and hands its reference to the caller. NULL: none came in
 * time, or the slot is closed and empty (slot_closed tells which). */
struct ref *slot_take(struct slot *slot, int64_t timeout_ns);

/* Waits up to timeout_ns for a put after number *version (0: any put), sets *version to it and
 * returns a new reference for the caller. NULL: nothing new in time, or closed. */
struct ref *slot_peek(struct slot *slot, uint64_t *version, int64_t timeout_ns);

/* Wakes every waiter. Producers' later puts are dropped; what is inside can still be taken. */
void slot_close(struct slot *slot);
bool slot_closed(struct slot *slot);

/* How many consumers want the costly part of the object made (somebody looks at the picture). The
 * producer reads it before it does that work. */
void slot_watch(struct slot *slot);
void slot_unwatch(struct slot *slot);
int slot_watchers(const struct slot *slot);

#endif
