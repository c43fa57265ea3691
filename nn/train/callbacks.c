#include "nn/train/callbacks.h"

#include "nn/train/fingerprint.h"

#include <math.h>
#include <string.h>

static bool wants_more(const struct callback_settings *settings, enum history_column column)
{
    if (strcmp(settings->mode, "auto") == 0)
        return column == HISTORY_ACCURACY || column == HISTORY_VAL_ACCURACY;
    return strcmp(settings->mode, "max") == 0;
}

/* What a callback's best is the best of, and the file that has it: those for whom all of this is
 * the same have the same state. Never 0. */
static uint64_t identity_of(const struct callback_settings *settings)
{
    const char *path = settings->path ? settings->path : "";
    enum history_column column = HISTORY_LOSS;
    const bool monitors = settings->monitor && history_find(settings->monitor, &column);
    const int32_t numbers[] = {(int32_t)settings->kind, monitors, (int32_t)column,
                               monitors && wants_more(settings, column), settings->save_best_only};
    uint64_t hash = fingerprint_mix(FINGERPRINT_BEGIN, numbers, sizeof numbers);
    hash = fingerprint_mix(hash, &settings->min_delta, sizeof settings->min_delta);
    return fingerprint_mix(hash, path, strlen(path)) | 1;
}

void callbacks_match(const struct recipe *recipe, struct callback_state states[CALLBACKS_MAX])
{
    struct callback_state found[CALLBACKS_MAX];
    memcpy(found, states, sizeof found);
    for (int i = 0; i < CALLBACKS_MAX; i++) {
        states[i] = (struct callback_state){0};
        if (i >= recipe->callback_count)
            continue;
        states[i].identity = identity_of(&recipe->callbacks[i]);
        for (int k = 0; k < CALLBACKS_MAX; k++)
            if (found[k].identity == states[i].identity)
                states[i] = found[k];
    }
}

bool callback_improved(const struct callback_settings *settings, struct callback_state *state,
                       const struct history_row *row)
{
    enum history_column column = HISTORY_LOSS;
    history_find(settings->monitor, &column);
    double value = row->values[column];
    double gain = wants_more(settings, column) ? value - state->best : state->best - value;
    bool better = !isnan(value) && (!state->has_best || gain > settings->min_delta);
    state->wait = better ? 0 : state->wait + 1;
    if (better) {
        state->has_best = true;
        state->best = value;
        state->best_epoch = row->epoch;
    }
    return better;
}

bool callback_stops(const struct callback_settings *settings, const struct callback_state *state)
{
    return settings->kind == CALLBACK_EARLY_STOPPING && state->wait > 0 &&
           state->wait >= settings->patience;
}

bool callbacks_stop(const struct recipe *recipe, const struct callback_state states[CALLBACKS_MAX])
{
    bool stop = false;
    for (int i = 0; i < recipe->callback_count; i++)
        stop = stop || callback_stops(&recipe->callbacks[i], &states[i]);
    return stop;
}

void callbacks_wait_anew(struct callback_state states[CALLBACKS_MAX])
{
    for (int i = 0; i < CALLBACKS_MAX; i++)
        states[i].wait = 0;
}
