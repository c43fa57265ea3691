/* One or more steps per node, and its weights packed for them. */
#include "nn/int8_plan.h"
#include "nn/memory.h"
#include "nn/pack.h"
#include "nn/plan_private.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the functions below work on: one node and what was decided about it. */
struct context {
    struct plan *plan;
    const struct node *node;
    struct planned *planned;
    int lanes;
};

/* --- tensors as the kernels see them ---------------------------------------------------------- */

struct place plan_place(const struct plan *plan, const struct tensor *tensor)
{
    const struct border *b = &tensor->border;
    const ptrdiff_t row =
        (ptrdiff_t)(tensor->size.width + b->left + b->right) * (ptrdiff_t)tensor->lanes;
    return (struct place){
        .view =
            {
                .data = plan->arena + tensor->buffer.offset + b->top * row +
                        (ptrdiff_t)b->left * tensor->lanes,
                .row = row,
                .block = row * (tensor->size.height + b->top + b->bottom),
                .blocks = pack_blocks(tensor->size.channels, tensor->lanes),
                .height = tensor->size.height,
                .width = tensor->size.width,
            },
        .lanes = tensor->lanes,
        .channels = tensor->size.channels,
    };
}

static const struct tensor *input_tensor(const struct context *c, int i)
{
    return &c->plan->planned[c->node->inputs[i]].out;
}

static struct place input_place(const struct context *c, int i)
{
    return plan_place(c->plan, input_tensor(c, i));
}

static struct place output_place(const struct context *c)
{
    return plan_place(c->plan, &c->planned->out);
}

/* --- the list of steps ------------------------------------------------------------------------ */

struct step *plan_add_step(struct plan *plan, enum step_kind kind)
{
    if (plan->step_count == plan->step_capacity) {
        const int capacity = plan->step_capacity * 2 + 16;
        struct step *steps = realloc(plan->steps, (size_t)capacity * sizeof *steps);
        if (!steps)
            return NULL;
        plan->steps = steps;
        plan->step_capacity = capacity;
    }
    struct step *step = &plan->steps[plan->step_count++];
    *step = (struct step){.kind = kind, .node = plan->node};
    return step;
}

static bool add_copy(struct plan *plan, const struct transfer *transfer)
{
    struct step *step = plan_add_step(plan, STEP_COPY);
    if (step)
        step->copy = *transfer;
    return step != NULL;
}

/* Zeroes around a tensor need writing only once, unless its memory is used for others as well. */
static bool add_border(struct plan *plan, const struct tensor *tensor)
{
    const struct border *b = &tensor->border;
    if (!tensor->buffer.shared || b->top + b->bottom + b->left + b->right == 0)
        return true;
    struct step *step = plan_add_step(plan, STEP_CLEAR_BORDER);
    if (step) {
        step->clear.place = plan_place(plan, tensor);
        step->clear.border = *b;
    }
    return step != NULL;
}

/* --- activations ------------------------------------------------------------------------------ */

bool plan_can_fuse(enum activation kind)
{
    return kind == ACTIVATION_LINEAR || kind == ACTIVATION_RELU || kind == ACTIVATION_LEAKY_RELU;
}

struct fused plan_fused(const struct activation_params *activation)
{
    if (activation->kind == ACTIVATION_RELU)
        return fused_rectifier(activation->alpha, activation->max_value);
    if (activation->kind == ACTIVATION_LEAKY_RELU)
        return fused_rectifier(activation->alpha, INFINITY);
    return (struct fused){FUSED_LINEAR, 1, INFINITY};
}

static bool fuses(enum layer_op op)
{
    switch (op) {
    case LAYER_CONV2D:
    case LAYER_DEPTHWISE_CONV2D:
    case LAYER_DENSE:
    case LAYER_BATCH_NORM:
    case LAYER_RESCALING:
    case LAYER_ADD:
        return true;
    default:
        return false;
    }
}

