#include "nn/kernels_private.h"

/* Stores one tile, or its 2x2 maxima: the plan only fuses activations that never decrease, so that
 * they may come after the maximum. */
static ALWAYS_INLINE void tile_store(const struct conv *c, vec acc[KERNEL_TILE_PIXELS][4],
                                     float *out, const float *residual, const int rows,
                                     const int columns, const int vectors)
{
    const int pixels = rows * columns;
    if (residual)
        REPEAT16(
            p, if (p < pixels) {
                const float *r = residual + (p / columns) * c->residual_row + (p % columns) * VL;
                REPEAT4(v, if (v < vectors) acc[p][v] += load(r + v * c->residual_block);)
            })
    if (rows % 2 == 0 && columns % 2 == 0 && c->pool) {
        REPEAT16(
            p, if (p < pixels && p / columns % 2 == 0 && p % columns % 2 == 0) {
                enum { LAST = KERNEL_TILE_PIXELS - 1 }; /* quiets the compiler about other p */
                const int below = (p + columns) & LAST;
                float *o = out + (p / columns / 2) * c->out.row + (p % columns / 2) * VL;
                REPEAT4(
                    v, if (v < vectors) {
                        const vec upper = max(acc[p][v], acc[(p + 1) & LAST][v]);
                        const vec lower = max(acc[below][v], acc[(below + 1) & LAST][v]);
                        store(o + v * c->out.block, fuse(max(upper, lower), &c->fused));
                    })
            })
        return;
    }
    REPEAT16(
        p, if (p < pixels) {
            float *o = out + (p / columns) * c->out.row + (p % columns) * VL;
            REPEAT4(v, if (v < vectors) store(o + v * c->out.block, fuse(acc[p][v], &c->fused));)
        })
}

/* What a tile's weights are and where they come from. */
enum source { NEAR, FAR, FAR_HALVES };

static ALWAYS_INLINE int weight_bytes(const enum source source)
{
    return source == FAR_HALVES ? sizeof(uint16_t) : sizeof(float);
}

static ALWAYS_INLINE vec load_weights(const char *weights, int v, const enum source source)
{
    return source == FAR_HALVES ? load_halves((const uint16_t *)weights + v * VL)
                                : load((const float *)weights + v * VL);
}

/* acc[p][v] += x[p] * weights[v]: the fewer of the two wait in registers while the others come one
 * by one, or 3 x 4 sums would not fit AVX2's 16. */
static ALWAYS_INLINE void multiply(vec acc[KERNEL_TILE_PIXELS][4], const float *x,
                                   const char *weights, ptrdiff_t output_row, ptrdiff_t step,
                                   const int rows, const int columns, const int vectors,
                                   const enum source source)
{
    const int pixels = rows * columns;
    vec value[KERNEL_TILE_PIXELS], weight[4];
    if (pixels < vectors) {
        REPEAT16(p, if (p < pixels) value[p] =
                        all(x[(p / columns) * output_row + (p % columns) * step]);)
        REPEAT4(
            v, if (v < vectors) {
                weight[v] = load_weights(weights, v, source);
                REPEAT16(p, if (p < pixels) acc[p][v] += weight[v] * value[p];)
            })
    } else {
        REPEAT4(v, if (v < vectors) weight[v] = load_weights(weights, v, source);)
        REPEAT16(
            p, if (p < pixels) {
                value[p] = all(x[(p / columns) * output_row + (p % columns) * step]);
                REPEAT4(v, if (v < vectors) acc[p][v] += weight[v] * value[p];)
            })
    }
}

/* Channels of the input that are multiplied before they are counted: counting each takes a tenth of
 * the instructions. Without an instruction that spreads a pixel over a vector, as in SSE2, GCC
 * spreads all four before it multiplies, and there are no registers for them. */
#if VL > 4 || defined(__ARM_NEON)
enum { CHANNELS = 4 };
#else
enum { CHANNELS = 1 };
#endif

