/* int8_tile_store: how a tile of sums becomes values. Private to nn/int8_kernels_*.c. */
#ifndef PAWCAM_NN_INT8_TILE_STORE_H
#define PAWCAM_NN_INT8_TILE_STORE_H

#include "nn/int8_vector.h"

/* Stores one tile, or its 2x2 maxima: `at` is the place of its first element in c->out, `residual`
 * the first of the values to add, or NULL. */
static ALWAYS_INLINE void tile_store(const struct int8_conv *c, ivec sums[KERNEL_TILE_PIXELS][4],
                                     ptrdiff_t at, const uint8_t *residual, const float *scale,
                                     const float *bias, const int rows, const int columns,
                                     const int vectors)
{
    const int pixels = rows * columns;
    vec value[KERNEL_TILE_PIXELS][4];
    REPEAT16(
        p, if (p < pixels) {
            REPEAT4(v, if (v < vectors) value[p][v] =
                           to_floats(sums[p][v]) * load(scale + v * VL) + load(bias + v * VL);)
        })
    if (residual)
        REPEAT16(
            p, if (p < pixels) {
                const uint8_t *r =
                    residual + (p / columns) * c->residual_row + (p % columns) * PIXEL_BYTES;
                REPEAT4(v, if (v < vectors) value[p][v] +=
                           load_values(r + v * c->residual_block) * c->residual_scale;)
            })
    if (rows % 2 == 0 && columns % 2 == 0 && c->pool) {
        REPEAT16(
            p, if (p < pixels && p / columns % 2 == 0 && p % columns % 2 == 0) {
                enum {
                    LAST = KERNEL_TILE_PIXELS - 1
                }; /* only quiets the compiler where p has no tile */
                const int below = p + columns <= LAST ? p + columns : LAST;
                const ptrdiff_t o = at + (p / columns / 2) * c->out.row + (p % columns / 2) * VL;
                REPEAT4(
                    v, if (v < vectors) {
                        const vec upper = max(value[p][v], value[(p + 1) & LAST][v]);
                        const vec lower = max(value[below][v], value[(below + 1) & LAST][v]);
                        store_value(&c->out, o + v * c->out.block,
                                    finish_value(max(upper, lower), &c->finish));
                    })
            })
        return;
    }
    REPEAT16(
        p, if (p < pixels) {
            const ptrdiff_t o = at + (p / columns) * c->out.row + (p % columns) * VL;
            REPEAT4(v, if (v < vectors) store_value(&c->out, o + v * c->out.block,
                                                    finish_value(value[p][v], &c->finish));)
        })
}

#endif