/* The activation that the node's own kernel could not apply. */
static bool add_activation(const struct context *c)
{
    const struct activation_params *activation = &c->node->activation;
    if (activation->kind == ACTIVATION_LINEAR ||
        (fuses(c->node->layer->op) && plan_can_fuse(activation->kind)))
        return true;
    struct step *step = plan_add_step(c->plan, STEP_ACTIVATE);
    if (step)
        step->activate = (struct activate){.view = output_place(c).view,
                                           .channels = c->node->out.channels,
                                           .activation = *activation};
    return step != NULL;
}

/* --- weights ---------------------------------------------------------------------------------- */

/* Room for packed weights, to be filled in completely, and for the bias of `outputs` channels,
 * which is filled in: the layer's, scaled and shifted as what was folded into it asks. */
static bool allocate_weights(const struct context *c, size_t count, int outputs)
{
    const struct node *node = c->node;
    struct planned *planned = c->planned;
    planned->weights = memory_pool_allocate(&c->plan->weights, count);
    planned->bias = memory_pool_allocate(&c->plan->weights, (size_t)outputs);
    if (!planned->weights || !planned->bias)
        return false;
    c->plan->weight_count += count + (size_t)outputs;
    for (int i = 0; i < node->out.channels; i++) {
        const float bias = node->layer->bias ? node->layer->bias[i] : 0;
        planned->bias[i] = node->scale ? bias * node->scale[i] + node->shift[i] : bias;
    }
    return true;
}

static int padded(int channels, int multiple)
{
    return pack_blocks(channels, multiple) * multiple;
}

/* `count` values of a convolution, as floats or half floats. */
static bool fill_weights(const struct context *c, const struct pack *pack, size_t count,
                         void (*fill)(const struct pack *pack, float *packed))
{
    const struct planned *planned = c->planned;
    const bool halved = planned->way.halved;
    float *floats = halved ? calloc(count, sizeof *floats) : NULL;
    const bool good = (floats || !halved) && allocate_weights(c, halved ? (count + 1) / 2 : count,
                                                              padded(pack->out, c->lanes));
    if (good)
        fill(pack, halved ? floats : planned->weights);
    if (good && halved)
        pack_halves(floats, count, (uint16_t *)planned->weights);
    free(floats);
    return good;
}

/* As a description says what the weights are. */
static const char *weights_text(const struct planned *planned)
{
    return planned->way.halved ? ", halves" : planned->far ? ", far" : "";
}

/* --- convolutions ----------------------------------------------------------------------------- */

static const char *step_text(enum conv_step step)
{
    static const char *const texts[CONV_STEP_COUNT] = {
        [CONV_STEP_LANES] = "",           [CONV_STEP_LANES2] = ", stride 2",
        [CONV_STEP_3] = ", from pixels",  [CONV_STEP_6] = ", from pixels, stride 2",
        [CONV_STEP_ANY] = ", any stride",
    };
    return texts[step];
}

static enum conv_step step_of(ptrdiff_t column, int lanes)
{
    if (column == lanes)
        return CONV_STEP_LANES;
    if (column == 2 * (ptrdiff_t)lanes)
        return CONV_STEP_LANES2;
    return column == 3 ? CONV_STEP_3 : column == 6 ? CONV_STEP_6 : CONV_STEP_ANY;
}

/* Everything about a convolution but the weights. */
static struct conv describe_conv(const struct context *c)
{
    const struct node *node = c->node;
    const struct window w = plan_window(node);
    const struct place in = input_place(c, 0);
    struct conv conv = {
        .in = in.view,
        .out = output_place(c).view,
        .taps_y = w.kernel_h,
        .taps_x = w.kernel_w,
        .tap_row = w.dilation_h * in.view.row,
        .tap_column = (ptrdiff_t)w.dilation_w * in.lanes,
        .output_row = w.stride_h * in.view.row,
        .output_column = (ptrdiff_t)w.stride_w * in.lanes,
        .depth = in.lanes,
        .last_depth = in.channels - (in.view.blocks - 1) * in.lanes,
        .bias = c->planned->bias,
        .fused = plan_fused(&node->activation),
        .pool = node->pool,
    };
    conv.in.data -= node->pad_top * in.view.row + (ptrdiff_t)node->pad_left * in.lanes;
    if (node->residual >= 0) {
        const struct place r = plan_place(c->plan, &c->plan->planned[node->residual].out);
        conv.residual = r.view.data;
        conv.residual_row = r.view.row;
        conv.residual_block = r.view.block;
    }
    return conv;
}

