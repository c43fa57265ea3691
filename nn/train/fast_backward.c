#include "nn/train/dropout.h"
#include "nn/train/fast.h"

/* The gradient by a node's output is in node->gradient; every function here works out that by the
 * input into fast_gradient_target(). */

/* Of a node, from y, which is its value or what a pooling took of it. */
static void undo_activation(const struct chunk *chunk, const struct fast_node *node,
                            const struct fast_tensor *y, const struct fast_tensor *dy)
{
    float *sums =
        node->bias && !fast_conv_sums_bias(node) ? chunk->gradient + node->bias->offset : NULL;
    struct activation_params activation = node->activation;
    if (node->undone)
        activation.kind = ACTIVATION_LINEAR;
    if (activation.kind == ACTIVATION_LINEAR && !sums)
        return;
    for (int i = 0; i < chunk->count; i++) {
        const struct activate_back task = {.y = fast_view(chunk, y, i),
                                           .dy = fast_view(chunk, dy, i),
                                           .channels = node->value.size.channels,
                                           .activation = activation,
                                           .sums = sums};
        chunk->fast->kernels->activate_back(&task);
    }
}

static void activate_back(const struct chunk *chunk, const struct fast_node *node)
{
    if (!node->pooled && !fast_norm_rectifies(node))
        undo_activation(chunk, node, node->keeps_before ? &node->before : &node->value,
                        &node->gradient);
    if (fast_is_max_pool(node) && fast_input(chunk->fast, node, 0)->pooled)
        undo_activation(chunk, fast_input(chunk->fast, node, 0), &node->value, &node->gradient);
}

/* --- layers with weights ---------------------------------------------------------------------- */

enum { DENSE_ROWS = 64 };

/* The gradient of the weights is that of a 1x1 convolution whose pixels are the pictures, a few
 * rows of it at a time, so that they are in the cache while all pictures add to them. */
static void dense_weights(const struct fast_work *work, const struct fast_node *node, int end)
{
    const struct chunk *chunk = &work->chunk;
    const struct fast_tensor *x = &fast_input(chunk->fast, node, 0)->value;
    struct weight_gradient task = {
        .x = {.blocks = 1},
        .dy = fast_view(chunk, &node->gradient, 0),
        .dy_column = (ptrdiff_t)node->gradient.count,
        .images = 1,
        .taps_y = 1,
        .taps_x = 1,
        .output_column = (ptrdiff_t)x->count,
        .pitch = node->kernel->pitch,
    };
    task.dy.height = 1;
    task.dy.width = chunk->count;
    for (int first = work->first * DENSE_ROWS; first < end; first += DENSE_ROWS) {
        task.x.data = fast_view(chunk, x, 0).data + first;
        task.depth = task.last_depth = end - first < DENSE_ROWS ? end - first : DENSE_ROWS;
        task.gradient =
            chunk->gradient + node->kernel->offset + (ptrdiff_t)first * node->kernel->pitch;
        chunk->fast->kernels->weight_gradient(&task);
    }
}

/* dx of some of the inputs. */
static void dense_inputs(const struct fast_work *work, const struct fast_node *node,
                         const struct fast_tensor *dx, int end)
{
    const struct chunk *chunk = &work->chunk;
    const int first = work->first * DENSE_ROWS;
    const struct batch_dense_back task = {
        .dx = fast_view(chunk, dx, 0).data + first,
        .x_stride = (ptrdiff_t)dx->count,
        .dy = fast_view(chunk, &node->gradient, 0).data,
        .y_stride = (ptrdiff_t)node->gradient.count,
        .weights = chunk->weights + node->kernel->offset + (ptrdiff_t)first * node->kernel->pitch,
        .pitch = node->kernel->pitch,
        .images = chunk->count,
        .inputs = end - first,
        .vectors = fast_blocks(&node->value),
    };
    chunk->fast->kernels->dense_back(&task);
}

static void dense(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_tensor *dx = fast_gradient_target(chunk->fast, node, 0);
    const int inputs = fast_input(chunk->fast, node, 0)->value.size.channels;
    const struct fast_work work = fast_work(chunk, node, (inputs + DENSE_ROWS - 1) / DENSE_ROWS);
    const int end = work.end * DENSE_ROWS < inputs ? work.end * DENSE_ROWS : inputs;
    fast_meet(chunk, node);
    if (work.chunk.count > 0 && work.first < work.end) {
        dense_weights(&work, node, end);
        if (dx)
            dense_inputs(&work, node, dx, end);
    }
    fast_meet(chunk, node);
}

