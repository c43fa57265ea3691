#include "common/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

struct job {
    int count;
    atomic_int next;
    void (*work)(void *self, int thread, int index);
    void *self;
};

struct worker {
    struct job *job;
    int thread;
    pthread_t id;
};

int parallel_processors(void)
{
    cpu_set_t set;
    const int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    return count < PARALLEL_THREADS_MAX ? count : PARALLEL_THREADS_MAX;
}

int parallel_threads(int count)
{
    const int processors = parallel_processors();
    return count < 1 ? 1 : count < processors ? count : processors;
}

static void *work_on(void *argument)
{
    struct worker *worker = argument;
    struct job *job = worker->job;
    for (int i; (i = atomic_fetch_add(&job->next, 1)) < job->count;)
        job->work(job->self, worker->thread, i);
    return NULL;
}

void parallel_for(int count, int threads, void (*work)(void *self, int thread, int index),
                  void *self)
{
    struct job job = {.count = count, .work = work, .self = self};
    struct worker workers[PARALLEL_THREADS_MAX];
    for (int i = 0; i < threads; i++)
        workers[i] = (struct worker){.job = &job, .thread = i};
    int started = 1; /* this thread is the first */
    while (started < threads &&
           pthread_create(&workers[started].id, NULL, work_on, &workers[started]) == 0)
        started++;
    work_on(&workers[0]);
    for (int i = 1; i < started; i++)
        pthread_join(workers[i].id, NULL);
}
