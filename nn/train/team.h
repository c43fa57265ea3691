/* team: a fixed number of threads that do one job together, again and again. */
#ifndef PAWCAM_NN_TRAIN_TEAM_H
#define PAWCAM_NN_TRAIN_TEAM_H

#include "common/error.h"

struct team;

enum { TEAM_MAX = 64 }; /* more threads than that are not started */

/* threads 0: as many as this process may use. NULL with the reason. */
struct team *team_create(int threads, struct error *error);
void team_destroy(struct team *team);

int team_size(const struct team *team);

/* Calls job(context, worker) once for each worker 0..size-1 at the same time; the caller is worker
 * 0. Returns when all are done. */
void team_run(struct team *team, void (*job)(void *context, int worker), void *context);

/* Inside of a job: waits until all workers are here. */
void team_meet(struct team *team);

/* The worker's share first..end-1 of `count` things; shares differ by at most one. */
struct team_share {
    int first, end;
};
struct team_share team_divide(const struct team *team, int worker, int count);

#endif
