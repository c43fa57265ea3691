/* checkpoint_name: names of checkpoint files with the epoch's figures in them, as Keras formats
 * them: '{epoch:02d}-{val_loss:.4f}.hdf5'. */
#ifndef PAWCAM_NN_TRAIN_CHECKPOINT_NAME_H
#define PAWCAM_NN_TRAIN_CHECKPOINT_NAME_H

#include "nn/train/history.h"

#include <stddef.h>

/* Is the pattern one that can be filled in? Fields: {epoch}, and each name of history.h, with an
 * optional format of digits, a point and one of d, e, f, g. */
bool checkpoint_name_check(const char *pattern, bool has_validation, struct error *error);

/* Fills in a checked pattern. false: the name does not fit into `size` bytes. */
bool checkpoint_name_fill(const char *pattern, const struct history_row *row, char *name,
                          size_t size);

#endif
