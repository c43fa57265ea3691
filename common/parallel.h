/* parallel: the same work on many things, by as many threads as there are processors. */
#ifndef PAWCAM_COMMON_PARALLEL_H
#define PAWCAM_COMMON_PARALLEL_H

enum { PARALLEL_THREADS_MAX = 64 };

/* How many processors this process may use: 1..PARALLEL_THREADS_MAX. */
int parallel_processors(void);

/* How many threads parallel_for should have for so many things: one for each processor, but not
 * more than things, and at least one. */
int parallel_threads(int count);

/* Calls work(self, thread, index) once for each index in 0..count-1, in any order; thread is in
 * 0..threads-1 (threads <= PARALLEL_THREADS_MAX), and two calls at the same time have different
 * ones: an index of what each thread needs for itself. The caller works as well; where threads
 * cannot be started, fewer do it all. */
void parallel_for(int count, int threads, void (*work)(void *self, int thread, int index),
                  void *self);

#endif
