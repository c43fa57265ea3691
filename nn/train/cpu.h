/* cpu: which training kernels this machine can run. */
#ifndef PAWCAM_NN_TRAIN_CPU_H
#define PAWCAM_NN_TRAIN_CPU_H

#include "common/error.h"
#include "nn/train/kernels_train.h"

/* By name ("avx512", "avx2", "sse2", "neon"); NULL or "auto": the best that this machine has, also
 * for "reference", whose optimizer needs some. NULL with the reason: unknown, or not for this
 * machine. */
const struct train_kernels *train_cpu_find(const char *name, struct error *error);

#endif
