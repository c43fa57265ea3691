#include "nn/int8_kernels_private.h"
#include "nn/int8_tile_store.h"

static ALWAYS_INLINE void store_sums(const struct int8_conv *c, ivec sums[KERNEL_TILE_PIXELS][4],
                                     ptrdiff_t at, const int rows, const int columns,
                                     const int vectors)
{
    int32_t *out = c->out.sums + at;
    REPEAT16(
        p, if (p < rows * columns) {
            int32_t *o = out + (p / columns) * c->out.row + (p % columns) * VL;
            REPEAT4(v, if (v < vectors) memcpy(o + v * c->out.block, &sums[p][v], sizeof(ivec));)
        })
}

/* Of one vector and one unit of depth. */
static ALWAYS_INLINE int weight_bytes(const int pixels)
{
    return VL * UNIT_VALUES * (pixels == 1 ? 1 : VALUE_BYTES);
}

/* Those of one vector and one unit of depth, in the form that pack has for this tile. */
static ALWAYS_INLINE units tile_weights(const int8_t *from, const int pixels)
{
    return pixels == 1 ? load_narrow_weights(from) : load_weights(from);
}

/* Adds `depth` units of each pixel from x on, times weights; returns the weights behind them. */
static ALWAYS_INLINE const int8_t *add_units(ivec sums[KERNEL_TILE_PIXELS][4], const uint8_t *x,
                                             const int8_t *weights, int depth, ptrdiff_t output_row,
                                             const int rows, const int columns, const int vectors,
                                             const ptrdiff_t step, const bool far)
{
    const int pixels = rows * columns, vector_bytes = weight_bytes(pixels);
    for (int d = 0; d < depth; d++, x += INT8_UNIT) {
        units w[4];
        if (far)
            fetch_ahead(weights, vectors * vector_bytes);
        REPEAT4(v, if (v < vectors) w[v] = tile_weights(weights + v * vector_bytes, pixels);)
        weights += vectors * vector_bytes;
        REPEAT16(
            p, if (p < pixels) {
                const units same =
                    broadcast_unit(x + (p / columns) * output_row + (p % columns) * step);
                REPEAT4(v, if (v < vectors) sums[p][v] = dot(sums[p][v], same, w[v]);)
            })
    }
    return weights;
}

/* One tile: weights are [block][tap_y][tap_x][depth][vectors][VL] units, read front to back; behind
 * them lies what the sums begin with. */
static ALWAYS_INLINE void tile(const struct int8_conv *c, const uint8_t *in, const int8_t *weights,
                               ptrdiff_t group_weights, ptrdiff_t at, const uint8_t *residual,
                               int vector, const int rows, const int columns, const int vectors,
                               const ptrdiff_t step, const bool far)
{
    const int pixels = rows * columns;
    const ptrdiff_t output_row = c->output_row;
    ivec sums[KERNEL_TILE_PIXELS][4];
    REPEAT4(
        v, if (v < vectors) {
            const ivec first = first_sums(weights + group_weights + v * VL * INT8_UNIT);
            REPEAT16(p, if (p < pixels) sums[p][v] = first;)
        })
    if (c->taps_y == 1 && c->taps_x == 1) /* without the loops that pointwise layers do not need */
        for (int block = 0; block < c->in.blocks; block++)
            weights = add_units(sums, in + block * c->in.block, weights,
                                block + 1 < c->in.blocks ? c->depth : c->last_depth, output_row,
                                rows, columns, vectors, step, far);
    else
        for (int block = 0; block < c->in.blocks; block++) {
            const int depth = block + 1 < c->in.blocks ? c->depth : c->last_depth;
            for (int y = 0; y < c->taps_y; y++) {
                const uint8_t *x = in + block * c->in.block + y * c->tap_row;
                for (int tap = 0; tap < c->taps_x; tap++, x += c->tap_column)
                    weights = add_units(sums, x, weights, depth, output_row, rows, columns, vectors,
                                        step, far);
            }
        }
    if (c->out.sums)
        store_sums(c, sums, at, rows, columns, vectors);
    else
        tile_store(c, sums, at, residual, c->finish.scale + vector * VL,
                   c->finish.bias + vector * VL, rows, columns, vectors);
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* All tiles; the last ones move back to end with the output, as in nn/kernels_conv.c. */
static ALWAYS_INLINE void convolve(const struct int8_conv *c, const int rows, const int columns,
                                   const int vectors, const ptrdiff_t step, const bool far)
{
    const int halve = c->pool ? 2 : 1;
    const int height = c->out.height * halve, width = c->out.width * halve;
    const ptrdiff_t group_weights = (ptrdiff_t)c->taps_y * c->taps_x *
                                    ((ptrdiff_t)(c->in.blocks - 1) * c->depth + c->last_depth) *
                                    (vectors * weight_bytes(rows * columns));
    const int8_t *weights = c->weights;
    for (int group = 0; group < c->out.blocks;
         group += vectors, weights += group_weights + vectors * VL * INT8_UNIT) {
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
                     residual ? residual + x * PIXEL_BYTES : NULL, vector, rows, columns, vectors,
                     step, far);
            }
        }
    }
}

