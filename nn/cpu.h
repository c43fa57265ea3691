/* cpu: which kernels this machine can run. */
#ifndef PAWCAM_NN_CPU_H
#define PAWCAM_NN_CPU_H

#include "nn/kernels.h"

/* The tables that were compiled in, best first, ended by NULL. Not all of them run here. */
const struct kernels *const *cpu_all_kernels(void);

/* Has this machine the instructions that these kernels were compiled for? */
bool cpu_can_run(const struct kernels *kernels);

#endif
