#include "nn/int8_kernels_private.h"

static ALWAYS_INLINE vec to_range(vec value)
{
    return min(max(value, all(0)), all(255));
}

typedef vec unaligned_vec __attribute__((aligned(4), may_alias));

static ALWAYS_INLINE vec load_unaligned(const float *from)
{
    return *(const unaligned_vec *)(const void *)from;
}

/* The last values of a row, fewer than a vector. */
static void quantize_rest(const struct int8_row *r, int first)
{
    for (int i = first; i < r->count; i++) {
        uint8_t out[PIXEL_BYTES];
        store_values(out, to_range(all(r->in[i]) * r->scale[i] + r->offset[i]));
        memcpy(r->out + i * VALUE_BYTES, out, VALUE_BYTES);
    }
}

void INT8(quantize_row)(const struct int8_row *r)
{
    int i = 0;
    for (; i + VL <= r->count; i += VL)
        store_values(r->out + i * VALUE_BYTES,
                     to_range(load_unaligned(r->in + i) * load_unaligned(r->scale + i) +
                              load_unaligned(r->offset + i)));
    quantize_rest(r, i);
}

void INT8(quantize)(const struct int8_quantize *q)
{
    for (int block = 0; block < q->out.blocks; block++) {
        for (int y = 0; y < q->out.height; y++) {
            const float *in = q->in.data + block * q->in.block + y * q->in.row;
            uint8_t *out = q->out.data + block * q->out.block + y * q->out.row;
            for (int x = 0; x < q->out.width * VL; x += VL)
                store_values(out + x * VALUE_BYTES, to_range(load(in + x) * q->scale + q->offset));
        }
    }
}
