/* epoch_end: the half of fit that writes: what becomes of an epoch that is over, and of the
 * training at its end. */
#ifndef PAWCAM_NN_TRAIN_EPOCH_END_H
#define PAWCAM_NN_TRAIN_EPOCH_END_H

#include "nn/train/fit.h"
#include "nn/train/fit_state.h"
#include "nn/train/prefetch.h"

/* What fit works with. */
struct fit_run {
    const struct fit_settings *settings;
    struct trainer *trainer;
    struct fit_state state;
    struct prefetch_settings train_feed, validation_feed;
    int pictures, steps; /* of an epoch */
    struct fit_progress progress;
    bool saved;       /* there is a good checkpoint in the folder, */
    int saved_epochs; /* of so many epochs */
};

/* Before the first epoch: readies the event files for those that are to come. */
void events_begin(struct fit_run *run);

/* Takes the epoch into the history, runs the callbacks, moves the state to the next epoch and saves
 * it. Files that cannot be written are told to the observer; only memory can run out. */
bool epoch_end(struct fit_run *run, const struct history_row *row, struct error *error);

/* Puts the final weights into the model, and saves model and state. */
bool fit_finish(struct fit_run *run, struct fit_result *result, struct error *error);

/* FOLDER/NAME, or NAME when it is absolute. false: too long. */
enum { FIT_PATH_BYTES = 4096 };
bool fit_path(const char *folder, const char *name, char path[FIT_PATH_BYTES], struct error *error);

#endif
