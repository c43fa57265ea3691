#include "nn/choose.h"
#include "nn/train/fast.h"

#include <stdlib.h>
#include <string.h>

enum {
    WINOGRAD_TILES = 64, /* together: their matrices should stay in a second-level cache, but the
                            more tiles, the more often transformed weights are used */
    PART_TILES = 2 * WINOGRAD_TILES, /* of the pictures that go through a segment together */
    WINOGRAD_CHANNELS_MIN = 16,
    GROUP_CHANNELS = 32, /* of output together: their transformed filters and products share that
                            cache with the input */
    FILTER_FLOATS = 768 * 1024, /* transformed weights that are kept for the next block of tiles */
};

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

/* Winograd's 4x4 tiles of outputs in a picture. */
static int tiles_of(struct size3 size)
{
    return ceil_div(size.height, 4) * ceil_div(size.width, 4);
}

/* --- choosing --------------------------------------------------------------------------------- */

static enum conv_step step_of(const struct conv *conv, int lanes)
{
    const ptrdiff_t column = conv->output_column;
    if (column == lanes)
        return CONV_STEP_LANES;
    if (column == 2 * lanes)
        return CONV_STEP_LANES2;
    return column == 3 ? CONV_STEP_3 : column == 6 ? CONV_STEP_6 : CONV_STEP_ANY;
}

/* Winograd's tiles save a factor of 4 in multiplications, or 1.8 with a stride of 2; sides that are
 * no multiples of 4, and few channels, for which the transforms weigh more, take it back: with a
 * stride of 2 those of a single vector. `tiled`: the outputs; by the data, those of a phase. */
static bool winograd_pays(const struct fast *fast, const struct fast_node *node, struct size3 tiled)
{
    const struct window w = fast_window(node);
    const int channels =
        fast_smaller(fast_input(fast, node, 0)->value.size.channels, node->value.size.channels);
    const int enough = w.stride_h == 1 ? WINOGRAD_CHANNELS_MIN
                                       : fast_larger(WINOGRAD_CHANNELS_MIN, fast->lanes + 1);
    return w.kernel_h == 3 && w.kernel_w == 3 && w.stride_h == w.stride_w && w.stride_h <= 2 &&
           w.dilation_h == 1 && w.dilation_w == 1 && tiled.height >= 4 && tiled.width >= 4 &&
           channels >= enough && tiled.height * tiled.width * 3 > tiles_of(tiled) * 16 * 2;
}

static bool forward_by_winograd(const struct fast *fast, const struct fast_node *node)
{
    return winograd_pays(fast, node, node->value.size);
}

/* The pixels of the layer's input, or of a phase of it: with a stride of 2 every second one. */
static struct size3 tiled_back(const struct fast *fast, const struct fast_node *node)
{
    const struct size3 size = fast_input(fast, node, 0)->value.size;
    const struct window w = fast_window(node);
    return (struct size3){ceil_div(size.height, w.stride_h), ceil_div(size.width, w.stride_w),
                          size.channels};
}

/* All phases of a stride must be equally large, and the padding even, as axis_back_of wants it:
 * with even sides both hold. */
bool fast_conv_back_by_winograd(const struct fast *fast, const struct fast_node *node)
{
    const struct size3 size = fast_input(fast, node, 0)->value.size;
    const struct window w = fast_window(node);
    const bool is_even = size.height % 2 == 0 && size.width % 2 == 0;
    return (w.stride_h == 1 || is_even) && winograd_pays(fast, node, tiled_back(fast, node));
}

bool fast_conv_back_once(const struct fast *fast, const struct fast_node *node)
{
    const struct size3 tiled = tiled_back(fast, node);
    return fast_conv_back_by_winograd(fast, node) && tiled.height % 4 == 0 && tiled.width % 4 == 0;
}

/* Winograd's tiles in all pictures of the batch. */
static int tiles_of_all(const struct fast *fast, struct size3 size)
{
    return tiles_of(size) * fast->slots * fast->workers;
}

/* So many pictures that their values are twice the weights, at least: each part of a chunk goes
 * through all weights, forward and for their gradient, and these are then the smaller share.
 * Winograd's transformed filters are four times as large (with a stride of 2 nine times, but there
 * are fewer tiles); and transforming them must pay. */
