/*
 * history: what each epoch of a training measured, in memory and as a CSV file with Keras's names:
 * epoch,loss,accuracy,val_loss,val_accuracy,lr,seconds. Epochs count from 1.
 */
#ifndef PAWCAM_NN_TRAIN_HISTORY_H
#define PAWCAM_NN_TRAIN_HISTORY_H

#include "common/error.h"

enum history_column {
    HISTORY_LOSS,
    HISTORY_ACCURACY,
    HISTORY_VAL_LOSS,
    HISTORY_VAL_ACCURACY,
    HISTORY_LEARNING_RATE,
    HISTORY_SECONDS,
    HISTORY_COLUMNS
};

/* NaN where there is no value: a training without validation. */
struct history_row {
    int epoch;
    double values[HISTORY_COLUMNS];
};

struct history {
    struct history_row *rows; /* owned */
    int count;
};

bool history_add(struct history *history, const struct history_row *row, struct error *error);

/* Accepts an empty (zero) history; leaves one. */
void history_free(struct history *history);

/* Columns without any value are left out. The file is replaced when it is complete. */
bool history_write(const struct history *history, const char *path, struct error *error);

/* Reads such a file, or one of Keras's CSVLogger (its epochs count from 0): columns by name, of
 * which epoch and loss must be there; others that are not known are ignored. Errors name file:line.
 * On failure the history is empty. */
bool history_read(struct history *history, const char *path, struct error *error);

/* "val_loss" -> HISTORY_VAL_LOSS; "acc", "val_acc" as well. false: there is no such column. */
bool history_find(const char *name, enum history_column *column);
const char *history_name(enum history_column column);
bool history_is_validation(enum history_column column);

#endif
