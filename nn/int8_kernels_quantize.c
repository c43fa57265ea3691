#include "nn/int8_kernels_private.h"

static ALWAYS_INLINE vec to_range(vec value)
{
    return min(max(value, all(0)), all(255));
}

void INT8(quantize_row)(const struct int8_row *r)
{
    vec in, scale, offset;
    uint8_t out[VL];
    for (int i = 0; i < r->count; i += VL) {
        const int left = r->count - i;
        const size_t some = (size_t)(left < VL ? left : VL);
        const size_t size = some * sizeof(float);
        if (some < VL)
            in = scale = offset = all(0);
        memcpy(&in, r->in + i, some < VL ? size : sizeof in);
        memcpy(&scale, r->scale + i, some < VL ? size : sizeof in);
        memcpy(&offset, r->offset + i, some < VL ? size : sizeof in);
        store_bytes(out, to_range(in * scale + offset));
        memcpy(r->out + i, out, some < VL ? some : sizeof out);
    }
}

void INT8(quantize)(const struct int8_quantize *q)
{
    for (int block = 0; block < q->out.blocks; block++) {
        for (int y = 0; y < q->out.height; y++) {
            const float *in = q->in.data + block * q->in.block + y * q->in.row;
            uint8_t *out = q->out.data + block * q->out.block + y * q->out.row;
            for (int x = 0; x < q->out.width * VL; x += VL)
                store_bytes(out + x, to_range(load(in + x) * q->scale + q->offset));
        }
    }
}
