#include "nn/train/dropout.h"
#include "nn/train/fast.h"

#include <math.h>
#include <string.h>

/* The poolings are one kernel; the global ones have a window as large as the picture. */
struct window fast_pool_window(const struct fast_node *node, struct size3 in)
{
    const enum layer_op op = node->layer->op;
    if (op == LAYER_MAX_POOL2D || op == LAYER_AVERAGE_POOL2D)
        return node->layer->pool;
    return (struct window){
        .kernel_h = in.height, .kernel_w = in.width, .stride_h = 1, .stride_w = 1};
}

bool fast_pools_average(const struct fast_node *node)
{
    return node->layer->op == LAYER_AVERAGE_POOL2D ||
           node->layer->op == LAYER_GLOBAL_AVERAGE_POOL2D;
}

void fast_scale(const struct chunk *chunk, const struct fast_tensor *in,
                const struct fast_tensor *out, const float *scale, const float *shift,
                struct fused fused)
{
    const int lanes = chunk->fast->lanes;
    for (int i = 0; i < chunk->count; i++) {
        const struct depthwise task = {
            .in = fast_view(chunk, in, i),
            .out = fast_view(chunk, out, i),
            .out_pixel = lanes,
            .taps_y = 1,
            .taps_x = 1,
            .tap_row = in->row,
            .tap_column = lanes,
            .output_row = in->row,
            .output_column = lanes,
            .weights = scale,
            .bias = shift,
            .fused = fused,
        };
        chunk->fast->kernels->inference->depthwise(&task);
    }
}

/* --- layers ----------------------------------------------------------------------------------- */

static void dense(const struct chunk *chunk, const struct fast_node *node)
{
    enum { VECTORS = 4 }; /* in a part: as many as the kernel takes at once, or more */
    const struct fast_tensor *x = &fast_input(chunk->fast, node, 0)->value;
    const int vectors = fast_blocks(&node->value), lanes = chunk->fast->lanes;
    const struct fast_work work = fast_work(chunk, node, (vectors + VECTORS - 1) / VECTORS);
    const int first = work.first * VECTORS;
    const int end = work.end * VECTORS < vectors ? work.end * VECTORS : vectors;
    const ptrdiff_t skipped = (ptrdiff_t)first * lanes;
    const struct batch_dense task = {
        .x = fast_view(&work.chunk, x, 0).data,
        .x_stride = (ptrdiff_t)x->count,
        .y = fast_view(&work.chunk, &node->value, 0).data + skipped,
        .y_stride = (ptrdiff_t)node->value.count,
        .weights = chunk->weights + node->kernel->offset + skipped,
        .bias = node->bias ? chunk->weights + node->bias->offset + skipped : NULL,
        .pitch = node->kernel->pitch,
        .images = work.chunk.count,
        .inputs = x->size.channels,
        .vectors = end - first,
        .fused = fast_fused(node),
    };
    fast_meet(chunk, node);
    chunk->fast->kernels->dense(&task);
    fast_meet(chunk, node);
}

static void depthwise(const struct chunk *chunk, const struct fast_node *node)
{
    const struct window *w = &node->layer->conv.window;
    const struct fast_tensor *x =
        node->repeated.data ? &node->repeated : &fast_input(chunk->fast, node, 0)->value;
    const int lanes = chunk->fast->lanes;
    for (int i = 0; i < chunk->count; i++) {
        if (node->repeated.data)
            layout_copy(&(struct transfer){
                .from = fast_place(chunk, &fast_input(chunk->fast, node, 0)->value, i),
                .to = fast_place(chunk, x, i),
                .repeat = node->layer->conv.multiplier});
        struct depthwise task = {
            .in = fast_view(chunk, x, i),
            .out = fast_view(chunk, &node->value, i),
            .out_pixel = lanes,
            .taps_y = w->kernel_h,
            .taps_x = w->kernel_w,
            .tap_row = w->dilation_h * x->row,
            .tap_column = (ptrdiff_t)w->dilation_w * lanes,
            .output_row = w->stride_h * x->row,
            .output_column = (ptrdiff_t)w->stride_w * lanes,
            .weights = node->packed,
            .bias = node->bias ? chunk->weights + node->bias->offset : chunk->fast->zeros,
            .fused = fast_fused(node),
        };
        task.in.data -= w->pad_top * x->row + (ptrdiff_t)w->pad_left * lanes;
        chunk->fast->kernels->inference->depthwise(&task);
    }
}