/* Without padding channels the taps of a row lie side by side: one long tap. */
static void merge_taps(struct conv *conv)
{
    if (conv->last_depth == conv->depth && conv->tap_column == conv->depth) {
        conv->depth = conv->last_depth = conv->taps_x * conv->depth;
        conv->taps_x = 1;
    }
}

static int narrow_groups(const struct context *c)
{
    return conv_narrow_groups(c->planned->choice.kernel,
                              pack_blocks(c->node->out.channels, c->lanes));
}

static struct pack describe_pack(const struct context *c)
{
    const struct window w = plan_window(c->node);
    const struct tensor *in = input_tensor(c, 0);
    const struct conv_choice *choice = &c->planned->choice;
    return (struct pack){
        .kernel = c->node->layer->kernel,
        .scale = c->node->scale,
        .taps = w.kernel_h * w.kernel_w,
        .in = c->node->in.channels,
        .out = c->node->out.channels,
        .lanes = c->lanes,
        .vectors = choice->kernel->vectors,
        .narrow = choice->block > 0 ? 0 : narrow_groups(c),
        .side = choice->block > 0 ? choice->side : 4,
        .plain = in->lanes != c->lanes,
        .reversed = c->node->inputs[0] == 0 && c->plan->input.reversed,
    };
}

static bool add_winograd(const struct context *c)
{
    const struct pack pack = describe_pack(c);
    struct planned *planned = c->planned;
    const bool halved = planned->way.halved;
    if (!fill_weights(c, &pack, pack_winograd_count(&pack), pack_winograd))
        return false;
    struct step *step = plan_add_step(c->plan, STEP_WINOGRAD);
    if (step)
        step->winograd =
            (struct winograd){.side = planned->choice.side,
                              .direct = describe_conv(c),
                              .gemm = planned->choice.kernel,
                              .weights = halved ? NULL : planned->weights,
                              .halves = halved ? (const uint16_t *)planned->weights : NULL,
                              .far = planned->far,
                              .weight_stride = pack_winograd_stride(&pack),
                              .block = planned->choice.block,
                              .scratch = c->plan->arena + planned->scratch.buffer.offset};
    snprintf(planned->text, sizeof planned->text, "Winograd %dx%d, %d tiles, %dx%d%s",
             planned->choice.side, planned->choice.side, planned->choice.block,
             planned->choice.kernel->columns, planned->choice.kernel->vectors,
             weights_text(planned));
    return step != NULL;
}

/* The step of the output's vectors `first` to `last`, which are groups of the kernel. */
static bool add_part(const struct context *c, const struct conv_kernel *kernel, int first, int last)
{
    if (first == last)
        return true;
    struct step *step = plan_add_step(c->plan, STEP_CONV);
    if (!step)
        return false;
    const struct planned *planned = c->planned;
    struct conv conv = describe_conv(c);
    const ptrdiff_t weights =
        (ptrdiff_t)first * c->lanes * conv.taps_y * conv.taps_x * c->node->in.channels;
    conv.weights = planned->way.halved ? NULL : planned->weights + weights;
    conv.halves = planned->way.halved ? (const uint16_t *)planned->weights + weights : NULL;
    conv.bias += (ptrdiff_t)first * c->lanes;
    conv.out.data += first * conv.out.block;
    conv.out.blocks = last - first;
    if (conv.residual)
        conv.residual += first * conv.residual_block;
    merge_taps(&conv);
    step->conv = conv;
    step->run_conv = planned->way.halved ? kernel->run_halves
                     : planned->far      ? kernel->run_far
                                         : kernel->run[step_of(conv.output_column, c->lanes)];
    return true;
}

