#include "nn/train/kernels_train_private.h"

#include "nn/winograd_transform.h"

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

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

/* G g G^T of one vector of filters; row k of the 3x3 taps is at from + taps[k] * tap_stride. */
static void transform_filter(const struct pack_weights *p, const float *from, float *to)
{
    const ptrdiff_t tap_stride = p->in * p->pitch;
    vec columns[18], rows[36];
    for (int j = 0; j < 3; j++) {
        const vec in[3] = {load(from + p->taps[j] * tap_stride),
                           load(from + p->taps[3 + j] * tap_stride),
                           load(from + p->taps[6 + j] * tap_stride)};
        filter_transform(in, columns + j, 3);
    }
    for (int i = 0; i < 6; i++)
        filter_transform(columns + i * 3, rows + i * 6, 1);
    for (int k = 0; k < 36; k++)
        store(to + k * p->matrix_stride, rows[k]);
}

void KERNEL(train_pack_winograd)(const struct pack_weights *p)
{
    float *to = p->packed + (ptrdiff_t)p->first_group * p->in * p->vectors * VL;
    for (int group = p->first_group; group < p->end_group; group++)
        for (int c = 0; c < p->in; c++)
            for (int v = 0; v < p->vectors; v++, to += VL)
                transform_filter(p, p->weights + c * p->pitch + group_channel(p, group) + v * VL,
                                 to);
}

void KERNEL(train_transpose)(const struct transpose *t)
{
    enum { SIDE = 16 }; /* a square of this side stays in the cache */
    for (int top = 0; top < t->rows; top += SIDE)
        for (int column = 0; column < t->columns; column++) {
            const float *from = t->from + top * t->from_pitch + column;
            float *to = t->to + column * t->to_pitch + top;
            for (int row = 0; row < smaller(SIDE, t->rows - top); row++)
                to[row] = from[row * t->from_pitch];
        }
}
