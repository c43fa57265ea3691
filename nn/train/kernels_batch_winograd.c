#include "nn/train/kernels_train_private.h"

#include "nn/winograd_transform.h"

#include <string.h>

/* Where a tile of 4x4 outputs begins, counted through all pictures. */
struct origin {
    ptrdiff_t image;
    int y, x;
};

/* Tiles at the lower and right edge move back to end with the picture. */
static inline struct origin origin_of(int tile, int height, int width)
{
    const int per_row = (width + 3) / 4, per_image = per_row * ((height + 3) / 4);
    const int y = tile % per_image / per_row * 4, x = tile % per_image % per_row * 4;
    return (struct origin){tile / per_image, y + 4 <= height ? y : height - 4,
                           x + 4 <= width ? x : width - 4};
}

static inline int tile_count(int height, int width, int images)
{
    return (height + 3) / 4 * ((width + 3) / 4) * images;
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* 6x6 inputs to 36 matrices, `stride` floats apart. */
static ALWAYS_INLINE void transform_tile(const float *x, ptrdiff_t row, float *out,
                                         ptrdiff_t stride)
{
    vec columns[36];
    REPEAT6(j, {
        vec column[6];
        REPEAT6(i, column[i] = load(x + i * row + j * VL);)
        input_transform(column, columns + j, 6);
    })
    REPEAT6(i, {
        vec line[6];
        input_transform(columns + i * 6, line, 1);
        REPEAT6(j, store(out + (i * 6 + j) * stride, line[j]);)
    })
}

/* --- forward, and backward by the data -------------------------------------------------------- */

/* A last block that is not full repeats the last tile: that only computes it again. */
static void transform_input(const struct batch_winograd *w, int first, int last)
{
    const ptrdiff_t stride = winograd_stride(VL, w->in.blocks, w->block);
    for (int block = 0; block < w->in.blocks; block++)
        for (int tile = 0; tile < w->block; tile++) {
            const struct origin o =
                origin_of(smaller(first + tile, last), w->out.height, w->out.width);
            transform_tile(at(&w->in, block, o.y, o.x) + o.image * w->in_image, w->in.row,
                           w->scratch + (block * w->block + tile) * VL, stride);
        }
}

/* The 36 products as 1x1 convolutions over a row of `block` pixels. The bias goes into product
 * (1, 1), from which A^T gives it to all 16 outputs. */
static void multiply(const struct batch_winograd *w, float *products)
{
    const ptrdiff_t in_stride = winograd_stride(VL, w->in.blocks, w->block);
    const ptrdiff_t out_stride = winograd_stride(VL, w->out.blocks, w->block);
    struct conv gemm = {
        .in = {.block = (ptrdiff_t)w->block * VL, .blocks = w->in.blocks},
        .out = {.block = (ptrdiff_t)w->block * VL,
                .blocks = w->out.blocks,
                .height = 1,
                .width = w->block},
        .taps_y = 1,
        .taps_x = 1,
        .output_column = VL,
        .depth = w->depth,
        .last_depth = w->last_depth,
    };
    for (int k = 0; k < 36; k++) {
        gemm.in.data = w->scratch + k * in_stride;
        gemm.out.data = products + k * out_stride;
        gemm.weights = w->weights + k * w->weight_stride;
        gemm.bias = k == 1 * 6 + 1 ? w->bias : NULL;
        w->gemm->run[CONV_STEP_LANES](&gemm);
    }
}

static void transform_output(const struct batch_winograd *w, const float *products, int first,
                             int last)
{
    const ptrdiff_t stride = winograd_stride(VL, w->out.blocks, w->block);
    for (int block = 0; block < w->out.blocks; block++)
        for (int tile = 0; tile < smaller(w->block, last + 1 - first); tile++) {
            const float *in = products + (block * w->block + tile) * VL;
            const struct origin o = origin_of(first + tile, w->out.height, w->out.width);
            float *out = at(&w->out, block, o.y, o.x) + o.image * w->out_image;
            vec columns[24], result[16];
            REPEAT6(j, {
                vec column[6];
                REPEAT6(i, column[i] = load(in + (i * 6 + j) * stride);)
                output_transform(column, columns + j, 6);
            })
            REPEAT4(i, output_transform(columns + i * 6, result + i * 4, 1);)
            REPEAT4(i, REPEAT4(j, store(out + i * w->out.row + j * VL,
                                        fuse(result[i * 4 + j], &w->fused));))
        }
}

void KERNEL(train_winograd)(const struct batch_winograd *w)
{
    const int tiles = tile_count(w->out.height, w->out.width, w->images);
    float *products = w->scratch + 36 * winograd_stride(VL, w->in.blocks, w->block);
    for (int first = 0; first < tiles; first += w->block) {
        transform_input(w, first, tiles - 1);
        multiply(w, products);
        transform_output(w, products, first, tiles - 1);
    }
}

/* --- backward by the weights ------------------------------------------------------------------ */

/* dy of one tile: A y A^T. */
static ALWAYS_INLINE void transform_gradient(const float *dy, ptrdiff_t row, float *out,
                                             ptrdiff_t stride)
{
    vec columns[24];
    REPEAT4(j, {
        vec column[4];
        REPEAT4(i, column[i] = load(dy + i * row + j * VL);)
        output_transform_back(column, columns + j, 4);
    })
    REPEAT6(i, {
        vec line[6];
        output_transform_back(columns + i * 4, line, 1);
        REPEAT6(j, store(out + (i * 6 + j) * stride, line[j]);)
    })
}

/* What one block of tiles is made of. */
struct stage {
    const struct winograd_gradient *g;
    float *x, *dy, *products; /* 36 matrices each, these many floats apart: */
    ptrdiff_t x_stride, dy_stride, product_stride;
};

static void transform_both(const struct stage *s, int first, int count)
{
    const struct winograd_gradient *g = s->g;
    for (int tile = 0; tile < count; tile++) {
        const struct origin o = origin_of(first + tile, g->dy.height, g->dy.width);
        for (int block = 0; block < g->x.blocks; block++)
            transform_tile(at(&g->x, block, o.y, o.x) + o.image * g->x_image, g->x.row,
                           s->x + (block * g->block + tile) * VL, s->x_stride);
        for (int block = 0; block < g->dy.blocks; block++)
            transform_gradient(at(&g->dy, block, o.y, o.x) + o.image * g->dy_image, g->dy.row,
                               s->dy + (block * g->block + tile) * VL, s->dy_stride);
    }
}

/* products[k][c][o] += sum over tiles of x[k][tile][c] dy[k][tile][o]: the gradient of the weights
 * of a 1x1 convolution over a row of `count` pixels. */
static void multiply_back(const struct stage *s, int count)
{
    const struct winograd_gradient *g = s->g;
    struct weight_gradient gemm = {
        .x = {.block = (ptrdiff_t)g->block * VL, .blocks = g->x.blocks},
        .dy = {.block = (ptrdiff_t)g->block * VL,
               .blocks = g->dy.blocks,
               .height = 1,
               .width = count},
        .dy_column = VL,
        .images = 1,
        .taps_y = 1,
        .taps_x = 1,
        .output_column = VL,
        .depth = g->depth,
        .last_depth = g->last_depth,
        .pitch = (ptrdiff_t)g->dy.blocks * VL,
    };
    for (int k = 0; k < 36; k++) {
        gemm.x.data = s->x + k * s->x_stride;
        gemm.dy.data = s->dy + k * s->dy_stride;
        gemm.gradient = s->products + k * s->product_stride;
        KERNEL(train_weight_gradient)(&gemm);
    }
}

/* gradient[tap] += G^T products G */
static void transform_products(const struct stage *s, int channels)
{
    const struct winograd_gradient *g = s->g;
    const ptrdiff_t row = (ptrdiff_t)g->dy.blocks * VL;
    for (int c = 0; c < channels; c++)
        for (int o = 0; o < row; o += VL) {
            const float *from = s->products + c * row + o;
            float *to = g->gradient + c * g->pitch + o;
            vec columns[18], taps[9];
            REPEAT6(j, {
                vec column[6];
                REPEAT6(i, column[i] = load(from + (i * 6 + j) * s->product_stride);)
                filter_transform_back(column, columns + j, 6);
            })
            REPEAT4(i, if (i < 3) filter_transform_back(columns + i * 6, taps + i * 3, 1);)
            for (int tap = 0; tap < 9; tap++) {
                float *place = to + (ptrdiff_t)tap * channels * g->pitch;
                store(place, load(place) + taps[tap]);
            }
        }
}

void KERNEL(train_winograd_gradient)(const struct winograd_gradient *g)
{
    const int channels = (g->x.blocks - 1) * g->depth + g->last_depth;
    const int tiles = tile_count(g->dy.height, g->dy.width, g->images);
    struct stage s = {
        .g = g,
        .x_stride = winograd_stride(VL, g->x.blocks, g->block),
        .dy_stride = winograd_stride(VL, g->dy.blocks, g->block),
        .product_stride = (ptrdiff_t)g->x.blocks * VL * g->dy.blocks * VL + 80,
    };
    s.x = g->scratch;
    s.dy = s.x + 36 * s.x_stride;
    s.products = s.dy + 36 * s.dy_stride;
    memset(s.products, 0, (size_t)(36 * s.product_stride) * sizeof(float));
    for (int first = 0; first < tiles; first += g->block) {
        const int count = smaller(g->block, tiles - first);
        transform_both(&s, first, count);
        multiply_back(&s, count);
    }
    transform_products(&s, channels);
}