static float *channel(const struct place *place, int c, int y, int x)
{
    return place->view.data + c / place->lanes * place->view.block + y * place->view.row +
           (ptrdiff_t)x * place->lanes + c % place->lanes;
}

/* to[c] = sum of from[c * repeat + first ...], `repeat` of them; else channels of a Concatenate. */
static void gather(const struct place *from, const struct place *to, int first, int repeat)
{
    for (int c = 0; c < to->channels; c++)
        for (int y = 0; y < to->view.height; y++)
            for (int x = 0; x < to->view.width; x++) {
                float sum = 0;
                for (int k = 0; k < repeat; k++)
                    sum += *channel(from, first + c * repeat + k, y, x);
                *channel(to, c, y, x) = sum;
            }
}

static void depthwise(const struct chunk *chunk, const struct fast_node *node)
{
    const struct fast_tensor *dx = fast_gradient_target(chunk->fast, node, 0);
    const bool repeats = node->repeated.data != NULL;
    const struct fast_tensor *x =
        repeats ? &node->repeated : &fast_input(chunk->fast, node, 0)->value;
    const struct fast_tensor *to = repeats && dx ? &node->repeated_gradient : dx;
    for (int i = 0; i < chunk->count; i++) {
        const struct depthwise_gradient task = {
            .x = fast_view(chunk, x, i),
            .dy = fast_view(chunk, &node->gradient, i),
            .dx = to ? fast_view(chunk, to, i).data : NULL,
            .dx_row = to ? to->row : 0,
            .dx_block = to ? to->block : 0,
            .window = node->layer->conv.window,
            .weights = chunk->weights + node->kernel->offset,
            .gradient = chunk->gradient + node->kernel->offset,
            .pitch = node->kernel->pitch,
        };
        chunk->fast->kernels->depthwise_gradient(&task);
        if (repeats && dx) {
            const struct place from = fast_place(chunk, to, i), place = fast_place(chunk, dx, i);
            gather(&from, &place, 0, node->layer->conv.multiplier);
        }
    }
}

/* --- layers without --------------------------------------------------------------------------- */

static void pool(const struct chunk *chunk, const struct fast_node *node,
                 const struct fast_tensor *dx, int picture)
{
    const struct fast_tensor *x = &fast_input(chunk->fast, node, 0)->value;
    if (fast_pool_chooses(node)) {
        const struct pool_choice_back task = {
            .dy = fast_view(chunk, &node->gradient, picture),
            .dx = fast_view(chunk, dx, picture),
            .chosen = (void *)fast_view(chunk, &node->chosen, picture).data};
        chunk->fast->kernels->pool_choose_back(&task);
        return;
    }
    const struct pool_back task = {.x = fast_view(chunk, x, picture),
                                   .y = fast_view(chunk, &node->value, picture),
                                   .dx = fast_view(chunk, dx, picture),
                                   .dy = fast_view(chunk, &node->gradient, picture),
                                   .window = fast_pool_window(node, x->size),
                                   .average = fast_pools_average(node)};
    chunk->fast->kernels->pool_back(&task);
}

static void drop(const struct chunk *chunk, const struct fast_node *node,
                 const struct fast_tensor *dx, int picture)
{
    const double rate = (double)node->layer->dropout.rate;
    const struct dropout task = {
        .in = fast_view(chunk, &node->gradient, picture),
        .out = fast_view(chunk, dx, picture),
        .channels = node->value.size.channels,
        .key = dropout_key(chunk->fast->setup.seed, chunk->step, (int)(node - chunk->fast->nodes),
                           chunk->first + picture),
        .limit = dropout_limit(rate),
        .scale = (float)(1 / (1 - rate)),
    };
    chunk->fast->kernels->dropout(&task);
}

static void copy(const struct chunk *chunk, const struct fast_tensor *from,
                 const struct fast_tensor *to, int picture)
{
    layout_copy(&(struct transfer){.from = fast_place(chunk, from, picture),
                                   .to = fast_place(chunk, to, picture),
                                   .repeat = 1});
}

/* The part of dy inside of the padding. */
static void unpad(const struct chunk *chunk, const struct fast_node *node,
                  const struct fast_tensor *dx, int picture)
{
    struct place inner = fast_place(chunk, &node->gradient, picture);
    inner.view.data += node->layer->pool.pad_top * inner.view.row +
                       (ptrdiff_t)node->layer->pool.pad_left * inner.lanes;
    inner.view.height = dx->size.height;
    inner.view.width = dx->size.width;
    layout_copy(
        &(struct transfer){.from = inner, .to = fast_place(chunk, dx, picture), .repeat = 1});
}

