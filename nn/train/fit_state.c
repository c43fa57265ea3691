#include "nn/train/fit_state.h"

#include "common/atomic_file.h"
#include "common/file.h"

#include <stdlib.h>
#include <string.h>

static const char magic[16] = "pawcam fit 6\n";

enum { EPOCHS_MAX = 1 << 20 };

void fit_state_free(struct fit_state *state)
{
    history_free(&state->history);
    free(state->best_weights);
    *state = (struct fit_state){0};
}

/* --- writing ---------------------------------------------------------------------------------- */

static void put(FILE *file, const void *bytes, size_t size)
{
    fwrite(bytes, 1, size, file); /* atomic_file_commit notices failures */
}

static void put_state(FILE *file, const struct fit_state *state)
{
    put(file, magic, sizeof magic);
    put(file, &state->identity, sizeof state->identity);
    put(file, &state->epoch, sizeof state->epoch);
    put(file, &state->step, sizeof state->step);
    put(file, &state->totals, sizeof state->totals);
    put(file, state->callbacks, sizeof state->callbacks);
    put(file, &state->history.count, sizeof state->history.count);
    if (state->history.count)
        put(file, state->history.rows, (size_t)state->history.count * sizeof *state->history.rows);
    put(file, &state->best_weights_epoch, sizeof state->best_weights_epoch);
    if (state->best_weights)
        put(file, state->best_weights, state->identity.weights * sizeof *state->best_weights);
}

bool fit_state_save(const struct fit_state *state, struct trainer *trainer, const char *path,
                    struct error *error)
{
    struct atomic_file file;
    if (!atomic_file_open(&file, path, error))
        return false;
    put_state(file.stream, state);
    if (!ferror(file.stream) && !trainer_save(trainer, file.stream, error)) {
        atomic_file_abandon(&file);
        return error_prefix(error, "%s", path);
    }
    return atomic_file_commit(&file, error);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool get(FILE *file, void *bytes, size_t size)
{
    return fread(bytes, 1, size, file) == size;
}

static bool refuse(struct error *error, const char *what)
{
    return error_set(error,
                     "the training that stopped here had another %s; resume it with the same "
                     "recipe and options, or begin a new one with --from MODEL in another folder",
                     what);
}

static bool refuse_damaged(struct error *error, const char *what)
{
    return error_set(error,
                     "%s; begin anew with --overwrite, or from the model.h5 beside it with --from "
                     "MODEL in another folder",
                     what);
}

static bool check_recipe(const struct fingerprint *wanted, const struct fingerprint *found,
                         struct error *error)
{
    char what[40];
    const char *section = fingerprint_difference(wanted, found);
    if (!section)
        return true;
    snprintf(what, sizeof what, "[%s] in its recipe", section);
    return refuse(error, what);
}

static bool check_identity(const struct fit_identity *wanted, const struct fit_identity *found,
                           struct error *error)
{
    if (found->weights != wanted->weights)
        return refuse(error, "network");
    if (found->seed != wanted->seed)
        return refuse(error, "seed");
    if (found->batch != wanted->batch)
        return refuse(error, "batch size");
    if (!check_recipe(&wanted->recipe, &found->recipe, error))
        return false;
    if (found->teacher != wanted->teacher)
        return refuse(error, "teacher");
    if (wanted->pictures && found->pictures != wanted->pictures)
        return refuse(error, "number of pictures");
    if (wanted->pictures && found->data != wanted->data)
        return refuse(error, "set of pictures or classes");
    return true;
}

/* Numbers that no training writes would lead out of arrays. */
static bool is_sane(const struct fit_state *state)
{
    return state->epoch >= 0 && state->epoch <= EPOCHS_MAX && state->step >= 0 &&
           state->step <= state->identity.pictures;
}

static bool get_history(FILE *file, struct history *history)
{
    int count;
    if (!get(file, &count, sizeof count) || count < 0 || count > EPOCHS_MAX)
        return false;
    history->rows = calloc((size_t)count + 1, sizeof *history->rows);
    history->count = history->rows ? count : 0;
    return history->rows && get(file, history->rows, (size_t)count * sizeof *history->rows);
}

static bool get_best(FILE *file, struct fit_state *state)
{
    if (!get(file, &state->best_weights_epoch, sizeof state->best_weights_epoch))
        return false;
    if (!state->best_weights_epoch)
        return true;
    size_t count = state->identity.weights;
    state->best_weights = malloc(count * sizeof *state->best_weights);
    return state->best_weights &&
           get(file, state->best_weights, count * sizeof *state->best_weights);
}

static bool check_magic(FILE *file, struct error *error)
{
    char found[sizeof magic];
    if (!get(file, found, sizeof found) || memcmp(found, magic, strlen("pawcam fit ")) != 0)
        return refuse_damaged(error, "is not the state of a training");
    return memcmp(found, magic, sizeof magic) == 0 ||
           error_set(error, "another version of pawcam wrote this state: resume with that one");
}

static bool get_identity(FILE *file, const struct fit_identity *wanted, struct fit_identity *found,
                         struct error *error)
{
    if (!check_magic(file, error))
        return false;
    if (!get(file, found, sizeof *found))
        return refuse_damaged(error, "is cut off");
    return check_identity(wanted, found, error);
}

static bool get_state(FILE *file, struct fit_state *state, struct error *error)
{
    const struct fit_identity wanted = state->identity;
    if (!get_identity(file, &wanted, &state->identity, error))
        return false;
    if (get(file, &state->epoch, sizeof state->epoch) &&
        get(file, &state->step, sizeof state->step) &&
        get(file, &state->totals, sizeof state->totals) &&
        get(file, state->callbacks, sizeof state->callbacks) && is_sane(state) &&
        get_history(file, &state->history) && get_best(file, state))
        return true;
    return refuse_damaged(error, "is cut off or damaged");
}

bool fit_state_check(const struct fit_identity *wanted, const char *path, struct error *error)
{
    struct fit_identity found;
    FILE *file = file_open(path, error);
    bool good = file && get_identity(file, wanted, &found, error);
    if (file)
        fclose(file);
    return good || error_prefix(error, "%s", path);
}

bool fit_state_load(struct fit_state *state, struct trainer *trainer, const char *path,
                    struct error *error)
{
    FILE *file = file_open(path, error);
    /* Behind the identity of this training there is no other's: what does not fit is damaged. */
    bool good =
        file && get_state(file, state, error) &&
        (trainer_load(trainer, file, NULL) || refuse_damaged(error, "is cut off or damaged"));
    if (file)
        fclose(file);
    return good || error_prefix(error, "%s", path);
}
