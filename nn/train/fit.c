#include "nn/train/fit.h"

#include "common/clock.h"
#include "nn/train/epoch_end.h"
#include "nn/train/load.h"
#include "nn/train/weights.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static double seconds_since(int64_t start_ns)
{
    return (double)(clock_monotonic_ns() - start_ns) / NS_PER_S;
}

static bool interrupted(const struct fit_run *run)
{
    return run->settings->stop && *run->settings->stop;
}

/* --- one epoch -------------------------------------------------------------------------------- */

static void count(struct fit_totals *totals, const struct trainer_result *result)
{
    totals->pictures += result->n;
    totals->correct += result->correct;
    totals->loss += result->loss + result->penalty * result->n;
}

/* `step` of the epoch, from 1. */
static bool refuse_nan(const struct fit_run *run, int step, const char *what, struct error *error)
{
    return error_set(error,
                     "epoch %d, step %d: %s is not a finite number; try a lower learning rate or "
                     "clipnorm=1.0%s%s%s",
                     run->state.epoch + 1, step, what,
                     run->saved ? ", beginning with the last good weights: --from "
                                : ". No checkpoint had been written yet",
                     run->saved ? run->settings->out : "", run->saved ? "/model.h5" : "");
}

static struct fit_progress measure(const struct fit_run *run, const struct prefetch *feed,
                                   double seconds_here, long pictures_here)
{
    const struct fit_state *state = &run->state;
    const struct fit_totals *totals = &state->totals;
    double n = totals->pictures ? (double)totals->pictures : 1;
    double rate = seconds_here > 0 ? (double)pictures_here / seconds_here : 0;
    const double left = run->pictures - (double)totals->pictures;
    return (struct fit_progress){
        .epoch = state->epoch + 1,
        .epochs = run->settings->recipe->epochs,
        .step = state->step,
        .steps = run->steps,
        .loss = totals->loss / n,
        .accuracy = (double)totals->correct / n,
        .images_per_s = rate,
        .eta_s = rate > 0 ? left / rate : 0,
        .starved = seconds_here > 0 ? prefetch_waited_s(feed) / seconds_here : 0,
    };
}

/* Of a step of the epoch under way. */
static double learning_rate(const struct fit_run *run, int step)
{
    const struct recipe *recipe = run->settings->recipe;
    return schedule_rate(&recipe->schedule, (long)run->state.epoch * run->steps + step, run->steps,
                         recipe->epochs);
}

static bool train_step(struct fit_run *run, const struct batch *batch, struct error *error)
{
    struct fit_state *state = &run->state;
    struct trainer_result result =
        trainer_step(run->trainer, batch->x, batch->y, batch->n, learning_rate(run, state->step));
    if (!result.finite)
        return refuse_nan(run, state->step + 1, "the loss", error);
    count(&state->totals, &result);
    state->step++;
    return true;
}

/* Steps from where the state is to the epoch's end, or to an interruption. */
static bool train_epoch(struct fit_run *run, struct error *error)
{
    struct fit_totals *totals = &run->state.totals;
    double seconds_before = totals->seconds;
    long pictures_before = totals->pictures;
    int64_t start_ns = clock_monotonic_ns();
    const struct fit_observer *observer = &run->settings->observer;
    struct prefetch *feed =
        prefetch_start(&run->train_feed, run->state.epoch, run->state.step, error);
    if (!feed)
        return false;
    /* All that is known of an epoch whose last step was before the interruption. */
    run->progress = measure(run, feed, seconds_before, pictures_before);
    bool good = true;
    const struct batch *batch = NULL;
    struct error reason = {0};
    while (good && !interrupted(run) && (batch = prefetch_next(feed, &reason))) {
        good = train_step(run, batch, error);
        double seconds = seconds_since(start_ns);
        totals->seconds = seconds_before + seconds;
        run->progress = measure(run, feed, seconds, totals->pictures - pictures_before);
        if (good && observer->step)
            observer->step(observer->self, &run->progress);
    }
    if (good && reason.message[0]) {
        *error = reason;
        good = false;
    }
    prefetch_stop(feed);
    return good;
}

