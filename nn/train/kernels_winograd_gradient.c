#include "nn/train/winograd_tiles.h"

/* The scratch memory, sliced; strides are floats between each one's 36 matrices. */
struct stage {
    const struct winograd_gradient *g;
    float *x, *dy;   /* [blocks][block of tiles][VL] */
    float *products; /* [depth][vectors][VL] */
    ptrdiff_t x_stride, dy_stride, product_stride;
    int in; /* channels */
    struct origin tiles[WINOGRAD_BLOCK_MAX + TILES_AHEAD];
};

/* --- transforms ------------------------------------------------------------------------------- */

/* A dy A^T of 4x4 vectors. Returns value (1, 1), the sum of all 16: that row of A is all ones. */
static ALWAYS_INLINE vec transform_gradient(const float *dy, ptrdiff_t row, float *out,
                                            ptrdiff_t stride)
{
    vec columns[24], sum = all(0);
    REPEAT4(j, {
        vec column[4];
        REPEAT4(i, column[i] = load(dy + i * row + j * VL);)
        output_transform_back(column, columns + j, 4);
    })
    REPEAT6(i, {
        vec line[6];
        output_transform_back(columns + i * 4, line, 1);
        REPEAT6(j, store(out + (i * 6 + j) * stride, line[j]);)
        if (i == 1)
            sum = line[1];
    })
    return sum;
}

/* A tile that moved back counts its pixels only where no neighbour does. */
static void copy_own(const float *dy, ptrdiff_t row, const struct origin *o, float *own)
{
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            store(own + (i * 4 + j) * VL, i < o->shared_rows || j < o->shared_columns
                                              ? all(0)
                                              : load(dy + i * row + j * VL));
}

static void transform_x(const struct stage *s, int count)
{
    const struct winograd_gradient *g = s->g;
    for (int block = 0; block < g->x.blocks; block++)
        for (int tile = 0; tile < count; tile++) {
            fetch_tile(tile_at(&g->x, block, g->x_image, &s->tiles[tile + TILES_AHEAD]), g->x.row,
                       6);
            transform_tile(tile_at(&g->x, block, g->x_image, &s->tiles[tile]), g->x.row,
                           s->x + (block * g->block + tile) * VL, s->x_stride);
        }
}

static void transform_dy(const struct stage *s, int count)
{
    const struct winograd_gradient *g = s->g;
    for (int block = 0; block < g->dy.blocks; block++) {
        vec sum = all(0);
        for (int tile = 0; tile < count; tile++) {
            const struct origin *o = &s->tiles[tile];
            const float *dy = tile_at(&g->dy, block, g->dy_image, o);
            float *out = s->dy + (block * g->block + tile) * VL;
            fetch_tile(tile_at(&g->dy, block, g->dy_image, o + TILES_AHEAD), g->dy.row, 4);
            if (o->shared_rows > 0 || o->shared_columns > 0) {
                float own[16 * VL] __attribute__((aligned(KERNEL_ALIGNMENT)));
                copy_own(dy, g->dy.row, o, own);
                sum += transform_gradient(own, 4 * VL, out, s->dy_stride);
            } else {
                sum += transform_gradient(dy, g->dy.row, out, s->dy_stride);
            }
        }
        if (g->sums)
            store(g->sums + block * VL, load(g->sums + block * VL) + sum);
    }
}

/* gradient[tap] += G^T products G for `vectors` of outputs from `out` and all rows of the block. */
static void transform_products(const struct stage *s, int channel, int depth, int out, int vectors)
{
    const struct winograd_gradient *g = s->g;
    for (int c = 0; c < depth; c++) {
        fetch_taps(g->gradient + (channel + c + ROWS_AHEAD) * g->pitch + out * VL,
                   (ptrdiff_t)s->in * g->pitch, vectors * VL);
        for (int v = 0; v < vectors; v++) {
            const float *from = s->products + (c * vectors + v) * VL;
            float *to = g->gradient + (channel + c) * g->pitch + (out + v) * VL;
            vec columns[18], taps[9];
            REPEAT6(j, {
                vec column[6];
                REPEAT6(i, column[i] = load(from + (i * 6 + j) * s->product_stride);)
                filter_transform_back(column, columns + j, 6);
            })
            REPEAT4(i, if (i < 3) filter_transform_back(columns + i * 6, taps + i * 3, 1);)
            REPEAT16(
                tap, if (tap < 9) {
                    float *place = to + (ptrdiff_t)tap * s->in * g->pitch;
                    store(place, load(place) + taps[tap % 9]);
                })
        }
    }
}