/* Tiles of their own: the direct kernels', or Winograd's that read pixels. */
static bool add_tiles(const struct context *c)
{
    const struct pack pack = describe_pack(c);
    struct planned *planned = c->planned;
    const struct conv_kernel *kernel = planned->choice.kernel;
    const int blocks = pack_blocks(pack.out, pack.lanes);
    const int wide = blocks - pack.narrow * (kernel->vectors - 1);
    const size_t count = kernel->winograd ? pack_winograd_count(&pack) : pack_conv_count(&pack);
    if (!fill_weights(c, &pack, count, kernel->winograd ? pack_winograd : pack_conv) ||
        !add_part(c, kernel, 0, wide) || !add_part(c, conv_narrower(kernel), wide, blocks))
        return false;
    const struct tensor *in = input_tensor(c, 0);
    const enum conv_step column =
        step_of((ptrdiff_t)plan_window(c->node).stride_w * in->lanes, c->lanes);
    char narrower[16] = "";
    if (pack.narrow > 0)
        snprintf(narrower, sizeof narrower, "/%d", kernel->vectors - 1);
    snprintf(planned->text, sizeof planned->text, "%s %dx%dx%d%s%s%s",
             kernel->winograd ? "Winograd" : "direct", kernel->rows, kernel->columns,
             kernel->vectors, narrower, in->lanes > c->lanes ? ", whole pixels" : step_text(column),
             weights_text(planned));
    return true;
}

static bool add_conv(const struct context *c)
{
    return c->planned->choice.block > 0 ? add_winograd(c) : add_tiles(c);
}

/* --- depthwise, and what is depthwise in disguise --------------------------------------------- */

/* With a depth multiplier the input's channels are repeated first. */
static bool add_repetition(const struct context *c, struct place *in)
{
    const struct transfer repeat = {.from = *in,
                                    .to = plan_place(c->plan, &c->planned->scratch),
                                    .repeat = c->node->layer->conv.multiplier};
    *in = repeat.to;
    return add_border(c->plan, &c->planned->scratch) && add_copy(c->plan, &repeat);
}

/* The output as blocks of channels, which are only VL floats apart where channels lie side by side.
 */
static struct view depthwise_output(const struct context *c)
{
    struct view out = output_place(c).view;
    if (c->planned->out.lanes > c->lanes) {
        out.block = c->lanes;
        out.blocks = c->node->out.channels / c->lanes;
    }
    return out;
}

static bool add_depthwise(const struct context *c)
{
    const struct node *node = c->node;
    const struct window w = node->layer->conv.window;
    const struct pack pack = {.kernel = node->layer->kernel,
                              .scale = node->scale,
                              .taps = w.kernel_h * w.kernel_w,
                              .out = node->out.channels,
                              .lanes = c->lanes};
    struct place in = input_place(c, 0);
    if (node->layer->conv.multiplier > 1 && !add_repetition(c, &in))
        return false;
    if (!allocate_weights(c, pack_depthwise_count(&pack), padded(pack.out, c->lanes)))
        return false;
    pack_depthwise(&pack, c->planned->weights);
    struct step *step = plan_add_step(c->plan, STEP_DEPTHWISE);
    if (!step)
        return false;
    step->depthwise = (struct depthwise){.in = in.view,
                                         .out = depthwise_output(c),
                                         .out_pixel = c->planned->out.lanes,
                                         .taps_y = w.kernel_h,
                                         .taps_x = w.kernel_w,
                                         .tap_row = w.dilation_h * in.view.row,
                                         .tap_column = (ptrdiff_t)w.dilation_w * in.lanes,
                                         .output_row = w.stride_h * in.view.row,
                                         .output_column = (ptrdiff_t)w.stride_w * in.lanes,
                                         .weights = c->planned->weights,
                                         .bias = c->planned->bias,
                                         .fused = plan_fused(&node->activation)};
    step->depthwise.in.data -= node->pad_top * in.view.row + (ptrdiff_t)node->pad_left * in.lanes;
    snprintf(c->planned->text, sizeof c->planned->text, "depthwise");
    return true;
}