#define DEFINE_TILE(rows, columns, vectors)                                                        \
    static void conv_block_##rows##x##columns##x##vectors(const struct int8_conv *c)               \
    {                                                                                              \
        convolve(c, rows, columns, vectors, PIXEL_BYTES, false);                                   \
    }                                                                                              \
    static void conv_block2_##rows##x##columns##x##vectors(const struct int8_conv *c)              \
    {                                                                                              \
        convolve(c, rows, columns, vectors, 2 * PIXEL_BYTES, false);                               \
    }                                                                                              \
    static void conv_picture_##rows##x##columns##x##vectors(const struct int8_conv *c)             \
    {                                                                                              \
        convolve(c, rows, columns, vectors, PICTURE_BYTES, false);                                 \
    }                                                                                              \
    static void conv_picture2_##rows##x##columns##x##vectors(const struct int8_conv *c)            \
    {                                                                                              \
        convolve(c, rows, columns, vectors, 2 * PICTURE_BYTES, false);                             \
    }                                                                                              \
    static void conv_any_##rows##x##columns##x##vectors(const struct int8_conv *c)                 \
    {                                                                                              \
        convolve(c, rows, columns, vectors, c->output_column, false);                              \
    }                                                                                              \
    static void conv_far_##rows##x##columns##x##vectors(const struct int8_conv *c)                 \
    {                                                                                              \
        convolve(c, rows, columns, vectors, c->output_column, true);                               \
    }

#define LIST_TILE(rows, columns, vectors)                                                          \
    {rows,                                                                                         \
     columns,                                                                                      \
     vectors,                                                                                      \
     {conv_block_##rows##x##columns##x##vectors, conv_block2_##rows##x##columns##x##vectors,       \
      conv_picture_##rows##x##columns##x##vectors, conv_picture2_##rows##x##columns##x##vectors,   \
      conv_any_##rows##x##columns##x##vectors},                                                    \
     conv_far_##rows##x##columns##x##vectors,                                                      \
     false},

/* As many sums as registers hold beside the operands. */
#if VL == 16
#define TILES(X)                                                                                   \
    X(1, 14, 2)                                                                                    \
    X(1, 8, 3)                                                                                     \
    X(1, 8, 2)                                                                                     \
    X(1, 6, 4)                                                                                     \
    X(1, 4, 4)                                                                                     \
    X(2, 6, 2) X(2, 8, 1) X(2, 4, 2) X(4, 4, 1) X(2, 2, 4) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#elif INT8_DOT
#define TILES(X) X(1, 4, 2) X(1, 2, 4) X(2, 4, 1) X(2, 2, 2) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#else
#define TILES(X)                                                                                   \
    X(1, 6, 2)                                                                                     \
    X(1, 4, 3)                                                                                     \
    X(1, 4, 2)                                                                                     \
    X(1, 2, 4)                                                                                     \
    X(2, 6, 1) X(2, 4, 1) X(2, 2, 3) X(2, 2, 2) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#endif

TILES(DEFINE_TILE)

const struct int8_tile INT8(tiles)[] = {TILES(LIST_TILE){0}};
