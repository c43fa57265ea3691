#include "nn/kernels_private.h"

struct range {
    int begin, end;
};

/* The part of a window that lies on the picture. */
static inline struct range clip(int output, int stride, int pad, int kernel, int size)
{
    const int begin = output * stride - pad, end = begin + kernel;
    return (struct range){begin > 0 ? begin : 0, end < size ? end : size};
}

static ALWAYS_INLINE vec window_max(const float *in, ptrdiff_t row, struct range y, struct range x)
{
    vec best = load(in + y.begin * row + x.begin * VL);
    for (int i = y.begin; i < y.end; i++)
        for (int j = x.begin; j < x.end; j++)
            best = max(best, load(in + i * row + j * VL));
    return best;
}

static ALWAYS_INLINE vec window_average(const float *in, ptrdiff_t row, struct range y,
                                        struct range x)
{
    vec sum = all(0);
    for (int i = y.begin; i < y.end; i++)
        for (int j = x.begin; j < x.end; j++)
            sum += load(in + i * row + j * VL);
    return sum * (1.0F / (float)((y.end - y.begin) * (x.end - x.begin)));
}

void KERNEL(pool)(const struct pool *p)
{
    const struct window *w = &p->window;
    for (int block = 0; block < p->out.blocks; block++) {
        const float *in = p->in.data + block * p->in.block;
        for (int i = 0; i < p->out.height; i++) {
            float *out = p->out.data + block * p->out.block + i * p->out.row;
            const struct range y = clip(i, w->stride_h, w->pad_top, w->kernel_h, p->in.height);
            for (int j = 0; j < p->out.width; j++) {
                const struct range x = clip(j, w->stride_w, w->pad_left, w->kernel_w, p->in.width);
                store(out + j * VL, p->average ? window_average(in, p->in.row, y, x)
                                               : window_max(in, p->in.row, y, x));
            }
        }
    }
}