static int pictures_of(const struct fast_conv *c, bool by_winograd)
{
    const size_t weights = (size_t)(c->tap_count * c->in->size.channels) *
                           (size_t)c->out->size.channels * (by_winograd ? 8 : 2);
    const size_t values = c->in->count + c->out->count;
    const int outweigh = (int)((weights + values - 1) / values);
    return by_winograd ? fast_larger(outweigh, ceil_div(PART_TILES, tiles_of(c->tiled))) : outweigh;
}

/* The tiles that go together: those of a part of a chunk, in blocks of equal size, whole register
 * tiles. */
static int block_of(const struct fast *fast, const struct fast_conv *c)
{
    const int columns = c->winograd.gemm->columns, all = tiles_of_all(fast, c->tiled);
    const int part = tiles_of(c->tiled) * fast_smaller(pictures_of(c, true), fast->slots);
    const int tiles = all <= WINOGRAD_TILES ? all : part;
    const int blocks = ceil_div(tiles, WINOGRAD_BLOCK_MAX / columns * columns);
    return ceil_div(ceil_div(tiles, blocks), columns) * columns;
}

static void choose_winograd(const struct fast *fast, struct fast_conv *c)
{
    const int lanes = fast->lanes, out = fast_blocks(c->out);
    const struct conv_task product = {.height = 1,
                                      .width = WINOGRAD_TILES / 12 * 12,
                                      .in_blocks = fast_blocks(c->in),
                                      .out_blocks = fast_smaller(out, GROUP_CHANNELS / lanes),
                                      .in_channels = c->in->size.channels,
                                      .taps = 1,
                                      .overlaps = true};
    struct batch_winograd *w = &c->winograd;
    w->channels = c->in->size.channels;
    w->taps = c->taps;
    w->gemm = choose_conv(fast->kernels->inference, &product).kernel;
    w->block = block_of(fast, c);
    const int parts = ceil_div(out, w->gemm->vectors) * batch_winograd_parts(w);
    const int points = winograd_points(w->stride);
    const ptrdiff_t floats = parts * points * points * batch_winograd_filter_stride(w, lanes);
    w->slots = floats <= FILTER_FLOATS ? parts : 1;
}

static void choose_direct(const struct fast *fast, struct fast_conv *c)
{
    const struct conv_task task = {.height = c->out->size.height,
                                   .width = c->out->size.width,
                                   .in_blocks = fast_blocks(c->in),
                                   .out_blocks = fast_blocks(c->out),
                                   .in_channels = c->in->size.channels,
                                   .taps = c->tap_count,
                                   .overlaps = true};
    c->kernel = choose_conv(fast->kernels->inference, &task).kernel;
    c->run = c->kernel->run[step_of(&c->conv, fast->lanes)];
}

/* --- planning --------------------------------------------------------------------------------- */

static void need_scratch(struct fast *fast, ptrdiff_t floats)
{
    if ((size_t)floats > fast->scratch_count)
        fast->scratch_count = (size_t)floats;
}

/* Memory for packed weights, or for what Winograd needs while it runs. */
static bool allocate_packed(struct fast *fast, struct fast_conv *c)
{
    if (c->winograd.block > 0) {
        need_scratch(fast, batch_winograd_scratch(&c->winograd, fast->lanes, fast_blocks(c->in)));
        return true;
    }
    const int vectors = c->kernel->vectors;
    c->groups = ceil_div(fast_blocks(c->out), vectors);
    c->packed = memory_pool_allocate(&fast->memory,
                                     (size_t)(c->groups * c->tap_count) *
                                         (size_t)(c->in->size.channels * vectors * fast->lanes));
    return c->packed != NULL;
}

/* From taps, window and tensors to a kernel. */
static bool complete(struct fast *fast, struct fast_conv *c, bool by_winograd)
{
    const struct view in = fast_strides(c->in), out = fast_strides(c->out);
    const int channels = c->in->size.channels;
    c->conv.in = in;
    c->conv.out = out;
    c->conv.depth = c->in->lanes;
    c->conv.last_depth = channels - (in.blocks - 1) * c->in->lanes;
    if (by_winograd)
        choose_winograd(fast, c);
    else
        choose_direct(fast, c);
    return allocate_packed(fast, c);
}

