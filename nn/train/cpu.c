#include "nn/train/cpu.h"

#include "nn/cpu.h"

#include <stdio.h>
#include <string.h>

static const struct train_kernels *const all[] = {
#if defined(__x86_64__)
    &train_kernels_vl16,
    &train_kernels_vl8,
#endif
    &train_kernels_vl4,
};

enum { ALL = sizeof all / sizeof *all };

static bool refuse(const char *name, struct error *error)
{
    char names[64] = "";
    for (int i = 0; i < ALL; i++)
        if (cpu_can_run(all[i]->inference))
            snprintf(names + strlen(names), sizeof names - strlen(names), ", %s",
                     all[i]->inference->name);
    return error_set_usage(error,
                           "no kernels for training are called '%s' here; there are: auto%s, "
                           "reference",
                           name, names);
}

const struct train_kernels *train_cpu_find(const char *name, struct error *error)
{
    const bool any = !name || strcmp(name, "auto") == 0 || strcmp(name, "reference") == 0;
    for (int i = 0; i < ALL; i++)
        if (cpu_can_run(all[i]->inference) && (any || strcmp(name, all[i]->inference->name) == 0))
            return all[i];
    refuse(name, error);
    return NULL;
}
