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
    const ptrdiff_t pixel = (ptrdiff_t)tensor->lanes * plan->int8->value_bytes;
    const ptrdiff_t row = (tensor->size.width + b->left + b->right) * pixel;
    return (struct int8_view){
        .data = (uint8_t *)(plan->arena + tensor->buffer.offset) + b->top * row + b->left * pixel,
        .row = row,
        .block = row * (tensor->size.height + b->top + b->bottom),
        .blocks = pack_blocks(tensor->size.channels, tensor->lanes),
        .height = tensor->size.height,
        .width = tensor->size.width,
    };
}

static void fill_values(uint8_t *to, size_t count, const struct int8_border *b)
{
    if (b->value_bytes == 1 || b->value == 0) { /* what a ReLU leaves has its zero there */
        memset(to, b->value, count * (size_t)b->value_bytes);
        return;
    }
    uint16_t *halves = (uint16_t *)(void *)to;
    for (size_t i = 0; i < count; i++)
        halves[i] = (uint16_t)b->value;
}

static void fill_border(const struct int8_border *b)
{
    const struct int8_view *v = &b->view;
    const ptrdiff_t bytes = b->value_bytes;
    const ptrdiff_t left = (ptrdiff_t)b->border.left * b->lanes;
    const ptrdiff_t right = (ptrdiff_t)b->border.right * b->lanes;
    const ptrdiff_t inner = (ptrdiff_t)v->width * b->lanes;
    for (int block = 0; block < v->blocks; block++)
        for (int y = -b->border.top; y < v->height + b->border.bottom; y++) {
            uint8_t *row = v->data + block * v->block + y * v->row;
            if (y < 0 || y >= v->height) {
                fill_values(row - left * bytes, (size_t)(left + inner + right), b);
                continue;
            }
            fill_values(row - left * bytes, (size_t)left, b);
            fill_values(row + inner * bytes, (size_t)right, b);
        }
}