static bool plan_forward(struct fast *fast, struct fast_node *node)
{
    const struct window w = fast_window(node);
    struct fast_conv *c = &node->conv;
    c->in = &fast_input(fast, node, 0)->value;
    c->out = &node->value;
    c->in_offset = -w.pad_top * c->in->row - (ptrdiff_t)w.pad_left * c->in->lanes;
    c->conv.taps_y = w.kernel_h;
    c->conv.taps_x = w.kernel_w;
    c->conv.tap_row = w.dilation_h * c->in->row;
    c->conv.tap_column = (ptrdiff_t)w.dilation_w * c->in->lanes;
    c->conv.output_row = w.stride_h * c->in->row;
    c->conv.output_column = (ptrdiff_t)w.stride_w * c->in->lanes;
    c->winograd.stride = w.stride_h;
    c->tiled = node->value.size;
    c->in_rows = (struct walk){-w.pad_top, w.stride_h};
    c->in_columns = (struct walk){-w.pad_left, w.stride_w};
    c->out_rows = c->out_columns = (struct walk){0, 1};
    c->tap_count = w.kernel_h * w.kernel_w;
    c->taps = malloc((size_t)c->tap_count * sizeof *c->taps);
    if (!c->taps)
        return false;
    for (int tap = 0; tap < c->tap_count; tap++)
        c->taps[tap] = tap;
    return complete(fast, c, forward_by_winograd(fast, node));
}

/* One axis of a phase: dx at stride * q + phase takes dy at q + offset + a * dilation from tap
 * last - a * stride, a = 0 ... count - 1. (With a dilation the stride is 1.) */
struct axis {
    int count, last, stride, offset;
};

static struct axis axis_of(int phase, int kernel, int stride, int dilation, int pad)
{
    const int first = stride > 1 ? (phase + pad) % stride : 0;
    const int count = first < kernel ? (kernel - 1 - first) / stride + 1 : 0;
    const int last = first + (count - 1) * stride;
    /* phase + pad - last * dilation is a multiple of the stride */
    return (struct axis){count, last, stride, (phase + pad - last * dilation) / stride};
}

/* The gradient by the input is a single convolution, which writes it where it belongs. */
static bool is_one_phase(const struct fast_conv_back *back)
{
    return back->stride_h == 1 && back->stride_w == 1;
}

static bool plan_phase(struct fast *fast, struct fast_node *node, int phase_y, int phase_x)
{
    const struct window w = fast_window(node);
    struct fast_conv_back *back = &node->back;
    struct fast_conv *c = &back->phases[phase_y * w.stride_w + phase_x];
    const struct axis y = axis_of(phase_y, w.kernel_h, w.stride_h, w.dilation_h, w.pad_top);
    const struct axis x = axis_of(phase_x, w.kernel_w, w.stride_w, w.dilation_w, w.pad_left);
    c->in = &node->gradient;
    c->out = is_one_phase(back) ? fast_gradient_target(fast, node, 0) : &back->result;
    c->tap_count = y.count * x.count;
    if (c->tap_count == 0)
        return true;
    c->in_offset = y.offset * c->in->row + (ptrdiff_t)x.offset * c->in->lanes;
    c->conv.taps_y = y.count;
    c->conv.taps_x = x.count;
    c->conv.tap_row = w.dilation_h * c->in->row;
    c->conv.tap_column = (ptrdiff_t)w.dilation_w * c->in->lanes;
    c->conv.output_row = c->in->row;
    c->conv.output_column = c->in->lanes;
    c->taps = malloc((size_t)c->tap_count * sizeof *c->taps);
    if (!c->taps)
        return false;
    for (int i = 0; i < y.count; i++)
        for (int j = 0; j < x.count; j++)
            c->taps[i * x.count + j] = (y.last - i * y.stride) * w.kernel_w + x.last - j * x.stride;
    return complete(fast, c, false);
}