/* --- products --------------------------------------------------------------------------------- */

/* products[c][v] = sum over tiles of x[tile][c] dy[v][tile]; rows and vectors are constants. */
static ALWAYS_INLINE void product_tile(const struct stage *s, const float *x, const float *dy,
                                       float *products, int count, const int rows,
                                       const int vectors)
{
    vec acc[OUTER_ROWS][4];
    REPEAT4(
        p, if (p < rows) { REPEAT4(v, if (v < vectors) acc[p % OUTER_ROWS][v] = all(0);) })
    outer_products(acc, x, VL, dy, VL, (ptrdiff_t)s->g->block * VL, count, rows, vectors);
    REPEAT4(
        p, if (p < rows) {
            REPEAT4(v, if (v < vectors)
                           store(products + (p * vectors + v) * VL, acc[p % OUTER_ROWS][v]);)
        })
}

/* All 36 products of a block of x and `vectors` of dy. */
static ALWAYS_INLINE void multiply(const struct stage *s, int block, int depth, int out, int count,
                                   const int vectors)
{
    for (int k = 0; k < 36; k++) {
        const float *x = s->x + k * s->x_stride + (ptrdiff_t)block * s->g->block * VL;
        const float *dy = s->dy + k * s->dy_stride + (ptrdiff_t)out * s->g->block * VL;
        float *products = s->products + k * s->product_stride;
        int c = 0;
        for (; c + OUTER_ROWS <= depth; c += OUTER_ROWS)
            product_tile(s, x + c, dy, products + c * vectors * VL, count, OUTER_ROWS, vectors);
        for (; c + 2 <= depth; c += 2)
            product_tile(s, x + c, dy, products + c * vectors * VL, count, 2, vectors);
        for (; c < depth; c++)
            product_tile(s, x + c, dy, products + c * vectors * VL, count, 1, vectors);
    }
}

static ALWAYS_INLINE void group_gradient(const struct stage *s, int out, int count,
                                         const int vectors)
{
    const struct winograd_gradient *g = s->g;
    for (int block = 0; block < g->x.blocks; block++) {
        const int depth = block + 1 < g->x.blocks ? g->depth : g->last_depth;
        multiply(s, block, depth, out, count, vectors);
        transform_products(s, block * g->depth, depth, out, vectors);
    }
}

void KERNEL(train_winograd_gradient)(const struct winograd_gradient *g)
{
    const int tiles = tile_count(g->dy.height, g->dy.width, g->images);
    struct stage s = {
        .g = g,
        .x_stride = winograd_stride(VL, g->x.blocks, g->block),
        .dy_stride = winograd_stride(VL, g->dy.blocks, g->block),
        .product_stride = winograd_stride(VL, 4, VL),
        .in = (g->x.blocks - 1) * g->depth + g->last_depth,
    };
    s.x = g->scratch;
    s.dy = s.x + 36 * s.x_stride;
    s.products = s.dy + 36 * s.dy_stride;
    for (int first = 0; first < tiles; first += g->block) {
        const int count = smaller(g->block, tiles - first);
        locate(s.tiles, &g->dy, first, count);
        transform_x(&s, count);
        transform_dy(&s, count);
        int out = 0;
        for (; out + 4 <= g->dy.blocks; out += 4)
            group_gradient(&s, out, count, 4);
        for (; out + 2 <= g->dy.blocks; out += 2)
            group_gradient(&s, out, count, 2);
        for (; out < g->dy.blocks; out++)
            group_gradient(&s, out, count, 1);
    }
}
