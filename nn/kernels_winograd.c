#include "nn/kernels_private.h"
#include "nn/winograd_transform.h"

/* Where a tile of 4x4 outputs begins. The last ones move back to end with the output. */
struct origin {
    int y, x;
};

static inline struct origin tile_origin(const struct conv *c, int tile)
{
    const int halve = c->pool ? 2 : 1;
    const int height = c->out.height * halve, width = c->out.width * halve;
    const int per_row = (width + 3) / 4;
    const int y = tile / per_row * 4, x = tile % per_row * 4;
    return (struct origin){y + 4 <= height ? y : height - 4, x + 4 <= width ? x : width - 4};
}

static void transform_input(const struct winograd *w, int first_tile)
{
    const struct view *in = &w->direct.in;
    const ptrdiff_t stride = winograd_stride(VL, in->blocks, w->block);
    for (int block = 0; block < in->blocks; block++) {
        for (int tile = 0; tile < w->block; tile++) {
            const struct origin at = tile_origin(&w->direct, first_tile + tile);
            const float *x = in->data + block * in->block + at.y * in->row + at.x * VL;
            float *out = w->scratch + (block * w->block + tile) * VL;
            vec columns[36];
            REPEAT6(j, {
                const float *top = x + j * VL;
                vec column[6];
                REPEAT6(i, column[i] = load(top + i * in->row);)
                input_transform(column, columns + j, 6);
            })
            REPEAT6(i, {
                vec row[6];
                input_transform(columns + i * 6, row, 1);
                REPEAT6(j, store(out + (i * 6 + j) * stride, row[j]);)
            })
        }
    }
}

/* products[k] = input[k] * weights[k] for the 36 matrices, each as a 1x1 convolution over one row
 * of `block` pixels. A^T maps the second unit vector to ones, so a bias in product (1, 1) comes out
 * as the bias of all 16 outputs. */
static void multiply(const struct winograd *w, float *products)
{
    const struct conv *direct = &w->direct;
    const ptrdiff_t in_stride = winograd_stride(VL, direct->in.blocks, w->block);
    const ptrdiff_t out_stride = winograd_stride(VL, direct->out.blocks, w->block);
    struct conv gemm = {
        .in = {.block = w->block * VL, .blocks = direct->in.blocks},
        .out = {.block = w->block * VL,
                .blocks = direct->out.blocks,
                .height = 1,
                .width = w->block},
        .taps_y = 1,
        .taps_x = 1,
        .output_column = VL,
        .depth = direct->depth,
        .last_depth = direct->last_depth,
    };
    for (int k = 0; k < 36; k++) {
        gemm.in.data = w->scratch + k * in_stride;
        gemm.out.data = products + k * out_stride;
        gemm.weights = w->weights + k * w->weight_stride;
        gemm.bias = k == 1 * 6 + 1 ? direct->bias : NULL;
        w->gemm->run[CONV_STEP_LANES](&gemm);
    }
}

static ALWAYS_INLINE void store_tile(const struct conv *c, vec tile[16], int block,
                                     struct origin at)
{
    float *out = c->out.data + block * c->out.block;
    if (c->residual) {
        const float *residual = c->residual + block * c->residual_block + at.x * VL;
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                tile[i * 4 + j] += load(residual + (at.y + i) * c->residual_row + j * VL);
    }
    if (c->pool) {
        for (int i = 0; i < 4; i += 2)
            for (int j = 0; j < 4; j += 2)
                store(out + (at.y + i) / 2 * c->out.row + (at.x + j) / 2 * VL,
                      fuse(max(max(tile[i * 4 + j], tile[i * 4 + j + 1]),
                               max(tile[i * 4 + j + 4], tile[i * 4 + j + 5])),
                           &c->fused));
        return;
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            store(out + (at.y + i) * c->out.row + (at.x + j) * VL,
                  fuse(tile[i * 4 + j], &c->fused));
}

static void transform_output(const struct winograd *w, const float *products, int first_tile)
{
    const struct conv *direct = &w->direct;
    const ptrdiff_t stride = winograd_stride(VL, direct->out.blocks, w->block);
    for (int block = 0; block < direct->out.blocks; block++) {
        for (int tile = 0; tile < w->block; tile++) {
            const float *in = products + (block * w->block + tile) * VL;
            vec columns[24], result[16];
            REPEAT6(j, {
                vec column[6];
                REPEAT6(i, column[i] = load(in + (i * 6 + j) * stride);)
                output_transform(column, columns + j, 6);
            })
            REPEAT4(i, output_transform(columns + i * 6, result + i * 4, 1);)
            store_tile(direct, result, block, tile_origin(direct, first_tile + tile));
        }
    }
}

void KERNEL(winograd)(const struct winograd *w)
{
    const struct conv *c = &w->direct;
    const int halve = c->pool ? 2 : 1;
    const int tiles = (c->out.height * halve + 3) / 4 * ((c->out.width * halve + 3) / 4);
    float *products = w->scratch + 36 * winograd_stride(VL, c->in.blocks, w->block);
    for (int tile = 0; tile < tiles; tile += w->block) {
        const int first = tile + w->block <= tiles ? tile : tiles - w->block;
        transform_input(w, first);
        multiply(w, products);
        transform_output(w, products, first);
    }
}
