/* parallel: the same work on many things, by as many threads as there are processors. */
#ifndef PAWCAM_TOOL_PARALLEL_H
#define PAWCAM_TOOL_PARALLEL_H

enum { PARALLEL_THREADS_MAX = 16 };

/* How many threads parallel_for should have for so many things: 1..PARALLEL_THREADS_MAX. */
int parallel_threads(int count);

/* Calls work(self, thread, index) once for each index in 0..count-1, in any order; thread is in
 * 0..threads-1, and two calls at the same time have different ones: an index of what each thread
 * needs for itself. Where threads cannot be started, fewer do it all. */
void parallel_for(int count, int threads, void (*work)(void *self, int thread, int index),
                  void *self);

#endif