/* The products of `count` channels of a tap, a constant. */
static ALWAYS_INLINE void multiply_channels(const struct conv *c, vec acc[KERNEL_TILE_PIXELS][4],
                                            const float *x, const char *weights, const int rows,
                                            const int columns, const int vectors,
                                            const ptrdiff_t step, const enum source source,
                                            const int count)
{
    const int bytes = vectors * VL * weight_bytes(source);
    REPEAT4(
        i, if (i < count) {
            if (source != NEAR)
                fetch_ahead(weights + i * bytes, bytes);
            multiply(acc, x + i, weights + i * bytes, c->output_row, step, rows, columns, vectors,
                     source);
        })
}

/* One tile: weights are [block][tap_y][tap_x][depth][vectors][VL] and read front to back. */
static ALWAYS_INLINE void tile(const struct conv *c, const float *in, const char *weights,
                               const float *bias, float *out, const float *residual, const int rows,
                               const int columns, const int vectors, const ptrdiff_t step,
                               const enum source source)
{
    const int pixels = rows * columns, step_bytes = vectors * VL * weight_bytes(source);
    /* at a step of 3 the next channels are the next pixel's too: GCC would keep them */
    const int together = step == 3 ? 1 : CHANNELS;
    vec acc[KERNEL_TILE_PIXELS][4];
    REPEAT16(
        p, if (p < pixels) {
            REPEAT4(v, if (v < vectors) acc[p][v] = bias ? load(bias + v * VL) : all(0);)
        })
    for (int block = 0; block < c->in.blocks; block++) {
        const int depth = block + 1 < c->in.blocks ? c->depth : c->last_depth;
        for (int y = 0; y < c->taps_y; y++) {
            const float *x = in + block * c->in.block + y * c->tap_row;
            for (int tap = 0; tap < c->taps_x; tap++, x += c->tap_column) {
                int d = 0;
                for (; d + together <= depth; d += together, weights += together * step_bytes)
                    multiply_channels(c, acc, x + d, weights, rows, columns, vectors, step, source,
                                      together);
                for (; d < depth; d++, weights += step_bytes)
                    multiply_channels(c, acc, x + d, weights, rows, columns, vectors, step, source,
                                      1);
            }
        }
    }
    tile_store(c, acc, out, residual, rows, columns, vectors);
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* All tiles. At the lower and right edge, and for the last channels, a tile moves back to end with
 * the output; the overlap is computed twice, which is cheaper than a second kind of tile. */
static ALWAYS_INLINE void convolve(const struct conv *c, const int rows, const int columns,
                                   const int vectors, const ptrdiff_t step,
                                   const enum source source)
{
    const int halvings = c->pool ? 1 : 0; /* to shift by: a division takes as long as 16 channels */
    const int height = c->out.height << halvings, width = c->out.width << halvings;
    const size_t taps = (size_t)c->taps_y * (size_t)c->taps_x;
    const size_t group_bytes = (size_t)weight_bytes(source) * taps *
                               (size_t)((c->in.blocks - 1) * c->depth + c->last_depth) *
                               (size_t)(vectors * VL);
    const char *weights = source == FAR_HALVES ? (const char *)c->halves : (const char *)c->weights;
    for (int group = 0; group < c->out.blocks; group += vectors, weights += group_bytes) {
        const int vector = smaller(group, c->out.blocks - vectors);
        for (int row = 0; row < height; row += rows) {
            const int y = smaller(row, height - rows);
            const float *in = c->in.data + y * c->output_row;
            float *out = c->out.data + vector * c->out.block + (y >> halvings) * c->out.row;
            const float *bias = c->bias ? c->bias + vector * VL : NULL;
            const float *residual =
                c->residual ? c->residual + vector * c->residual_block + y * c->residual_row : NULL;
            for (int column = 0; column < width; column += columns) {
                const int x = smaller(column, width - columns);
                tile(c, in + x * step, weights, bias, out + (x >> halvings) * VL,
                     residual ? residual + x * VL : NULL, rows, columns, vectors, step, source);
            }
        }
    }
}

#define DEFINE_TILE(rows, columns, vectors)                                                        \
    static void conv_lanes_##rows##x##columns##x##vectors(const struct conv *c)                    \
    {                                                                                              \
        convolve(c, rows, columns, vectors, VL, NEAR);                                             \
    }                                                                                              \
    static void conv_lanes2_##rows##x##columns##x##vectors(const struct conv *c)                   \
    {                                                                                              \
        convolve(c, rows, columns, vectors, 2 * VL, NEAR);                                         \
    }                                                                                              \
    static void conv_3_##rows##x##columns##x##vectors(const struct conv *c)                        \
    {                                                                                              \
        convolve(c, rows, columns, vectors, 3, NEAR);                                              \
    }                                                                                              \
    static void conv_6_##rows##x##columns##x##vectors(const struct conv *c)                        \
    {                                                                                              \
        convolve(c, rows, columns, vectors, 6, NEAR);                                              \
    }                                                                                              \
    static void conv_any_##rows##x##columns##x##vectors(const struct conv *c)                      \
    {                                                                                              \
        convolve(c, rows, columns, vectors, c->output_column, NEAR);                               \
    }                                                                                              \
    static void conv_halves_##rows##x##columns##x##vectors(const struct conv *c)                   \
    {                                                                                              \
        convolve(c, rows, columns, vectors, c->output_column, FAR_HALVES);                         \
    }                                                                                              \
    static void conv_far_##rows##x##columns##x##vectors(const struct conv *c)                      \
    {                                                                                              \
        convolve(c, rows, columns, vectors, c->output_column, FAR);                                \
    }

#define LIST_TILE(rows, columns, vectors)                                                          \
    {rows,                                                                                         \
     columns,                                                                                      \
     vectors,                                                                                      \
     false,                                                                                        \
     {conv_lanes_##rows##x##columns##x##vectors, conv_lanes2_##rows##x##columns##x##vectors,       \
      conv_3_##rows##x##columns##x##vectors, conv_6_##rows##x##columns##x##vectors,                \
      conv_any_##rows##x##columns##x##vectors},                                                    \
     conv_far_##rows##x##columns##x##vectors,                                                      \
     HAS_HALVES ? conv_halves_##rows##x##columns##x##vectors : NULL},

/* pixels * vectors accumulators, the fewer of both and one of the others fit 16 (AVX2, SSE2) or 32
 * (AVX-512, NEON) registers. One tile must cost few loads (1 per weight vector, 1 per pixel) for
 * its multiplications, and small pictures need small tiles. Where a tile with one vector less
 * stands next, both share a layer (conv_narrower). The last one fits every layer. */
#if VL == 16
#define TILES(X)                                                                                   \
    X(1, 14, 2)                                                                                    \
    X(1, 8, 3)                                                                                     \
    X(1, 8, 2)                                                                                     \
    X(1, 6, 4)                                                                                     \
    X(1, 4, 4)                                                                                     \
    X(2, 6, 2) X(2, 8, 1) X(2, 4, 2) X(4, 4, 1) X(2, 2, 4) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#elif VL == 8
#define TILES(X)                                                                                   \
    X(1, 6, 2)                                                                                     \
    X(1, 4, 3)                                                                                     \
    X(1, 4, 2)                                                                                     \
    X(1, 3, 4) X(2, 6, 1) X(2, 4, 1) X(4, 2, 1) X(2, 2, 2) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#else
#define TILES(X)                                                                                   \
    X(1, 6, 2) X(1, 4, 3) X(1, 4, 2) X(2, 4, 1) X(2, 2, 2) X(2, 2, 1) X(1, 1, 4) X(1, 1, 1)
#endif

TILES(DEFINE_TILE)

const struct conv_kernel KERNEL(conv)[] = {
    {4, 4, 2, true, {[CONV_STEP_3] = KERNEL(winograd_pixels)}, NULL, NULL}, TILES(LIST_TILE){0}};