/*
 * One axis of dx by Winograd: how dy is read and dx written, and where taps 0, 1 and 2 are in the
 * layer's kernel.
 *
 * Stride 1: dx at q takes dy at q + pad - 2 + a from tap 2 - a. Stride 2, with `half` = pad / 2: dx
 * at 2 q takes dy at q + half from tap 0 and at q + half - 1 from tap 2, dx at 2 q + 1 takes dy at
 * q + half from tap 1. Seen from the end, dy comes in the order of the taps, and for both phases it
 * begins at the same pixel, as forward: so that the filter of tap 1 is 0 at infinity.
 */
struct axis_back {
    struct walk in, out;
    int taps[3];
};

static struct axis_back axis_back_of(int stride, int pad, int tiled)
{
    if (stride == 1)
        return (struct axis_back){{pad - 2, 1}, {0, 1}, {2, 1, 0}};
    return (struct axis_back){{tiled - 1 + pad / 2, -1}, {2 * (tiled - 1), -2}, {0, 1, 2}};
}

static bool plan_back_by_winograd(struct fast *fast, struct fast_node *node)
{
    const struct window w = fast_window(node);
    const struct size3 tiled = tiled_back(fast, node);
    const struct axis_back y = axis_back_of(w.stride_h, w.pad_top, tiled.height);
    const struct axis_back x = axis_back_of(w.stride_w, w.pad_left, tiled.width);
    struct fast_conv *c = &node->back.phases[0];
    c->in = &node->gradient;
    c->out = fast_gradient_target(fast, node, 0);
    c->winograd.stride = w.stride_h;
    c->winograd.turned = true;
    c->tiled = tiled;
    c->in_rows = y.in;
    c->in_columns = x.in;
    c->out_rows = y.out;
    c->out_columns = x.out;
    c->tap_count = 9;
    c->taps = malloc((size_t)c->tap_count * sizeof *c->taps);
    if (!c->taps)
        return false;
    for (int tap = 0; tap < c->tap_count; tap++)
        c->taps[tap] = y.taps[tap / 3] * 3 + x.taps[tap % 3];
    return complete(fast, c, true);
}

/* All phases of the stride one by one, from weights that are transposed. */
static bool plan_phases(struct fast *fast, struct fast_node *node)
{
    const struct window w = fast_window(node);
    struct fast_conv_back *back = &node->back;
    back->transposed = memory_pool_allocate(&fast->memory, (size_t)(w.kernel_h * w.kernel_w) *
                                                               (size_t)node->value.size.channels *
                                                               (size_t)back->pitch);
    if (!back->transposed)
        return false;
    if (!is_one_phase(back)) {
        const struct size3 size = tiled_back(fast, node);
        fast_tensor_init(&back->result, size, fast->lanes, &(struct border){0});
        back->result.turns = 1;
        if (!fast_tensor_allocate(fast, &back->result))
            return false;
    }
    for (int y = 0; y < w.stride_h; y++)
        for (int x = 0; x < w.stride_w; x++)
            if (!plan_phase(fast, node, y, x))
                return false;
    return true;
}

static bool plan_backward(struct fast *fast, struct fast_node *node)
{
    const struct window w = fast_window(node);
    const struct fast_tensor *to = fast_gradient_target(fast, node, 0);
    const bool by_winograd = fast_conv_back_by_winograd(fast, node);
    struct fast_conv_back *back = &node->back;
    if (!to)
        return true;
    back->stride_h = by_winograd ? 1 : w.stride_h;
    back->stride_w = by_winograd ? 1 : w.stride_w;
    back->pitch = (to->size.channels + PARAMETER_PITCH - 1) / PARAMETER_PITCH * PARAMETER_PITCH;
    back->phases = calloc((size_t)(back->stride_h * back->stride_w), sizeof *back->phases);
    if (!back->phases)
        return false;
    return by_winograd ? plan_back_by_winograd(fast, node) : plan_phases(fast, node);
}

static bool gradient_by_winograd(const struct fast_node *node)
{
    return node->conv.winograd.block > 0;
}

int fast_conv_pictures(const struct fast_node *node)
{
    return pictures_of(&node->conv, gradient_by_winograd(node));
}

bool fast_conv_sums_bias(const struct fast_node *node)
{
    return node->bias && gradient_by_winograd(node);
}

