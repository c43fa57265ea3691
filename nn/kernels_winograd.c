#include "nn/kernels_private.h"

/* The transforms below are B^T, G and A^T of the interpolation points 0, 1, -1, 2, -2, infinity;
 * G is applied to the weights once, by pack_winograd. */

/* out[0], out[step], ... = B^T (a b c d e f) */
static ALWAYS_INLINE void input_transform(const vec in[6], vec *out, const int step)
{
    const vec a = in[0], b = in[1], c = in[2], d = in[3], e = in[4], f = in[5];
    const vec outer = e - 4.0F * c, odd = d - 4.0F * b;
    const vec inner = e - c, twice = 2.0F * (d - b);
    out[0 * step] = 4.0F * a - 5.0F * c + e;
    out[1 * step] = outer + odd;
    out[2 * step] = outer - odd;
    out[3 * step] = inner + twice;
    out[4 * step] = inner - twice;
    out[5 * step] = 4.0F * b - 5.0F * d + f;
}

/* out[0], out[step], ... = A^T (a b c d e f) */
static ALWAYS_INLINE void output_transform(const vec in[6], vec *out, const int step)
{
    const vec sum1 = in[1] + in[2], difference1 = in[1] - in[2];
    const vec sum2 = in[3] + in[4], difference2 = in[3] - in[4];
    out[0 * step] = in[0] + sum1 + sum2;
    out[1 * step] = difference1 + 2.0F * difference2;
    out[2 * step] = sum1 + 4.0F * sum2;
    out[3 * step] = difference1 + 8.0F * difference2 + in[5];
}

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
