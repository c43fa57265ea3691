/* Where each node's output lies in memory. */
#include "nn/int8_plan.h"
#include "nn/memory.h"
#include "nn/pack.h"
#include "nn/plan_private.h"

#include <stdlib.h>
#include <string.h>

enum {
    PLAIN_CHANNELS_MAX = 4,      /* a picture with more is blocked even for the first convolution */
    HALVED_WEIGHTS_MIN = 1 << 16 /* fewer stay in the second cache */
};

static int larger(int a, int b)
{
    return a > b ? a : b;
}

bool plan_is_conv(const struct node *node)
{
    return node->layer->op == LAYER_CONV2D ||
           (node->layer->op == LAYER_DENSE && !node->reads_vector);
}

struct window plan_window(const struct node *node)
{
    if (node->layer->op == LAYER_DENSE)
        return (struct window){.kernel_h = 1,
                               .kernel_w = 1,
                               .stride_h = 1,
                               .stride_w = 1,
                               .dilation_h = 1,
                               .dilation_w = 1};
    return node->layer->conv.window;
}

struct size3 plan_conv_size(const struct node *node)
{
    const int factor = node->pool ? 2 : 1;
    return (struct size3){node->out.height * factor, node->out.width * factor, node->out.channels};
}

/* --- the input -------------------------------------------------------------------------------- */

static bool reads_input(const struct node *node)
{
    for (int i = 0; i < node->layer->input_count; i++)
        if (node->inputs[i] == 0)
            return true;
    return node->residual == 0;
}

/* May the input stay plain? A convolution of few channels and a Dense read it as it is. */
static bool input_stays_plain(const struct graph *graph)
{
    if (graph->nodes[graph->model->output].node == 0)
        return false;
    for (int i = 1; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (!node->runs || !reads_input(node))
            continue;
        const bool conv = plan_is_conv(node) && node->in.channels <= PLAIN_CHANNELS_MAX;
        if (node->residual == 0 ||
            !(conv || (node->layer->op == LAYER_DENSE && !plan_is_conv(node))))
            return false;
    }
    return true;
}

/* Pixels come as B, G, R. If only convolutions read them, their weights can be turned round instead
 * of every picture. */
static bool input_is_reversed(const struct plan *plan)
{
    const struct graph *graph = &plan->graph;
    if (plan->planned[0].out.lanes != 3 || plan->model->preprocessing.bgr)
        return false;
    for (int i = 1; i < graph->count; i++)
        if (graph->nodes[i].runs && reads_input(&graph->nodes[i]) &&
            !plan_is_conv(&graph->nodes[i]))
            return false;
    return true;
}

/* --- channels side by side -------------------------------------------------------------------- */

/* A pointwise convolution reads all channels of a pixel in one loop where they lie side by side. */
static bool is_pointwise(const struct node *node)
{
    const struct window w = plan_window(node);
    return w.kernel_h == 1 && w.kernel_w == 1;
}

bool plan_feeds_pointwise(const struct plan *plan, int index)
{
    const struct graph *graph = &plan->graph;
    for (int i = index + 1; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (!node->runs)
            continue;
        if (node->residual == index)
            return false;
        for (int k = 0; k < node->layer->input_count; k++)
            if (node->inputs[k] == index && !(plan_is_conv(node) && is_pointwise(node)))
                return false;
    }
    return true;
}

/* A depthwise convolution can write a pixel's channels side by side as well as in blocks. What
 * other steps do to them, such as an activation of its own, is made for blocks. */
static bool writes_whole_pixels(const struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    return node->layer->op == LAYER_DEPTHWISE_CONV2D && !plan->int8 &&
           node->out.channels % plan->kernels->lanes == 0 && plan_can_fuse(node->activation.kind) &&
           plan_feeds_pointwise(plan, index);
}

/* Floats of a pixel that lie together. */
static int lanes_of(const struct plan *plan, int index)
{
    const bool plain =
        index == 0 ? input_stays_plain(&plan->graph) : writes_whole_pixels(plan, index);
    return plain ? plan->graph.nodes[index].out.channels : plan->kernels->lanes;
}

/* --- borders ---------------------------------------------------------------------------------- */

