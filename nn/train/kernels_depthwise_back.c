#include "nn/train/kernels_train_private.h"

struct range {
    int first, end;
};

/* Outputs whose tap lies on the picture: 0 <= output * stride + offset < size. */
static inline struct range outputs_of(int offset, int stride, int size, int outputs)
{
    const int first = offset >= 0 ? 0 : (-offset + stride - 1) / stride;
    const int end = size - 1 - offset < 0 ? 0 : (size - 1 - offset) / stride + 1;
    return (struct range){first, end < outputs ? end : outputs};
}

/* One tap of one block. */
static void tap_back(const struct depthwise_gradient *d, int block, int tap_y, int tap_x)
{
    const struct window *w = &d->window;
    const int top = tap_y * w->dilation_h - w->pad_top, left = tap_x * w->dilation_w - w->pad_left;
    const struct range rows = outputs_of(top, w->stride_h, d->x.height, d->dy.height);
    const struct range columns = outputs_of(left, w->stride_w, d->x.width, d->dy.width);
    const ptrdiff_t place = (ptrdiff_t)(tap_y * w->kernel_w + tap_x) * d->pitch + block * VL;
    const vec weight = load(d->weights + place);
    vec sum = all(0);
    for (int i = rows.first; i < rows.end; i++) {
        const int y = i * w->stride_h + top;
        for (int j = columns.first; j < columns.end; j++) {
            const int x = j * w->stride_w + left;
            const vec dy = load(at(&d->dy, block, i, j));
            sum += dy * load(at(&d->x, block, y, x));
            if (d->dx) {
                float *dx = d->dx + block * d->dx_block + y * d->dx_row + x * VL;
                store(dx, load(dx) + dy * weight);
            }
        }
    }
    store(d->gradient + place, load(d->gradient + place) + sum);
}

void KERNEL(train_depthwise_gradient)(const struct depthwise_gradient *d)
{
    for (int block = 0; block < d->dy.blocks; block++) {
        for (int y = 0; d->dx && y < d->x.height; y++)
            for (int x = 0; x < d->x.width * VL; x += VL)
                store(d->dx + block * d->dx_block + y * d->dx_row + x, all(0));
        for (int tap_y = 0; tap_y < d->window.kernel_h; tap_y++)
            for (int tap_x = 0; tap_x < d->window.kernel_w; tap_x++)
                tap_back(d, block, tap_y, tap_x);
    }
}
