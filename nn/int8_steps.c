/* The steps of a node that runs on bytes, and its weights packed for them. */
#include "nn/int8_pack.h"
#include "nn/int8_plan.h"
#include "nn/memory.h"
#include "nn/pack.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- tensors ---------------------------------------------------------------------------------- */

struct int8_view int8_view_of(const struct plan *plan, const struct tensor *tensor)
{
    const struct border *b = &tensor->border;
    const ptrdiff_t row =
        (ptrdiff_t)(tensor->size.width + b->left + b->right) * (ptrdiff_t)tensor->lanes;
    return (struct int8_view){
        .data = (uint8_t *)(plan->arena + tensor->buffer.offset) + b->top * row +
                (ptrdiff_t)b->left * tensor->lanes,
        .row = row,
        .block = row * (tensor->size.height + b->top + b->bottom),
        .blocks = pack_blocks(tensor->size.channels, tensor->lanes),
        .height = tensor->size.height,
        .width = tensor->size.width,
    };
}

static void fill_border(const struct int8_border *b)
{
    const struct int8_view *v = &b->view;
    const size_t left = (size_t)(b->border.left * b->lanes);
    const size_t right = (size_t)(b->border.right * b->lanes);
    const size_t inner = (size_t)v->width * (size_t)b->lanes;
    for (int block = 0; block < v->blocks; block++)
        for (int y = -b->border.top; y < v->height + b->border.bottom; y++) {
            uint8_t *row = v->data + block * v->block + y * v->row;
            if (y < 0 || y >= v->height) {
                memset(row - left, b->value, left + inner + right);
                continue;
            }
            memset(row - left, b->value, left);
            memset(row + inner, b->value, right);
        }
}

bool int8_add_border(struct plan *plan, int index)
{
    const struct int8_planned *int8 = &plan->planned[index].int8;
    const struct border *b = &int8->out.border;
    const struct int8_border border = {.view = int8_view_of(plan, &int8->out),
                                       .border = *b,
                                       .lanes = int8->out.lanes,
                                       .value = (int)rintf(int8->zero)};
    if (!int8->bytes || b->top + b->bottom + b->left + b->right == 0)
        return true;
    if (!int8->out.buffer.shared) {
        fill_border(&border);
        return true;
    }
    struct step *step = plan_add_step(plan, STEP_INT8);
    if (step)
        step->int8 = (struct int8_step){.border = fill_border, .as_border = border};
    return step != NULL;
}

/* Does the node write bytes itself? Else floats, which may become bytes later. */
static bool writes_bytes(const struct planned *planned)
{
    return planned->int8.runs && !planned->int8.floats;
}

static struct int8_output output_of(const struct plan *plan, const struct planned *planned)
{
    if (writes_bytes(planned)) {
        const struct int8_view v = int8_view_of(plan, &planned->int8.out);
        return (struct int8_output){.bytes = v.data,
                                    .row = v.row,
                                    .block = v.block,
                                    .blocks = v.blocks,
                                    .height = v.height,
                                    .width = v.width};
    }
    const struct view v = plan_place(plan, &planned->out).view;
    return (struct int8_output){.floats = v.data,
                                .row = v.row,
                                .block = v.block,
                                .blocks = v.blocks,
                                .height = v.height,
                                .width = v.width};
}

/* --- scale, bias, activation ------------------------------------------------------------------ */

/* What one unit of the result stands for, and which unit stands for 0. */
struct unit {
    double size, zero;
};

static struct unit unit_of(const struct planned *planned)
{
    return writes_bytes(planned) ? (struct unit){planned->int8.scale, planned->int8.zero}
                                 : (struct unit){1, 0};
}

/*
 * With x = sx (q - zx) and w = sw u, a sum of x w is sx sw (sum of q u - zx * sum of u). Behind it
 * come the layer's bias, the folded scale and shift, the residual's zero, and the result's unit.
 */
static void fill_finish(const struct plan *plan, int index, const float *scales,
                        const int32_t *sums, float *scale, float *bias)
{
    const struct node *node = &plan->graph.nodes[index];
    const struct int8_planned *in = &plan->planned[node->inputs[0]].int8;
    const struct unit unit = unit_of(&plan->planned[index]);
    for (int o = 0; o < node->out.channels; o++) {
        const double folded = node->scale ? (double)node->scale[o] : 1;
        const double one = (double)in->scale * scales[o] * folded / unit.size;
        double rest = node->layer->bias ? node->layer->bias[o] * folded : 0;
        rest += node->shift ? (double)node->shift[o] : 0;
        if (node->residual >= 0) {
            const struct int8_planned *residual = &plan->planned[node->residual].int8;
            rest -= (double)residual->scale * residual->zero;
        }
        scale[o] = (float)one;
        bias[o] = (float)(rest / unit.size + unit.zero - one * in->zero * sums[o]);
    }
}

