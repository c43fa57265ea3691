#include "nn/int8_kernels_private.h"

/* Stores one tile, or its 2x2 maxima. */
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
                const uint8_t *r = residual + (p / columns) * c->residual_row + (p % columns) * VL;
                REPEAT4(v, if (v < vectors) value[p][v] +=
                           load_bytes(r + v * c->residual_block) * c->residual_scale;)
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

/* One tile: weights are [block][tap_y][tap_x][depth][vectors][VL] quads, read front to back; behind
 * them lies what the sums begin with. */
static ALWAYS_INLINE void tile(const struct int8_conv *c, const uint8_t *in, const int8_t *weights,
                               ptrdiff_t group_weights, ptrdiff_t at, const uint8_t *residual,
                               int vector, const int rows, const int columns, const int vectors,
                               const ptrdiff_t step)
{
    const int pixels = rows * columns;
    const ptrdiff_t output_row = c->output_row;
    ivec sums[KERNEL_TILE_PIXELS][4];
    REPEAT4(
        v, if (v < vectors) {
            const ivec first = first_sums(weights + group_weights + v * VL * INT8_QUAD);
            REPEAT16(p, if (p < pixels) sums[p][v] = first;)
        })
    for (int block = 0; block < c->in.blocks; block++) {
        const int depth = block + 1 < c->in.blocks ? c->depth : c->last_depth;
        for (int y = 0; y < c->taps_y; y++) {
            const uint8_t *tap_row = in + block * c->in.block + y * c->tap_row;
            for (int tap = 0; tap < c->taps_x; tap++, tap_row += c->tap_column) {
                const uint8_t *x = tap_row;
                for (int d = 0; d < depth; d++, x += INT8_QUAD) {
                    struct quads w[4];
                    REPEAT4(v, if (v < vectors) w[v] = load_weights(weights + v * VL * INT8_QUAD);)
                    weights += vectors * VL * INT8_QUAD;
                    REPEAT16(
                        p, if (p < pixels) {
                            const struct quads four = broadcast_quad(
                                x + (p / columns) * output_row + (p % columns) * step);
                            REPEAT4(v, if (v < vectors) sums[p][v] = dot(sums[p][v], four, w[v]);)
                        })
                }
            }
        }
    }
    tile_store(c, sums, at, residual, c->finish.scale + vector * VL, c->finish.bias + vector * VL,
               rows, columns, vectors);
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* All tiles; the last ones move back to end with the output, as in nn/kernels_conv.c. */
static ALWAYS_INLINE void convolve(const struct int8_conv *c, const int rows, const int columns,
                                   const int vectors, const ptrdiff_t step)
{
    const int halve = c->pool ? 2 : 1;
    const int height = c->out.height * halve, width = c->out.width * halve;
    const ptrdiff_t group_weights = (ptrdiff_t)c->taps_y * c->taps_x *
                                    ((ptrdiff_t)(c->in.blocks - 1) * c->depth + c->last_depth) *
                                    (vectors * VL * INT8_QUAD);
    const int8_t *weights = c->weights;
    for (int group = 0; group < c->out.blocks;
         group += vectors, weights += group_weights + vectors * VL * INT8_QUAD) {
        const int vector = smaller(group, c->out.blocks - vectors);
        for (int row = 0; row < height; row += rows) {
            const int y = smaller(row, height - rows);
            const uint8_t *in = c->in.data + y * c->output_row;
            const ptrdiff_t at = vector * c->out.block + y / halve * c->out.row;
            const uint8_t *residual =
                c->residual ? c->residual + vector * c->residual_block + y * c->residual_row : NULL;
            for (int column = 0; column < width; column += columns) {
                const int x = smaller(column, width - columns);
                tile(c, in + x * step, weights, group_weights, at + x / halve * VL,
                     residual ? residual + x * VL : NULL, vector, rows, columns, vectors, step);
            }
        }
    }
}

#define DEFINE_TILE(rows, columns, vectors)                                                        \
    static void conv_lanes_##rows##x##columns##x##vectors(const struct int8_conv *c)               \
    {                                                                                              \
        convolve(c, rows, columns, vectors, VL);                                                   \
    }                                                                                              \
    static void conv_lanes2_##rows##x##columns##x##vectors(const struct int8_conv *c)              \
    {                                                                                              \
        convolve(c, rows, columns, vectors, 2 * VL);                                               \
    }                                                                                              \
    static void conv_quad_##rows##x##columns##x##vectors(const struct int8_conv *c)                \
    {                                                                                              \
        convolve(c, rows, columns, vectors, INT8_QUAD);                                            \
    }                                                                                              \
    static void conv_quad2_##rows##x##columns##x##vectors(const struct int8_conv *c)               \
    {                                                                                              \
        convolve(c, rows, columns, vectors, 2 * INT8_QUAD);                                        \
    }                                                                                              \
    static void conv_any_##rows##x##columns##x##vectors(const struct int8_conv *c)                 \
    {                                                                                              \
        convolve(c, rows, columns, vectors, c->output_column);                                     \
    }

#define LIST_TILE(rows, columns, vectors)                                                          \
    {rows,                                                                                         \
     columns,                                                                                      \
     vectors,                                                                                      \
     {conv_lanes_##rows##x##columns##x##vectors, conv_lanes2_##rows##x##columns##x##vectors,       \
      conv_quad_##rows##x##columns##x##vectors, conv_quad2_##rows##x##columns##x##vectors,         \
      conv_any_##rows##x##columns##x##vectors}},

/* As many sums as registers hold beside the operands. Without a dot-product instruction, operands
 * take twice the registers. */
#if VL == 16
#define TILES(X)                                                                                   \
    X(1, 14, 2)                                                                                    \
    X(1, 8, 3)                                                                                     \
    X(1, 8, 2)                                                                                     \
    X(1, 6, 4)                                                                                     \
    X(1, 4, 4)                                                                                     \
    X(2, 6, 2) X(2, 8, 1) X(2, 4, 2) X(4, 4, 1) X(2, 2, 4) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#else
#define TILES(X) X(1, 4, 2) X(1, 2, 4) X(2, 4, 1) X(2, 2, 2) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#endif

TILES(DEFINE_TILE)

const struct int8_tile INT8(tiles)[] = {TILES(LIST_TILE){0}};