static void pool_and_choose(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_tensor *x = &fast_input(chunk->fast, node, 0)->value;
    for (int i = 0; i < chunk->count; i++) {
        const struct pool_choice task = {.x = fast_view(chunk, x, i),
                                         .y = fast_view(chunk, &node->value, i),
                                         .chosen = (void *)fast_view(chunk, &node->chosen, i).data};
        chunk->fast->kernels->pool_choose(&task);
    }
}

static void pool(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_tensor *x = &fast_input(chunk->fast, node, 0)->value;
    for (int i = 0; i < chunk->count; i++) {
        const struct pool task = {.in = fast_view(chunk, x, i),
                                  .out = fast_view(chunk, &node->value, i),
                                  .window = fast_pool_window(node, x->size),
                                  .average = fast_pools_average(node)};
        chunk->fast->kernels->inference->pool(&task);
    }
}

/* One picture: the first two inputs, then one more at a time; the activation with the last. */
static void add_picture(const struct chunk *chunk, const struct fast_node *node, int picture)
{
    const struct view out = fast_view(chunk, &node->value, picture);
    const int count = node->layer->input_count;
    for (int k = 1; k < count; k++) {
        const struct add task = {
            .a = k == 1 ? fast_view(chunk, &fast_input(chunk->fast, node, 0)->value, picture) : out,
            .b = fast_view(chunk, &fast_input(chunk->fast, node, k)->value, picture),
            .out = out,
            .fused = k + 1 == count ? fast_fused(node) : (struct fused){.kind = FUSED_LINEAR}};
        chunk->fast->kernels->inference->add(&task);
    }
}

static void concatenate(const struct chunk *chunk, const struct fast_node *node, int picture)
{
    int first = 0;
    for (int k = 0; k < node->layer->input_count; k++) {
        const struct fast_tensor *x = &fast_input(chunk->fast, node, k)->value;
        layout_copy(&(struct transfer){.from = fast_place(chunk, x, picture),
                                       .to = fast_place(chunk, &node->value, picture),
                                       .first = first,
                                       .repeat = 1});
        first += x->size.channels;
    }
}

static void drop(const struct chunk *chunk, const struct fast_node *node, int picture)
{
    const struct train_setup *setup = &chunk->fast->setup;
    const double rate = (double)node->layer->dropout.rate;
    const struct dropout task = {
        .in = fast_view(chunk, &fast_input(chunk->fast, node, 0)->value, picture),
        .out = fast_view(chunk, &node->value, picture),
        .channels = node->value.size.channels,
        .key = dropout_key(setup->seed, chunk->step, (int)(node - chunk->fast->nodes),
                           chunk->first + picture),
        .limit = dropout_limit(rate),
        .scale = (float)(1 / (1 - rate)),
    };
    chunk->fast->kernels->dropout(&task);
}

/* As one row after another, whatever the shape. */
struct place fast_flat(const struct fast_tensor *tensor, float *values)
{
    const struct size3 size = tensor->size;
    const ptrdiff_t row = (ptrdiff_t)size.width * size.channels;
    return (struct place){.view = {values, row, row * size.height, 1, size.height, size.width},
                          .lanes = size.channels,
                          .channels = size.channels};
}

static void take_input(const struct chunk *chunk, int picture)
{
    const struct fast_tensor *input = &chunk->fast->nodes[0].value;
    const ptrdiff_t values = (ptrdiff_t)shape_count(model_input_shape(chunk->fast->setup.model));
    float *from = (float *)chunk->x + (chunk->first + picture) * values; /* is only read */
    layout_copy(&(struct transfer){
        .from = fast_flat(input, from), .to = fast_place(chunk, input, picture), .repeat = 1});
}