static struct int8_finish finish_of(const struct plan *plan, int index, const float *scale,
                                    const float *bias)
{
    const struct planned *planned = &plan->planned[index];
    const struct activation_params *activation = &plan->graph.nodes[index].activation;
    const struct unit unit = unit_of(planned);
    const bool fusable = plan_can_fuse(activation->kind);
    const struct activation_params linear = {.kind = ACTIVATION_LINEAR};
    const struct fused fused = plan_fused(fusable ? activation : &linear);
    const float zero = (float)unit.zero;
    const float cap = (float)((double)fused.cap / unit.size + unit.zero);
    const bool bytes = writes_bytes(planned);
    return (struct int8_finish){
        .scale = scale,
        .bias = bias,
        .zero = zero,
        .slope = fused.kind == FUSED_LEAKY ? fused.slope : 1,
        .low = fused.kind == FUSED_RELU ? zero
               : bytes                  ? 0
                                        : -INFINITY,
        .high = fminf(cap, bytes ? 255 : INFINITY),
    };
}

/* Room for packed weights, and for bias and scale behind each other. */
static bool allocate(struct plan *plan, int index, size_t weight_bytes, float **scale)
{
    struct planned *planned = &plan->planned[index];
    const size_t outputs = (size_t)pack_blocks(planned->out.size.channels, plan->kernels->lanes) *
                           (size_t)plan->kernels->lanes;
    const size_t count = (weight_bytes + sizeof(float) - 1) / sizeof(float);
    planned->weights = memory_pool_allocate(&plan->weights, count);
    planned->bias = memory_pool_allocate(&plan->weights, 2 * outputs);
    plan->weight_count += count + 2 * outputs;
    if (!planned->weights || !planned->bias)
        return false;
    *scale = planned->bias + outputs;
    return true;
}

/* Rounds the node's weights: fills in what they are packed with (per output channel, owned by the
 * caller) and the node's scale and bias. NULL: out of memory. */
static float *round_weights(struct plan *plan, int index, const struct int8_pack *pack,
                            size_t weight_bytes, float **scale)
{
    const size_t outputs = (size_t)pack->out;
    float *scales = malloc(outputs * sizeof *scales);
    int32_t *sums = malloc(outputs * sizeof *sums);
    if (!scales || !sums || !allocate(plan, index, weight_bytes, scale)) {
        free(scales);
        free(sums);
        return NULL;
    }
    int8_weight_scales(pack, scales, sums);
    fill_finish(plan, index, scales, sums, *scale, plan->planned[index].bias);
    free(sums);
    return scales;
}

/* --- convolution ------------------------------------------------------------------------------ */

static enum int8_distance step_of(ptrdiff_t column, int lanes)
{
    if (column == lanes)
        return INT8_DISTANCE_LANES;
    if (column == 2 * (ptrdiff_t)lanes)
        return INT8_DISTANCE_LANES2;
    return column == INT8_QUAD       ? INT8_DISTANCE_QUAD
           : column == 2 * INT8_QUAD ? INT8_DISTANCE_QUAD2
                                     : INT8_DISTANCE_ANY;
}

/* Taps that lie side by side in memory, without channels that do not exist, are one long tap. */
static void merge_taps(struct int8_conv *conv)
{
    if (conv->depth == conv->last_depth && conv->tap_column == conv->depth * INT8_QUAD) {
        conv->depth = conv->last_depth = conv->taps_x * conv->depth;
        conv->taps_x = 1;
        if (conv->tap_row == conv->depth * INT8_QUAD) {
            conv->depth = conv->last_depth = conv->taps_y * conv->depth;
            conv->taps_y = 1;
        }
    }
}

static struct int8_conv describe_conv(const struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    const struct tensor *tensor = &plan->planned[node->inputs[0]].int8.out;
    const struct window w = int8_window(node);
    const int quads = (node->in.channels + INT8_QUAD - 1) / INT8_QUAD;
    struct int8_conv conv = {
        .in = int8_view_of(plan, tensor),
        .out = output_of(plan, &plan->planned[index]),
        .taps_y = w.kernel_h,
        .taps_x = w.kernel_w,
        .tap_column = (ptrdiff_t)w.dilation_w * tensor->lanes,
        .output_column = (ptrdiff_t)w.stride_w * tensor->lanes,
        .depth = tensor->lanes / INT8_QUAD,
        .pool = node->pool,
    };
    conv.tap_row = w.dilation_h * conv.in.row;
    conv.output_row = w.stride_h * conv.in.row;
    conv.last_depth = quads - (conv.in.blocks - 1) * conv.depth;
    conv.in.data -= node->pad_top * conv.in.row + (ptrdiff_t)node->pad_left * tensor->lanes;
    if (node->residual >= 0) {
        const struct int8_planned *residual = &plan->planned[node->residual].int8;
        const struct int8_view v = int8_view_of(plan, &residual->out);
        conv.residual = v.data;
        conv.residual_row = v.row;
        conv.residual_block = v.block;
        conv.residual_scale =
            (float)((double)residual->scale / unit_of(&plan->planned[index]).size);
    }
    return conv;
}

