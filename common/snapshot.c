#include "common/snapshot.h"

#include <stdlib.h>

static void destroy(struct ref *ref)
{
    struct snapshot *snapshot = (struct snapshot *)ref;
    free(snapshot->jpeg);
    free(snapshot);
}

struct snapshot *snapshot_create(void)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot)
        ref_init(&snapshot->ref, destroy);
    return snapshot;
}

void snapshot_unref(struct snapshot **snapshot)
{
    if (*snapshot)
        ref_drop(&(*snapshot)->ref);
    *snapshot = NULL;
}
