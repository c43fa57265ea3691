#include "nn/train/transpose.h"
#include "nn/train/winograd_tiles.h"

enum { TURNED_CHANNELS = 8 };

/* The scratch memory, sliced; strides are floats between each one's matrices. With a stride of 2
 * there are several phases of x and of filters, forward, which are summed; turned, there are
 * several phases of outputs, which are made one after the other. */
struct stage {
    const struct batch_winograd *w;
    float *x;        /* [block][in_phases][in.blocks][VL] */
    float *products; /* [vectors][block][VL] */
    float *filters;  /* [slot] of [in_phases][channels of the part][vectors][VL] */
    ptrdiff_t x_stride, product_stride, filter_stride;
    int points; /* along an axis of a tile: of phase 0 */
    int in_phases, out_phases;
    int depth;   /* of a phase of x: channels with the spare ones */
    int vectors; /* of channels in a group */
    bool keeps;  /* all parts' filters from one block of tiles to the next */
    struct origin tiles[WINOGRAD_BLOCK_MAX + TILES_AHEAD];
};

/* Output vectors that are made together, of one phase: the first, and how many of them the group
 * before has written already. */
struct group {
    int vector, skip, phase;
};

/* Whose filters are multiplied together: `count` input channels for a group. */
struct part {
    struct group group;
    int channel, count;
};

/* The columns that register tiles fill: a last one that moved back would add its parts twice. */
static int whole_columns(const struct batch_winograd *w, int count)
{
    return (count + w->gemm->columns - 1) / w->gemm->columns * w->gemm->columns;
}

/* --- input ------------------------------------------------------------------------------------ */

/* dy of a convolution with a stride of 2 is the input of all phases of its dx. */
static __attribute__((noinline)) void transform_shared(const struct images *dy, int block,
                                                       const struct origin *tile, float *out,
                                                       ptrdiff_t stride)
{
    fetch_tile(tile_at(dy, block, tile + TILES_AHEAD), dy->view.row, dy->column, 5, 5, LINE_PIXELS);
    transform_tile(tile_at(dy, block, tile), dy->view.row, dy->column, out, stride, 5, 0);
}

/* B^T x B, of the last tile more than once where columns are left. Blocks that share a cache line
 * of each matrix go together. */
static void transform_input(const struct stage *s, int count)
{
    const struct batch_winograd *w = s->w;
    const int blocks = w->in.view.blocks;
    for (int first = 0; first < blocks; first += LINE_PIXELS)
        for (int tile = 0; tile < whole_columns(w, count); tile++)
            for (int block = first; block < smaller(first + LINE_PIXELS, blocks); block++) {
                float *out = s->x + (tile * s->in_phases * blocks + block) * VL;
                if (w->stride == 1)
                    transform_whole(&w->in, block, &s->tiles[tile], out, s->x_stride);
                else if (w->turned)
                    transform_shared(&w->in, block, &s->tiles[tile], out, s->x_stride);
                else
                    transform_phases(&w->in, block, &s->tiles[tile], out, s->x_stride, s->depth);
            }
}

/* --- filters ---------------------------------------------------------------------------------- */

/* G g G^T of one phase of one vector of filters. */
static ALWAYS_INLINE void transform_filter(const struct stage *s, const float *from,
                                           ptrdiff_t tap_stride, float *to, const int points,
                                           const int phase)
{
    const int rows = rows_of(points, phase), columns = columns_of(points, phase);
    const int *taps = s->w->taps;
    vec lines[18];
    REPEAT4(
        j, if (j < columns - 3) {
            vec in[4];
            REPEAT4(i, if (i < rows - 3) in[i] = load(
                           from + taps[tap_of(rows, i) * 3 + tap_of(columns, j)] * tap_stride);)
            filter_line(in, lines + j, 3, rows);
        })
    REPEAT6(
        i, if (i < rows) {
            vec line[6];
            filter_line(lines + i * 3, line, 1, columns);
            REPEAT6(j, if (j < columns) store(to + (i * points + j) * s->filter_stride, line[j]);)
        })
}

