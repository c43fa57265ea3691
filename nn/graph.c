#include "nn/graph.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct size3 graph_size(const struct shape *shape)
{
    switch (shape->rank) {
    case 1:
        return (struct size3){1, 1, shape->dim[0]};
    case 2:
        return (struct size3){1, shape->dim[0], shape->dim[1]};
    default:
        return (struct size3){shape->dim[0], shape->dim[1], shape->dim[2]};
    }
}

static bool same_size(struct size3 a, struct size3 b)
{
    return a.height == b.height && a.width == b.width && a.channels == b.channels;
}

static struct node *input_node(const struct graph *graph, const struct node *node)
{
    return &graph->nodes[node->inputs[0]];
}

/* The node's value has one reader, so that the reader may change it. */
static bool read_once(const struct graph *graph, const struct node *reader, int input)
{
    return graph->nodes[reader->layer->inputs[input]].uses == 1;
}

/* The node vanishes into `target`. */
static void fold(struct graph *graph, struct node *node, struct node *target)
{
    node->runs = false;
    node->node = (int)(target - graph->nodes);
    target->out = node->out;
}

/* --- layers that do nothing ------------------------------------------------------------------- */

static bool is_identity(const struct node *node)
{
    if (node->layer->activation.kind != ACTIVATION_LINEAR)
        return false;
    switch (node->layer->op) {
    case LAYER_DROPOUT:
    case LAYER_ACTIVATION:
        return true;
    case LAYER_FLATTEN:
    case LAYER_RESHAPE: /* vectors stay apart from maps: a map of one pixel may have a border */
        return same_size(node->in, node->out) &&
               !node->reads_vector == (node->layer->shape.rank > 1);
    default:
        return false;
    }
}

/* Its readers become readers of what it reads. */
static void fold_identity(struct graph *graph, struct node *node)
{
    struct node *source = &graph->nodes[node->layer->inputs[0]];
    node->runs = false;
    node->node = source->node;
    source->uses += node->uses - 1;
    node->uses = source->uses;
}

/* --- scale and shift -------------------------------------------------------------------------- */

static bool scales(enum layer_op op)
{
    return op == LAYER_BATCH_NORM || op == LAYER_RESCALING;
}

static bool can_be_scaled(const struct graph *graph, const struct node *node,
                          const struct node *target)
{
    const enum layer_op op = target->layer->op;
    if (!read_once(graph, node, 0) || target->activation.kind != ACTIVATION_LINEAR ||
        target->residual >= 0 || target->pool)
        return false;
    if (op == LAYER_INPUT) /* done while the input is copied in */
        return node->layer->activation.kind == ACTIVATION_LINEAR;
    return op == LAYER_CONV2D || op == LAYER_DEPTHWISE_CONV2D || op == LAYER_DENSE || scales(op);
}

static void scale_of(const struct layer *layer, int channel, float *scale, float *shift)
{
    if (layer->op == LAYER_RESCALING) {
        *scale = layer->rescaling.scale;
        *shift = layer->rescaling.offset;
        return;
    }
    const double factor = (layer->gamma ? (double)layer->gamma[channel] : 1) /
                          sqrt((double)layer->variance[channel] + layer->batch_norm.epsilon);
    *scale = (float)factor;
    *shift =
        (float)((layer->beta ? (double)layer->beta[channel] : 0) - factor * layer->mean[channel]);
}

/* Puts the layer's scale and shift behind those that `target` has. */
static bool compose_scale(struct node *target, const struct layer *layer, struct error *error)
{
    const int channels = target->out.channels;
    if (!target->scale) {
        target->scale = malloc((size_t)channels * sizeof *target->scale);
        target->shift = calloc((size_t)channels, sizeof *target->shift);
        if (!target->scale || !target->shift)
            return error_set_memory(error, "layer %s: out of memory", layer->name);
        for (int c = 0; c < channels; c++)
            target->scale[c] = 1;
    }
    for (int c = 0; c < channels; c++) {
        float scale, shift;
        scale_of(layer, c, &scale, &shift);
        target->scale[c] *= scale;
        target->shift[c] = target->shift[c] * scale + shift;
        if (!isfinite(target->scale[c]) || !isfinite(target->shift[c]))
            return error_set(error,
                             "layer %s: scale and shift of channel %d are too large; the file is "
                             "damaged",
                             layer->name, c);
    }
    return true;
}

