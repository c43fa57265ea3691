#include "common/slot.h"

#include "common/clock.h"

#include <errno.h>
#include <stddef.h>

void slot_init(struct slot *slot)
{
    *slot = (struct slot){0};
    pthread_mutex_init(&slot->mutex, NULL);
    /* Wait on the monotonic clock: a step of the wall clock must not stretch a timeout. */
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&slot->changed, &attributes);
    pthread_condattr_destroy(&attributes);
}

void slot_finish(struct slot *slot)
{
    ref_drop(slot->newest);
    slot->newest = NULL;
    pthread_cond_destroy(&slot->changed);
    pthread_mutex_destroy(&slot->mutex);
}

/* Puts under the lock; returns the reference that is left over and to be dropped outside of it. */
static struct ref *replace(struct slot *slot, struct ref *object)
{
    if (slot->closed)
        return object;
    struct ref *old = slot->newest;
    slot->newest = object;
    slot->version++;
    pthread_cond_broadcast(&slot->changed);
    return old;
}

void slot_put(struct slot *slot, struct ref *object)
{
    pthread_mutex_lock(&slot->mutex);
    struct ref *left_over = replace(slot, object);
    pthread_mutex_unlock(&slot->mutex);
    ref_drop(left_over);
}

void slot_put_wait(struct slot *slot, struct ref *object)
{
    pthread_mutex_lock(&slot->mutex);
    while (slot->newest && !slot->closed)
        pthread_cond_wait(&slot->changed, &slot->mutex);
    struct ref *left_over = replace(slot, object);
    pthread_mutex_unlock(&slot->mutex);
    ref_drop(left_over);
}

/* One wait for a change; false when the deadline has passed. */
static bool wait_until(struct slot *slot, int64_t deadline_ns)
{
    struct timespec deadline = clock_timespec(deadline_ns);
    return pthread_cond_timedwait(&slot->changed, &slot->mutex, &deadline) != ETIMEDOUT;
}

struct ref *slot_take(struct slot *slot, int64_t timeout_ns)
{
    int64_t deadline_ns = clock_monotonic_ns() + timeout_ns;
    pthread_mutex_lock(&slot->mutex);
    while (!slot->newest && !slot->closed)
        if (!wait_until(slot, deadline_ns))
            break;
    struct ref *object = slot->newest;
    slot->newest = NULL;
    if (object)
        pthread_cond_broadcast(&slot->changed); /* a slot_put_wait may go on */
    pthread_mutex_unlock(&slot->mutex);
    return object;
}

struct ref *slot_peek(struct slot *slot, uint64_t *version, int64_t timeout_ns)
{
    int64_t deadline_ns = clock_monotonic_ns() + timeout_ns;
    struct ref *object = NULL;
    pthread_mutex_lock(&slot->mutex);
    while (slot->version <= *version && !slot->closed)
        if (!wait_until(slot, deadline_ns))
            break;
    if (slot->version > *version && slot->newest && !slot->closed) {
        *version = slot->version;
        object = ref_take(slot->newest);
    }
    pthread_mutex_unlock(&slot->mutex);
    return object;
}

void slot_close(struct slot *slot)
{
    pthread_mutex_lock(&slot->mutex);
    slot->closed = true;
    pthread_cond_broadcast(&slot->changed);
    pthread_mutex_unlock(&slot->mutex);
}

bool slot_closed(struct slot *slot)
{
    pthread_mutex_lock(&slot->mutex);
    bool closed = slot->closed;
    pthread_mutex_unlock(&slot->mutex);
    return closed;
}

void slot_watch(struct slot *slot)
{
    atomic_fetch_add(&slot->watchers, 1);
}

void slot_unwatch(struct slot *slot)
{
    atomic_fetch_sub(&slot->watchers, 1);
}

int slot_watchers(const struct slot *slot)
{
    return atomic_load(&slot->watchers);
}