/* Rows (or columns) that the windows reach beyond the end of the picture. */
static int overhang(int outputs, int stride, int kernel, int dilation, int pad, int size)
{
    return larger(0, (outputs - 1) * stride + (kernel - 1) * dilation + 1 - pad - size);
}

struct border plan_border(const struct node *node)
{
    const struct window w = plan_window(node);
    const struct size3 out = plan_conv_size(node);
    return (struct border){
        .top = node->pad_top,
        .left = node->pad_left,
        .bottom = overhang(out.height, w.stride_h, w.kernel_h, w.dilation_h, node->pad_top,
                           node->in.height),
        .right = overhang(out.width, w.stride_w, w.kernel_w, w.dilation_w, node->pad_left,
                          node->in.width),
    };
}

void plan_widen(struct border *border, const struct border *needed)
{
    border->top = larger(border->top, needed->top);
    border->bottom = larger(border->bottom, needed->bottom);
    border->left = larger(border->left, needed->left);
    border->right = larger(border->right, needed->right);
}

static size_t tensor_count(const struct tensor *tensor)
{
    const struct border *b = &tensor->border;
    const size_t pixels = (size_t)(tensor->size.height + b->top + b->bottom) *
                          (size_t)(tensor->size.width + b->left + b->right);
    /* A Dense writes whole groups of vectors. */
    const int multiple = pixels == 1 ? tensor->lanes * DENSE_VECTORS : tensor->lanes;
    return pixels * (size_t)(pack_blocks(tensor->size.channels, multiple) * multiple);
}

/* --- one node --------------------------------------------------------------------------------- */

/* Memory is what it waits for, so weights of half the size may pay. */
static bool can_halve(const struct plan *plan, const struct conv_task *task,
                      const struct conv_choice *choice)
{
    return choice->kernel->run_halves && choose_is_far(plan->kernels->lanes, task, choice);
}

/* A convolution's tuning, if it has one that fits; else the way in its place. Behind the ways with
 * floats come those that can be halved, halved. */
static void choose_way(struct plan *plan, int index, const struct conv_task *task)
{
    struct plan_way *way = &plan->planned[index].way;
    struct conv_choice list[2 * CONV_CHOICES_MAX];
    const int count = choose_list(plan->kernels, task, list);
    way->task = *task;
    way->ways = count;
    for (int i = 0; i < count; i++)
        if (can_halve(plan, task, &list[i]))
            list[way->ways++] = list[i];
    way->place = plan->place < way->ways ? plan->place : 0;
    way->kernel = list[way->place];
    way->halved = way->place >= count;
    if (!plan->tuning)
        return;
    const struct tuned_layer *t = &plan->tuning->layers[index];
    struct conv_choice tuned = {.side = t->side, .block = t->block};
    if (choose_find(plan->kernels, task, t->rows, t->columns, t->vectors, &tuned)) {
        way->kernel = tuned;
        way->halved = t->halved && can_halve(plan, task, &tuned);
    }
}

/* A Dense that reads so many weights that memory is what it waits for may keep them in 16 bits. */
static void choose_dense(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    struct plan_way *way = &plan->planned[index].way;
    const struct size3 in = node->in;
    if ((double)in.height * in.width * in.channels * node->out.channels < HALVED_WEIGHTS_MIN)
        return;
    way->ways = 2;
    way->place = plan->place < 2 ? plan->place : 0;
    way->halved = way->place == 1 || (plan->tuning && plan->tuning->layers[index].halved);
}

static void choose_kernel(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    struct planned *planned = &plan->planned[index];
    const int lanes = plan->kernels->lanes;
    const bool plain = plan->planned[node->inputs[0]].out.lanes != lanes;
    const struct window w = plan_window(node);
    const struct size3 size = plan_conv_size(node);
    const struct conv_task task = {
        .height = size.height,
        .width = size.width,
        .in_blocks = plain ? 1 : pack_blocks(node->in.channels, lanes),
        .out_blocks = pack_blocks(size.channels, lanes),
        .in_channels = node->in.channels,
        .taps = w.kernel_h * w.kernel_w,
        .pool = node->pool,
        .pixels = plain,
        .winograd = w.kernel_h == 3 && w.kernel_w == 3 && w.stride_h == 1 && w.stride_w == 1 &&
                    w.dilation_h == 1 && w.dilation_w == 1,
    };
    choose_way(plan, index, &task);
    planned->choice = planned->way.kernel;
    planned->far = choose_is_far(lanes, &task, &planned->choice);
    if (planned->choice.block > 0)
        planned->scratch.buffer.count = (size_t)winograd_scratch_count(
            lanes, task.in_blocks, task.out_blocks, planned->choice.side, planned->choice.block);
}

