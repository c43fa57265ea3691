/*
 * fit_state: everything of a training that is not in the recipe: how far it is, what it measured,
 * its weights and the optimizer's memory. Written to a file, it goes on exactly where it stopped.
 * The file is for the machine that wrote it (byte order), and for one recipe (fingerprint.h).
 */
#ifndef PAWCAM_NN_TRAIN_FIT_STATE_H
#define PAWCAM_NN_TRAIN_FIT_STATE_H

#include "nn/train/callbacks.h"
#include "nn/train/fingerprint.h"

/* What must be the same for a training to go on. */
struct fit_identity {
    uint64_t seed;
    int pictures, batch; /* pictures: of an epoch, by order.h */
    uint64_t weights;    /* of the network */
    uint64_t data;       /* the pictures' classes, of training and validation: a hash */
    uint64_t teacher;    /* its models' weights: a hash */
    struct fingerprint recipe;
};

/* Sums over the steps of an epoch so far. */
struct fit_totals {
    long pictures, correct;
    double loss; /* of all pictures, with the penalty of each one's step */
    double seconds;
};

struct fit_state {
    struct fit_identity identity;
    int epoch;                /* under way, from 0 */
    int step;                 /* to be done next in it */
    struct fit_totals totals; /* of the epoch under way */
    struct callback_state callbacks[CALLBACKS_MAX];
    struct history history;
    float *best_weights; /* for EarlyStopping(restore_best_weights=True): identity.weights of them,
                          * owned; NULL: not wanted, or no epoch is over */
    int best_weights_epoch; /* theirs, from 1; 0: there are none. The recipe may change on the way
                             */
};

void fit_state_free(struct fit_state *state);

/* The file appears when it is complete; until then the one before stays. */
bool fit_state_save(const struct fit_state *state, struct trainer *trainer, const char *path,
                    struct error *error);

/* Is it the state of such a training? wanted->pictures of 0: of any data. */
bool fit_state_check(const struct fit_identity *wanted, const char *path, struct error *error);

/* Reads into a state whose identity says what is expected, and into the trainer. */
bool fit_state_load(struct fit_state *state, struct trainer *trainer, const char *path,
                    struct error *error);

#endif