/* Fills in the row's validation figures, unless interrupted. */
static bool validate(struct fit_run *run, struct history_row *row, struct error *error)
{
    struct fit_totals totals = {0};
    struct error reason = {0};
    if (!run->settings->validation)
        return true;
    struct prefetch *feed = prefetch_start(&run->validation_feed, 0, 0, error);
    if (!feed)
        return false;
    bool finite = true;
    for (const struct batch *batch; !interrupted(run) && (batch = prefetch_next(feed, &reason));) {
        struct trainer_result result =
            trainer_evaluate(run->trainer, batch->x, batch->y, batch->n, NULL);
        count(&totals, &result);
        finite = finite && result.finite;
    }
    prefetch_stop(feed);
    if (!finite)
        return refuse_nan(run, run->state.step, "the validation loss", error);
    if (reason.message[0]) {
        *error = reason;
        return false;
    }
    row->values[HISTORY_VAL_LOSS] = totals.loss / (double)totals.pictures;
    row->values[HISTORY_VAL_ACCURACY] = (double)totals.correct / (double)totals.pictures;
    return true;
}

static struct history_row begin_row(const struct fit_run *run)
{
    const struct fit_totals *totals = &run->state.totals;
    double n = (double)totals->pictures;
    struct history_row row = {.epoch = run->state.epoch + 1};
    row.values[HISTORY_LOSS] = totals->loss / n;
    row.values[HISTORY_ACCURACY] = (double)totals->correct / n;
    row.values[HISTORY_VAL_LOSS] = row.values[HISTORY_VAL_ACCURACY] = NAN;
    row.values[HISTORY_LEARNING_RATE] = learning_rate(run, run->steps - 1);
    return row;
}

/* One epoch, or what is left of it. After an interruption the state says how far it came. */
static bool run_epoch(struct fit_run *run, struct error *error)
{
    const struct fit_observer *observer = &run->settings->observer;
    if (!train_epoch(run, error))
        return false;
    if (interrupted(run))
        return true;
    if (!trainer_is_finite(run->trainer)) /* the epoch's last update is seen by no loss any more */
        return refuse_nan(run, run->state.step, "a weight", error);
    struct history_row row = begin_row(run);
    int64_t start_ns = clock_monotonic_ns();
    if (!validate(run, &row, error))
        return false;
    if (interrupted(run))
        return true;
    row.values[HISTORY_SECONDS] = run->state.totals.seconds + seconds_since(start_ns);
    if (!epoch_end(run, &row, error))
        return false;
    if (observer->epoch) /* who reads that an epoch is over may rely on its being saved */
        observer->epoch(observer->self, &row, &run->progress);
    return true;
}

/* --- the whole -------------------------------------------------------------------------------- */

static void set_feeds(struct fit_run *run)
{
    const struct fit_settings *settings = run->settings;
    const struct recipe *recipe = settings->recipe;
    struct prefetch_settings feed = load_feed(recipe, settings->network->model, settings->train);
    feed.codec = settings->codec;
    feed.threads = settings->threads;
    feed.order.seed = recipe->trainer.seed;
    run->validation_feed = run->train_feed = feed;
    run->train_feed.order.shuffle = recipe->shuffle;
    run->train_feed.order.balance = recipe->balance;
    run->train_feed.teacher = settings->teacher->count ? settings->teacher : NULL;
    run->train_feed.cpu = recipe->trainer.cpu;
    if (recipe->augmented)
        run->train_feed.augment = &recipe->augment;
    run->validation_feed.order.pictures = settings->validation;
    run->validation_feed.order.judged = true;
    run->pictures = order_length(&run->train_feed.order);
    /* No memory for pictures that no batch will have. */
    const int batch = recipe->trainer.batch;
    run->train_feed.batch = run->validation_feed.batch =
        batch < run->pictures ? batch : run->pictures;
}

/* Takes up the training in the folder. */
static bool resume(struct fit_run *run, struct error *error)
{
    const struct fit_settings *settings = run->settings;
    struct callback_state *callbacks = run->state.callbacks;
    char path[FIT_PATH_BYTES];
    if (!fit_path(settings->out, "resume.state", path, error) ||
        !fit_state_load(&run->state, run->trainer, path, error))
        return false;
    run->saved = true;
    run->saved_epochs = run->state.epoch;
    callbacks_match(settings->recipe, callbacks);
    if (settings->go_on && callbacks_stop(settings->recipe, callbacks))
        callbacks_wait_anew(callbacks);
    return true;
}

