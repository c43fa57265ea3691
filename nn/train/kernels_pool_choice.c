#include "nn/train/kernels_train_private.h"

enum { PIXELS = POOL_CHOICE_PIXELS, BITS = 32 / PIXELS };

/* The maximum of a window goes to `y`, as the pooling of inference has it (nn/kernels_pool.c).
 * Returns the first pixel that is it. */
static ALWAYS_INLINE ivec window_max(const float *x, ptrdiff_t row, float *y)
{
    const vec a = load(x), b = load(x + VL), c = load(x + row), d = load(x + row + VL);
    const vec best = max(max(max(a, b), c), d);
    store(y, best);
    const ivec not_a = a != best, nor_b = not_a & (b != best), nor_c = nor_b & (c != best);
    return -(not_a + nor_b + nor_c); /* true is -1 */
}

void KERNEL(train_pool_choose)(const struct pool_choice *p)
{
    ivec *chosen = (ivec *)(void *)p->chosen;
    for (int block = 0; block < p->y.blocks; block++)
        for (int i = 0; i < p->y.height; i++)
            for (int first = 0; first < p->y.width; first += PIXELS) {
                const int count = smaller(PIXELS, p->y.width - first);
                const float *x = at(&p->x, block, 2 * i, 2 * first);
                float *y = at(&p->y, block, i, first);
                ivec choices = {0};
                for (int j = 0; j < count; j++, x += 2 * VL, y += VL)
                    choices |= window_max(x, p->x.row, y) << (BITS * j);
                *chosen++ = choices;
            }
}

void KERNEL(train_pool_choose_back)(const struct pool_choice_back *p)
{
    const ivec *chosen = (const ivec *)(const void *)p->chosen;
    for (int block = 0; block < p->dy.blocks; block++)
        for (int i = 0; i < p->dy.height; i++)
            for (int first = 0; first < p->dy.width; first += PIXELS) {
                const int count = smaller(PIXELS, p->dy.width - first);
                const float *dy = at(&p->dy, block, i, first);
                float *dx = at(&p->dx, block, 2 * i, 2 * first);
                ivec choices = *chosen++; /* signed: of what is shifted only two bits are read */
                for (int j = 0; j < count; j++, dx += 2 * VL, dy += VL, choices >>= BITS) {
                    const ivec choice = choices & 3;
                    const vec value = load(dy);
                    store(dx, choose(choice == 0, value, all(0)));
                    store(dx + VL, choose(choice == 1, value, all(0)));
                    store(dx + p->dx.row, choose(choice == 2, value, all(0)));
                    store(dx + p->dx.row + VL, choose(choice == 3, value, all(0)));
                }
            }
}
