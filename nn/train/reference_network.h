/* reference_network: a whole network over a batch in double precision; the reference engine and,
 * with weights and inputs that are not even floats, what the gradient tests turn the screws of. */
#ifndef PAWCAM_NN_TRAIN_REFERENCE_NETWORK_H
#define PAWCAM_NN_TRAIN_REFERENCE_NETWORK_H

#include "nn/train/engine.h"

struct reference_network {
    struct train_setup setup;
    bool wants_input_gradient; /* dy[0] is worked out as well */

    /* By layer, [batch][values]; layer 0 is the input. z and y are one where there is no activation
     * to apply; dy is NULL where no gradient is needed. */
    double **z, **y, **dy;
    double **scratch;
    double *weights, *gradients; /* flat, as parameters.h */
};

/* NULL: out of memory. */
struct reference_network *reference_network_create(const struct train_setup *setup,
                                                   bool wants_input_gradient, struct error *error);
void reference_network_destroy(struct reference_network *network);

/* From y[0] and weights to the output. */
void reference_network_forward(struct reference_network *network, int n, uint64_t step,
                               bool training);

/* The loss of the output that forward left; the output becomes the scores. With `learn` also dy of
 * the output, for the mean loss. */
struct trainer_result reference_network_loss(struct reference_network *network, const float *y,
                                             int n, bool learn);

/* From dy of the output to all gradients of the mean loss. After a forward with the same n, step
 * and training. */
void reference_network_backward(struct reference_network *network, int n, uint64_t step,
                                bool training);

#endif
