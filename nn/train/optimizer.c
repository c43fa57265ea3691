#include "nn/train/optimizer.h"

#include "nn/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool has_first(enum optimizer kind)
{
    return kind != OPTIMIZER_RMSPROP;
}

static bool has_second(enum optimizer kind)
{
    return kind != OPTIMIZER_SGD;
}

bool optimizer_init(struct optimizer_state *state, const struct trainer_settings *settings,
                    const struct parameters *parameters, const struct train_kernels *kernels,
                    const float *weights, struct error *error)
{
    const size_t count = parameters->trainable;
    *state = (struct optimizer_state){.kind = settings->optimizer, .kernels = kernels};
    if (has_first(state->kind))
        state->first = memory_allocate(count);
    if (has_second(state->kind))
        state->second = memory_allocate(count);
    if (settings->ema > 0)
        state->average = memory_allocate(parameters->total);
    state->parts = calloc((size_t)parameters->count * TEAM_MAX, sizeof *state->parts);
    if ((has_first(state->kind) && !state->first) || (has_second(state->kind) && !state->second) ||
        (settings->ema > 0 && !state->average) || !state->parts) {
        optimizer_finish(state);
        return error_set(error, "no memory for the optimizer: %zu MB for each of its arrays",
                         count * sizeof(float) >> 20);
    }
    if (state->average)
        memcpy(state->average, weights, parameters->total * sizeof *weights);
    return true;
}

void optimizer_finish(struct optimizer_state *state)
{
    free(state->first);
    free(state->second);
    free(state->average);
    free(state->parts);
    *state = (struct optimizer_state){0};
}

/* --- a worker's share ------------------------------------------------------------------------- */

struct job {
    struct optimizer_state *state;
    const struct trainer_settings *settings;
    const struct parameters *parameters;
    struct team *team;
    const float *weights_before;
    float *gradient;
    double penalty[TEAM_MAX]; /* by worker */

    struct update update; /* decay and keep are for the arrays that decay */
    const float *gradient_done;
    float *weights;
    float average_keep;
};

/* The worker's rows of a trainable array. */
struct stretch {
    size_t offset, count;
};

static struct stretch stretch_of(const struct job *job, const struct parameter_array *array,
                                 int worker)
{
    const struct team_share rows = team_divide(job->team, worker, array->rows);
    const size_t pitch = (size_t)array->pitch;
    return (struct stretch){array->offset + (size_t)rows.first * pitch,
                            (size_t)(rows.end - rows.first) * pitch};
}

static void clip_values(float *values, size_t count, float most)
{
    for (size_t i = 0; i < count; i++)
        values[i] = fminf(fmaxf(values[i], -most), most);
}

static void prepare(void *context, int worker)
{
    struct job *job = context;
    const double clip = job->settings->clip_value;
    double penalty = 0;
    for (int i = 0; i < job->parameters->count; i++) {
        const struct parameter_array *array = &job->parameters->arrays[i];
        if (!array->what.trainable)
            continue;
        const struct stretch part = stretch_of(job, array, worker);
        const struct update_sums sums = job->state->kernels->prepare(
            part.count, (float)array->l2, job->weights_before + part.offset,
            job->gradient + part.offset);
        job->state->parts[i * TEAM_MAX + worker] = sums.gradient_squares;
        penalty += array->l2 * sums.weight_squares;
        if (clip > 0)
            clip_values(job->gradient + part.offset, part.count, (float)clip);
    }
    job->penalty[worker] = penalty;
}

static void update_piece(const struct job *job, const struct update *update, struct stretch part)
{
    const struct optimizer_state *state = job->state;
    const float *gradient = job->gradient_done + part.offset;
    float *weights = job->weights + part.offset;
    float *first = state->first ? state->first + part.offset : NULL;
    float *second = state->second ? state->second + part.offset : NULL;
    switch (state->kind) {
    case OPTIMIZER_SGD:
        state->kernels->sgd(update, part.count, gradient, weights, first);
        break;
    case OPTIMIZER_RMSPROP:
        state->kernels->rmsprop(update, part.count, gradient, weights, second);
        break;
    case OPTIMIZER_ADAM:
    case OPTIMIZER_ADAMW:
        state->kernels->adam(update, part.count, gradient, weights, first, second);
        break;
    }
    if (state->average)
        state->kernels->average(part.count, job->average_keep, weights,
                                state->average + part.offset);
}

