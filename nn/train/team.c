#include "nn/train/team.h"

#include "common/parallel.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct member {
    struct team *team;
    int worker;
    pthread_t thread;
};

struct team {
    int size; /* workers; members 1..size-1 are threads */
    struct member members[TEAM_MAX];

    pthread_mutex_t mutex;
    pthread_cond_t changed;
    uint64_t jobs; /* given out so far */
    void (*job)(void *context, int worker);
    void *context;
    int busy; /* threads that have not finished the job */
    bool over;

    uint64_t meetings; /* held so far */
    int arrived;       /* workers that wait for the next one */
};

static void *work(void *argument)
{
    const struct member *member = argument;
    struct team *team = member->team;
    uint64_t done = 0;
    pthread_mutex_lock(&team->mutex);
    for (;;) {
        while (team->jobs == done && !team->over)
            pthread_cond_wait(&team->changed, &team->mutex);
        if (team->over)
            break;
        done = team->jobs;
        pthread_mutex_unlock(&team->mutex);
        team->job(team->context, member->worker);
        pthread_mutex_lock(&team->mutex);
        team->busy--;
        pthread_cond_broadcast(&team->changed);
    }
    pthread_mutex_unlock(&team->mutex);
    return NULL;
}

struct team *team_create(int threads, struct error *error)
{
    struct team *team = calloc(1, sizeof *team);
    if (!team) {
        error_set(error, "no memory for the training threads");
        return NULL;
    }
    const int wanted = threads > 0 ? threads : parallel_processors();
    pthread_mutex_init(&team->mutex, NULL);
    pthread_cond_init(&team->changed, NULL);
    for (team->size = 1; team->size < wanted && team->size < TEAM_MAX; team->size++) {
        struct member *member = &team->members[team->size];
        *member = (struct member){.team = team, .worker = team->size};
        const int failure = pthread_create(&member->thread, NULL, work, member);
        if (failure) {
            error_set(error, "cannot start training thread %d of %d: %s", team->size + 1, wanted,
                      strerror(failure));
            team_destroy(team);
            return NULL;
        }
        pthread_setname_np(member->thread, "train");
    }
    return team;
}

void team_destroy(struct team *team)
{
    if (!team)
        return;
    pthread_mutex_lock(&team->mutex);
    team->over = true;
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->mutex);
    for (int i = 1; i < team->size; i++)
        pthread_join(team->members[i].thread, NULL);
    pthread_cond_destroy(&team->changed);
    pthread_mutex_destroy(&team->mutex);
    free(team);
}

int team_size(const struct team *team)
{
    return team->size;
}

void team_run(struct team *team, void (*job)(void *context, int worker), void *context)
{
    pthread_mutex_lock(&team->mutex);
    team->job = job;
    team->context = context;
    team->busy = team->size - 1;
    team->jobs++;
    pthread_cond_broadcast(&team->changed);
    pthread_mutex_unlock(&team->mutex);

    job(context, 0);

    pthread_mutex_lock(&team->mutex);
    while (team->busy > 0)
        pthread_cond_wait(&team->changed, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
}

void team_meet(struct team *team)
{
    if (team->size == 1)
        return;
    pthread_mutex_lock(&team->mutex);
    const uint64_t meeting = team->meetings;
    if (++team->arrived == team->size) {
        team->arrived = 0;
        team->meetings++;
        pthread_cond_broadcast(&team->changed);
    }
    while (team->meetings == meeting)
        pthread_cond_wait(&team->changed, &team->mutex);
    pthread_mutex_unlock(&team->mutex);
}

struct team_share team_divide(const struct team *team, int worker, int count)
{
    return (struct team_share){(int)((int64_t)count * worker / team->size),
                               (int)((int64_t)count * (worker + 1) / team->size)};
}
