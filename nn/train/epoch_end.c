#include "nn/train/epoch_end.h"

#include "common/folder.h"
#include "nn/keras/save.h"
#include "nn/train/checkpoint_name.h"
#include "nn/train/tensorboard.h"
#include "nn/train/weights.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool fit_path(const char *folder, const char *name, char path[FIT_PATH_BYTES], struct error *error)
{
    int length = name[0] == '/' ? snprintf(path, FIT_PATH_BYTES, "%s", name)
                                : snprintf(path, FIT_PATH_BYTES, "%s/%s", folder, name);
    return length < FIT_PATH_BYTES ||
           error_set(error, "%.80s: the name of the file is too long", name);
}

static void report(const struct fit_run *run, const struct error *error)
{
    const struct fit_observer *observer = &run->settings->observer;
    char message[sizeof error->message + 40];
    snprintf(message, sizeof message, "%s; the training goes on", error->message);
    if (observer->trouble)
        observer->trouble(observer->self, message);
}

/* --- weights ---------------------------------------------------------------------------------- */

static void store(struct fit_run *run)
{
    trainer_store(run->trainer, run->settings->recipe->trainer.ema > 0);
}

static bool save_model(const struct fit_run *run, const char *name, struct error *error)
{
    char path[FIT_PATH_BYTES];
    return fit_path(run->settings->out, name, path, error) &&
           keras_save(run->settings->network->model, path, error);
}

static bool save_state(struct fit_run *run, struct error *error)
{
    char path[FIT_PATH_BYTES];
    bool good = fit_path(run->settings->out, "resume.state", path, error) &&
                fit_state_save(&run->state, run->trainer, path, error);
    if (good) {
        run->saved = true;
        run->saved_epochs = run->state.epoch;
    }
    return good;
}

static bool keep_best(struct fit_run *run, int epoch, struct error *error)
{
    struct fit_state *state = &run->state;
    if (!state->best_weights)
        state->best_weights = malloc(state->identity.weights * sizeof *state->best_weights);
    if (!state->best_weights)
        return error_set(error, "out of memory for the best weights");
    weights_get(run->settings->network->model, state->best_weights);
    state->best_weights_epoch = epoch;
    return true;
}

/* --- callbacks -------------------------------------------------------------------------------- */

/* The folder of a name that a callback gives, as Keras makes it. */
static bool make_folder_of(const struct fit_run *run, const char *name, struct error *error)
{
    char path[FIT_PATH_BYTES];
    if (!strchr(name, '/'))
        return true;
    if (!fit_path(run->settings->out, name, path, error))
        return false;
    *strrchr(path, '/') = '\0';
    return folder_make(*path ? path : "/", error);
}

static bool save_checkpoint(const struct fit_run *run, const char *pattern,
                            const struct history_row *row)
{
    char name[FIT_PATH_BYTES];
    struct error error;
    bool good = checkpoint_name_fill(pattern, row, name, sizeof name)
                    ? make_folder_of(run, name, &error) && save_model(run, name, &error)
                    : error_set(&error, "%.80s: the name of the checkpoint is too long", pattern);
    if (!good)
        report(run, &error);
    return good;
}

/* The best so far is the best in a file: one that could not be written is none. */
static void save_if_best(const struct fit_run *run, const struct callback_settings *callback,
                         struct callback_state *state, const struct history_row *row)
{
    const struct callback_state before = *state;
    if (callback_improved(callback, state, row) && !save_checkpoint(run, callback->path, row))
        *state = before;
}

static void write_csv(const struct fit_run *run, const char *name)
{
    char path[FIT_PATH_BYTES];
    struct error error;
    if (!fit_path(run->settings->out, name, path, &error) || !make_folder_of(run, name, &error) ||
        !history_write(&run->state.history, path, &error))
        report(run, &error);
}

