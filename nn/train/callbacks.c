#include "nn/train/callbacks.h"

#include <math.h>
#include <string.h>

static bool wants_more(const struct callback_settings *settings, enum history_column column)
{
    if (strcmp(settings->mode, "auto") == 0)
        return column == HISTORY_ACCURACY || column == HISTORY_VAL_ACCURACY;
    return strcmp(settings->mode, "max") == 0;
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