/* A crash in the first epoch must not leave the state of the training before. */
static bool forget(const char *out, struct error *error)
{
    char path[FIT_PATH_BYTES];
    return fit_path(out, "resume.state", path, error) &&
           (unlink(path) == 0 || errno == ENOENT ||
            error_set(error, "%s: cannot be removed: %s", path, strerror(errno)));
}

/* pictures: NULL: none. */
static uint64_t mix_subset(uint64_t hash, const struct subset *pictures)
{
    const struct dataset *data = pictures ? pictures->data : NULL;
    for (int i = 0; data && i < data->class_count; i++)
        hash = fingerprint_mix(hash, data->class_names[i], strlen(data->class_names[i]) + 1);
    for (int i = 0; data && i < pictures->count; i++)
        hash = fingerprint_mix(hash, &data->labels[pictures->indices[i]], sizeof *data->labels);
    return hash;
}

/* All but what the pictures tell. */
static struct fit_identity identify(const struct recipe *recipe, const struct network *network,
                                    const struct teacher *teacher)
{
    return (struct fit_identity){
        .seed = recipe->trainer.seed,
        .batch = recipe->trainer.batch,
        .weights = weights_count(network->model),
        .teacher = teacher_fingerprint(teacher),
        .recipe = fingerprint_of(recipe, network),
    };
}

static bool prepare(struct fit_run *run, struct error *error)
{
    const struct fit_settings *settings = run->settings;
    set_feeds(run);
    if (run->pictures < 1 || (run->steps = prefetch_batches(&run->train_feed)) < 1)
        return error_set(error, "out of memory for an epoch's order");
    run->state.identity = identify(settings->recipe, settings->network, settings->teacher);
    run->state.identity.pictures = run->pictures;
    run->state.identity.data =
        mix_subset(mix_subset(FINGERPRINT_BEGIN, settings->train), settings->validation);
    struct trainer_settings how = settings->recipe->trainer;
    how.batch = run->train_feed.batch;
    run->trainer = trainer_create(settings->network, &how, error);
    if (!run->trainer)
        return false;
    callbacks_match(settings->recipe, run->state.callbacks);
    if (!(settings->resume ? resume(run, error) : forget(settings->out, error)))
        return false;
    events_begin(run);
    return true;
}

static bool stopped_early(const struct fit_run *run)
{
    return callbacks_stop(run->settings->recipe, run->state.callbacks);
}

static bool run_epochs(struct fit_run *run, struct error *error)
{
    while (!stopped_early(run) && run->state.epoch < run->settings->recipe->epochs) {
        if (!run_epoch(run, error))
            return false;
        if (interrupted(run))
            break;
    }
    return true;
}

static void tell_end(const struct fit_run *run, struct fit_result *result)
{
    result->epochs = run->state.history.count;
    result->end = interrupted(run)     ? FIT_INTERRUPTED
                  : stopped_early(run) ? FIT_STOPPED_EARLY
                                       : FIT_COMPLETE;
}

bool fit(const struct fit_settings *settings, struct fit_result *result, struct error *error)
{
    struct fit_run run = {.settings = settings};
    *result = (struct fit_result){0};
    bool good = prepare(&run, error);
    result->epochs_before = run.state.history.count;
    good = good && run_epochs(&run, error);
    if (good && interrupted(&run) && !trainer_is_finite(run.trainer)) /* what is saved is better */
        good = refuse_nan(&run, run.state.step, "a weight", error);
    if (good) {
        tell_end(&run, result);
        good = fit_finish(&run, result, error);
    }
    trainer_destroy(run.trainer);
    fit_state_free(&run.state);
    return good;
}

bool fit_can_resume(const struct recipe *recipe, const struct network *network,
                    const struct teacher *teacher, const char *out, struct error *error)
{
    const struct fit_identity wanted = identify(recipe, network, teacher);
    char path[FIT_PATH_BYTES];
    return fit_path(out, "resume.state", path, error) && fit_state_check(&wanted, path, error);
}

bool fit_exists(const char *out)
{
    char path[FIT_PATH_BYTES];
    return fit_path(out, "resume.state", path, NULL) && access(path, F_OK) == 0;
}