static bool divides(const struct fast_conv *c)
{
    return c->winograd.block > 0 && fast_blocks(c->out) % c->winograd.gemm->vectors == 0;
}

/* Where all pictures together have few tiles, transforming those of all is less work for a worker
 * than transforming the filters of all channels. */
static bool is_shared(const struct fast *fast, const struct fast_node *node)
{
    const struct fast_conv *c = &node->conv;
    const int tiles = tiles_of_all(fast, c->tiled);
    return fast->whole && fast->workers > 1 && tiles <= WINOGRAD_TILES && divides(c) &&
           2 * tiles <= c->in->size.channels && 2 * tiles <= c->out->size.channels &&
           (!node->back.phases || divides(node->back.phases));
}

bool fast_conv_plan(struct fast *fast, struct fast_node *node, struct error *error)
{
    if (!plan_forward(fast, node) || (node->learns && !plan_backward(fast, node)))
        return error_set(error, "layer %s: no memory for its weights", node->layer->name);
    node->shared = is_shared(fast, node);
    if (gradient_by_winograd(node))
        need_scratch(fast, winograd_gradient_scratch(
                               node->conv.winograd.stride, fast->lanes, fast_blocks(node->conv.in),
                               fast_blocks(&node->value), node->conv.winograd.block));
    return true;
}

void fast_conv_finish(struct fast_node *node)
{
    struct fast_conv_back *back = &node->back;
    for (int i = 0; back->phases && i < back->stride_h * back->stride_w; i++)
        free(back->phases[i].taps);
    free(back->phases);
    free(node->conv.taps);
}

/* --- weights ---------------------------------------------------------------------------------- */

void fast_conv_transpose(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_conv_back *back = &node->back;
    if (!back->transposed)
        return;
    const int in = node->conv.in->size.channels, out = node->value.size.channels;
    const struct team_share taps =
        team_divide(chunk->fast->setup.team, chunk->worker, node->conv.tap_count);
    for (int tap = taps.first; tap < taps.end; tap++) {
        const struct transpose transpose = {
            .from = chunk->weights + node->kernel->offset +
                    (size_t)(tap * in) * (size_t)node->kernel->pitch,
            .to = back->transposed + (ptrdiff_t)tap * out * back->pitch,
            .from_pitch = node->kernel->pitch,
            .to_pitch = back->pitch,
            .rows = in,
            .columns = out,
        };
        chunk->fast->kernels->transpose(&transpose);
    }
}

static void pack(const struct chunk *chunk, const struct fast_conv *c, const float *weights,
                 ptrdiff_t pitch)
{
    if (c->tap_count == 0 || c->winograd.block > 0)
        return;
    const struct team_share groups = team_divide(chunk->fast->setup.team, chunk->worker, c->groups);
    const struct pack_weights task = {
        .weights = weights,
        .taps = c->taps,
        .tap_count = c->tap_count,
        .in = c->in->size.channels,
        .blocks = fast_blocks(c->out),
        .pitch = pitch,
        .depth = c->in->lanes,
        .vectors = c->kernel->vectors,
        .first_group = groups.first,
        .end_group = groups.end,
        .packed = c->packed,
    };
    chunk->fast->kernels->pack_conv(&task);
}

void fast_conv_pack(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_conv_back *back = &node->back;
    pack(chunk, &node->conv, chunk->weights + node->kernel->offset, node->kernel->pitch);
    for (int i = 0; chunk->training && back->phases && i < back->stride_h * back->stride_w; i++)
        pack(chunk, &back->phases[i], back->transposed, back->pitch);
}

/* --- running ---------------------------------------------------------------------------------- */

/* What happens to a convolution's values when they are written; tensors may be NULL. */
struct way_out {
    const float *bias;
    const struct fast_tensor *residual, *gate; /* struct batch_winograd */
    struct fused fused;
};

/* The chunk's pictures, without the first `skipped` vectors of channels: the pixels where the walks
 * go. */