static bool run_callback(struct fit_run *run, int index, const struct history_row *row,
                         struct error *error)
{
    const struct callback_settings *callback = &run->settings->recipe->callbacks[index];
    struct callback_state *state = &run->state.callbacks[index];
    switch (callback->kind) {
    case CALLBACK_CHECKPOINT:
        if (callback->save_best_only)
            save_if_best(run, callback, state, row);
        else
            save_checkpoint(run, callback->path, row);
        return true;
    case CALLBACK_EARLY_STOPPING:
        if (callback_improved(callback, state, row) && callback->restore_best_weights &&
            !keep_best(run, row->epoch, error))
            return false;
        return true;
    case CALLBACK_CSV:
        write_csv(run, callback->path);
        return true;
    case CALLBACK_TENSORBOARD:
        break; /* write_events */
    }
    return true;
}

/* The command line's folder, or the recipe's inside of `out`; NULL: none. */
static const char *events_folder(const struct fit_run *run, char path[FIT_PATH_BYTES])
{
    const struct recipe *recipe = run->settings->recipe;
    if (run->settings->tensorboard)
        return run->settings->tensorboard;
    for (int i = 0; i < recipe->callback_count; i++)
        if (recipe->callbacks[i].kind == CALLBACK_TENSORBOARD &&
            fit_path(run->settings->out, recipe->callbacks[i].path, path, NULL))
            return path;
    return NULL;
}

void events_begin(struct fit_run *run)
{
    char path[FIT_PATH_BYTES];
    struct error error;
    const char *folder = events_folder(run, path);
    if (folder && !tensorboard_begin(folder, run->state.epoch, &error))
        report(run, &error);
}

static void write_events(const struct fit_run *run, const struct history_row *row)
{
    char path[FIT_PATH_BYTES];
    struct error error;
    const char *folder = events_folder(run, path);
    if (folder && !tensorboard_add_epoch(folder, row, &error))
        report(run, &error);
}

/* --- ends ------------------------------------------------------------------------------------- */

bool epoch_end(struct fit_run *run, const struct history_row *row, struct error *error)
{
    struct fit_state *state = &run->state;
    struct error trouble;
    if (!history_add(&state->history, row, error))
        return false;
    store(run);
    for (int i = 0; i < run->settings->recipe->callback_count; i++)
        if (!run_callback(run, i, row, error))
            return false;
    write_csv(run, "history.csv");
    write_events(run, row);
    state->epoch++;
    state->step = 0;
    state->totals = (struct fit_totals){0};
    if (!save_state(run, &trouble) || !save_model(run, "model.h5", &trouble))
        report(run, &trouble);
    return true;
}

/* Does the recipe want weights back, and are those that are kept of the best epoch? They are not
 * where an earlier recipe did not want them when that was over. */
static bool has_best_weights(const struct fit_run *run)
{
    const struct recipe *recipe = run->settings->recipe;
    for (int i = 0; i < recipe->callback_count; i++)
        if (recipe->callbacks[i].restore_best_weights)
            return run->state.best_weights &&
                   run->state.callbacks[i].best_epoch == run->state.best_weights_epoch;
    return false;
}

bool fit_finish(struct fit_run *run, struct fit_result *result, struct error *error)
{
    bool interrupted = result->end == FIT_INTERRUPTED;
    if (interrupted && !save_state(run, error))
        return false;
    store(run);
    if (!interrupted && has_best_weights(run)) {
        weights_set(run->settings->network->model, run->state.best_weights);
        result->best_epoch = run->state.best_weights_epoch;
    }
    struct error reason;
    if (save_model(run, "model.h5", &reason))
        return true;
    if (!run->saved)
        return error_set(error, "%s", reason.message);
    if (run->saved_epochs == run->state.epoch)
        return error_set(error, "%s; nothing is lost: when that is mended, --resume writes it",
                         reason.message);
    return error_set(error, "%s; when that is mended, --resume goes on behind epoch %d",
                     reason.message, run->saved_epochs);
}
