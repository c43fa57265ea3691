#include "nn/pack.h"
#include "nn/train/fast.h"

#include <math.h>
#include <stdlib.h>

enum { PLAIN_CHANNELS_MAX = 4, CHUNK_PICTURES = 32, SHARED_FLOATS_MIN = 1 << 17 };

/* --- tensors ---------------------------------------------------------------------------------- */

void fast_tensor_init(struct fast_tensor *tensor, struct size3 size, int lanes,
                      const struct border *border)
{
    const int line = PARAMETER_PITCH;
    *tensor = (struct fast_tensor){.size = size, .lanes = lanes, .border = *border};
    tensor->row = (ptrdiff_t)(border->left + size.width + border->right) * lanes;
    tensor->block = (border->top + size.height + border->bottom) * tensor->row;
    tensor->origin = (size_t)(border->top * tensor->row + (ptrdiff_t)border->left * lanes);
    tensor->count =
        (size_t)(tensor->block * fast_blocks(tensor) + line - 1) / (size_t)line * (size_t)line;
}

bool fast_tensor_allocate(struct fast *fast, struct fast_tensor *tensor)
{
    const int slots = tensor->turns > 0 ? tensor->turns : fast->slots;
    tensor->data =
        memory_pool_allocate(&fast->memory, tensor->count * (size_t)(slots * fast->workers));
    return tensor->data != NULL;
}

int fast_blocks(const struct fast_tensor *tensor)
{
    return pack_blocks(tensor->size.channels, tensor->lanes);
}

struct view fast_strides(const struct fast_tensor *tensor)
{
    return (struct view){.row = tensor->row,
                         .block = tensor->block,
                         .blocks = fast_blocks(tensor),
                         .height = tensor->size.height,
                         .width = tensor->size.width};
}

struct view fast_view(const struct chunk *chunk, const struct fast_tensor *tensor, int picture)
{
    const int turns = tensor->turns;
    const int first =
        turns > 0 ? chunk->worker * turns + (chunk->slot - chunk->base) % turns : chunk->slot;
    struct view view = fast_strides(tensor);
    view.data = tensor->data + (size_t)(first + picture) * tensor->count + tensor->origin;
    return view;
}

struct place fast_place(const struct chunk *chunk, const struct fast_tensor *tensor, int picture)
{
    return (struct place){fast_view(chunk, tensor, picture), tensor->lanes, tensor->size.channels};
}

/* --- what a node is --------------------------------------------------------------------------- */

struct fast_node *fast_input(const struct fast *fast, const struct fast_node *node, int k)
{
    return &fast->nodes[fast->nodes[node->layer->inputs[k]].home];
}

bool fast_is_conv(const struct fast_node *node)
{
    return node->layer->op == LAYER_CONV2D ||
           (node->layer->op == LAYER_DENSE && node->layer->shape.rank > 1);
}

struct window fast_window(const struct fast_node *node)
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

bool fast_is_fused(const struct fast_node *node)
{
    const enum activation kind = node->activation.kind;
    return kind == ACTIVATION_LINEAR || kind == ACTIVATION_RELU || kind == ACTIVATION_LEAKY_RELU;
}

bool fast_is_plain_relu(const struct fast_node *node)
{
    const struct activation_params *a = &node->activation;
    return a->kind == ACTIVATION_RELU && a->alpha == 0 && isinf(a->max_value);
}

struct fused fast_fused(const struct fast_node *node)
{
    const struct activation_params *a = &node->activation;
    if (node->keeps_before || a->kind == ACTIVATION_LINEAR || !fast_is_fused(node))
        return (struct fused){FUSED_LINEAR, 1, INFINITY};
    return fused_rectifier(a->alpha, a->kind == ACTIVATION_RELU ? a->max_value : INFINITY);
}

/* The slope of swish is no function of its value; nor is that of a leak that turns upwards. */
static bool needs_before(const struct activation_params *activation)
{
    if (activation->kind == ACTIVATION_RELU || activation->kind == ACTIVATION_LEAKY_RELU)
        return activation->alpha < 0;
    return activation->kind == ACTIVATION_SWISH;
}

static const struct parameter_array *find(const struct fast *fast, int layer, size_t member)
{
    return parameters_find(fast->setup.parameters, layer, member);
}

