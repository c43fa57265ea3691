/* fine_tune: what `pawcam train --from MODEL` adds to a training: the earlier model, and what is
 * said about it. The rules are transfer.h's. */
#ifndef PAWCAM_TOOL_FINE_TUNE_H
#define PAWCAM_TOOL_FINE_TUNE_H

#include "common/error.h"
#include "nn/model.h"

struct fine_tune {
    const char *path;   /* NULL: nothing of all this happens */
    struct model *from; /* owned */
};

/* While the process has no other threads (keras_load_guarded). */
bool fine_tune_open(struct fine_tune *tune, const char *path, struct error *error);
void fine_tune_close(struct fine_tune *tune);

/* Before the data is loaded, so that a model that does not fit is known at once. */
bool fine_tune_body(const struct fine_tune *tune, struct model *model, struct error *error);

/* When the data has named the classes; prints a line about what was taken. */
bool fine_tune_head(const struct fine_tune *tune, struct model *model, struct error *error);

#endif
