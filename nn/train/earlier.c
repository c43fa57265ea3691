#include "nn/train/earlier.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

bool earlier_preprocesses_alike(const struct model *a, const struct model *b)
{
    const struct preprocessing *p = &a->preprocessing, *q = &b->preprocessing;
    for (int c = 0; c < 3; c++)
        if (fabsf(p->scale[c] - q->scale[c]) > 1e-4F * fabsf(q->scale[c]) ||
            fabsf(p->offset[c] - q->offset[c]) > 1e-3F)
            return false;
    return p->bgr == q->bgr;
}

bool earlier_names_classes(const struct model *model)
{
    char name[32];
    for (int i = 0; i < model->class_count; i++) {
        snprintf(name, sizeof name, "class %d", i);
        if (strcmp(model->class_names[i], name) != 0)
            return true;
    }
    return false;
}