/* Flatten and Reshape: out of the blocks into a row, and into the blocks of the other shape. */
static void reshape(const struct chunk *chunk, const struct fast_node *node, int picture)
{
    const struct fast_tensor *x = &fast_input(chunk->fast, node, 0)->value;
    float *row = chunk->fast->scratch[chunk->worker];
    layout_copy(&(struct transfer){
        .from = fast_place(chunk, x, picture), .to = fast_flat(x, row), .repeat = 1});
    layout_copy(&(struct transfer){.from = fast_flat(&node->value, row),
                                   .to = fast_place(chunk, &node->value, picture),
                                   .repeat = 1});
}

static void copy(const struct chunk *chunk, const struct fast_node *node, int picture)
{
    const bool pads = node->layer->op == LAYER_ZERO_PADDING2D;
    layout_copy(&(struct transfer){
        .from = fast_place(chunk, &fast_input(chunk->fast, node, 0)->value, picture),
        .to = fast_place(chunk, &node->value, picture),
        .top = pads ? node->layer->pool.pad_top : 0,
        .left = pads ? node->layer->pool.pad_left : 0,
        .repeat = 1});
}

/* Layers that go picture by picture. */
static void forward_picture(const struct chunk *chunk, const struct fast_node *node, int picture)
{
    switch (node->layer->op) {
    case LAYER_INPUT:
        take_input(chunk, picture);
        break;
    case LAYER_ADD:
        add_picture(chunk, node, picture);
        break;
    case LAYER_CONCATENATE:
        concatenate(chunk, node, picture);
        break;
    case LAYER_DROPOUT:
        if (chunk->training)
            drop(chunk, node, picture);
        else
            copy(chunk, node, picture);
        break;
    case LAYER_FLATTEN:
    case LAYER_RESHAPE:
        reshape(chunk, node, picture);
        break;
    default:
        copy(chunk, node, picture);
    }
}

static bool fuses_activation(const struct fast_node *node)
{
    switch (node->layer->op) {
    case LAYER_CONV2D:
    case LAYER_DEPTHWISE_CONV2D:
    case LAYER_DENSE:
    case LAYER_BATCH_NORM:
        return fast_is_fused(node);
    case LAYER_ADD:
        return fast_is_fused(node) && node->layer->input_count > 1;
    default:
        return node->activation.kind == ACTIVATION_LINEAR;
    }
}

/* What the layer's kernel did not do on the way out. */
static void activate(const struct chunk *chunk, const struct fast_node *node)
{
    if (fuses_activation(node) && !node->keeps_before)
        return;
    for (int i = 0; i < chunk->count; i++) {
        if (node->keeps_before)
            layout_copy(&(struct transfer){.from = fast_place(chunk, &node->value, i),
                                           .to = fast_place(chunk, &node->before, i),
                                           .repeat = 1});
        const struct activate task = {.view = fast_view(chunk, &node->value, i),
                                      .channels = node->value.size.channels,
                                      .activation = node->activation};
        chunk->fast->kernels->inference->activate(&task);
    }
}

void fast_forward(const struct chunk *chunk, int layer)
{
    const struct fast_node *node = &chunk->fast->nodes[layer];
    if (node->summed)
        return;
    switch (node->layer->op) {
    case LAYER_CONV2D:
    case LAYER_DENSE:
        if (fast_is_conv(node))
            fast_conv_forward(chunk, node);
        else
            dense(chunk, node);
        break;
    case LAYER_DEPTHWISE_CONV2D:
        depthwise(chunk, node);
        break;
    case LAYER_BATCH_NORM:
        fast_norm_forward(chunk, node);
        break;
    case LAYER_RESCALING:
        fast_scale(chunk, &fast_input(chunk->fast, node, 0)->value, &node->value, node->packed,
                   node->packed + fast_blocks(&node->value) * chunk->fast->lanes,
                   (struct fused){.kind = FUSED_LINEAR});
        break;
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        if (chunk->training && fast_pool_chooses(node))
            pool_and_choose(chunk, node);
        else
            pool(chunk, node);
        break;
    default:
        for (int i = 0; i < chunk->count; i++)
            forward_picture(chunk, node, i);
    }
    activate(chunk, node);
}