static void lay_out_scratch(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    struct tensor *scratch = &plan->planned[index].scratch;
    const enum layer_op op = node->layer->op;
    if (plan_is_conv(node)) {
        choose_kernel(plan, index);
    } else if (op == LAYER_DENSE) {
        choose_dense(plan, index);
    } else if (op == LAYER_FLATTEN || op == LAYER_RESHAPE) {
        *scratch = (struct tensor){.size = node->in, .lanes = node->in.channels};
        scratch->buffer.count = tensor_count(scratch);
    } else if (op == LAYER_DEPTHWISE_CONV2D && node->layer->conv.multiplier > 1) {
        *scratch = (struct tensor){.size = node->in, .lanes = plan->kernels->lanes};
        scratch->size.channels *= node->layer->conv.multiplier;
        scratch->border = plan_border(node);
        scratch->buffer.count = tensor_count(scratch);
    }
    scratch->buffer.first = scratch->buffer.last = index;
}

static void extend_life(struct plan *plan, int producer, int reader)
{
    struct arena_buffer *buffer = &plan->planned[producer].out.buffer;
    if (buffer->last < reader)
        buffer->last = reader;
}

/* Tells the nodes that this one reads what it needs of them. */
static void require_inputs(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    for (int i = 0; i < node->layer->input_count; i++)
        extend_life(plan, node->inputs[i], index);
    if (node->residual >= 0)
        extend_life(plan, node->residual, index);
    const bool depthwise =
        node->layer->op == LAYER_DEPTHWISE_CONV2D && node->layer->conv.multiplier == 1;
    if (plan_is_conv(node) || depthwise) {
        const struct border needed = plan_border(node);
        plan_widen(&plan->planned[node->inputs[0]].out.border, &needed);
    }
}

static bool place_buffers(struct plan *plan)
{
    const int count = plan->graph.count;
    struct arena_buffer **buffers = malloc(3 * (size_t)count * sizeof(struct arena_buffer *));
    if (!buffers)
        return false;
    for (int i = 0; i < count; i++) {
        struct tensor *out = &plan->planned[i].out;
        if (plan->graph.nodes[i].runs && (!plan->int8 || plan->planned[i].int8.floats))
            out->buffer.count = tensor_count(out);
        buffers[3 * i] = &out->buffer;
        buffers[3 * i + 1] = &plan->planned[i].scratch.buffer;
        buffers[3 * i + 2] = &plan->planned[i].int8.out.buffer;
    }
    plan->arena_count = arena_place(buffers, 3 * count);
    free(buffers);
    plan->arena = plan->arena_count > 0 ? memory_allocate(plan->arena_count) : NULL;
    return plan->arena != NULL;
}

bool plan_lay_out(struct plan *plan, struct error *error)
{
    const struct graph *graph = &plan->graph;
    int8_decide(plan);
    for (int i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        struct tensor *out = &plan->planned[i].out;
        if (!node->runs)
            continue;
        out->size = node->out;
        out->lanes = lanes_of(plan, i);
        out->buffer.first = out->buffer.last = i;
        if (plan->planned[i].int8.runs) {
            int8_lay_out(plan, i);
        } else if (i > 0) {
            require_inputs(plan, i);
            lay_out_scratch(plan, i);
        }
    }
    int8_size_tensors(plan);
    plan->input.reversed = input_is_reversed(plan);
    extend_life(plan, graph->nodes[graph->model->output].node, graph->count);
    if (!place_buffers(plan))
        return error_set(error, "model %s: no memory for the values between its layers",
                         plan->model->name);
    return true;
}