/* Functions of their own, as in winograd_tiles.h. */
#define DEFINE_FILTER(points, phase)                                                               \
    static __attribute__((noinline)) void filter_##points##_##phase(                               \
        const struct stage *s, const float *from, ptrdiff_t tap_stride, float *to)                 \
    {                                                                                              \
        transform_filter(s, from, tap_stride, to, points, phase);                                  \
    }

DEFINE_FILTER(6, 0)
DEFINE_FILTER(5, 0)
DEFINE_FILTER(5, 1)
DEFINE_FILTER(5, 2)
DEFINE_FILTER(5, 3)

static void (*const short_filters[])(const struct stage *s, const float *from, ptrdiff_t tap_stride,
                                     float *to) = {filter_5_0, filter_5_1, filter_5_2, filter_5_3};

/* Those of `count` channels of the part, all its phases; rows of outputs are `pitch` floats apart.
 */
static void transform_rows(const struct stage *s, const struct part *part, const float *rows,
                           ptrdiff_t pitch, ptrdiff_t tap_stride, int count, float *to)
{
    const ptrdiff_t phase = (ptrdiff_t)part->count * s->vectors * VL;
    for (int c = 0; c < count; c++) {
        fetch_taps(rows + (c + ROWS_AHEAD) * pitch, tap_stride, s->vectors * VL);
        for (int v = 0; v < s->vectors; v++, to += VL) {
            const float *from = rows + c * pitch + v * VL;
            if (s->points == 6)
                filter_6_0(s, from, tap_stride, to);
            for (int p = 0; s->points == 5 && p < s->in_phases; p++)
                short_filters[part->group.phase + p](s, from, tap_stride, to + p * phase);
        }
    }
}

/* Whether a tap of the convolution belongs to the part's phase of the outputs. */
static bool has_tap(const struct stage *s, const struct part *part, int tap)
{
    return s->points == 6 || tap / 3 % 2 * 2 + tap % 3 % 2 == part->group.phase;
}

/* Turned ones, a few channels at a time, through memory that stays in the first cache. */
static void transform_turned(const struct stage *s, const struct part *part, float *to)
{
    const struct batch_winograd *w = s->w;
    const int width = s->vectors * VL, real = smaller(width, w->outputs - part->group.vector * VL);
    float rows[9 * TURNED_CHANNELS * KERNEL_TILE_VECTORS * VL]
        __attribute__((aligned(KERNEL_ALIGNMENT))) = {0};
    for (int c = 0; c < part->count; c += TURNED_CHANNELS, to += TURNED_CHANNELS * width) {
        const int count = smaller(TURNED_CHANNELS, part->count - c);
        const float *from = w->weights + part->group.vector * VL * w->pitch + part->channel + c;
        for (int tap = 0; tap < 9; tap++)
            if (has_tap(s, part, tap))
                transpose_block(from + w->taps[tap] * w->tap_stride, w->pitch, real, count,
                                rows + w->taps[tap] * TURNED_CHANNELS * width, width);
        transform_rows(s, part, rows, width, TURNED_CHANNELS * width, count, to);
    }
}

static void transform_filters(const struct stage *s, const struct part *part, float *to)
{
    const struct batch_winograd *w = s->w;
    if (w->turned)
        transform_turned(s, part, to);
    else
        transform_rows(s, part, w->weights + part->channel * w->pitch + part->group.vector * VL,
                       w->pitch, w->tap_stride, part->count, to);
}

/* --- products --------------------------------------------------------------------------------- */

/* The product at point (i, j) as 1x1 convolutions over a row of pixels, whose blocks are phases
 * that lie side by side. Phases with a single tap along an axis lack its last point. */
static void multiply_point(const struct stage *s, const struct part *part, struct conv *gemm,
                           const float *filters, int i, int j)
{
    const int k = i * s->points + j, last = s->points - 1;
    const int rows = s->in_phases > 1 && i < last ? 2 : 1;
    gemm->in.blocks = s->in_phases > 1 && j < last ? 2 : 1;
    for (int phase = 0; phase < 2 * rows; phase += 2) {
        gemm->in.data = s->x + k * s->x_stride + phase * s->depth + part->channel;
        gemm->weights =
            filters + k * s->filter_stride + (ptrdiff_t)phase * part->count * s->vectors * VL;
        s->w->gemm->run[CONV_STEP_ANY](gemm);
        gemm->bias = NULL;
        gemm->residual = gemm->out.data;
    }
}