static bool add_conv(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    struct planned *planned = &plan->planned[index];
    const struct int8_tile *tile = planned->int8.tile;
    const struct window w = int8_window(node);
    const bool picture = node->inputs[0] == 0;
    const struct int8_pack pack = {.kernel = node->layer->kernel,
                                   .taps = w.kernel_h * w.kernel_w,
                                   .in = node->in.channels,
                                   .out = node->out.channels,
                                   .lanes = plan->kernels->lanes,
                                   .vectors = tile->vectors,
                                   .plain = picture,
                                   .reversed = picture && node->in.channels == 3 &&
                                               !plan->model->preprocessing.bgr};
    float *scale;
    float *scales = round_weights(plan, index, &pack, int8_pack_conv_bytes(&pack), &scale);
    struct step *step = scales ? plan_add_step(plan, STEP_INT8) : NULL;
    if (step) {
        int8_pack_conv(&pack, scales, (int8_t *)planned->weights);
        struct int8_conv conv = describe_conv(plan, index);
        conv.weights = (const int8_t *)planned->weights;
        conv.finish = finish_of(plan, index, scale, planned->bias);
        merge_taps(&conv);
        step->int8 = (struct int8_step){
            .conv = tile->run[step_of(conv.output_column, plan->kernels->lanes)], .as_conv = conv};
        snprintf(planned->text, sizeof planned->text, "%s, %dx%dx%d", plan->int8->name, tile->rows,
                 tile->columns, tile->vectors);
    }
    free(scales);
    return step != NULL;
}

/* --- depthwise -------------------------------------------------------------------------------- */

static bool add_depthwise(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    struct planned *planned = &plan->planned[index];
    const struct window w = node->layer->conv.window;
    const int lanes = plan->kernels->lanes;
    const struct int8_pack pack = {.kernel = node->layer->kernel,
                                   .taps = w.kernel_h * w.kernel_w,
                                   .taps_x = w.kernel_w,
                                   .in = 1,
                                   .out = node->out.channels,
                                   .lanes = lanes};
    float *scale;
    float *scales = round_weights(plan, index, &pack, int8_pack_depthwise_bytes(&pack), &scale);
    struct step *step = scales ? plan_add_step(plan, STEP_INT8) : NULL;
    if (step) {
        int8_pack_depthwise(&pack, scales, (int8_t *)planned->weights);
        struct int8_view in = int8_view_of(plan, &plan->planned[node->inputs[0]].int8.out);
        in.data -= node->pad_top * in.row + (ptrdiff_t)node->pad_left * lanes;
        step->int8 = (struct int8_step){
            .depthwise = plan->int8->depthwise,
            .as_depthwise = {.in = in,
                             .out = output_of(plan, planned),
                             .taps_y = w.kernel_h,
                             .taps_x = w.kernel_w,
                             .tap_row = w.dilation_h * in.row,
                             .output_row = w.stride_h * in.row,
                             .output_column = (ptrdiff_t)w.stride_w * lanes,
                             .weights = (const int8_t *)planned->weights,
                             .finish = finish_of(plan, index, scale, planned->bias)}};
        snprintf(planned->text, sizeof planned->text, "%s, depthwise", plan->int8->name);
    }
    free(scales);
    return step != NULL;
}

/* --- all -------------------------------------------------------------------------------------- */

bool int8_add_node(struct plan *plan, int index)
{
    const bool depthwise = plan->graph.nodes[index].layer->op == LAYER_DEPTHWISE_CONV2D;
    return (!writes_bytes(&plan->planned[index]) || int8_add_border(plan, index)) &&
           (depthwise ? add_depthwise(plan, index) : add_conv(plan, index));
}

bool int8_add_quantization(struct plan *plan, int index)
{
    const struct planned *planned = &plan->planned[index];
    if (!planned->int8.bytes || writes_bytes(planned))
        return true;
    if (!int8_add_border(plan, index))
        return false;
    struct step *step = plan_add_step(plan, STEP_INT8);
    if (step)
        step->int8 =
            (struct int8_step){.quantize = plan->int8->quantize,
                               .as_quantize = {.in = plan_place(plan, &planned->out).view,
                                               .out = int8_view_of(plan, &planned->int8.out),
                                               .scale = 1 / planned->int8.scale,
                                               .offset = planned->int8.zero}};
    return step != NULL;
}

void int8_run_step(const struct int8_step *step)
{
    if (step->conv)
        step->conv(&step->as_conv);
    else if (step->depthwise)
        step->depthwise(&step->as_depthwise);
    else if (step->quantize)
        step->quantize(&step->as_quantize);
    else
        step->border(&step->as_border);
}