static bool init_node(struct fast *fast, int i)
{
    struct fast_node *node = &fast->nodes[i];
    node->layer = &fast->setup.model->layers[i];
    node->home = i;
    node->runs = fast->setup.needed[i];
    node->activation = node->layer->activation;
    if (i == fast->setup.model->output && loss_takes_logits(&fast->setup.loss))
        node->activation.kind = ACTIVATION_LINEAR;
    node->kernel = find(fast, i, offsetof(struct layer, kernel));
    node->bias = find(fast, i, offsetof(struct layer, bias));
    node->gamma = find(fast, i, offsetof(struct layer, gamma));
    node->beta = find(fast, i, offsetof(struct layer, beta));
    node->mean = find(fast, i, offsetof(struct layer, mean));
    node->variance = find(fast, i, offsetof(struct layer, variance));
    node->frozen = node->variance && node->variance->frozen;
    node->adds = calloc((size_t)node->layer->input_count + 1, sizeof *node->adds);
    for (int k = 0; node->runs && k < node->layer->input_count; k++)
        fast->nodes[node->layer->inputs[k]].uses++;
    return node->adds != NULL;
}

/* Its backward looks for the pooled value among the inputs: no activation may change it. */
bool fast_is_max_pool(const struct fast_node *node)
{
    return node->layer->op == LAYER_MAX_POOL2D || node->layer->op == LAYER_GLOBAL_MAX_POOL2D;
}

/* An Activation becomes that of the layer before, where nobody else reads that. */
static void fold_activation(struct fast *fast, int i)
{
    struct fast_node *node = &fast->nodes[i];
    if (!node->runs || node->layer->op != LAYER_ACTIVATION)
        return;
    struct fast_node *before = fast_input(fast, node, 0);
    if (before->home == 0 || fast->nodes[node->layer->inputs[0]].uses != 1 ||
        before->activation.kind != ACTIVATION_LINEAR || fast_is_max_pool(before))
        return;
    before->activation = node->activation;
    node->home = before->home;
    node->runs = false;
}

static void mark_learning(struct fast *fast, int i)
{
    struct fast_node *node = &fast->nodes[i];
    const struct parameter_array *const arrays[] = {node->kernel, node->bias, node->gamma,
                                                    node->beta};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        node->learns |= arrays[k] && arrays[k]->what.trainable;
    for (int k = 0; k < node->layer->input_count; k++)
        node->learns |= fast_input(fast, node, k)->learns;
}

/* A worker that goes through so many weights on its own waits for the memory. */
static bool is_shared(const struct fast *fast, const struct fast_node *node)
{
    return fast->whole && fast->workers > 1 && node->runs && node->layer->op == LAYER_DENSE &&
           !fast_is_conv(node) &&
           (size_t)node->kernel->rows * (size_t)node->kernel->pitch >= SHARED_FLOATS_MIN;
}

struct fast_work fast_work(const struct chunk *chunk, const struct fast_node *node, int parts)
{
    struct fast_work work = {*chunk, 0, parts};
    if (!node->shared)
        return work;
    /* the pictures of all workers; such a layer's tensors never take turns (struct fast_segment) */
    const struct team_share share = team_divide(chunk->fast->setup.team, chunk->worker, parts);
    work.chunk.base = work.chunk.slot = work.chunk.first = 0;
    work.chunk.count = chunk->batch;
    work.chunk.gradient = chunk->result;
    work.first = share.first;
    work.end = share.end;
    return work;
}

void fast_meet(const struct chunk *chunk, const struct fast_node *node)
{
    if (node->shared)
        team_meet(chunk->fast->setup.team);
}

/* --- borders ---------------------------------------------------------------------------------- */

static void widen(struct border *border, const struct border *by)
{
    *border =
        (struct border){fast_larger(border->top, by->top), fast_larger(border->bottom, by->bottom),
                        fast_larger(border->left, by->left), fast_larger(border->right, by->right)};
}

/* One axis: how far dy is read before its begin and behind its end. */
static int read_before(int kernel, int stride, int dilation, int pad)
{
    const int reach = (kernel - 1) * dilation - pad;
    return reach > 0 ? (reach + stride - 1) / stride : 0;
}

/* Every phase of a stride is as large as the largest. */
static int read_behind(int in, int stride, int pad, int out)
{
    const int last = (in + stride - 1) / stride * stride - 1;
    return fast_larger(0, (last + pad) / stride - (out - 1));
}

