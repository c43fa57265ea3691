#include "nn/train/transpose.h"
#include "nn/train/winograd_tiles.h"

enum {
    LINE_BLOCKS = CACHE_LINE_FLOATS / VL,
    TURNED_CHANNELS = 8,
    PART_CHANNELS = 128 /* whose filters for 32 outputs, 16 KiB, stay in the first cache */
};

/* The scratch memory, sliced; strides are floats between each one's 36 matrices. */
struct stage {
    const struct batch_winograd *w;
    float *x, *products, *filters; /* [block][in.blocks], [vectors][block], [slot][in][vectors] */
    ptrdiff_t x_stride, product_stride, filter_stride;
    int vectors; /* of channels in a group */
    struct origin tiles[WINOGRAD_BLOCK_MAX + TILES_AHEAD];
};

/* The columns that register tiles fill: a last one that moved back would add its parts twice. */
static int whole_columns(const struct batch_winograd *w, int count)
{
    return (count + w->gemm->columns - 1) / w->gemm->columns * w->gemm->columns;
}

/* B^T x B, of the last tile more than once where columns are left. Blocks that share a cache line
 * of each matrix go together. */
static void transform_input(const struct stage *s, int count)
{
    const struct batch_winograd *w = s->w;
    for (int first = 0; first < w->in.view.blocks; first += LINE_BLOCKS)
        for (int tile = 0; tile < whole_columns(w, count); tile++)
            for (int block = first; block < smaller(first + LINE_BLOCKS, w->in.view.blocks);
                 block++) {
                fetch_tile(tile_at(&w->in.view, block, w->in.step, &s->tiles[tile + TILES_AHEAD]),
                           w->in.view.row, 6);
                transform_tile(tile_at(&w->in.view, block, w->in.step, &s->tiles[tile]),
                               w->in.view.row, s->x + (tile * w->in.view.blocks + block) * VL,
                               s->x_stride);
            }
}

/* G g G^T of one vector of filters. */
static ALWAYS_INLINE void transform_filter(const struct stage *s, const float *from,
                                           ptrdiff_t tap_stride, float *to)
{
    const struct batch_winograd *w = s->w;
    vec columns[18];
    REPEAT4(
        j, if (j < 3) {
            const vec in[3] = {load(from + w->taps[j] * tap_stride),
                               load(from + w->taps[3 + j] * tap_stride),
                               load(from + w->taps[6 + j] * tap_stride)};
            filter_transform(in, columns + j, 3);
        })
    REPEAT6(i, {
        vec line[6];
        filter_transform(columns + i * 3, line, 1);
        REPEAT6(j, store(to + (i * 6 + j) * s->filter_stride, line[j]);)
    })
}

/* Those of `count` channels of input; rows of outputs are `pitch` floats apart. */
static void transform_rows(const struct stage *s, const float *rows, ptrdiff_t pitch,
                           ptrdiff_t tap_stride, int count, float *to)
{
    for (int c = 0; c < count; c++) {
        fetch_taps(rows + (c + ROWS_AHEAD) * pitch, tap_stride, s->vectors * VL);
        for (int v = 0; v < s->vectors; v++, to += VL)
            transform_filter(s, rows + c * pitch + v * VL, tap_stride, to);
    }
}

/* Turned ones, a few channels at a time, through memory that stays in the first cache. */
static void transform_turned(const struct stage *s, int vector, float *to)
{
    const struct batch_winograd *w = s->w;
    const int width = s->vectors * VL, real = smaller(width, w->outputs - vector * VL);
    float rows[9 * TURNED_CHANNELS * KERNEL_TILE_VECTORS * VL]
        __attribute__((aligned(KERNEL_ALIGNMENT))) = {0};
    for (int c = 0; c < w->channels; c += TURNED_CHANNELS, to += TURNED_CHANNELS * width) {
        const int count = smaller(TURNED_CHANNELS, w->channels - c);
        for (int tap = 0; tap < 9; tap++)
            transpose_block(w->weights + tap * w->tap_stride + vector * VL * w->pitch + c, w->pitch,
                            real, count, rows + tap * TURNED_CHANNELS * width, width);
        transform_rows(s, rows, width, TURNED_CHANNELS * width, count, to);
    }
}

static void transform_filters(const struct stage *s, int vector, float *to)
{
    const struct batch_winograd *w = s->w;
    if (w->turned)
        transform_turned(s, vector, to);
    else
        transform_rows(s, w->weights + vector * VL, w->pitch, w->tap_stride, w->channels, to);
}

/* The 36 products as 1x1 convolutions over a row of `count` pixels, part by part of the channels.
 * The bias goes into product (1, 1), from which A^T gives it to all 16 outputs. */