bool int8_add_border(struct plan *plan, int index)
{
    const struct int8_planned *int8 = &plan->planned[index].int8;
    const struct border *b = &int8->out.border;
    const struct int8_border border = {.view = int8_view_of(plan, &int8->out),
                                       .border = *b,
                                       .lanes = int8->out.lanes,
                                       .value = (int)rintf(int8->zero),
                                       .value_bytes = plan->int8->value_bytes};
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

static struct int8_output output_of(const struct plan *plan, const struct planned *planned)
{
    if (int8_writes_values(planned)) {
        const struct int8_view v = int8_view_of(plan, &planned->int8.out);
        return (struct int8_output){.values = v.data,
                                    .row = v.row / plan->int8->value_bytes,
                                    .block = v.block / plan->int8->value_bytes,
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
    return int8_writes_values(planned) ? (struct unit){planned->int8.scale, planned->int8.zero}
                                       : (struct unit){1, 0};
}

/*
 * With x = sx (q - zx) and w = sw u, a sum of x w is sx sw (sum of q u - zx * sum of u). Behind it
 * come the layer's bias, the folded scale and shift, the residual's zero, and the result's unit.
 */
static void fill_finish(const struct plan *plan, int index, const struct int8_weights *weights,
                        float *scale, float *bias)
{
    const struct node *node = &plan->graph.nodes[index];
    const struct int8_planned *in = &plan->planned[node->inputs[0]].int8;
    const struct unit unit = unit_of(&plan->planned[index]);
    for (int o = 0; o < node->out.channels; o++) {
        const double folded = node->scale ? (double)node->scale[o] : 1;
        const double one = (double)in->scale * weights->scales[o] * folded / unit.size;
        double rest = node->layer->bias ? node->layer->bias[o] * folded : 0;
        rest += node->shift ? (double)node->shift[o] : 0;
        if (node->residual >= 0) {
            const struct int8_planned *residual = &plan->planned[node->residual].int8;
            rest -= (double)residual->scale * residual->zero;
        }
        scale[o] = (float)one;
        bias[o] = (float)(rest / unit.size + unit.zero - one * in->zero * weights->sums[o]);
    }
}

static struct int8_finish finish_of(const struct plan *plan, int index)
{
    const struct planned *planned = &plan->planned[index];
    const struct activation_params *activation = &plan->graph.nodes[index].activation;
    const struct unit unit = unit_of(planned);
    const bool fusable = plan_can_fuse(activation->kind);
    const struct activation_params linear = {.kind = ACTIVATION_LINEAR};
    const struct fused fused = plan_fused(fusable ? activation : &linear);
    const float zero = (float)unit.zero;
    const float cap = (float)((double)fused.cap / unit.size + unit.zero);
    const bool values = int8_writes_values(planned);
    const int outputs =
        pack_blocks(planned->out.size.channels, plan->kernels->lanes) * plan->kernels->lanes;
    return (struct int8_finish){
        .scale = planned->bias + outputs,
        .bias = planned->bias,
        .zero = zero,
        .slope = fused.kind == FUSED_LEAKY ? fused.slope : 1,
        .low = fused.kind == FUSED_RELU || fused.kind == FUSED_CLIP ? zero
               : values                                             ? 0
                                                                    : -INFINITY,
        .high = fminf(cap, values ? 255 : INFINITY),
    };
}

/* Room for packed weights, and bias and scale filled in behind each other. */
static bool allocate(struct plan *plan, int index, const struct int8_weights *weights,
                     size_t weight_bytes)
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
    fill_finish(plan, index, weights, planned->bias + outputs, planned->bias);
    return true;
}

/* --- convolution ------------------------------------------------------------------------------ */

static enum int8_distance distance_of(const struct plan *plan, ptrdiff_t column)
{
    const int bytes = plan->int8->value_bytes;
    const ptrdiff_t block = (ptrdiff_t)plan->int8->lanes * bytes;
    const ptrdiff_t picture = (ptrdiff_t)int8_picture_lanes(plan->int8, 3) * bytes;
    return column == block         ? INT8_DISTANCE_BLOCK
           : column == 2 * block   ? INT8_DISTANCE_BLOCK2
           : column == picture     ? INT8_DISTANCE_PICTURE
           : column == 2 * picture ? INT8_DISTANCE_PICTURE2
                                   : INT8_DISTANCE_ANY;
}

/* Taps that lie side by side in memory, without channels that do not exist, are one long tap. */
static void merge_taps(struct int8_conv *conv)
{
    if (conv->depth == conv->last_depth && conv->tap_column == conv->depth * INT8_UNIT) {
        conv->depth = conv->last_depth = conv->taps_x * conv->depth;
        conv->taps_x = 1;
        if (conv->tap_row == conv->depth * INT8_UNIT) {
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
    const struct int8_task task = int8_task_of(plan, index);
    const ptrdiff_t pixel = (ptrdiff_t)tensor->lanes * plan->int8->value_bytes;
    struct int8_conv conv = {
        .in = int8_view_of(plan, tensor),
        .out = output_of(plan, &plan->planned[index]),
        .taps_y = w.kernel_h,
        .taps_x = task.taps / w.kernel_h,
        .tap_column = w.dilation_w * pixel,
        .output_column = w.stride_w * pixel,
        .depth = tensor->lanes / int8_unit_values(plan->int8),
        .finish = finish_of(plan, index),
        .pool = node->pool,
    };
    conv.tap_row = w.dilation_h * conv.in.row;
    conv.output_row = w.stride_h * conv.in.row;
    conv.last_depth = task.units - (conv.in.blocks - 1) * conv.depth;
    conv.in.data -= node->pad_top * conv.in.row + node->pad_left * pixel;
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

static struct int8_pack describe_pack(const struct plan *plan, int index,
                                      const struct int8_weights *weights)
{
    const struct node *node = &plan->graph.nodes[index];
    const struct int8_choice *choice = &plan->planned[index].int8.choice;
    const struct int8_task task = int8_task_of(plan, index);
    const struct window w = int8_window(node);
    return (struct int8_pack){.weights = weights,
                              .taps = task.taps,
                              .in = node->in.channels * (w.kernel_h * w.kernel_w / task.taps),
                              .out = node->out.channels,
                              .lanes = plan->kernels->lanes,
                              .vectors = choice->tile->vectors,
                              .unit = int8_unit_values(plan->int8),
                              .weight_bytes = int8_weight_bytes(plan->int8, choice->tile),
                              .plain = int8_in_lanes(plan, index) != plan->kernels->lanes};
}

static bool add_direct(struct plan *plan, int index, const struct int8_weights *weights)
{
    struct planned *planned = &plan->planned[index];
    const struct int8_tile *tile = planned->int8.choice.tile;
    const struct int8_pack pack = describe_pack(plan, index, weights);
    if (!allocate(plan, index, weights, int8_pack_conv_bytes(&pack)))
        return false;
    struct step *step = plan_add_step(plan, STEP_INT8);
    if (!step)
        return false;
    int8_pack_conv(&pack, (int8_t *)planned->weights);
    struct int8_conv conv = describe_conv(plan, index);
    conv.weights = (const int8_t *)planned->weights;
    merge_taps(&conv);
    const bool far = choose_far_weights((double)int8_pack_conv_bytes(&pack));
    step->int8 = (struct int8_step){.conv = far ? tile->run_far
                                                : tile->run[distance_of(plan, conv.output_column)],
                                    .as_conv = conv};
    snprintf(planned->text, sizeof planned->text, "%s, %dx%dx%d%s%s",
             tile->matrix ? "int8, AMX" : plan->int8->name, tile->rows, tile->columns,
             tile->vectors,
             int8_in_lanes(plan, index) > plan->kernels->lanes ? ", whole pixels" : "",
             far ? ", far" : "");
    return true;
}

static bool add_winograd(struct plan *plan, int index, const struct int8_weights *weights)
{
    struct planned *planned = &plan->planned[index];
    const struct int8_choice *choice = &planned->int8.choice;
    const struct int8_pack pack = describe_pack(plan, index, weights);
    const ptrdiff_t stride = int8_pack_winograd_stride(&pack);
    if (!allocate(plan, index, weights, 36 * (size_t)stride))
        return false;
    struct step *step = plan_add_step(plan, STEP_INT8);
    if (!step)
        return false;
    const bool far = choose_far_weights(36.0 * (double)stride);
    int8_pack_winograd(&pack, (int8_t *)planned->weights);
    step->int8 = (struct int8_step){
        .winograd = plan->int8->winograd,
        .as_winograd = {.direct = describe_conv(plan, index),
                        .gemm = choice->tile,
                        .weights = (const int8_t *)planned->weights,
                        .far = far,
                        .weight_stride = stride,
                        .block = choice->block,
                        .scratch = (uint8_t *)(plan->arena + planned->scratch.buffer.offset)}};
    snprintf(planned->text, sizeof planned->text, "%s, Winograd, %d tiles, %dx%d%s",
             plan->int8->name, choice->block, choice->tile->columns, choice->tile->vectors,
             far ? ", far" : "");
    return true;
}

static bool add_conv(struct plan *plan, int index, const struct int8_weights *weights)
{
    struct int8_choice *choice = &plan->planned[index].int8.choice;
    if (choice->block > 0 && int8_winograd_is_exact(weights))
        return add_winograd(plan, index, weights);
    if (choice->block > 0) {
        struct int8_task task = int8_task_of(plan, index);
        task.winograd = false;
        *choice = int8_choose(plan->int8, &task);
    }
    return add_direct(plan, index, weights);
}

/* --- depthwise -------------------------------------------------------------------------------- */

static bool add_depthwise(struct plan *plan, int index, const struct int8_weights *weights)
{
    const struct node *node = &plan->graph.nodes[index];
    struct planned *planned = &plan->planned[index];
    const struct window w = node->layer->conv.window;
    const int lanes = plan->kernels->lanes;
    const ptrdiff_t pixel = (ptrdiff_t)lanes * plan->int8->value_bytes;
    const struct int8_pack pack = {.weights = weights,
                                   .taps = w.kernel_h * w.kernel_w,
                                   .taps_x = w.kernel_w,
                                   .out = node->out.channels,
                                   .lanes = lanes,
                                   .unit = int8_unit_values(plan->int8),
                                   .weight_bytes = plan->int8->value_bytes};
    if (!allocate(plan, index, weights, int8_pack_depthwise_bytes(&pack)))
        return false;
    struct step *step = plan_add_step(plan, STEP_INT8);
    if (!step)
        return false;
    int8_pack_depthwise(&pack, (int8_t *)planned->weights);
    struct int8_view in = int8_view_of(plan, &plan->planned[node->inputs[0]].int8.out);
    struct int8_output out = output_of(plan, planned);
    const bool whole_pixels = int8_writes_values(planned) && planned->int8.out.lanes > lanes;
    if (whole_pixels) {
        out.blocks = pack_blocks(node->out.channels, lanes);
        out.block = lanes;
    }
    in.data -= node->pad_top * in.row + node->pad_left * pixel;
    step->int8 = (struct int8_step){
        .depthwise = plan->int8->depthwise,
        .as_depthwise = {.in = in,
                         .out = out,
                         .out_pixel = whole_pixels ? planned->int8.out.lanes : lanes,
                         .taps_y = w.kernel_h,
                         .taps_x = w.kernel_w,
                         .tap_row = w.dilation_h * in.row,
                         .output_row = w.stride_h * in.row,
                         .output_column = w.stride_w * pixel,
                         .weights = (const int8_t *)planned->weights,
                         .finish = finish_of(plan, index)}};
    snprintf(planned->text, sizeof planned->text, "%s, depthwise", plan->int8->name);
    return true;
}

/* --- all -------------------------------------------------------------------------------------- */

bool int8_add_node(struct plan *plan, int index)
{
    const struct node *node = &plan->graph.nodes[index];
    const struct window w = int8_window(node);
    const bool depthwise = node->layer->op == LAYER_DEPTHWISE_CONV2D;
    const size_t rows =
        (size_t)w.kernel_h * (size_t)w.kernel_w * (depthwise ? 1 : (size_t)node->in.channels);
    if (int8_writes_values(&plan->planned[index]) && !int8_add_border(plan, index))
        return false;
    struct int8_weights weights;
    const bool good = int8_weights_init(&weights, node->layer->kernel, rows, node->out.channels) &&
                      (depthwise ? add_depthwise : add_conv)(plan, index, &weights);
    int8_weights_finish(&weights);
    return good;
}

bool int8_add_quantization(struct plan *plan, int index)
{
    const struct planned *planned = &plan->planned[index];
    if (!planned->int8.bytes || int8_writes_values(planned))
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
    else if (step->winograd)
        step->winograd(&step->as_winograd);
    else if (step->depthwise)
        step->depthwise(&step->as_depthwise);
    else if (step->quantize)
        step->quantize(&step->as_quantize);
    else
        step->border(&step->as_border);
}