/* A part's products, over `count` tiles; those of all parts of a group and phase are added up. The
 * bias goes into product (1, 1), from which A^T gives it to all 16 outputs. */
static void multiply(const struct stage *s, const struct part *part, const float *filters,
                     int count)
{
    const struct batch_winograd *w = s->w;
    const float *bias = w->bias && part->channel == 0 ? w->bias + part->group.vector * VL : NULL;
    struct conv gemm = {
        .in = {.block = s->depth},
        .out = {.block = (ptrdiff_t)w->block * VL,
                .blocks = s->vectors,
                .height = 1,
                .width = whole_columns(w, count)},
        .taps_y = 1,
        .taps_x = 1,
        .depth = part->count,
        .last_depth = part->count,
        .output_column = (ptrdiff_t)s->in_phases * s->depth,
        .residual_block = (ptrdiff_t)w->block * VL,
    };
    for (int i = 0; i < s->points - part->group.phase / 2; i++)
        for (int j = 0; j < s->points - part->group.phase % 2; j++) {
            gemm.out.data = s->products + (i * s->points + j) * s->product_stride;
            gemm.bias = i == 1 && j == 1 ? bias : NULL;
            gemm.residual = part->channel > 0 ? gemm.out.data : NULL;
            multiply_point(s, part, &gemm, filters, i, j);
        }
}

/* --- output ----------------------------------------------------------------------------------- */

/* Where a tile of a phase of images is; the one that will be wanted soon is asked for. */
static ALWAYS_INLINE float *tile_of(const struct images *images, int block,
                                    const struct origin *tile, ptrdiff_t column, const int phase)
{
    const ptrdiff_t row = images->view.row;
    const ptrdiff_t offset = phase / 2 * (row / 2) + phase % 2 * (column / 2);
    fetch_tile(tile_at(images, block, tile + TILES_AHEAD) - offset, row, column, 4, 4,
               column == VL ? LINE_PIXELS : (LINE_PIXELS + 1) / 2);
    return tile_at(images, block, tile) - offset;
}

/* What else happens to the 4x4 values of a tile. */
static ALWAYS_INLINE void finish_tile(const struct batch_winograd *w, int block,
                                      const struct origin *tile, ptrdiff_t column, const int phase,
                                      vec values[16])
{
    if (w->residual.view.data) {
        const float *from = tile_of(&w->residual, block, tile, column, phase);
        const ptrdiff_t row = w->residual.view.row;
        REPEAT4(i, REPEAT4(j, values[i * 4 + j] += load(from + i * row + j * column);))
    }
    REPEAT16(k, values[k] = fuse(values[k], &w->fused);)
    if (w->gate.view.data) {
        const float *gate = tile_of(&w->gate, block, tile, column, phase);
        const ptrdiff_t row = w->gate.view.row;
        REPEAT4(i, REPEAT4(j, values[i * 4 + j] = choose(load(gate + i * row + j * column) > 0,
                                                         values[i * 4 + j], all(0));))
    }
}

/* A^T products A of one phase of the outputs; once, for a residual that is `out` itself. */
static ALWAYS_INLINE void transform_output(const struct stage *s, const struct group *group,
                                           int count, const int points, const int phase)
{
    const struct batch_winograd *w = s->w;
    const ptrdiff_t column = points == 6 ? VL : w->out.column;
    const int rows = rows_of(points, phase), columns = columns_of(points, phase);
    for (int v = group->skip; v < s->vectors; v++)
        for (int tile = 0; tile < count; tile++) {
            const float *in = s->products + (v * w->block + tile) * VL;
            const int block = group->vector + v;
            float *out = tile_of(&w->out, block, &s->tiles[tile], column, phase);
            vec lines[24], result[16];
            REPEAT6(
                j, if (j < columns) {
                    vec values[6];
                    REPEAT6(i, if (i < rows) values[i] =
                                   load(in + (i * points + j) * s->product_stride);)
                    output_line(values, lines + j, 6, rows);
                })
            REPEAT4(i, output_line(lines + i * 6, result + i * 4, 1, columns);)
            finish_tile(w, block, &s->tiles[tile], column, phase, result);
            REPEAT4(i,
                    REPEAT4(j, store(out + i * w->out.view.row + j * column, result[i * 4 + j]);))
        }
}