static void multiply(const struct stage *s, const float *filters, int vector, int count)
{
    const struct batch_winograd *w = s->w;
    struct conv gemm = {
        .in = {.blocks = 1},
        .out = {.block = (ptrdiff_t)w->block * VL,
                .blocks = s->vectors,
                .height = 1,
                .width = whole_columns(w, count)},
        .taps_y = 1,
        .taps_x = 1,
        .output_column = (ptrdiff_t)w->in.view.blocks * VL,
        .residual_block = (ptrdiff_t)w->block * VL,
    };
    for (int k = 0; k < 36; k++) {
        gemm.out.data = s->products + k * s->product_stride;
        gemm.bias = k == 1 * 6 + 1 && w->bias ? w->bias + vector * VL : NULL;
        gemm.residual = NULL;
        for (int c = 0; c < w->channels; c += PART_CHANNELS) {
            gemm.in.data = s->x + k * s->x_stride + c;
            gemm.last_depth = smaller(PART_CHANNELS, w->channels - c);
            gemm.weights = filters + k * s->filter_stride + c * s->vectors * VL;
            w->gemm->run[CONV_STEP_ANY](&gemm);
            gemm.bias = NULL;
            gemm.residual = gemm.out.data;
        }
    }
}

/* Where a tile of images is; the one that will be wanted soon is asked for. */
static ALWAYS_INLINE float *tile_of(const struct images *images, int block,
                                    const struct origin *tile)
{
    fetch_tile(tile_at(&images->view, block, images->step, tile + TILES_AHEAD), images->view.row,
               4);
    return tile_at(&images->view, block, images->step, tile);
}

/* What else happens to the 4x4 values of a tile. */
static ALWAYS_INLINE void finish_tile(const struct batch_winograd *w, int block,
                                      const struct origin *tile, vec values[16])
{
    if (w->residual.view.data) {
        const float *from = tile_of(&w->residual, block, tile);
        REPEAT4(i, REPEAT4(j, values[i * 4 + j] += load(from + i * w->residual.view.row + j * VL);))
    }
    REPEAT16(k, values[k] = fuse(values[k], &w->fused);)
    if (w->gate.view.data) {
        const float *gate = tile_of(&w->gate, block, tile);
        REPEAT4(
            i, REPEAT4(j, values[i * 4 + j] = choose(load(gate + i * w->gate.view.row + j * VL) > 0,
                                                     values[i * 4 + j], all(0));))
    }
}

/* A^T products A */
static void transform_output(const struct stage *s, int vector, int count)
{
    const struct batch_winograd *w = s->w;
    for (int v = 0; v < s->vectors; v++)
        for (int tile = 0; tile < count; tile++) {
            const float *in = s->products + (v * w->block + tile) * VL;
            float *out = tile_of(&w->out, vector + v, &s->tiles[tile]);
            vec columns[24], result[16];
            REPEAT6(j, {
                vec column[6];
                REPEAT6(i, column[i] = load(in + (i * 6 + j) * s->product_stride);)
                output_transform(column, columns + j, 6);
            })
            REPEAT4(i, output_transform(columns + i * 6, result + i * 4, 1);)
            finish_tile(w, vector + v, &s->tiles[tile], result);
            REPEAT4(i, REPEAT4(j, store(out + i * w->out.view.row + j * VL, result[i * 4 + j]);))
        }
}

static struct stage stage_of(const struct batch_winograd *w)
{
    struct stage s = {
        .w = w,
        .vectors = w->gemm->vectors,
    };
    s.x_stride = winograd_stride(VL, w->in.view.blocks, w->block);
    s.product_stride = winograd_stride(VL, s.vectors, w->block);
    s.filter_stride = winograd_stride(VL, s.vectors, w->channels);
    s.x = w->scratch;
    s.products = s.x + 36 * s.x_stride;
    s.filters = s.products + 36 * s.product_stride;
    return s;
}

void KERNEL(train_winograd)(const struct batch_winograd *w)
{
    struct stage s = stage_of(w);
    const int tiles = tile_count(w->out.view.height, w->out.view.width, w->pictures);
    const int groups = (w->out.view.blocks + s.vectors - 1) / s.vectors;
    for (int first = 0; first < tiles; first += w->block) {
        const int count = smaller(w->block, tiles - first);
        locate(s.tiles, &w->out.view, first, count);
        transform_input(&s, count);
        for (int group = 0; group < groups; group++) {
            const int vector = smaller(group * s.vectors, w->out.view.blocks - s.vectors);
            float *filters = s.filters + (group % w->slots) * 36 * s.filter_stride;
            if (first == 0 || w->slots < groups)
                transform_filters(&s, vector, filters);
            multiply(&s, filters, vector, count);
            transform_output(&s, vector, count);
        }
    }
}
