#include "nn/kernels_private.h"

/* A large dense layer is bound by reading its weights once. A row: of floats or pairs. */
enum { ROW_BYTES = DENSE_VECTORS * VL * (int)sizeof(float) };

static ALWAYS_INLINE void accumulate(vec acc[DENSE_VECTORS], const float *weights, float value)
{
    fetch_ahead(weights, ROW_BYTES);
    REPEAT4(v, acc[v] += load(weights + v * VL) * value;)
}

/* The sums of even and odd inputs apart: two chains hide the adder's latency. */
static ALWAYS_INLINE const float *sum_floats(const struct dense *d, const float *weights,
                                             vec even[DENSE_VECTORS], vec odd[DENSE_VECTORS])
{
    int i = 0;
    for (; i + 2 <= d->count; i += 2, weights += 2 * DENSE_VECTORS * VL) {
        accumulate(even, weights, d->in[i]);
        accumulate(odd, weights + DENSE_VECTORS * VL, d->in[i + 1]);
    }
    if (i < d->count) {
        accumulate(even, weights, d->in[i]);
        weights += DENSE_VECTORS * VL;
    }
    return weights;
}

/* A bfloat16 is the upper half of a float: a word holds the weights of two inputs, and a shift and
 * a mask make floats of them. */
static ALWAYS_INLINE void accumulate_pair(vec even[DENSE_VECTORS], vec odd[DENSE_VECTORS],
                                          const uint32_t *pairs, float first, float second)
{
    fetch_ahead(pairs, ROW_BYTES);
    REPEAT4(v, {
        const uvec both = *(const uvec *)(pairs + v * VL);
        even[v] += (vec)(both << 16) * first;
        odd[v] += (vec)(both & 0xffff0000U) * second;
    })
}

static ALWAYS_INLINE const uint32_t *sum_pairs(const struct dense *d, const uint32_t *pairs,
                                               vec even[DENSE_VECTORS], vec odd[DENSE_VECTORS])
{
    int i = 0;
    for (; i + 2 <= d->count; i += 2, pairs += DENSE_VECTORS * VL)
        accumulate_pair(even, odd, pairs, d->in[i], d->in[i + 1]);
    if (i < d->count) {
        accumulate_pair(even, odd, pairs, d->in[i], 0);
        pairs += DENSE_VECTORS * VL;
    }
    return pairs;
}

void KERNEL(dense)(const struct dense *d)
{
    const float *weights = d->weights;
    const uint32_t *pairs = d->pairs;
    for (int group = 0; group < d->groups; group++) {
        const ptrdiff_t first = (ptrdiff_t)group * DENSE_VECTORS * VL;
        vec even[DENSE_VECTORS], odd[DENSE_VECTORS];
        REPEAT4(v, even[v] = load(d->bias + first + v * VL); odd[v] = all(0);)
        if (pairs)
            pairs = sum_pairs(d, pairs, even, odd);
        else
            weights = sum_floats(d, weights, even, odd);
        REPEAT4(v, store(d->out + first + v * VL, fuse(even[v] + odd[v], &d->fused));)
    }
}
