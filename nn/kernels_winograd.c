#include "nn/kernels_private.h"
#include "nn/winograd_tile.h"
#include "nn/winograd_transform.h"

static inline struct origin origin_of(const struct conv *c, int tile)
{
    return tile_origin(tile, output_height(c), output_width(c));
}

static void transform_input(const struct winograd *w, int first_tile)
{
    const struct view *in = &w->direct.in;
    const ptrdiff_t stride = winograd_stride(VL, in->blocks, w->block);
    for (int block = 0; block < in->blocks; block++) {
        for (int tile = 0; tile < w->block; tile++) {
            const struct origin at = origin_of(&w->direct, first_tile + tile);
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
            store_tile(direct, result, block, origin_of(direct, first_tile + tile));
        }
    }
}

void KERNEL(winograd)(const struct winograd *w)
{
    const struct conv *c = &w->direct;
    const int tiles = tile_count(output_height(c), output_width(c));
    float *products = w->scratch + 36 * winograd_stride(VL, c->in.blocks, w->block);
    for (int tile = 0; tile < tiles; tile += w->block) {
        const int first = tile + w->block <= tiles ? tile : tiles - w->block;
        transform_input(w, first);
        multiply(w, products);
        transform_output(w, products, first);
    }
}
