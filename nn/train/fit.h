/*
 * fit: the training as a whole: epochs of steps, validation, callbacks, checkpoints. It prints
 * nothing; an observer does.
 *
 * In the folder `out` it keeps
 *   model.h5      the result; until then the weights that resume.state has
 *   history.csv   a line an epoch (history.h)
 *   resume.state  all that a resumed training needs, after every epoch and when interrupted
 * and what callbacks name. Each is replaced only when the new one is complete. A checkpoint that
 * cannot be written (full disk) is reported and tried again after the next epoch; the training goes
 * on, because its weights exist nowhere else.
 */
#ifndef PAWCAM_NN_TRAIN_FIT_H
#define PAWCAM_NN_TRAIN_FIT_H

#include "nn/train/history.h"
#include "nn/train/recipe.h"

#include <signal.h>

/* Where an epoch is, after each step. */
struct fit_progress {
    int epoch, epochs; /* from 1 */
    int step, steps;   /* done so far */
    double loss, accuracy;
    double images_per_s;
    double eta_s;   /* of the epoch's training */
    double starved; /* share of the time in which the training waited for pictures */
};

/* Functions may be NULL. */
struct fit_observer {
    void *self;
    void (*step)(void *self, const struct fit_progress *progress);
    void (*epoch)(void *self, const struct history_row *row, const struct fit_progress *progress);
    void (*trouble)(void *self, const char *message); /* the training goes on */
};

struct fit_settings {
    const struct recipe *recipe; /* its trainer settings are those used */
    struct network *network;
    const struct subset *train;
    const struct subset *validation; /* NULL: none */
    const struct teacher *teacher;   /* checked; one without models is none */
    const struct picture_codec *codec;
    const char *out;         /* folder, exists */
    const char *tensorboard; /* folder, made when missing; NULL: that of the recipe, if any */
    int threads;             /* that prepare pictures */
    bool resume;             /* else the state of an earlier training in `out` is removed */
    bool go_on; /* resume: also where EarlyStopping had ended the training; it waits anew */
    const volatile sig_atomic_t *stop; /* not 0: stop after this batch */
    struct fit_observer observer;
};

enum fit_end { FIT_COMPLETE, FIT_STOPPED_EARLY, FIT_INTERRUPTED };

struct fit_result {
    enum fit_end end;
    int epochs_before; /* done when it was taken up */
    int epochs;        /* done now */
    int best_epoch;    /* whose weights were restored; 0: none were */
};

/* Trains; afterwards the network's model has the weights that model.h5 has. false: NaN, out of
 * memory, the last file cannot be written; the last good checkpoint is untouched. */
bool fit(const struct fit_settings *settings, struct fit_result *result, struct error *error);

/* Is there the state of a training in the folder? */
bool fit_exists(const char *out);

/* Could fit resume the training in the folder `out`? To be asked before pictures are read, whose
 * number is the one thing that it does not look at. */
bool fit_can_resume(const struct recipe *recipe, const struct network *network,
                    const struct teacher *teacher, const char *out, struct error *error);

#endif
