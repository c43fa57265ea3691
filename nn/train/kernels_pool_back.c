#include "nn/train/kernels_train_private.h"

struct range {
    int first, end;
};

/* The part of a window that lies on the picture. */
static inline struct range clip(int output, int stride, int pad, int kernel, int size)
{
    const int first = output * stride - pad, end = first + kernel;
    return (struct range){first > 0 ? first : 0, end < size ? end : size};
}

static void clear(const struct view *view, int block)
{
    for (int y = 0; y < view->height; y++)
        for (int x = 0; x < view->width; x++)
            store(at(view, block, y, x), all(0));
}

/* Lanes that found their maximum are not open any more. */
static void window_max(const struct pool_back *p, int block, struct range rows,
                       struct range columns, vec best, vec dy)
{
    ivec open = (ivec){0} == 0;
    for (int y = rows.first; y < rows.end; y++)
        for (int x = columns.first; x < columns.end; x++) {
            const ivec here = open & (load(at(&p->x, block, y, x)) == best);
            float *dx = at(&p->dx, block, y, x);
            store(dx, load(dx) + choose(here, dy, all(0)));
            open &= ~here;
        }
}

static void window_average(const struct pool_back *p, int block, struct range rows,
                           struct range columns, vec dy)
{
    const int count = (rows.end - rows.first) * (columns.end - columns.first);
    const vec share = dy * (1.0F / (float)count);
    for (int y = rows.first; y < rows.end; y++)
        for (int x = columns.first; x < columns.end; x++) {
            float *dx = at(&p->dx, block, y, x);
            store(dx, load(dx) + share);
        }
}

static void block_back(const struct pool_back *p, int block)
{
    const struct window *w = &p->window;
    clear(&p->dx, block);
    for (int i = 0; i < p->dy.height; i++) {
        const struct range rows = clip(i, w->stride_h, w->pad_top, w->kernel_h, p->x.height);
        for (int j = 0; j < p->dy.width; j++) {
            const struct range columns = clip(j, w->stride_w, w->pad_left, w->kernel_w, p->x.width);
            const vec dy = load(at(&p->dy, block, i, j));
            if (p->average)
                window_average(p, block, rows, columns, dy);
            else
                window_max(p, block, rows, columns, load(at(&p->y, block, i, j)), dy);
        }
    }
}

void KERNEL(train_pool_back)(const struct pool_back *p)
{
    for (int block = 0; block < p->dy.blocks; block++)
        block_back(p, block);
}
