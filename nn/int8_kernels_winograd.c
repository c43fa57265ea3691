/*
 * Winograd's F(4x4, 3x3) (Lavin and Gray, arXiv:1509.09308) in integers, without any error: 36
 * multiplications for 16 outputs. With 24 times the filter transform G (nn/int8_pack.c) and the
 * last column of A^T doubled, y = A^T ((G g) * (B^T d)) has no fractions and is 24 times the sum in
 * each dimension, 576 times in both.
 *
 * 16 bits hold the transformed input: |B^T d B| <= 10 * 10 * 255. All that follows is arithmetic
 * modulo 2^32, where a product that wraps round harms nothing as long as the last result fits
 * (int8_winograd_is_exact): 576 y / 576 is a multiplication by the inverse of 9 and a shift by 6.
 */
#include "nn/int8_kernels_private.h"
#include "nn/int8_tile_store.h"
#include "nn/winograd_origin.h"

#if !INT8_DOT

enum { SIDE = 4 }; /* of a tile of outputs */

static inline struct origin origin_of(const struct int8_conv *c, int tile)
{
    const int halve = c->pool ? 2 : 1;
    return tile_origin(tile, c->out.height * halve, c->out.width * halve, SIDE);
}

/* --- input ------------------------------------------------------------------------------------ */

/* out[0], out[step], ... = B^T (a b c d e f) */
static ALWAYS_INLINE void input_transform(const halves in[6], halves *out, const int step)
{
    const halves a = in[0], b = in[1], c = in[2], d = in[3], e = in[4], f = in[5];
    const halves c4 = c << 2, b4 = b << 2;
    const halves outer = e - c4, odd = d - b4;
    const halves inner = e - c, twice = (d - b) << 1;
    out[0 * step] = (a << 2) + (outer - c);
    out[1 * step] = outer + odd;
    out[2 * step] = outer - odd;
    out[3 * step] = inner + twice;
    out[4 * step] = inner - twice;
    out[5 * step] = b4 - (d << 2) - d + f;
}

/* Two tiles of one block of channels, beginning at these pixels, into 36 matrices of 16-bit numbers
 * that are `stride` apart. */
static ALWAYS_INLINE void transform_two(const uint8_t *first, const uint8_t *second, ptrdiff_t row,
                                        int16_t *out, ptrdiff_t stride)
{
    halves columns[36];
    REPEAT6(j, {
        const ptrdiff_t at = j * PIXEL_BYTES;
        halves column[6];
        REPEAT6(i, column[i] = load_two(first + at + i * row, second + at + i * row);)
        input_transform(column, columns + j, 6);
    })
    REPEAT6(i, {
        halves result[6];
        input_transform(columns + i * 6, result, 1);
        REPEAT6(j, memcpy(out + (i * 6 + j) * stride, &result[j], sizeof result[j]);)
    })
}

static void transform_input(const struct int8_winograd *w, int first_tile, int16_t *inputs)
{
    const struct int8_conv *c = &w->direct;
    const ptrdiff_t stride = int8_winograd_stride(VL, c->in.blocks, w->block);
    for (int i = 0; i < w->block; i += 2) {
        const int tile = i + 2 <= w->block ? i : w->block - 2;
        const struct origin a = origin_of(c, first_tile + tile);
        const struct origin b = origin_of(c, first_tile + tile + 1);
        const uint8_t *first = c->in.data + a.y * c->in.row + a.x * PIXEL_BYTES;
        const uint8_t *second = c->in.data + b.y * c->in.row + b.x * PIXEL_BYTES;
        for (int block = 0; block < c->in.blocks; block++)
            transform_two(first + block * c->in.block, second + block * c->in.block, c->in.row,
                          inputs + (block * w->block + tile) * VL, stride);
    }
}

/* --- products --------------------------------------------------------------------------------- */

/* products[k] = inputs[k] * weights[k] for the 36 matrices, each as a 1x1 convolution over one row
 * of `block` pixels. */
