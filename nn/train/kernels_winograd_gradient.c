#include "nn/train/winograd_tiles.h"

/* The scratch memory, sliced; strides are floats between each one's matrices. */
struct stage {
    const struct winograd_gradient *g;
    float *x;        /* [phases][blocks][block of tiles][VL] */
    float *dy;       /* [blocks][block of tiles][VL] */
    float *products; /* [depth][vectors][VL] */
    ptrdiff_t x_stride, dy_stride, product_stride;
    ptrdiff_t phase; /* floats from phase to phase of x */
    int points;      /* along an axis of a tile: of dy, and of phase 0 of x */
    int in;          /* channels */
    struct origin tiles[WINOGRAD_BLOCK_MAX + TILES_AHEAD];
};

/* --- transforms ------------------------------------------------------------------------------- */

/* A dy A^T of 4x4 vectors. Returns value (1, 1), the sum of all 16: that row of A is all ones. */
static ALWAYS_INLINE vec transform_gradient(const float *dy, ptrdiff_t row, float *out,
                                            ptrdiff_t stride, const int points)
{
    vec columns[24], sum = all(0);
    REPEAT4(j, {
        vec column[4];
        REPEAT4(i, column[i] = load(dy + i * row + j * VL);)
        output_line_back(column, columns + j, 4, points);
    })
    REPEAT6(
        i, if (i < points) {
            vec line[6];
            output_line_back(columns + i * 4, line, 1, points);
            REPEAT6(j, if (j < points) store(out + (i * points + j) * stride, line[j]);)
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
    for (int block = 0; block < g->x.view.blocks; block++)
        for (int tile = 0; tile < count; tile++) {
            float *out = s->x + (block * g->block + tile) * VL;
            if (g->stride == 1)
                transform_whole(&g->x, block, &s->tiles[tile], out, s->x_stride);
            else
                transform_phases(&g->x, block, &s->tiles[tile], out, s->x_stride, s->phase);
        }
}

/* One tile of dy; returns its sum. */
static ALWAYS_INLINE vec transform_own(const struct stage *s, int block, const struct origin *o,
                                       float *out, const int points)
{
    const struct images *images = &s->g->dy;
    const float *dy = tile_at(images, block, o);
    ptrdiff_t row = images->view.row;
    float own[16 * VL] __attribute__((aligned(KERNEL_ALIGNMENT)));
    fetch_tile(tile_at(images, block, o + TILES_AHEAD), row, VL, 4, 4, LINE_PIXELS);
    if (o->shared_rows > 0 || o->shared_columns > 0) {
        copy_own(dy, row, o, own);
        dy = own;
        row = 4 * VL;
    }
    return transform_gradient(dy, row, out, s->dy_stride, points);
}

static void transform_dy(const struct stage *s, int count)
{
    const struct winograd_gradient *g = s->g;
    for (int block = 0; block < g->dy.view.blocks; block++) {
        vec sum = all(0);
        for (int tile = 0; tile < count; tile++) {
            float *out = s->dy + (block * g->block + tile) * VL;
            if (g->stride == 1)
                sum += transform_own(s, block, &s->tiles[tile], out, 6);
            else
                sum += transform_own(s, block, &s->tiles[tile], out, 5);
        }
        if (g->sums)
            store(g->sums + block * VL, load(g->sums + block * VL) + sum);
    }
}

/* gradient[tap] += G^T products G for one vector of outputs; `to` is tap 0's, tap_stride floats
 * from tap to tap. */
static ALWAYS_INLINE void transform_product(const struct stage *s, const float *from, float *to,
                                            ptrdiff_t tap_stride, const int points, const int phase)
{
    const int rows = rows_of(points, phase), columns = columns_of(points, phase);
    vec lines[18];
    REPEAT6(
        j, if (j < columns) {
            vec column[6];
            REPEAT6(i, if (i < rows) column[i] = load(from + (i * points + j) * s->product_stride);)
            filter_line_back(column, lines + j, 6, rows);
        })
    REPEAT4(
        i, if (i < rows - 3) {
            vec taps[4]; /* points - 3 of them */
            filter_line_back(lines + i * 6, taps, 1, columns);
            REPEAT4(
                j, if (j < columns - 3) {
                    float *place = to + (tap_of(rows, i) * 3 + tap_of(columns, j)) * tap_stride;
                    store(place, load(place) + taps[j]);
                })
        })
}

/* For `vectors` of outputs from `out` on and `depth` channels. */
static ALWAYS_INLINE void transform_products(const struct stage *s, int channel, int depth, int out,
                                             int vectors, const int points, const int phase)
{
    const struct winograd_gradient *g = s->g;
    const ptrdiff_t tap_stride = (ptrdiff_t)s->in * g->pitch;
    for (int c = 0; c < depth; c++) {
        float *to = g->gradient + (channel + c) * g->pitch + out * VL;
        if (phase == 0)
            fetch_taps(to + ROWS_AHEAD * g->pitch, tap_stride, vectors * VL);
        for (int v = 0; v < vectors; v++)
            transform_product(s, s->products + (c * vectors + v) * VL, to + v * VL, tap_stride,
                              points, phase);
    }
}

static void finish_products(const struct stage *s, int channel, int depth, int out, int vectors,
                            int phase)
{
    if (s->points == 6)
        transform_products(s, channel, depth, out, vectors, 6, 0);
    else
        REPEAT4(p, if (p == phase) transform_products(s, channel, depth, out, vectors, 5, p);)
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

/* All products of one phase of a block of x and `vectors` of dy. */
static ALWAYS_INLINE void multiply(const struct stage *s, int phase, int block, int depth, int out,
                                   int count, const int vectors)
{
    const int rows = s->points - phase / 2, columns = s->points - phase % 2;
    for (int i = 0; i < rows; i++)
        for (int j = 0; j < columns; j++) {
            const int k = i * s->points + j;
            const float *x =
                s->x + k * s->x_stride + phase * s->phase + (ptrdiff_t)block * s->g->block * VL;
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
    for (int block = 0; block < g->x.view.blocks; block++) {
        const int depth = block + 1 < g->x.view.blocks ? g->depth : g->last_depth;
        for (int phase = 0; phase < winograd_phases(g->stride); phase++) {
            multiply(s, phase, block, depth, out, count, vectors);
            finish_products(s, block * g->depth, depth, out, vectors, phase);
        }
    }
}

static struct stage stage_of(const struct winograd_gradient *g)
{
    const int phases = winograd_phases(g->stride), points = winograd_points(g->stride);
    struct stage s = {
        .g = g,
        .x_stride = winograd_stride(VL, phases * g->x.view.blocks, g->block),
        .dy_stride = winograd_stride(VL, g->dy.view.blocks, g->block),
        .product_stride = winograd_stride(VL, 4, VL),
        .phase = (ptrdiff_t)g->x.view.blocks * g->block * VL,
        .points = points,
        .in = (g->x.view.blocks - 1) * g->depth + g->last_depth,
    };
    s.x = g->scratch;
    s.dy = s.x + points * points * s.x_stride;
    s.products = s.dy + points * points * s.dy_stride;
    return s;
}

void KERNEL(train_winograd_gradient)(const struct winograd_gradient *g)
{
    const int tiles = tile_count(g->dy.view.height, g->dy.view.width, g->pictures);
    struct stage s = stage_of(g);
    for (int first = 0; first < tiles; first += g->block) {
        const int count = smaller(g->block, tiles - first);
        locate(s.tiles, &g->dy.view, first, count);
        transform_x(&s, count);
        transform_dy(&s, count);
        int out = 0;
        for (; out + 4 <= g->dy.view.blocks; out += 4)
            group_gradient(&s, out, count, 4);
        for (; out + 2 <= g->dy.view.blocks; out += 2)
            group_gradient(&s, out, count, 2);
        for (; out < g->dy.view.blocks; out++)
            group_gradient(&s, out, count, 1);
    }
}
