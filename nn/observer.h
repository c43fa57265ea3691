/* observer: someone who looks at the values between the layers while a model runs. */
#ifndef PAWCAM_NN_OBSERVER_H
#define PAWCAM_NN_OBSERVER_H

#include <stddef.h>

/* Called after each pass over the data, for parts of its output in any order; `layer` is the last
 * of the layers that the pass runs. */
struct observer {
    void (*see)(void *self, int layer, const float *values, size_t count);
    void *self;
};

#endif