static struct images images_of(const struct chunk *chunk, const struct fast_tensor *tensor,
                               ptrdiff_t skipped, struct walk rows, struct walk columns)
{
    if (!tensor)
        return (struct images){0};
    struct images images = {.view = fast_view(chunk, tensor, 0),
                            .column = (ptrdiff_t)columns.step * tensor->lanes,
                            .step = (ptrdiff_t)tensor->count};
    images.view.data += skipped * tensor->block + rows.first * tensor->row +
                        (ptrdiff_t)columns.first * tensor->lanes;
    images.view.row = rows.step * tensor->row;
    return images;
}

/* Forward or, with the layer's weights turned, backward. */
static void run_winograd(const struct chunk *chunk, const struct fast_node *node,
                         const struct fast_conv *c, const struct way_out *way)
{
    const struct parameter_array *kernel = node->kernel;
    const ptrdiff_t pitch = kernel->pitch;
    const int vectors = c->winograd.gemm->vectors;
    const struct fast_work work = fast_work(chunk, node, ceil_div(fast_blocks(c->out), vectors));
    const ptrdiff_t skipped = (ptrdiff_t)work.first * vectors;
    const ptrdiff_t skipped_channels = skipped * chunk->fast->lanes;
    struct batch_winograd task = c->winograd;
    task.in = images_of(&work.chunk, c->in, 0, c->in_rows, c->in_columns);
    task.out = images_of(&work.chunk, c->out, skipped, c->out_rows, c->out_columns);
    task.residual = images_of(&work.chunk, way->residual, skipped, c->out_rows, c->out_columns);
    task.gate = images_of(&work.chunk, way->gate, skipped, c->out_rows, c->out_columns);
    task.pictures = work.chunk.count;
    task.outputs = c->out->size.channels - (int)skipped_channels;
    task.weights = chunk->weights + kernel->offset + skipped_channels * (task.turned ? pitch : 1);
    task.bias = way->bias ? way->bias + skipped_channels : NULL;
    task.pitch = pitch;
    task.tap_stride = node->conv.in->size.channels * pitch;
    task.scratch = chunk->fast->scratch[chunk->worker];
    task.fused = way->fused;
    task.out.view.height = c->tiled.height;
    task.out.view.width = c->tiled.width;
    if (node->shared) /* whole groups: is_shared */
        task.out.view.blocks = (work.end - work.first) * vectors;
    if (work.chunk.count > 0 && task.out.view.blocks > 0)
        chunk->fast->kernels->winograd(&task);
}

/* One picture; without a gate. */
static void run_direct(const struct chunk *chunk, const struct fast_conv *c, int picture,
                       int out_picture, const struct way_out *way)
{
    struct conv conv = c->conv;
    conv.in = fast_view(chunk, c->in, picture);
    conv.in.data += c->in_offset;
    conv.out = fast_view(chunk, c->out, out_picture);
    conv.weights = c->packed;
    conv.bias = way->bias;
    conv.fused = way->fused;
    if (way->residual) {
        const struct view residual = fast_view(chunk, way->residual, out_picture);
        conv.residual = residual.data;
        conv.residual_row = residual.row;
        conv.residual_block = residual.block;
    }
    c->run(&conv);
}

void fast_conv_forward(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_conv *c = &node->conv;
    const struct way_out way = {
        .bias = node->bias ? chunk->weights + node->bias->offset : NULL,
        .residual = node->sum ? &node->term->value : NULL,
        .fused = fast_fused(node->sum ? node->sum : node),
    };
    if (c->winograd.block > 0) {
        fast_meet(chunk, node);
        run_winograd(chunk, node, c, &way);
        fast_meet(chunk, node);
        return;
    }
    for (int i = 0; i < chunk->count; i++)
        run_direct(chunk, c, i, i, &way);
}

/* All phases of one picture, and where their pixels belong. */
static void run_phases(const struct chunk *chunk, const struct fast_node *node,
                       const struct fast_tensor *to, int picture)
{
    const struct fast_conv_back *back = &node->back;
    const struct way_out plain = {.fused = {.kind = FUSED_LINEAR}};
    for (int i = 0; i < back->stride_h * back->stride_w; i++) {
        const struct fast_conv *c = &back->phases[i];
        struct spread spread = {
            .to = fast_view(chunk, to, picture),
            .first_y = i / back->stride_w,
            .first_x = i % back->stride_w,
            .step_y = back->stride_h,
            .step_x = back->stride_w,
        };
        if (c->tap_count > 0) {
            run_direct(chunk, c, picture, 0, &plain);
            spread.from = fast_view(chunk, &back->result, 0);
        }
        chunk->fast->kernels->spread(&spread);
    }
}