/* Scale and shift per channel: a depthwise convolution of one tap. */
static bool add_scale(const struct context *c)
{
    const struct node *node = c->node;
    const struct place in = input_place(c, 0);
    const size_t channels = (size_t)padded(node->out.channels, c->lanes);
    if (!allocate_weights(c, channels, (int)channels))
        return false;
    memset(c->planned->weights, 0, channels * sizeof(float));
    memcpy(c->planned->weights, node->scale, (size_t)node->out.channels * sizeof(float));
    struct step *step = plan_add_step(c->plan, STEP_DEPTHWISE);
    if (step)
        step->depthwise = (struct depthwise){.in = in.view,
                                             .out = output_place(c).view,
                                             .out_pixel = c->lanes,
                                             .taps_y = 1,
                                             .taps_x = 1,
                                             .output_row = in.view.row,
                                             .output_column = c->lanes,
                                             .weights = c->planned->weights,
                                             .bias = c->planned->bias,
                                             .fused = plan_fused(&node->activation)};
    snprintf(c->planned->text, sizeof c->planned->text, "scale and shift");
    return step != NULL;
}

/* --- dense, pooling --------------------------------------------------------------------------- */

static struct pack describe_dense(const struct context *c)
{
    return (struct pack){.kernel = c->node->layer->kernel,
                         .scale = c->node->scale,
                         .taps = c->node->in.height * c->node->in.width,
                         .in = c->node->in.channels,
                         .out = c->node->out.channels,
                         .lanes = c->lanes,
                         .plain = input_tensor(c, 0)->lanes != c->lanes};
}

/* Fills in the weights and bias of a Dense. */
static bool pack_floats(const struct context *c, const struct pack *pack, struct dense *dense)
{
    if (!allocate_weights(c, pack_dense_count(pack), padded(pack->out, c->lanes * DENSE_VECTORS)))
        return false;
    pack_dense(pack, c->planned->weights);
    dense->weights = c->planned->weights;
    return true;
}

static bool pack_pairs(const struct context *c, const struct pack *pack, struct dense *dense)
{
    const size_t width = (size_t)(c->lanes * DENSE_VECTORS);
    float *group = malloc(pack_dense_inputs(pack) * width * sizeof *group);
    const bool good = group && allocate_weights(c, pack_dense_bfloat16_count(pack),
                                                padded(pack->out, (int)width));
    if (good) {
        dense->pairs = (const uint32_t *)c->planned->weights;
        pack_dense_bfloat16(pack, group, (uint32_t *)c->planned->weights);
    }
    free(group);
    return good;
}

static bool add_dense(const struct context *c)
{
    const struct pack pack = describe_dense(c);
    const bool halved = c->planned->way.halved;
    struct dense dense = {
        .in = input_place(c, 0).view.data,
        .out = output_place(c).view.data,
        .count = (int)pack_dense_inputs(&pack),
        .groups = pack_blocks(pack.out, c->lanes * DENSE_VECTORS),
        .fused = plan_fused(&c->node->activation),
    };
    if (!(halved ? pack_pairs(c, &pack, &dense) : pack_floats(c, &pack, &dense)))
        return false;
    dense.bias = c->planned->bias;
    struct step *step = plan_add_step(c->plan, STEP_DENSE);
    if (step)
        step->dense = dense;
    snprintf(c->planned->text, sizeof c->planned->text, halved ? "dense, bfloat16" : "dense");
    return step != NULL;
}

