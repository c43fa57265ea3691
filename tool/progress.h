/* progress: what a person sees of a training: a bar that is drawn anew on a terminal, and one line
 * for every epoch. */
#ifndef PAWCAM_TOOL_PROGRESS_H
#define PAWCAM_TOOL_PROGRESS_H

#include "nn/train/fit.h"

#include <stdint.h>

struct progress {
    bool terminal;    /* is standard error one? */
    int64_t shown_ns; /* when the bar was last drawn */
};

/* Lines go to standard output, the bar and troubles to standard error. */
struct fit_observer progress_observer(struct progress *progress);

#endif
