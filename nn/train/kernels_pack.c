#include "nn/train/transpose.h"

/* The group's first output channel; the last group begins earlier where groups do not divide. */
static inline int group_channel(const struct pack_weights *p, int group)
{
    return smaller(group * p->vectors, p->blocks - p->vectors) * VL;
}

void KERNEL(train_pack_conv)(const struct pack_weights *p)
{
    const ptrdiff_t group_size = (ptrdiff_t)p->tap_count * p->in * p->vectors * VL;
    float *to = p->packed + p->first_group * group_size;
    for (int group = p->first_group; group < p->end_group; group++) {
        const float *from = p->weights + group_channel(p, group);
        for (int first = 0; first < p->in; first += p->depth)
            for (int tap = 0; tap < p->tap_count; tap++)
                for (int c = first; c < smaller(first + p->depth, p->in); c++) {
                    const float *row = from + ((ptrdiff_t)p->taps[tap] * p->in + c) * p->pitch;
                    for (int v = 0; v < p->vectors; v++, to += VL)
                        store(to, load(row + v * VL));
                }
    }
}

void KERNEL(train_transpose)(const struct transpose *t)
{
    enum { LINE = 16 }; /* floats of a cache line: whole lines are written */
    for (int top = 0; top < t->rows; top += LINE)
        transpose_block(t->from + top * t->from_pitch, t->from_pitch, smaller(LINE, t->rows - top),
                        t->columns, t->to + top, t->to_pitch);
}
