#include "nn/kernels_private.h"
#include "nn/winograd_tile.h"
#include "nn/winograd_transform.h"

/* In all that follows `side` is a constant, 4 or 2, so that loops unroll and arrays live in
 * registers. */
enum { SIDE_MAX = 4, SPAN_MAX = SIDE_MAX + 2 }; /* span: the inputs along a tile's side */

/* The tile whose inputs begin at x, into the matrices at `out`. */
static ALWAYS_INLINE void transform_tile(const float *x, ptrdiff_t row, float *out,
                                         ptrdiff_t stride, const int side)
{
    const int span = side + 2;
    vec columns[SPAN_MAX * SPAN_MAX];
    REPEAT6(
        j, if (j < span) {
            const float *top = x + j * VL;
            vec column[SPAN_MAX];
            REPEAT6(i, if (i < span) column[i] = load(top + i * row);)
            if (side == 2)
                input_transform_2(column, columns + j, span);
            else
                input_transform(column, columns + j, span);
        })
    REPEAT6(
        i, if (i < span) {
            vec line[SPAN_MAX];
            if (side == 2)
                input_transform_2(columns + i * span, line, 1);
            else
                input_transform(columns + i * span, line, 1);
            REPEAT6(j, if (j < span) store(out + (i * span + j) * stride, line[j]);)
        })
}

static ALWAYS_INLINE void transform_input(const struct winograd *w, int first_tile, const int side)
{
    const struct conv *c = &w->direct;
    const struct view *in = &c->in;
    const ptrdiff_t stride = winograd_stride(VL, in->blocks, w->block);
    for (int block = 0; block < in->blocks; block++)
        for (int tile = 0; tile < w->block; tile++) {
            const struct origin at =
                tile_origin(first_tile + tile, output_height(c), output_width(c), side);
            transform_tile(in->data + block * in->block + at.y * in->row + at.x * VL, in->row,
                           w->scratch + (tile * in->blocks + block) * VL, stride, side);
        }
}

/* products[k] = input[k] * weights[k] for all matrices, each as a 1x1 convolution over one row of
 * `block` pixels. A^T maps the second unit vector to ones, so a bias in product (1, 1) comes out as
 * the bias of all outputs. */
static void multiply(const struct winograd *w, float *products)
{
    const struct conv *direct = &w->direct;
    const ptrdiff_t in_stride = winograd_stride(VL, direct->in.blocks, w->block);
    const ptrdiff_t out_stride = winograd_stride(VL, direct->out.blocks, w->block);
    const int span = w->side + 2;
    void (*const run)(const struct conv *) = w->halves ? w->gemm->run_halves
                                             : w->far  ? w->gemm->run_far
                                                       : w->gemm->run[CONV_STEP_ANY];
    struct conv gemm = {
        .in = {.blocks = 1},
        .out = {.block = w->block * VL,
                .blocks = direct->out.blocks,
                .height = 1,
                .width = w->block},
        .taps_y = 1,
        .taps_x = 1,
        .output_column = (ptrdiff_t)direct->in.blocks * VL,
        .last_depth = (direct->in.blocks - 1) * direct->depth + direct->last_depth,
    };
    for (int k = 0; k < span * span; k++) {
        gemm.in.data = w->scratch + k * in_stride;
        gemm.out.data = products + k * out_stride;
        gemm.bias = k == 1 * span + 1 ? direct->bias : NULL;
        gemm.weights = w->halves ? NULL : w->weights + k * w->weight_stride;
        gemm.halves = w->halves ? w->halves + k * w->weight_stride : NULL;
        run(&gemm);
    }
}

/* result[side][side] = A^T products A of one tile and vector. */
static ALWAYS_INLINE void transform_back(const float *products, ptrdiff_t stride, vec *result,
                                         const int side)
{
    const int span = side + 2;
    vec columns[SIDE_MAX * SPAN_MAX];
    REPEAT6(
        j, if (j < span) {
            vec column[SPAN_MAX];
            REPEAT6(i, if (i < span) column[i] = load(products + (i * span + j) * stride);)
            if (side == 2)
                output_transform_2(column, columns + j, span);
            else
                output_transform(column, columns + j, span);
        })
    REPEAT4(
        i, if (i < side) {
            if (side == 2)
                output_transform_2(columns + i * span, result + i * side, 1);
            else
                output_transform(columns + i * span, result + i * side, 1);
        })
}

static ALWAYS_INLINE void transform_output(const struct winograd *w, const float *products,
                                           int first_tile, const int side)
{
    const struct conv *c = &w->direct;
    const ptrdiff_t stride = winograd_stride(VL, c->out.blocks, w->block);
    for (int block = 0; block < c->out.blocks; block++)
        for (int tile = 0; tile < w->block; tile++) {
            vec result[SIDE_MAX * SIDE_MAX];
            transform_back(products + (block * w->block + tile) * VL, stride, result, side);
            store_tile(c, result, block,
                       tile_origin(first_tile + tile, output_height(c), output_width(c), side),
                       side);
        }
}

static ALWAYS_INLINE void convolve(const struct winograd *w, const int side)
{
    const struct conv *c = &w->direct;
    const int tiles = tile_count(output_height(c), output_width(c), side);
    float *products =
        w->scratch + winograd_matrices(side) * winograd_stride(VL, c->in.blocks, w->block);
    for (int tile = 0; tile < tiles; tile += w->block) {
        const int first = tile + w->block <= tiles ? tile : tiles - w->block;
        transform_input(w, first, side);
        multiply(w, products);
        transform_output(w, products, first, side);
    }
}

void KERNEL(winograd)(const struct winograd *w)
{
    if (w->side == 2)
        convolve(w, 2);
    else
        convolve(w, 4);
}