/* --- activation, addition, pooling ------------------------------------------------------------ */

static bool can_be_activated(const struct node *target)
{
    return target->layer->op != LAYER_INPUT && target->activation.kind == ACTIVATION_LINEAR &&
           !target->pool;
}

/* The later of an Add's two inputs, if it is a convolution that can add the other one. */
static struct node *adding_convolution(const struct graph *graph, const struct node *node)
{
    if (node->layer->input_count != 2 || node->inputs[0] == node->inputs[1])
        return NULL;
    const int later = node->inputs[1] > node->inputs[0];
    struct node *target = &graph->nodes[node->inputs[later]];
    const bool can = target->layer->op == LAYER_CONV2D && read_once(graph, node, later) &&
                     can_be_activated(target) && target->residual < 0;
    return can ? target : NULL;
}

/* The maximum of activated values is the activated maximum, and exists in the convolutions. */
static bool is_monotone(const struct activation_params *activation)
{
    return activation->kind == ACTIVATION_LINEAR ||
           ((activation->kind == ACTIVATION_RELU || activation->kind == ACTIVATION_LEAKY_RELU) &&
            activation->alpha >= 0);
}

static bool can_be_pooled(const struct graph *graph, const struct node *node,
                          const struct node *target)
{
    const struct window *w = &node->layer->pool;
    return node->layer->activation.kind == ACTIVATION_LINEAR && read_once(graph, node, 0) &&
           target->layer->op == LAYER_CONV2D && !target->pool && is_monotone(&target->activation) &&
           w->kernel_h == 2 && w->kernel_w == 2 && w->stride_h == 2 && w->stride_w == 2 &&
           w->pad_bottom == 0 && w->pad_right == 0;
}

/* --- layers that are folded into the one behind them ------------------------------------------ */

/* `node` reads the input of its input instead. */
static void skip_input(struct graph *graph, struct node *node)
{
    struct node *skipped = input_node(graph, node);
    node->inputs[0] = skipped->inputs[0];
    node->in = skipped->in;
    skipped->runs = false;
}

static bool is_padding(const struct graph *graph, const struct node *node)
{
    const struct node *input = input_node(graph, node);
    return read_once(graph, node, 0) && input->layer->op == LAYER_ZERO_PADDING2D &&
           input->activation.kind == ACTIVATION_LINEAR;
}

static void take_padding(struct graph *graph, struct node *node)
{
    const struct window *pad = &input_node(graph, node)->layer->pool;
    node->pad_top += pad->pad_top;
    node->pad_bottom += pad->pad_bottom;
    node->pad_left += pad->pad_left;
    node->pad_right += pad->pad_right;
    skip_input(graph, node);
}

/* Only if the tensor before the Flatten has no other reader: then it has no border in memory and
 * can be read as one vector. */
static bool is_flattening(const struct graph *graph, const struct node *node)
{
    const struct node *input = input_node(graph, node);
    return read_once(graph, node, 0) && input->layer->op == LAYER_FLATTEN &&
           input->activation.kind == ACTIVATION_LINEAR && read_once(graph, input, 0);
}

/* --- the pass over the layers ----------------------------------------------------------------- */

static void fold_forward(struct graph *graph, struct node *node)
{
    switch (node->layer->op) {
    case LAYER_CONV2D:
    case LAYER_DEPTHWISE_CONV2D:
        if (is_padding(graph, node))
            take_padding(graph, node);
        break;
    case LAYER_DENSE:
        if (node->reads_vector && is_flattening(graph, node)) {
            skip_input(graph, node);
            node->flattens = true;
        }
        break;
    default:
        break;
    }
}

