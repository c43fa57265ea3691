#include "nn/int8_plan.h"

#include "nn/int8_calibrate.h"
#include "nn/pack.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

struct window int8_window(const struct node *node)
{
    struct window w = plan_window(node);
    if (node->layer->op == LAYER_DENSE && !plan_is_conv(node)) {
        w.kernel_h = node->in.height;
        w.kernel_w = node->in.width;
    }
    return w;
}

/* --- which nodes ------------------------------------------------------------------------------ */

static bool takes_pixels(const struct plan *plan)
{
    const struct shape *shape = model_input_shape(plan->model);
    return shape->rank == 3 && (shape->dim[2] == 1 || shape->dim[2] == 3);
}

/* The range of what the node writes is that of the last layer that is folded into it. */
static const float *range_of(const struct plan *plan, int index)
{
    const struct graph *graph = &plan->graph;
    int last = index;
    for (int i = index; i < graph->count; i++)
        if (graph->nodes[i].node == index)
            last = i;
    return graph->nodes[last].layer->range;
}

static void set_scale(const struct plan *plan, int index)
{
    struct int8_planned *int8 = &plan->planned[index].int8;
    const float *range = range_of(plan, index);
    if (index == 0) {
        if (takes_pixels(plan))
            int8_input_range(plan, &int8->scale, &int8->zero);
        return;
    }
    const float low = fminf(range[0], 0), high = fmaxf(range[1], 0);
    if (!(high - low >= FLT_MIN) || !isfinite(high - low))
        return;
    int8->scale = (high - low) / 255;
    int8->zero = rintf(-low / int8->scale);
}

static bool has_kernel(const struct node *node)
{
    const struct window w = int8_window(node);
    switch (node->layer->op) {
    case LAYER_CONV2D:
    case LAYER_DENSE:
        return (double)w.kernel_h * w.kernel_w * node->in.channels <= INT8_DEPTH_MAX;
    case LAYER_DEPTHWISE_CONV2D:
        return node->layer->conv.multiplier == 1 && w.dilation_w == 1 &&
               (double)w.kernel_h * w.kernel_w <= INT8_DEPTH_MAX;
    default:
        return false;
    }
}

/* The picture's pixels, which are no vectors, are only read by convolutions. */
static bool can_read(const struct plan *plan, const struct node *node, int from)
{
    return plan->planned[from].int8.scale > 0 && (from > 0 || plan_is_conv(node));
}

static bool can_run(const struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    return index > 0 && node->runs && plan->graph.nodes[plan->model->output].node != index &&
           has_kernel(node) && can_read(plan, node, node->inputs[0]) &&
           (node->residual < 0 || (node->residual > 0 && can_read(plan, node, node->residual)));
}

static bool reads(const struct node *node, int from)
{
    for (int i = 0; i < node->layer->input_count; i++)
        if (node->inputs[i] == from)
            return true;
    return node->residual == from;
}

/* The input is made in one form only: bytes if everyone who reads it can. */
static void agree_on_input(struct plan *plan)
{
    const struct graph *graph = &plan->graph;
    bool all = true;
    for (int i = 1; i < graph->count; i++)
        if (graph->nodes[i].runs && reads(&graph->nodes[i], 0))
            all = all && plan->planned[i].int8.runs;
    for (int i = 1; i < graph->count && !all; i++)
        if (graph->nodes[i].runs && reads(&graph->nodes[i], 0))
            plan->planned[i].int8.runs = false;
}

static void mark_inputs(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    for (int i = 0; i <= node->layer->input_count; i++) {
        const int from = i < node->layer->input_count ? node->inputs[i] : node->residual;
        if (from < 0)
            continue;
        struct int8_planned *int8 = &plan->planned[from].int8;
        *(plan->planned[index].int8.runs ? &int8->bytes : &int8->floats) = true;
    }
}

/* A node on bytes writes bytes itself unless someone wants floats, or its activation does. */
static bool writes_floats(const struct plan *plan, int index)
{
    const struct int8_planned *int8 = &plan->planned[index].int8;
    return int8->floats || (index > 0 && !int8->runs) ||
           !plan_can_fuse(plan->graph.nodes[index].activation.kind);
}

/* A depthwise convolution can write a pixel's channels side by side as well as in blocks. That
 * fills matrices; vectors gain nothing. */
static bool writes_whole_pixels(const struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    return plan->int8->matrix_tiles && node->layer->op == LAYER_DEPTHWISE_CONV2D &&
           int8_writes_values(&plan->planned[index]) &&
           node->out.channels % plan->kernels->lanes == 0 && plan_feeds_pointwise(plan, index);
}

/* Values of a pixel that lie together. */
static int lanes_of(const struct plan *plan, int index)
{
    const int channels = plan->graph.nodes[index].out.channels;
    return index == 0                         ? int8_picture_lanes(plan->int8, channels)
           : writes_whole_pixels(plan, index) ? channels
                                              : plan->kernels->lanes;
}