#define DEFINE_OUTPUT(points, phase)                                                               \
    static __attribute__((noinline)) void output_##points##_##phase(                               \
        const struct stage *s, const struct group *group, int count)                               \
    {                                                                                              \
        transform_output(s, group, count, points, phase);                                          \
    }

DEFINE_OUTPUT(6, 0)
DEFINE_OUTPUT(5, 0)
DEFINE_OUTPUT(5, 1)
DEFINE_OUTPUT(5, 2)
DEFINE_OUTPUT(5, 3)

static void (*const short_outputs[])(const struct stage *s, const struct group *group,
                                     int count) = {output_5_0, output_5_1, output_5_2, output_5_3};

/* --- all -------------------------------------------------------------------------------------- */

static struct stage stage_of(const struct batch_winograd *w)
{
    const int points = winograd_points(w->stride), in_phases = batch_winograd_in_phases(w);
    const int groups = (w->out.view.blocks + w->gemm->vectors - 1) / w->gemm->vectors;
    struct stage s = {
        .w = w,
        .x_stride = winograd_stride(VL, in_phases * w->in.view.blocks, w->block),
        .product_stride = winograd_stride(VL, w->gemm->vectors, w->block),
        .filter_stride = batch_winograd_filter_stride(w, VL),
        .points = points,
        .in_phases = in_phases,
        .out_phases = batch_winograd_out_phases(w),
        .depth = w->in.view.blocks * VL,
        .vectors = w->gemm->vectors,
        .keeps = w->slots == groups * batch_winograd_parts(w),
    };
    s.x = w->scratch;
    s.products = s.x + points * points * s.x_stride;
    s.filters = s.products + points * points * s.product_stride;
    return s;
}

/* One group. Its filters are in the slots from `slot` on, after the first block of tiles; or, where
 * they are not kept, made anew. */
static void run_group(const struct stage *s, const struct group *group, int first, int count,
                      int slot)
{
    const struct batch_winograd *w = s->w;
    const ptrdiff_t slot_floats = s->points * s->points * s->filter_stride;
    const int step = batch_winograd_part(w);
    for (int channel = 0; channel < w->channels; channel += step, slot++) {
        const struct part part = {*group, channel, smaller(step, w->channels - channel)};
        float *filters = s->filters + slot % w->slots * slot_floats;
        if (first == 0 || !s->keeps)
            transform_filters(s, &part, filters);
        multiply(s, &part, filters, count);
    }
    (s->points == 6 ? output_6_0 : short_outputs[group->phase])(s, group, count);
}

/* All groups of a block of tiles; the last one moves back to end with the outputs. */
static void run_block(const struct stage *s, int first, int count)
{
    const int blocks = s->w->out.view.blocks;
    const int parts = batch_winograd_parts(s->w) / s->out_phases;
    int slot = 0;
    for (int done = 0; done < blocks; done += s->vectors)
        for (int phase = 0; phase < s->out_phases; phase++, slot += parts) {
            const int vector = smaller(done, blocks - s->vectors);
            const struct group group = {vector, done - vector, phase};
            run_group(s, &group, first, count, slot);
        }
}

void KERNEL(train_winograd)(const struct batch_winograd *w)
{
    struct stage s = stage_of(w);
    const int tiles = tile_count(w->out.view.height, w->out.view.width, w->pictures);
    for (int first = 0; first < tiles; first += w->block) {
        const int count = smaller(w->block, tiles - first);
        locate(s.tiles, &w->out.view, first, count);
        transform_input(&s, count);
        run_block(&s, first, count);
    }
}
