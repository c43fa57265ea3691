/* cpu: which kernels this machine can run, and what it is called. */
#ifndef PAWCAM_NN_CPU_H
#define PAWCAM_NN_CPU_H

#include "nn/kernels.h"

/* The tables that were compiled in, best first, ended by NULL. Not all of them run here. */
const struct kernels *const *cpu_all_kernels(void);

/* Has this machine the instructions that these kernels were compiled for? */
bool cpu_can_run(const struct kernels *kernels);

/* The best kernels of this machine (NULL, "auto") or those of a name. NULL: not to be had. */
const struct kernels *cpu_find_kernels(const char *name);

/* "AMD EPYC, family 25 model 1 stepping 1": machines of one name run a kernel equally fast. Returns
 * text; "unknown" where the system does not tell. */
enum { CPU_NAME_BYTES = 96 };
const char *cpu_name(char text[CPU_NAME_BYTES]);

#endif
