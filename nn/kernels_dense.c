#include "nn/kernels_private.h"

/* A large dense layer is bound by reading its weights once; they are asked for this many floats
 * ahead (16 KiB), since the processor's own prefetcher stops at each 4 KiB page. */
enum { PREFETCH_FLOATS = 4096, LINE_FLOATS = 16 };

static ALWAYS_INLINE void accumulate(vec acc[DENSE_VECTORS], const float *weights, float value)
{
    for (int ahead = 0; ahead < DENSE_VECTORS * VL; ahead += LINE_FLOATS)
        __builtin_prefetch(weights + PREFETCH_FLOATS + ahead);
    REPEAT4(v, acc[v] += load(weights + v * VL) * value;)
}

void KERNEL(dense)(const struct dense *d)
{
    const float *weights = d->weights;
    for (int group = 0; group < d->groups; group++) {
        const ptrdiff_t first = (ptrdiff_t)group * DENSE_VECTORS * VL;
        vec even[DENSE_VECTORS], odd[DENSE_VECTORS]; /* two chains hide the adder's latency */
        REPEAT4(v, even[v] = load(d->bias + first + v * VL); odd[v] = all(0);)
        int i = 0;
        for (; i + 2 <= d->count; i += 2, weights += 2 * DENSE_VECTORS * VL) {
            accumulate(even, weights, d->in[i]);
            accumulate(odd, weights + DENSE_VECTORS * VL, d->in[i + 1]);
        }
        if (i < d->count) {
            accumulate(even, weights, d->in[i]);
            weights += DENSE_VECTORS * VL;
        }
        REPEAT4(v, store(d->out + first + v * VL, fuse(even[v] + odd[v], &d->fused));)
    }
}