struct border fast_back_border(const struct window *w, struct size3 in, struct size3 out)
{
    return (struct border){
        .top = read_before(w->kernel_h, w->stride_h, w->dilation_h, w->pad_top),
        .bottom = read_behind(in.height, w->stride_h, w->pad_top, out.height),
        .left = read_before(w->kernel_w, w->stride_w, w->dilation_w, w->pad_left),
        .right = read_behind(in.width, w->stride_w, w->pad_left, out.width),
    };
}

static struct border padding_of(const struct window *w)
{
    return (struct border){w->pad_top, w->pad_bottom, w->pad_left, w->pad_right};
}

/* --- placing ---------------------------------------------------------------------------------- */

/* A picture of few channels stays as it is where only convolutions read it. */
static bool input_stays_plain(const struct fast *fast)
{
    const struct shape *shape = model_input_shape(fast->setup.model);
    if (shape->rank != 3 || shape_channels(shape) > PLAIN_CHANNELS_MAX)
        return false;
    for (int i = 1; i < fast->count; i++)
        for (int k = 0; k < fast->nodes[i].layer->input_count; k++)
            if (fast->nodes[i].runs && fast->nodes[i].layer->inputs[k] == 0 &&
                !fast_is_conv(&fast->nodes[i]))
                return false;
    return true;
}

static void place_value(struct fast *fast, int i)
{
    struct fast_node *node = &fast->nodes[i];
    const struct size3 size = graph_size(&node->layer->shape);
    const bool plain = i == 0 && input_stays_plain(fast);
    struct border border = {0};
    for (int k = i + 1; k < fast->count; k++) {
        const struct fast_node *reader = &fast->nodes[k];
        if (!reader->runs ||
            (reader->layer->op != LAYER_CONV2D && (reader->layer->op != LAYER_DEPTHWISE_CONV2D)))
            continue;
        const struct border padding = padding_of(&reader->layer->conv.window);
        if (fast_input(fast, reader, 0) == node)
            widen(&border, &padding);
    }
    fast_tensor_init(&node->value, size, plain ? size.channels : fast->lanes, &border);
    fast_tensor_init(&node->before, size, fast->lanes, &(struct border){0});
}

/* An Add hands its own gradient to an input that does not change it and that no other layer reads.
 * Returns the node whose gradient is taken; NULL: the node needs one of its own. */
static struct fast_node *lender(const struct fast *fast, const struct fast_node *node)
{
    struct fast_node *reader = fast_only_reader(fast, node);
    const bool lends =
        reader && reader->layer->op == LAYER_ADD && node->activation.kind == ACTIVATION_LINEAR;
    return lends ? reader : NULL;
}

/* Zeros that backward needs around the node's gradient: its own convolution's, or those of the
 * inputs that an Add lends it to. */
static struct border border_of_gradient(struct fast *fast, const struct fast_node *node)
{
    struct border border = {0};
    for (int k = 0; node->layer->op == LAYER_ADD && k < node->layer->input_count; k++) {
        const struct fast_node *input = fast_input(fast, node, k);
        if (lender(fast, input) != node)
            continue;
        const struct border needed = border_of_gradient(fast, input);
        widen(&border, &needed);
    }
    if (!fast_is_conv(node) || !fast_input(fast, node, 0)->learns)
        return border;
    const struct window window = fast_window(node);
    return fast_back_border(&window, fast_input(fast, node, 0)->value.size, node->value.size);
}

static bool has_gradient(const struct fast_node *node)
{
    return node->runs && node->learns;
}

/* Readers come first, so that an Add's gradient is there when it is lent. */
static void place_gradient(struct fast *fast, int i)
{
    struct fast_node *node = &fast->nodes[i];
    const struct fast_node *from = lender(fast, node);
    if (from) {
        node->gradient = from->gradient;
        node->gradient.borrowed = true;
        return;
    }
    const struct border border = border_of_gradient(fast, node);
    fast_tensor_init(&node->gradient, node->value.size, fast->lanes, &border);
}

/* Which parts of each gradient are the first, and which are added to it. */
static void count_parts(struct fast *fast)
{
    for (int i = fast->count - 1; i > 0; i--) {
        const struct fast_node *node = &fast->nodes[i];
        for (int k = 0; has_gradient(node) && k < node->layer->input_count; k++) {
            struct fast_node *input = fast_input(fast, node, k);
            node->adds[k] = input->learns && input->parts++ > 0;
        }
    }
}

/* Windows of 2x2 that do not overlap: backward needs to know which value each maximum was, and not
 * all of the values. */