static void reshape(const struct chunk *chunk, const struct fast_node *node,
                    const struct fast_tensor *dx, int picture)
{
    float *row = chunk->fast->scratch[chunk->worker];
    layout_copy(&(struct transfer){.from = fast_place(chunk, &node->gradient, picture),
                                   .to = fast_flat(&node->gradient, row),
                                   .repeat = 1});
    layout_copy(&(struct transfer){
        .from = fast_flat(dx, row), .to = fast_place(chunk, dx, picture), .repeat = 1});
}

/* First channel of input k in a Concatenate. */
static int first_channel(const struct chunk *chunk, const struct fast_node *node, int k)
{
    int first = 0;
    for (int i = 0; i < k; i++)
        first += fast_input(chunk->fast, node, i)->value.size.channels;
    return first;
}

static void picture_back(const struct chunk *chunk, const struct fast_node *node,
                         const struct fast_tensor *dx, int k, int picture)
{
    switch (node->layer->op) {
    case LAYER_MAX_POOL2D:
    case LAYER_AVERAGE_POOL2D:
    case LAYER_GLOBAL_MAX_POOL2D:
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        pool(chunk, node, dx, picture);
        break;
    case LAYER_CONCATENATE: {
        const struct place from = fast_place(chunk, &node->gradient, picture),
                           to = fast_place(chunk, dx, picture);
        gather(&from, &to, first_channel(chunk, node, k), 1);
        break;
    }
    case LAYER_DROPOUT:
        drop(chunk, node, dx, picture);
        break;
    case LAYER_ZERO_PADDING2D:
        unpad(chunk, node, dx, picture);
        break;
    case LAYER_FLATTEN:
    case LAYER_RESHAPE:
        reshape(chunk, node, dx, picture);
        break;
    default:
        copy(chunk, &node->gradient, dx, picture);
    }
}

/* An Add's inputs have its own gradient: shared, copied or added, here or by a convolution. */
static void add_input_back(const struct chunk *chunk, const struct fast_node *node, int k)
{
    const struct fast_node *input = fast_input(chunk->fast, node, k);
    if (input->rest == node)
        return;
    for (int i = 0; i < chunk->count; i++) {
        const struct view dx = fast_view(chunk, &input->gradient, i);
        const struct add sum = {.a = dx,
                                .b = fast_view(chunk, &node->gradient, i),
                                .out = dx,
                                .fused = {.kind = FUSED_LINEAR}};
        if (node->adds[k])
            chunk->fast->kernels->inference->add(&sum);
        else if (!input->gradient.borrowed)
            copy(chunk, &node->gradient, &input->gradient, i);
    }
}

static void layer_back(const struct chunk *chunk, const struct fast_node *node, int k)
{
    const struct fast_tensor *dx = fast_gradient_target(chunk->fast, node, k);
    if (fast_is_conv(node))
        fast_conv_backward(chunk, node);
    else if (node->layer->op == LAYER_DENSE)
        dense(chunk, node);
    else if (node->layer->op == LAYER_DEPTHWISE_CONV2D)
        depthwise(chunk, node);
    else if (fast_is_norm(node))
        fast_norm_backward(chunk, node);
    else if (node->layer->op == LAYER_RESCALING && dx)
        fast_scale(chunk, &node->gradient, dx, node->packed, chunk->fast->zeros,
                   (struct fused){.kind = FUSED_LINEAR});
    else
        for (int i = 0; dx && i < chunk->count; i++)
            picture_back(chunk, node, dx, k, i);
}

void fast_measure_back(const struct chunk *part, int layer)
{
    const struct fast_node *node = &part->fast->nodes[layer];
    activate_back(part, node);
    fast_norm_measure_back(part, node);
}

void fast_backward(const struct chunk *chunk, int layer)
{
    const struct fast_node *node = &chunk->fast->nodes[layer];
    if (!fast_is_norm(node)) /* fast_measure_back did */
        activate_back(chunk, node);
    for (int k = 0; k < node->layer->input_count; k++) {
        const struct fast_node *input = fast_input(chunk->fast, node, k);
        if (node->layer->op == LAYER_ADD) {
            if (input->learns)
                add_input_back(chunk, node, k);
            continue;
        }
        layer_back(chunk, node, k);
        for (int i = 0; node->adds[k] && i < chunk->count; i++) {
            const struct view sum = fast_view(chunk, &input->gradient, i);
            const struct add task = {.a = sum,
                                     .b = fast_view(chunk, &input->part, i),
                                     .out = sum,
                                     .fused = {.kind = FUSED_LINEAR}};
            chunk->fast->kernels->inference->add(&task);
        }
    }
}