/* Piece by piece, so that the average finds the new weights in the first cache. */
static void update_stretch(const struct job *job, const struct update *update, struct stretch part)
{
    enum { PIECE = 64 * PARAMETER_PITCH };
    for (size_t done = 0; done < part.count; done += PIECE) {
        const size_t left = part.count - done;
        update_piece(job, update,
                     (struct stretch){part.offset + done, left < PIECE ? left : PIECE});
    }
}

/* Of one array's gradient, after optimizer_prepare. */
static double squares_of(const struct optimizer_state *state, const struct team *team, int array)
{
    double squares = 0;
    for (int i = 0; i < team_size(team); i++)
        squares += state->parts[array * TEAM_MAX + i];
    return squares;
}

/* What a gradient of this norm is multiplied with. */
static float clip_scale(double squares, double clip)
{
    const double norm = sqrt(squares);
    return clip > 0 && norm > clip ? (float)(clip / norm) : 1;
}

static void apply(void *context, int worker)
{
    struct job *job = context;
    for (int i = 0; i < job->parameters->count; i++) {
        const struct parameter_array *array = &job->parameters->arrays[i];
        struct update update = job->update;
        if (!array->what.trainable)
            continue;
        if (job->settings->clip_norm > 0)
            update.scale =
                clip_scale(squares_of(job->state, job->team, i), job->settings->clip_norm);
        if (!array->decays) {
            update.decay = 0;
            update.keep = 1;
        }
        update_stretch(job, &update, stretch_of(job, array, worker));
    }
}

/* --- a step ----------------------------------------------------------------------------------- */

void optimizer_prepare(struct optimizer_state *state, const struct trainer_settings *settings,
                       const struct parameters *parameters, struct team *team, const float *weights,
                       float *gradient)
{
    struct job job = {.state = state,
                      .settings = settings,
                      .parameters = parameters,
                      .team = team,
                      .weights_before = weights,
                      .gradient = gradient};
    team_run(team, prepare, &job);
    state->squares = state->penalty = 0;
    for (int i = 0; i < parameters->count; i++)
        state->squares += squares_of(state, team, i);
    for (int i = 0; i < team_size(team); i++)
        state->penalty += job.penalty[i];
}

static struct update adam(const struct trainer_settings *settings, struct update update,
                          double rate, uint64_t step)
{
    update.momentum = (float)settings->beta_1;
    update.rho = (float)settings->beta_2;
    update.rate = (float)(rate / (1 - pow(settings->beta_1, (double)step)));
    update.root = (float)(1 / sqrt(1 - pow(settings->beta_2, (double)step)));
    return update;
}

static struct update update_of(const struct optimizer_state *state,
                               const struct trainer_settings *settings, double rate)
{
    struct update update = {
        .scale = clip_scale(state->squares, settings->global_clip_norm),
        .decay = (float)settings->weight_decay,
        .keep = 1,
        .rate = (float)rate,
        .momentum = (float)settings->momentum,
        .rho = (float)settings->rho,
        .root = 1,
        .epsilon = (float)settings->epsilon,
        .nesterov = settings->nesterov,
    };
    if (state->kind == OPTIMIZER_ADAMW) {
        update.decay = 0;
        update.keep = (float)(1 - rate * settings->weight_decay);
    }
    const bool is_adam = state->kind == OPTIMIZER_ADAM || state->kind == OPTIMIZER_ADAMW;
    return is_adam ? adam(settings, update, rate, state->step) : update;
}

void optimizer_update(struct optimizer_state *state, const struct trainer_settings *settings,
                      const struct parameters *parameters, struct team *team, double rate,
                      const float *gradient, float *weights)
{
    state->step++;
    struct job job = {
        .state = state,
        .settings = settings,
        .parameters = parameters,
        .team = team,
        .gradient_done = gradient,
        .weights = weights,
        .update = update_of(state, settings, rate),
        .average_keep = (float)settings->ema,
    };
    team_run(team, apply, &job);
}