static bool fold_backward(struct graph *graph, struct node *node, struct error *error)
{
    struct node *input = input_node(graph, node);
    const enum layer_op op = node->layer->op;
    struct node *target = NULL;

    if (scales(op)) {
        target = can_be_scaled(graph, node, input) ? input : node;
        if (!compose_scale(target, node->layer, error))
            return false;
    } else if (op == LAYER_ACTIVATION) {
        target = read_once(graph, node, 0) && can_be_activated(input) ? input : NULL;
    } else if (op == LAYER_ADD) {
        target = adding_convolution(graph, node);
        if (target)
            target->residual = node->inputs[target == input];
    } else if (op == LAYER_MAX_POOL2D && can_be_pooled(graph, node, input)) {
        target = input;
        target->pool = true;
    }
    if (target && target != node) {
        fold(graph, node, target);
        if (node->layer->activation.kind != ACTIVATION_LINEAR)
            target->activation = node->layer->activation;
    }
    return true;
}

/* Where the layers before it went, and what this one is before anything is folded. */
static void start_node(struct graph *graph, int index)
{
    struct node *node = &graph->nodes[index];
    for (int i = 0; i < node->layer->input_count; i++)
        node->inputs[i] = graph->nodes[node->layer->inputs[i]].node;
    if (node->layer->input_count > 0) {
        const struct shape *in = &graph->model->layers[node->layer->inputs[0]].shape;
        node->in = graph_size(in);
        node->reads_vector = in->rank == 1;
    }
    node->out = graph_size(&node->layer->shape);
    node->node = index;
    node->runs = true;
    node->residual = -1;
    node->activation = node->layer->activation;
    if (node->layer->op == LAYER_CONV2D || node->layer->op == LAYER_DEPTHWISE_CONV2D) {
        const struct window *w = &node->layer->conv.window;
        node->pad_top = w->pad_top;
        node->pad_bottom = w->pad_bottom;
        node->pad_left = w->pad_left;
        node->pad_right = w->pad_right;
    }
}

/* From the output back to what it depends on, since layers read earlier ones only. */
static void count_uses(struct graph *graph)
{
    graph->nodes[graph->model->output].uses = 1;
    for (int i = graph->model->output; i > 0; i--)
        for (int k = 0; graph->nodes[i].uses > 0 && k < graph->nodes[i].layer->input_count; k++)
            graph->nodes[graph->nodes[i].layer->inputs[k]].uses++;
}

static bool allocate(struct graph *graph, const struct model *model)
{
    size_t inputs = 0;
    for (int i = 0; i < model->layer_count; i++)
        inputs += (size_t)model->layers[i].input_count;
    *graph = (struct graph){.model = model, .count = model->layer_count};
    graph->nodes = calloc((size_t)graph->count, sizeof *graph->nodes);
    graph->inputs = malloc((inputs + 1) * sizeof *graph->inputs);
    if (!graph->nodes || !graph->inputs)
        return false;
    int *next = graph->inputs;
    for (int i = 0; i < graph->count; i++) {
        graph->nodes[i].layer = &model->layers[i];
        graph->nodes[i].inputs = next;
        next += model->layers[i].input_count;
    }
    return true;
}

bool graph_init(struct graph *graph, const struct model *model, struct error *error)
{
    if (!allocate(graph, model)) {
        graph_finish(graph);
        return error_set_memory(error, "model %s: out of memory", model->name);
    }
    count_uses(graph);
    for (int i = 0; i < graph->count; i++) {
        struct node *node = &graph->nodes[i];
        start_node(graph, i);
        if (node->layer->op == LAYER_INPUT)
            continue;
        if (node->uses == 0) {
            node->runs = false;
            continue;
        }
        if (is_identity(node)) {
            fold_identity(graph, node);
            continue;
        }
        fold_forward(graph, node);
        if (!fold_backward(graph, node, error)) {
            graph_finish(graph);
            return false;
        }
    }
    return true;
}

void graph_finish(struct graph *graph)
{
    for (int i = 0; graph->nodes && i < graph->count; i++) {
        free(graph->nodes[i].scale);
        free(graph->nodes[i].shift);
    }
    free(graph->nodes);
    free(graph->inputs);
    *graph = (struct graph){0};
}