static void place_choices(const struct fast *fast, struct fast_node *node)
{
    const struct window *w = &node->layer->pool;
    const struct size3 in = fast_input(fast, node, 0)->value.size, out = node->value.size;
    if (node->layer->op != LAYER_MAX_POOL2D || w->kernel_h != 2 || w->kernel_w != 2 ||
        w->stride_h != 2 || w->stride_w != 2 || in.height != 2 * out.height ||
        in.width != 2 * out.width)
        return;
    const struct size3 size = {out.height, pool_choice_vectors(out.width), out.channels};
    fast_tensor_init(&node->chosen, size, fast->lanes, &(struct border){0});
}

bool fast_pool_chooses(const struct fast_node *node)
{
    return node->chosen.count > 0;
}

static void place_parts(struct fast *fast)
{
    for (int i = 1; i < fast->count; i++)
        for (int k = 0; k < fast->nodes[i].layer->input_count; k++) {
            struct fast_node *input = fast_input(fast, &fast->nodes[i], k);
            if (fast->nodes[i].adds[k])
                fast_tensor_init(&input->part, input->gradient.size, fast->lanes,
                                 &(struct border){0});
        }
}

const struct fast_tensor *fast_gradient_target(const struct fast *fast,
                                               const struct fast_node *node, int k)
{
    const struct fast_node *input = fast_input(fast, node, k);
    if (!input->learns)
        return NULL;
    return node->adds[k] ? &input->part : &input->gradient;
}

/* What a max pooling passes on has the slope of its own value, for it is the value that it was:
 * among the pooled values, which are fewer, the activation before is undone as well. */
static void mark_pooled(struct fast *fast, int i)
{
    const struct fast_node *node = &fast->nodes[i];
    if (!has_gradient(node) || !fast_is_max_pool(node) || node->gradient.borrowed)
        return;
    struct fast_node *input = fast_input(fast, node, 0);
    input->pooled = input->parts == 1 && !input->keeps_before && !fast_norm_rectifies(input) &&
                    input->activation.kind != ACTIVATION_SOFTMAX;
}