void int8_decide(struct plan *plan)
{
    const struct graph *graph = &plan->graph;
    if (!int8_is_quantized(plan->model))
        return;
    plan->int8 = int8_kernels_for(plan->kernels->lanes);
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].runs)
            set_scale(plan, i);
    for (int i = 0; i < graph->count; i++)
        plan->planned[i].int8.runs = can_run(plan, i);
    agree_on_input(plan);
    for (int i = 1; i < graph->count; i++)
        if (graph->nodes[i].runs)
            mark_inputs(plan, i);
    plan->planned[graph->nodes[plan->model->output].node].int8.floats = true;
    for (int i = 0; i < graph->count; i++)
        if (graph->nodes[i].runs)
            plan->planned[i].int8.floats = writes_floats(plan, i);
    for (int i = 0; i < graph->count; i++)
        plan->planned[i].int8.out.lanes = lanes_of(plan, i);
}

/* --- which kernel ----------------------------------------------------------------------------- */

/* The taps of a row follow one another in memory (nn/int8_steps.c merges them) unless channels are
 * missing in the last block. */
static int chunk_of(const struct plan *plan, int index, const struct int8_task *task)
{
    const struct window w = int8_window(&plan->graph.nodes[index]);
    const int depth = int8_in_lanes(plan, index) / int8_unit_values(plan->int8);
    const int last_depth = task->units - (task->in_blocks - 1) * depth;
    const int merged = depth == last_depth && w.dilation_w == 1 ? task->taps / w.kernel_h : 1;
    return int8_matrix_units(merged * (task->in_blocks > 1 ? depth : last_depth),
                             merged * last_depth);
}

struct int8_task int8_task_of(const struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    const struct window w = int8_window(node);
    const struct size3 size = plan_conv_size(node);
    const int lanes = plan->kernels->lanes, channels = node->in.channels;
    struct int8_task task = {
        .height = size.height,
        .width = size.width,
        .in_blocks = pack_blocks(channels, int8_in_lanes(plan, index)),
        .out_blocks = pack_blocks(size.channels, lanes),
        .units = pack_blocks(channels, int8_unit_values(plan->int8)),
        .taps = w.kernel_h * w.kernel_w,
        .pool = node->pool,
        .winograd = node->inputs[0] > 0 && w.kernel_h == 3 && w.kernel_w == 3 && w.stride_h == 1 &&
                    w.stride_w == 1 && w.dilation_h == 1 && w.dilation_w == 1,
    };
    if (int8_is_merged(plan, index)) {
        task.units = pack_blocks(w.kernel_w * channels, int8_unit_values(plan->int8));
        task.taps = w.kernel_h;
    }
    task.chunk = chunk_of(plan, index, &task);
    return task;
}

bool int8_is_merged(const struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    return node->inputs[0] == 0 && int8_window(node).dilation_w == 1 &&
           int8_picture_lanes(plan->int8, node->in.channels) == node->in.channels;
}

/* Winograd's scratch memory is used by this node only. */
static void choose_kernel(struct plan *plan, int index)
{
    struct planned *planned = &plan->planned[index];
    const struct int8_task task = int8_task_of(plan, index);
    planned->int8.choice = int8_choose(plan->int8, &task);
    if (planned->int8.choice.block > 0) {
        const ptrdiff_t bytes = int8_winograd_scratch(plan->kernels->lanes, task.in_blocks,
                                                      task.out_blocks, planned->int8.choice.block);
        planned->scratch.buffer = (struct arena_buffer){
            .count = (size_t)bytes / sizeof(float), .first = index, .last = index};
    }
}

/* --- where the bytes lie ---------------------------------------------------------------------- */

static struct tensor *read_bytes(struct plan *plan, int from, int reader)
{
    struct tensor *tensor = &plan->planned[from].int8.out;
    if (tensor->buffer.last < reader)
        tensor->buffer.last = reader;
    return tensor;
}

void int8_lay_out(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    struct tensor *in = read_bytes(plan, node->inputs[0], index);
    if (node->residual >= 0)
        read_bytes(plan, node->residual, index);
    if (plan_is_conv(node) || node->layer->op == LAYER_DEPTHWISE_CONV2D) {
        const struct border needed = plan_border(node);
        plan_widen(&in->border, &needed);
    }
    if (node->layer->op != LAYER_DEPTHWISE_CONV2D)
        choose_kernel(plan, index);
}

void int8_size_tensors(struct plan *plan)
{
    for (int i = 0; i < plan->graph.count && plan->int8; i++) {
        struct int8_planned *int8 = &plan->planned[i].int8;
        struct tensor *out = &int8->out;
        const struct border *b = &out->border;
        if (!int8->bytes)
            continue;
        out->size = plan->graph.nodes[i].out;
        const size_t pixels = (size_t)(out->size.height + b->top + b->bottom) *
                              (size_t)(out->size.width + b->left + b->right);
        const size_t bytes = pixels * (size_t)plan->int8->value_bytes *
                             (size_t)(pack_blocks(out->size.channels, out->lanes) * out->lanes);
        out->buffer.count = (bytes + INT8_SLACK + sizeof(float) - 1) / sizeof(float);
        out->buffer.first = i;
        if (out->buffer.last < i)
            out->buffer.last = i;
    }
}
