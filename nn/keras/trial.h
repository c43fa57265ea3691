/*
 * trial: whether something that may crash or hang does, found out in a child process, so that this
 * one lives on. For libraries that cannot stand damaged files, such as libhdf5 1.10.
 */
#ifndef PAWCAM_NN_KERAS_TRIAL_H
#define PAWCAM_NN_KERAS_TRIAL_H

#include <stdbool.h>

/* Calls attempt(context) in a forked child. false: it crashed there, or took more than `limit_s`
 * seconds of processor time. true: it came to its end, whatever that was, or no child could be
 * made. The child has this process's memory, hence the same call here goes the same way; nothing
 * that it does to memory comes back. For processes that have no other threads yet. */
bool trial_survives(void (*attempt)(void *context), void *context, int limit_s);

#endif
