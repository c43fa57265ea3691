/* initializer: initializers as a recipe writes them: 'he_normal', initializers.HeNormal(),
 * RandomNormal(stddev=0.01), Constant(0.1). Seeds are accepted and ignored: the recipe's rules. */
#ifndef PAWCAM_NN_TRAIN_INITIALIZER_H
#define PAWCAM_NN_TRAIN_INITIALIZER_H

#include "nn/train/initialize.h"
#include "nn/train/script.h"

/* Errors are usage errors with file:line. */
bool initializer_bind(const struct script *script, const struct expr *expression,
                      struct initialization *how, struct error *error);

#endif