static bool add_pool(const struct context *c)
{
    const struct layer *layer = c->node->layer;
    const bool global =
        layer->op == LAYER_GLOBAL_MAX_POOL2D || layer->op == LAYER_GLOBAL_AVERAGE_POOL2D;
    struct step *step = plan_add_step(c->plan, STEP_POOL);
    if (!step)
        return false;
    step->pool = (struct pool){.in = input_place(c, 0).view,
                               .out = output_place(c).view,
                               .average = layer->op == LAYER_AVERAGE_POOL2D ||
                                          layer->op == LAYER_GLOBAL_AVERAGE_POOL2D};
    if (global)
        step->pool.window =
            (struct window){.kernel_h = c->node->in.height, .kernel_w = c->node->in.width};
    else
        step->pool.window = layer->pool;
    snprintf(c->planned->text, sizeof c->planned->text, global ? "global pooling" : "pooling");
    return true;
}

/* --- layers that move values ------------------------------------------------------------------ */

static bool add_sum(const struct context *c)
{
    const struct node *node = c->node;
    const struct view out = output_place(c).view;
    for (int i = 1; i < node->layer->input_count; i++) {
        struct step *step = plan_add_step(c->plan, STEP_ADD);
        if (!step)
            return false;
        const bool last = i + 1 == node->layer->input_count;
        const struct activation_params linear = {.kind = ACTIVATION_LINEAR};
        step->add = (struct add){.a = i == 1 ? input_place(c, 0).view : out,
                                 .b = input_place(c, i).view,
                                 .out = out,
                                 .fused = plan_fused(last ? &node->activation : &linear)};
    }
    snprintf(c->planned->text, sizeof c->planned->text, "add");
    return true;
}

static bool add_concatenation(const struct context *c)
{
    struct transfer copy = {.to = output_place(c), .repeat = 1};
    for (int i = 0; i < c->node->layer->input_count; i++) {
        copy.from = input_place(c, i);
        if (!add_copy(c->plan, &copy))
            return false;
        copy.first += copy.from.channels;
    }
    snprintf(c->planned->text, sizeof c->planned->text, "copy");
    return true;
}

/* A tensor's values seen as height x width x channels without borders or padding. */
static struct place plain_place(float *data, struct size3 size)
{
    const ptrdiff_t row = (ptrdiff_t)size.width * size.channels;
    return (struct place){.view = {data, row, row * size.height, 1, size.height, size.width},
                          .lanes = size.channels,
                          .channels = size.channels};
}

/* To the plain order, which all shapes share, and back to blocks of the new shape. */
static bool add_reshape(const struct context *c)
{
    float *plain = c->plan->arena + c->planned->scratch.buffer.offset;
    const struct transfer there = {
        .from = input_place(c, 0), .to = plain_place(plain, c->node->in), .repeat = 1};
    const struct size3 size = graph_size(&c->node->layer->shape);
    const struct transfer back = {
        .from = plain_place(plain, size), .to = output_place(c), .repeat = 1};
    snprintf(c->planned->text, sizeof c->planned->text, "copy");
    return add_copy(c->plan, &there) && add_copy(c->plan, &back);
}

/* The frame of zeros is cleared as if it were a border of the inner part. */
static bool add_zero_padding(const struct context *c)
{
    const struct window *pad = &c->node->layer->pool;
    const struct place in = input_place(c, 0), out = output_place(c);
    const struct transfer copy = {
        .from = in, .to = out, .top = pad->pad_top, .left = pad->pad_left, .repeat = 1};
    struct step *step = plan_add_step(c->plan, STEP_CLEAR_BORDER);
    if (!step)
        return false;
    step->clear.place = out;
    step->clear.place.view.data += pad->pad_top * out.view.row + pad->pad_left * out.lanes;
    step->clear.place.view.height = in.view.height;
    step->clear.place.view.width = in.view.width;
    step->clear.border =
        (struct border){pad->pad_top, pad->pad_bottom, pad->pad_left, pad->pad_right};
    snprintf(c->planned->text, sizeof c->planned->text, "copy");
    return add_copy(c->plan, &copy);
}

/* An activation that its input's other readers must not see. */
static bool add_copied(const struct context *c)
{
    const struct transfer copy = {.from = input_place(c, 0), .to = output_place(c), .repeat = 1};
    snprintf(c->planned->text, sizeof c->planned->text, "%s",
             activation_name(c->node->activation.kind));
    return add_copy(c->plan, &copy);
}