static void input_gradient(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_conv_back *back = &node->back;
    const struct fast_tensor *to = fast_gradient_target(chunk->fast, node, 0);
    const struct fast_node *input = fast_input(chunk->fast, node, 0);
    const struct way_out way = {
        .residual = node->completes ? to
                    : input->rest   ? &input->rest->gradient
                                    : NULL,
        .gate = input->undone ? &input->value : NULL,
        .fused = {.kind = FUSED_LINEAR},
    };
    if (back->phases[0].winograd.block > 0) {
        run_winograd(chunk, node, &back->phases[0], &way);
        return;
    }
    for (int i = 0; i < chunk->count; i++)
        if (is_one_phase(back))
            run_direct(chunk, &back->phases[0], i, i, &way);
        else
            run_phases(chunk, node, to, i);
}

static void weight_gradient_by_winograd(const struct chunk *chunk, const struct fast_node *node)
{
    enum { VECTORS = 4 }; /* that the kernel takes at once */
    const struct fast_conv *c = &node->conv;
    const int blocks = fast_blocks(&node->gradient);
    const struct fast_work work = fast_work(chunk, node, ceil_div(blocks, VECTORS));
    const int first = work.first * VECTORS;
    struct winograd_gradient task = {
        .stride = c->winograd.stride,
        .x = images_of(&work.chunk, c->in, 0, c->in_rows, c->in_columns),
        .dy = images_of(&work.chunk, &node->gradient, first, c->out_rows, c->out_columns),
        .pictures = work.chunk.count,
        .depth = c->conv.depth,
        .last_depth = c->conv.last_depth,
        .block = c->winograd.block,
        .scratch = chunk->fast->scratch[chunk->worker],
        .gradient =
            work.chunk.gradient + node->kernel->offset + (ptrdiff_t)first * chunk->fast->lanes,
        .sums = node->bias ? work.chunk.gradient + node->bias->offset +
                                 (ptrdiff_t)first * chunk->fast->lanes
                           : NULL,
        .pitch = node->kernel->pitch,
    };
    task.dy.view.blocks = fast_smaller(work.end * VECTORS, blocks) - first;
    if (work.chunk.count > 0 && task.dy.view.blocks > 0)
        chunk->fast->kernels->winograd_gradient(&task);
}

static void weight_gradient(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_conv *c = &node->conv;
    struct weight_gradient task = {
        .x = fast_view(chunk, c->in, 0),
        .dy = fast_view(chunk, &node->gradient, 0),
        .x_image = (ptrdiff_t)c->in->count,
        .dy_image = (ptrdiff_t)node->gradient.count,
        .dy_column = chunk->fast->lanes,
        .images = chunk->count,
        .taps_y = c->conv.taps_y,
        .taps_x = c->conv.taps_x,
        .tap_row = c->conv.tap_row,
        .tap_column = c->conv.tap_column,
        .output_row = c->conv.output_row,
        .output_column = c->conv.output_column,
        .depth = c->conv.depth,
        .last_depth = c->conv.last_depth,
        .gradient = chunk->gradient + node->kernel->offset,
        .pitch = node->kernel->pitch,
    };
    task.x.data += c->in_offset;
    if (task.x.blocks == 1 && task.tap_column == task.last_depth) {
        /* The taps of a row lie side by side, in the picture as in the gradient. */
        task.depth = task.last_depth *= task.taps_x;
        task.taps_x = 1;
    }
    chunk->fast->kernels->weight_gradient(&task);
}

void fast_conv_backward(const struct chunk *chunk, const struct fast_node *node)
{
    fast_meet(chunk, node);
    if (gradient_by_winograd(node))
        weight_gradient_by_winograd(chunk, node);
    else if (chunk->count > 0)
        weight_gradient(chunk, node);
    if (node->back.phases)
        input_gradient(chunk, node);
    fast_meet(chunk, node);
}
