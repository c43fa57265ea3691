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

static void any_block(const struct pool_back *p, int block)
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

/* The usual one: windows of 2x2 that do not overlap; each dx is written once. */
static void block_max_2x2(const struct pool_back *p, int block)
{
    for (int i = 0; i < p->dy.height; i++)
        for (int j = 0; j < p->dy.width; j++) {
            const float *x = at(&p->x, block, 2 * i, 2 * j);
            float *dx = at(&p->dx, block, 2 * i, 2 * j);
            const vec best = load(at(&p->y, block, i, j)), dy = load(at(&p->dy, block, i, j));
            const ivec a = load(x) == best, b = (load(x + VL) == best) & ~a;
            const ivec c = (load(x + p->x.row) == best) & ~(a | b);
            const ivec d = (load(x + p->x.row + VL) == best) & ~(a | b | c);
            store(dx, choose(a, dy, all(0)));
            store(dx + VL, choose(b, dy, all(0)));
            store(dx + p->dx.row, choose(c, dy, all(0)));
            store(dx + p->dx.row + VL, choose(d, dy, all(0)));
        }
}

static bool is_2x2(const struct pool_back *p)
{
    const struct window *w = &p->window;
    return !p->average && w->kernel_h == 2 && w->kernel_w == 2 && w->stride_h == 2 &&
           w->stride_w == 2 && p->x.height == 2 * p->dy.height && p->x.width == 2 * p->dy.width;
}

void KERNEL(train_pool_back)(const struct pool_back *p)
{
    const bool simple = is_2x2(p);
    for (int block = 0; block < p->dy.blocks; block++)
        if (simple)
            block_max_2x2(p, block);
        else
            any_block(p, block);
}