/* --- all nodes -------------------------------------------------------------------------------- */

static bool add_node(const struct context *c)
{
    switch (c->node->layer->op) {
    case LAYER_CONV2D:
        return add_conv(c);
    case LAYER_DENSE:
        return plan_is_conv(c->node) ? add_conv(c) : add_dense(c);
    case LAYER_DEPTHWISE_CONV2D:
        return add_depthwise(c);
    case LAYER_BATCH_NORM:
    case LAYER_RESCALING:
        return add_scale(c);
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        return add_pool(c);
    case LAYER_FLATTEN:
    case LAYER_RESHAPE:
        return add_reshape(c);
    case LAYER_ADD:
        return add_sum(c);
    case LAYER_CONCATENATE:
        return add_concatenation(c);
    case LAYER_ZERO_PADDING2D:
        return add_zero_padding(c);
    case LAYER_ACTIVATION:
    case LAYER_DROPOUT: /* with an activation of its own */
        return add_copied(c);
    case LAYER_INPUT:
    case LAYER_OP_COUNT:
        break;
    }
    return true;
}

static bool add_all(const struct context *c)
{
    const int index = (int)(c->node - c->plan->graph.nodes);
    return add_border(c->plan, &c->planned->out) &&
           (c->planned->int8.runs ? int8_add_node(c->plan, index) : add_node(c)) &&
           add_activation(c) && int8_add_quantization(c->plan, index);
}

static void describe_folded(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    char *text = plan->planned[index].text;
    const size_t size = sizeof plan->planned[index].text;
    if (node->uses == 0)
        snprintf(text, size, "left out: nothing reads it");
    else if (node->node != index)
        snprintf(text, size, "in %.50s", plan->graph.nodes[node->node].layer->name);
    else
        snprintf(text, size, "in the layer behind it");
}

static bool make_input(struct plan *plan)
{
    const struct node *node = &plan->graph.nodes[0];
    struct input *input = &plan->input;
    const struct preprocessing *how = &plan->model->preprocessing;
    const int width = node->out.width;
    input->place = plan_place(plan, &plan->planned[0].out);
    input->scale = node->scale;
    input->shift = node->shift;
    if (!add_border(plan, &plan->planned[0].out) || !int8_make_input(plan))
        return false;
    if (node->out.channels != 3)
        return true;
    input->pixel_scale = memory_allocate((size_t)width * 3);
    input->pixel_offset = memory_allocate((size_t)width * 3);
    input->row = memory_allocate((size_t)width * 3);
    if (!input->pixel_scale || !input->pixel_offset || !input->row)
        return false;
    for (int i = 0; i < width * 3; i++) {
        const int channel = how->bgr ? i % 3 : 2 - i % 3; /* of the model, for pixel byte i */
        const float scale = input->scale ? input->scale[channel] : 1;
        const float shift = input->shift ? input->shift[channel] : 0;
        input->pixel_scale[i] = how->scale[channel] * scale;
        input->pixel_offset[i] = how->offset[channel] * scale + shift;
    }
    return true;
}

static bool make_steps(struct plan *plan)
{
    if (!make_input(plan))
        return false;
    for (int i = 1; i < plan->graph.count; i++) {
        const struct context c = {plan, &plan->graph.nodes[i], &plan->planned[i],
                                  plan->kernels->lanes};
        plan->node = i;
        if (!c.node->runs)
            describe_folded(plan, i);
        else if (!add_all(&c))
            return false;
    }
    const int output = plan->graph.nodes[plan->model->output].node;
    plan->output = plan_place(plan, &plan->planned[output].out);
    plan->result = memory_allocate(shape_count(model_output_shape(plan->model)));
    return plan->result != NULL;
}

bool plan_make_steps(struct plan *plan, struct error *error)
{
    if (!make_steps(plan))
        return error_set(error, "model %s: no memory for its packed weights", plan->model->name);
    return true;
}
