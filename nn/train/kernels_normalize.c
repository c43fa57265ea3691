#include "nn/train/kernels_train_private.h"

#include "nn/train/dropout.h"

/* Sums are taken row by row: fewer roundings than one long sum. */

static vec sum_block(const struct view *v, int block)
{
    vec total = all(0);
    for (int y = 0; y < v->height; y++) {
        vec sum = all(0);
        for (int x = 0; x < v->width; x++)
            sum += load(at(v, block, y, x));
        total += sum;
    }
    return total;
}

static vec square_block(const struct view *v, int block, vec mean)
{
    vec total = all(0);
    for (int y = 0; y < v->height; y++) {
        vec sum = all(0);
        for (int x = 0; x < v->width; x++) {
            const vec difference = load(at(v, block, y, x)) - mean;
            sum += difference * difference;
        }
        total += sum;
    }
    return total;
}

void KERNEL(train_moments)(const struct moments *m)
{
    for (int block = 0; block < m->x.blocks; block++) {
        const vec mean =
            sum_block(&m->x, block) * (1.0F / ((float)m->x.height * (float)m->x.width));
        store(m->mean + block * VL, mean);
        store(m->squares + block * VL, square_block(&m->x, block, mean));
    }
}

/* Of one block. `gated` below is a constant, so that each case has a loop without branches. */
struct gate {
    vec scale, shift;
};

static struct gate gate_of(const struct rectified *r, int block)
{
    return r->scale ? (struct gate){load(r->scale + block * VL), load(r->shift + block * VL)}
                    : (struct gate){all(0), all(0)};
}

static ALWAYS_INLINE vec pass(const struct gate *gate, vec x, vec dy, const bool gated)
{
    return gated ? choose(x * gate->scale + gate->shift > 0, dy, all(0)) : dy;
}

static ALWAYS_INLINE void products_block(const struct products *p, int block, const bool gated)
{
    const struct gate gate = gate_of(&p->rectified, block);
    const vec mean = load(p->mean + block * VL);
    vec sums = all(0), products = all(0);
    for (int y = 0; y < p->x.height; y++) {
        vec sum = all(0), product = all(0);
        for (int i = 0; i < p->x.width; i++) {
            const vec x = load(at(&p->x, block, y, i));
            const vec dy = pass(&gate, x, load(at(&p->dy, block, y, i)), gated);
            sum += dy;
            product += dy * (x - mean);
        }
        sums += sum;
        products += product;
    }
    store(p->sums + block * VL, sums);
    store(p->products + block * VL, products);
}

void KERNEL(train_products)(const struct products *p)
{
    for (int block = 0; block < p->x.blocks; block++)
        if (p->rectified.scale)
            products_block(p, block, true);
        else
            products_block(p, block, false);
}

static ALWAYS_INLINE void combine_block(const struct combine *c, int block, const bool gated)
{
    const struct gate gate = gate_of(&c->rectified, block);
    const vec of_dy = load(c->a + block * VL), of_x = load(c->b + block * VL);
    const vec constant = load(c->c + block * VL);
    for (int y = 0; y < c->x.height; y++)
        for (int i = 0; i < c->x.width; i++) {
            const vec x = load(at(&c->x, block, y, i));
            const vec dy = pass(&gate, x, load(at(&c->dy, block, y, i)), gated);
            store(at(&c->dx, block, y, i), dy * of_dy + x * of_x + constant);
        }
}

void KERNEL(train_combine)(const struct combine *c)
{
    for (int block = 0; block < c->x.blocks; block++)
        if (c->rectified.scale)
            combine_block(c, block, true);
        else
            combine_block(c, block, false);
}

DEFINE_DROPOUT_DRAW(dropout_draw_vector, ivec, uvec)

void KERNEL(train_dropout)(const struct dropout *d)
{
    uvec lanes;
    for (uint32_t lane = 0; lane < VL; lane++)
        lanes[lane] = lane;
    for (int block = 0; block < d->in.blocks; block++)
        for (int y = 0; y < d->in.height; y++)
            for (int x = 0; x < d->in.width; x++) {
                const uint32_t first =
                    (uint32_t)(y * d->in.width + x) * (uint32_t)d->channels + (uint32_t)block * VL;
                const ivec draw = dropout_draw_vector(d->key, lanes + first);
                const vec kept = load(at(&d->in, block, y, x)) * d->scale;
                store(at(&d->out, block, y, x), choose(draw >= d->limit, kept, all(0)));
            }
}

void KERNEL(train_spread)(const struct spread *s)
{
    for (int block = 0; block < s->to.blocks; block++)
        for (int y = s->first_y, i = 0; y < s->to.height; y += s->step_y, i++)
            for (int x = s->first_x, j = 0; x < s->to.width; x += s->step_x, j++)
                store(at(&s->to, block, y, x),
                      s->from.data ? load(at(&s->from, block, i, j)) : all(0));
}
