/* callbacks: what happens at the end of an epoch because a recipe's callbacks ask for it, apart
 * from files: who improved, and who has seen enough. Meaning as in Keras's callbacks.py. */
#ifndef PAWCAM_NN_TRAIN_CALLBACKS_H
#define PAWCAM_NN_TRAIN_CALLBACKS_H

#include "nn/train/history.h"
#include "nn/train/recipe.h"

/* One per callback of the recipe; zero at the start. Plain data: a checkpoint holds it. */
struct callback_state {
    uint64_t identity; /* of the callback that it belongs to; 0: of none */
    bool has_best;
    double best;
    int best_epoch; /* from 1 */
    int wait;       /* epochs since */
};

/* Gives each state to its callback. When a training is resumed, the recipe may have other callbacks
 * than the one that wrote the states, in another order: who judges by the same, and writes the same
 * file, goes on; others begin anew. Patience may change. */
void callbacks_match(const struct recipe *recipe, struct callback_state states[CALLBACKS_MAX]);

/* Looks at the epoch's figure that the callback monitors. Returns whether it is the best so far (by
 * more than min_delta); a figure that is NaN never is. */
bool callback_improved(const struct callback_settings *settings, struct callback_state *state,
                       const struct history_row *row);

/* EarlyStopping: has there been no better epoch for `patience` epochs? */
bool callback_stops(const struct callback_settings *settings, const struct callback_state *state);

/* Does one of the recipe's callbacks stop the training? */
bool callbacks_stop(const struct recipe *recipe, const struct callback_state states[CALLBACKS_MAX]);

/* Has all of them wait anew; the best so far stays. */
void callbacks_wait_anew(struct callback_state states[CALLBACKS_MAX]);

#endif