static void multiply(const struct int8_winograd *w, int16_t *inputs, int32_t *products)
{
    const struct int8_conv *direct = &w->direct;
    const ptrdiff_t in_stride = int8_winograd_stride(VL, direct->in.blocks, w->block);
    const ptrdiff_t out_stride = int8_winograd_stride(VL, direct->out.blocks, w->block);
    struct int8_conv gemm = {
        .in = {.block = w->block * PIXEL_BYTES, .blocks = direct->in.blocks},
        .out = {.block = w->block * VL,
                .blocks = direct->out.blocks,
                .height = 1,
                .width = w->block},
        .taps_y = 1,
        .taps_x = 1,
        .output_column = PIXEL_BYTES,
        .depth = direct->depth,
        .last_depth = direct->last_depth,
    };
    for (int k = 0; k < 36; k++) {
        gemm.in.data = (uint8_t *)(inputs + k * in_stride);
        gemm.out.sums = products + k * out_stride;
        gemm.weights = w->weights + k * w->weight_stride;
        (w->far ? w->gemm->run_far : w->gemm->run[INT8_DISTANCE_BLOCK])(&gemm);
    }
}

/* --- output ----------------------------------------------------------------------------------- */

/* out[0], out[step], ... = A^T (a b c d e f), but for the doubled last column. */
static ALWAYS_INLINE void output_transform(const uvec in[6], uvec *out, const int step)
{
    const uvec sum1 = in[1] + in[2], difference1 = in[1] - in[2];
    const uvec sum2 = in[3] + in[4], difference2 = in[3] - in[4];
    out[0 * step] = in[0] + sum1 + sum2;
    out[1 * step] = difference1 + (difference2 << 1);
    out[2 * step] = sum1 + (sum2 << 2);
    out[3 * step] = difference1 + (((difference2 << 2) + in[5]) << 1);
}

/* From 576 times a sum, modulo 2^32, to the sum. */
static ALWAYS_INLINE ivec divide(uvec sum576)
{
    const unsigned inverse_of_9 = 0x38e38e39;
    return (ivec)(sum576 * inverse_of_9) >> 6;
}

/* Two rows of a tile's 4x4 sums, which pooling needs together. */
static ALWAYS_INLINE void transform_rows(const uvec columns[24], ivec sums[KERNEL_TILE_PIXELS][4],
                                         const int row)
{
    for (int i = 0; i < 2; i++) {
        uvec result[4];
        output_transform(columns + (row + i) * 6, result, 1);
        REPEAT4(j, sums[i * 4 + j][0] = divide(result[j]);)
    }
}

static ALWAYS_INLINE void transform_tile(const struct int8_conv *c, const int32_t *products,
                                         ptrdiff_t stride, int block, struct origin at)
{
    uvec columns[24];
    const int halve = c->pool ? 2 : 1;
    REPEAT6(j, {
        uvec column[6];
        REPEAT6(i, column[i] = *(const uvec *)(const void *)(products + (i * 6 + j) * stride);)
        output_transform(column, columns + j, 6);
    })
    for (int row = 0; row < 4; row += 2) {
        ivec sums[KERNEL_TILE_PIXELS][4];
        const int y = at.y + row;
        transform_rows(columns, sums, row);
        tile_store(c, sums, block * c->out.block + y / halve * c->out.row + at.x / halve * VL,
                   c->residual ? c->residual + block * c->residual_block + y * c->residual_row +
                                     at.x * PIXEL_BYTES
                               : NULL,
                   c->finish.scale + block * VL, c->finish.bias + block * VL, 2, 4, 1);
    }
}

static void transform_output(const struct int8_winograd *w, const int32_t *products, int first_tile)
{
    const struct int8_conv *c = &w->direct;
    const ptrdiff_t stride = int8_winograd_stride(VL, c->out.blocks, w->block);
    for (int tile = 0; tile < w->block; tile++) {
        const struct origin at = origin_of(c, first_tile + tile);
        for (int block = 0; block < c->out.blocks; block++)
            transform_tile(c, products + (block * w->block + tile) * VL, stride, block, at);
    }
}

void INT8(winograd)(const struct int8_winograd *w)
{
    const struct int8_conv *c = &w->direct;
    const int halve = c->pool ? 2 : 1;
    const int tiles = tile_count(c->out.height * halve, c->out.width * halve, SIDE);
    int16_t *inputs = (int16_t *)(void *)w->scratch;
    int32_t *products =
        (int32_t *)(void *)(inputs + 36 * int8_winograd_stride(VL, c->in.blocks, w->block));
    for (int tile = 0; tile < tiles; tile += w->block) {
        const int first = tile + w->block <= tiles ? tile : tiles - w->block;
        transform_input(w, first, inputs);
        multiply(w, inputs, products);
        transform_output(w, products, first);
    }
}

#endif