static void place_all(struct fast *fast)
{
    for (int i = 0; i < fast->count; i++)
        if (fast->nodes[i].runs && !fast->nodes[i].sum)
            place_value(fast, i);
    for (int i = 0; i < fast->count; i++)
        if (fast->nodes[i].sum)
            fast->nodes[i].value = fast->nodes[i].sum->value;
    for (int i = fast->count - 1; i > 0; i--)
        if (has_gradient(&fast->nodes[i]))
            place_gradient(fast, i);
    count_parts(fast);
    for (int i = 1; i < fast->count; i++)
        mark_pooled(fast, i);
    for (int i = 1; i < fast->count; i++)
        if (has_gradient(&fast->nodes[i]))
            place_choices(fast, &fast->nodes[i]);
    fast_fuse_backward(fast);
    place_parts(fast);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* The segment in whose backward the layer's is: a BatchNormalization's in that of the one before.
 */
static const struct fast_segment *segment_back(const struct fast *fast,
                                               const struct fast_node *node)
{
    const struct fast_segment *segment = fast->segments;
    while (node >= fast->nodes + segment->end)
        segment++;
    return fast_is_norm(node) ? segment - 1 : segment;
}

/* Pictures that go through both together; all, if they are not nested. */
static int together(const struct fast *fast, const struct fast_segment *a,
                    const struct fast_segment *b)
{
    const struct fast_segment *inner = a < b ? a : b, *outer = a < b ? b : a;
    for (const struct fast_segment *s = outer; s > inner; s--)
        if (!s->nests)
            return fast->slots;
    return outer->pictures;
}

/* Does the layer use the node's gradient, backward? It makes its part of it; or it is the
 * convolution to which an Add has left the rest (fast_fuse.c). */
static bool uses_gradient(const struct fast *fast, const struct fast_node *layer,
                          const struct fast_node *node)
{
    for (int k = 0; has_gradient(layer) && k < layer->layer->input_count; k++) {
        const struct fast_node *input = fast_input(fast, layer, k);
        if (input == node || (input->rest == node && fast_is_conv(layer)))
            return true;
    }
    return false;
}

/* Pictures whose gradients of this node are there at the same time, from the first that a layer
 * makes until the last one has used it; also as the gradients of those to which an Add lends it.
 * All of the output, which the loss begins with, and of a BatchNormalization, which is measured
 * first: its backward is in the chain of segments before that of its readers. */
static int pictures_alive(const struct fast *fast, const struct fast_node *node)
{
    const struct fast_node *output = &fast->nodes[fast->nodes[fast->setup.model->output].home];
    const struct fast_segment *own = segment_back(fast, node);
    int pictures = node == output ? fast->slots : own->pictures;
    for (int i = 1; i < fast->count; i++)
        if (uses_gradient(fast, &fast->nodes[i], node))
            pictures =
                fast_larger(pictures, together(fast, own, segment_back(fast, &fast->nodes[i])));
    for (int k = 0; node->layer->op == LAYER_ADD && k < node->layer->input_count; k++) {
        const struct fast_node *input = fast_input(fast, node, k);
        if (input->learns && lender(fast, input) == node)
            pictures = fast_larger(pictures, pictures_alive(fast, input));
    }
    return pictures;
}

/* Where fewer pictures than a chunk's are needed at a time, they take turns in few slots, which the
 * caches keep; with a slot for each, memory that nobody reads again would be fetched to be written
 * over. */
static int turns_of(const struct fast *fast, int pictures)
{
    return pictures < fast->slots ? pictures : 0;
}

/* Of a value: of what a convolution makes for a max pooling that remembers where its maxima were.
 */
static int value_turns(const struct fast *fast, const struct fast_node *node)
{
    const struct fast_node *reader = fast_only_reader(fast, node);
    if (!node->pooled || !fast_is_conv(node) || !fast_pool_chooses(reader))
        return 0;
    return turns_of(fast, together(fast, segment_back(fast, node), segment_back(fast, reader)));
}

static bool allocate_value(struct fast *fast, struct fast_node *node)
{
    node->value.turns = value_turns(fast, node);
    if (fast_pool_chooses(node) && !fast_tensor_allocate(fast, &node->chosen))
        return false;
    return fast_tensor_allocate(fast, &node->value) &&
           (!node->keeps_before || fast_tensor_allocate(fast, &node->before));
}

static bool allocate_gradient(struct fast *fast, struct fast_node *node)
{
    if (node->gradient.borrowed) {
        node->gradient = lender(fast, node)->gradient;
        node->gradient.borrowed = true;
    } else {
        node->gradient.turns = node->part.turns = turns_of(fast, pictures_alive(fast, node));
        if (!fast_tensor_allocate(fast, &node->gradient))
            return false;
    }
    return node->part.count == 0 || fast_tensor_allocate(fast, &node->part);
}

bool fast_allocate(struct fast *fast)
{
    for (int i = 0; i < fast->count; i++)
        if (fast->nodes[i].runs && !fast->nodes[i].sum && !allocate_value(fast, &fast->nodes[i]))
            return false;
    for (int i = 0; i < fast->count; i++)
        if (fast->nodes[i].sum)
            fast->nodes[i].value.data = fast->nodes[i].sum->value.data;
    for (int i = fast->count - 1; i > 0; i--)
        if (has_gradient(&fast->nodes[i]) && !allocate_gradient(fast, &fast->nodes[i]))
            return false;
    return true;
}

bool fast_lay_out(struct fast *fast, struct error *error)
{
    const char *name = fast->setup.model->name;
    fast->count = fast->setup.model->output + 1;
    fast->nodes = calloc((size_t)fast->count, sizeof *fast->nodes);
    if (!fast->nodes)
        return error_set(error, "model %s: no memory to train it", name);
    for (int i = 0; i < fast->count; i++)
        if (!init_node(fast, i))
            return error_set(error, "model %s: no memory to train it", name);
    for (int i = 1; i < fast->count; i++) {
        fold_activation(fast, i);
        mark_learning(fast, i);
        fast->meets |= fast->nodes[i].runs && fast->nodes[i].layer->op == LAYER_BATCH_NORM;
    }
    for (int i = 0; i < fast->count; i++)
        fast->nodes[i].keeps_before = needs_before(&fast->nodes[i].activation);
    fast_fuse_forward(fast);
    const int share = (fast->setup.batch + fast->workers - 1) / fast->workers;
    fast->slots = fast->meets || share < CHUNK_PICTURES ? share : CHUNK_PICTURES;
    fast->whole = fast->slots == share;
    for (int i = 1; i < fast->count; i++)
        fast->nodes[i].shared = is_shared(fast, &fast->nodes[i]);
    place_all(fast);
    return true;
}
