#include "nn/cpu.h"
#include "nn/train/fast.h"

#include <stdlib.h>
#include <string.h>

static void destroy(void *self)
{
    struct fast *fast = self;
    if (!fast)
        return;
    for (int i = 0; fast->nodes && i < fast->count; i++) {
        struct fast_node *node = &fast->nodes[i];
        fast_conv_finish(node);
        fast_norm_finish(fast, node);
        free(node->adds);
    }
    memory_pool_free(&fast->memory);
    free(fast->nodes);
    free(fast->segments);
    free(fast->scratch);
    free(fast->gradients);
    free(fast->shared);
    free(fast->plain);
    free(fast->exact);
    free(fast);
}

/* --- making ----------------------------------------------------------------------------------- */

static bool plan_depthwise(struct fast *fast, struct fast_node *node)
{
    const struct window *w = &node->layer->conv.window;
    const struct border border = {w->pad_top, w->pad_bottom, w->pad_left, w->pad_right};
    const struct fast_node *input = fast_input(fast, node, 0);
    struct size3 size = input->value.size;
    size.channels *= node->layer->conv.multiplier;
    node->packed = memory_pool_allocate(&fast->memory, (size_t)(w->kernel_h * w->kernel_w) *
                                                           (size_t)fast_blocks(&node->value) *
                                                           (size_t)fast->lanes);
    if (!node->packed || node->layer->conv.multiplier == 1)
        return node->packed != NULL;
    fast_tensor_init(&node->repeated, size, fast->lanes, &border);
    fast_tensor_init(&node->repeated_gradient, size, fast->lanes, &(struct border){0});
    return fast_tensor_allocate(fast, &node->repeated) &&
           fast_tensor_allocate(fast, &node->repeated_gradient);
}

/* Scale, then shift, for every lane. */
static bool plan_rescaling(struct fast *fast, struct fast_node *node)
{
    const int values = fast_blocks(&node->value) * fast->lanes;
    node->packed = memory_pool_allocate(&fast->memory, 2 * (size_t)values);
    for (int i = 0; node->packed && i < node->value.size.channels; i++) {
        node->packed[i] = node->layer->rescaling.scale;
        node->packed[values + i] = node->layer->rescaling.offset;
    }
    return node->packed != NULL;
}

static bool plan_node(struct fast *fast, struct fast_node *node, struct error *error)
{
    const size_t values = shape_count(&node->layer->shape);
    if (fast->scratch_count < values)
        fast->scratch_count = values; /* for Reshape */
    if (!node->runs)
        return true;
    if (fast_is_conv(node))
        return fast_conv_plan(fast, node, error);
    if (node->layer->op == LAYER_BATCH_NORM)
        return fast_norm_plan(fast, node, error);
    if ((node->layer->op == LAYER_DEPTHWISE_CONV2D && !plan_depthwise(fast, node)) ||
        (node->layer->op == LAYER_RESCALING && !plan_rescaling(fast, node)))
        return error_set(error, "layer %s: no memory for its weights", node->layer->name);
    return true;
}

static bool allocate_workers(struct fast *fast)
{
    const size_t workers = (size_t)fast->workers, outputs = (size_t)fast->setup.loss.outputs;
    size_t longest = 0;
    for (int i = 0; i < fast->count; i++)
        if ((size_t)shape_channels(&fast->nodes[i].layer->shape) > longest)
            longest = (size_t)shape_channels(&fast->nodes[i].layer->shape);
    fast->zeros = memory_pool_allocate(&fast->memory, longest + PARAMETER_PITCH);
    fast->plain = calloc(workers * outputs, sizeof *fast->plain);
    fast->exact = calloc(workers * outputs * 2, sizeof *fast->exact);
    fast->scratch = calloc(workers, sizeof *fast->scratch);
    fast->gradients = calloc(workers, sizeof *fast->gradients);
    if (!fast->zeros || !fast->plain || !fast->exact || !fast->scratch || !fast->gradients)
        return false;
    for (size_t i = 0; i < workers; i++) {
        fast->scratch[i] = memory_pool_allocate(&fast->memory, fast->scratch_count);
        if (i > 0)
            fast->gradients[i] = memory_pool_allocate(&fast->memory, fast->setup.parameters->total);
        if (!fast->scratch[i] || (i > 0 && !fast->gradients[i]))
            return false;
    }
    return true;
}

static bool mark_shared(struct fast *fast, struct error *error)
{
    const struct parameters *parameters = fast->setup.parameters;
    fast->shared = calloc((size_t)parameters->count + 1, sizeof *fast->shared);
    for (int i = 1; fast->shared && i < fast->count; i++)
        if (fast->nodes[i].shared)
            fast->shared[fast->nodes[i].kernel - parameters->arrays] = true;
    return fast->shared || error_set(error, "no memory for training");
}

static void *create(const struct train_setup *setup, struct error *error)
{
    struct fast *fast = calloc(1, sizeof *fast);
    if (!fast) {
        error_set(error, "no memory for training");
        return NULL;
    }
    fast->setup = *setup;
    fast->kernels = setup->kernels;
    fast->lanes = fast->kernels->inference->lanes;
    fast->workers = team_size(setup->team);
    bool good = fast_lay_out(fast, error);
    for (int i = 1; good && i < fast->count; i++)
        good = plan_node(fast, &fast->nodes[i], error);
    good = good && mark_shared(fast, error);
    if (good && (!fast_plan_segments(fast) || !fast_allocate(fast)))
        good = error_set(
            error, "model %s: no memory to train it with batches of %d; choose a smaller batch",
            setup->model->name, setup->batch);
    if (good && !allocate_workers(fast))
        good = error_set(error, "model %s: no memory for %d training threads", setup->model->name,
                         fast->workers);
    if (good)
        return fast;
    destroy(fast);
    return NULL;
}

/* --- weights ---------------------------------------------------------------------------------- */

/* [tap][channels] to [block][tap][lanes]. */
static void pack_depthwise(const struct chunk *chunk, const struct fast_node *node)
{
    const int lanes = chunk->fast->lanes, taps = node->kernel->rows;
    const float *weights = chunk->weights + node->kernel->offset;
    for (int block = 0; block < fast_blocks(&node->value); block++)
        for (int tap = 0; tap < taps; tap++)
            memcpy(node->packed + (ptrdiff_t)(block * taps + tap) * lanes,
                   weights + (ptrdiff_t)tap * node->kernel->pitch + (ptrdiff_t)block * lanes,
                   (size_t)lanes * sizeof *weights);
}

static void pack_all(const struct chunk *chunk)
{
    const struct fast *fast = chunk->fast;
    for (int i = 1; chunk->training && i < fast->count; i++)
        if (fast->nodes[i].runs && fast_is_conv(&fast->nodes[i]))
            fast_conv_transpose(chunk, &fast->nodes[i]);
    team_meet(fast->setup.team);
    for (int i = 1; i < fast->count; i++) {
        const struct fast_node *node = &fast->nodes[i];
        if (!node->runs)
            continue;
        if (fast_is_conv(node))
            fast_conv_pack(chunk, node);
        else if (node->layer->op == LAYER_DEPTHWISE_CONV2D && chunk->worker == 0)
            pack_depthwise(chunk, node);
    }
    team_meet(fast->setup.team);
}

/* --- a chunk ---------------------------------------------------------------------------------- */

/* The loss of one picture, and where asked its scores and the gradient that backward begins with.
 */
static void judge(const struct chunk *chunk, int picture, const float *y, float *scores,
                  struct trainer_result *result)
{
    const struct fast *fast = chunk->fast;
    const struct loss_function *loss = &fast->setup.loss;
    const struct fast_node *output = &fast->nodes[fast->nodes[fast->setup.model->output].home];
    const int count = loss->outputs;
    const ptrdiff_t number = chunk->first + picture;
    float *plain = fast->plain + (ptrdiff_t)chunk->worker * count;
    double *values = fast->exact + (ptrdiff_t)chunk->worker * count * 2, *slopes = values + count;

    layout_copy(&(struct transfer){.from = fast_place(chunk, &output->value, picture),
                                   .to = fast_flat(&output->value, plain),
                                   .repeat = 1});
    for (int i = 0; i < count; i++)
        values[i] = (double)plain[i];
    loss_apply(loss, values, y + number * loss->targets, chunk->training ? slopes : NULL, result);
    for (int i = 0; scores && i < count; i++)
        scores[number * count + i] = (float)values[i];
    if (!chunk->training || !output->learns)
        return;
    for (int i = 0; i < count; i++)
        plain[i] = (float)(slopes[i] / chunk->batch);
    layout_copy(&(struct transfer){.from = fast_flat(&output->gradient, plain),
                                   .to = fast_place(chunk, &output->gradient, picture),
                                   .repeat = 1});
}

struct job {
    struct fast *fast;
    const struct train_batch *batch;
    const float *weights;
    float *gradient; /* the result; NULL: evaluate */
    float *scores;
    struct trainer_result results[TEAM_MAX]; /* by worker */
};

/* The next pictures of a chunk that go through a segment. A worker without any has one part of
 * none: the others wait for it where they meet. */
static struct chunk part_of(const struct chunk *chunk, int done, int pictures)
{
    struct chunk part = *chunk;
    part.slot += done;
    part.first += done;
    part.count = fast_smaller(chunk->count - done, pictures);
    return part;
}

/* The BatchNormalization that begins the segment behind this one; NULL: none. */
static const struct fast_node *norm_behind(const struct fast *fast,
                                           const struct fast_segment *segment)
{
    const struct fast_node *node = &fast->nodes[segment->end];
    return segment->end < fast->count && fast_is_norm(node) ? node : NULL;
}

static bool is_nested(const struct fast *fast, int segment)
{
    return segment + 1 < fast->segment_count && fast->segments[segment + 1].nests;
}

/* The segment, after those that are nested in it. */
static void forward(const struct chunk *chunk, const struct fast_segment *segment)
{
    const struct fast *fast = chunk->fast;
    const struct fast_node *norm = norm_behind(fast, segment);
    for (int done = 0; done == 0 || done < chunk->count; done += segment->pictures) {
        const struct chunk part = part_of(chunk, done, segment->pictures);
        if (segment->nests)
            forward(&part, segment - 1);
        for (int i = segment->first; i < segment->end; i++)
            if (fast->nodes[i].runs)
                fast_forward(&part, i);
        if (norm)
            fast_norm_measure(&part, norm);
    }
}

/* From the BatchNormalization behind the segment, whose sums are complete, down to the first layer.
 * If that is one itself, it is only measured; the segment before goes on with it. */
static void backward(const struct chunk *chunk, const struct fast_segment *segment)
{
    const struct fast *fast = chunk->fast;
    const bool begins = fast_is_norm(&fast->nodes[segment->first]);
    const int last = norm_behind(fast, segment) ? segment->end : segment->end - 1;
    for (int done = 0; done == 0 || done < chunk->count; done += segment->pictures) {
        const struct chunk part = part_of(chunk, done, segment->pictures);
        for (int i = last; i >= segment->first + begins; i--)
            if (fast->nodes[i].runs && fast->nodes[i].learns)
                fast_backward(&part, i);
        if (begins && fast->nodes[segment->first].learns)
            fast_measure_back(&part, segment->first);
        if (segment->nests)
            backward(&part, segment - 1);
    }
}

/* Segments that are nested in no other, with the BatchNormalization behind them. */
static void run_forward(const struct chunk *chunk)
{
    const struct fast *fast = chunk->fast;
    for (int i = 0; i < fast->segment_count; i++) {
        const struct fast_node *norm = norm_behind(fast, &fast->segments[i]);
        if (is_nested(fast, i))
            continue;
        if (norm)
            fast_norm_begin(chunk, norm);
        forward(chunk, &fast->segments[i]);
        if (norm)
            fast_norm_unite(chunk, norm);
    }
}

static void run_backward(const struct chunk *chunk)
{
    const struct fast *fast = chunk->fast;
    for (int i = fast->segment_count - 1; i >= 0; i--) {
        const struct fast_node *norm = norm_behind(fast, &fast->segments[i]);
        if (is_nested(fast, i))
            continue;
        if (norm && norm->learns)
            fast_norm_unite_back(chunk, norm);
        backward(chunk, &fast->segments[i]);
    }
}

static void run_chunk(struct job *job, const struct chunk *chunk)
{
    run_forward(chunk);
    for (int i = 0; i < chunk->count; i++)
        judge(chunk, i, job->batch->y, job->scores, &job->results[chunk->worker]);
    if (chunk->training)
        run_backward(chunk);
}

/* The worker's rows of an array in the flat ones. */
struct stretch {
    size_t offset, count;
};

static struct stretch stretch_of(const struct fast *fast, const struct parameter_array *array,
                                 int worker)
{
    const struct team_share rows = team_divide(fast->setup.team, worker, array->rows);
    const size_t pitch = (size_t)array->pitch;
    return (struct stretch){array->offset + (size_t)rows.first * pitch,
                            (size_t)(rows.end - rows.first) * pitch};
}

/* All that the worker will add to, and its part of what all add to. */
static void clear(const struct chunk *chunk)
{
    const struct fast *fast = chunk->fast;
    const struct parameters *parameters = fast->setup.parameters;
    for (int i = 0; i < parameters->count; i++) {
        const struct parameter_array *array = &parameters->arrays[i];
        const struct stretch part = stretch_of(fast, array, chunk->worker);
        if (fast->shared[i])
            memset(chunk->result + part.offset, 0, part.count * sizeof *chunk->result);
        else
            memset(chunk->gradient + array->offset, 0,
                   (size_t)array->rows * (size_t)array->pitch * sizeof *chunk->gradient);
    }
}

/* Adds the other workers' gradients to the first one's; each worker does a part of each array. */
static void reduce(const struct job *job, int worker)
{
    const struct fast *fast = job->fast;
    const struct parameters *parameters = fast->setup.parameters;
    team_meet(fast->setup.team);
    for (int i = 0; i < parameters->count; i++) {
        const struct parameter_array *array = &parameters->arrays[i];
        const struct stretch part = stretch_of(fast, array, worker);
        for (int k = 1; k < fast->workers && array->what.trainable && !fast->shared[i]; k++)
            fast->kernels->add(part.count, fast->gradients[k] + part.offset,
                               job->gradient + part.offset);
    }
}

static void work(void *context, int worker)
{
    struct job *job = context;
    struct fast *fast = job->fast;
    const struct team_share share = team_divide(fast->setup.team, worker, job->batch->n);
    struct chunk chunk = {
        .fast = fast,
        .weights = job->weights,
        .gradient = worker == 0 ? job->gradient : fast->gradients[worker],
        .result = job->gradient,
        .worker = worker,
        .base = fast->whole ? share.first : worker * fast->slots,
        .first = share.first,
        .x = job->batch->x,
        .batch = job->batch->n,
        .step = job->batch->step,
        .training = job->gradient != NULL,
    };
    job->results[worker] = (struct trainer_result){0};
    chunk.slot = chunk.base;
    if (chunk.training)
        clear(&chunk);
    pack_all(&chunk);
    do { /* also without pictures: the others wait where they meet */
        const int left = share.end - chunk.first;
        chunk.count = left < fast->slots ? left : fast->slots;
        run_chunk(job, &chunk);
        chunk.first += chunk.count;
    } while (chunk.first < share.end);
    if (chunk.training)
        reduce(job, worker);
}

static struct trainer_result run(struct job *job)
{
    struct trainer_result sum = {0};
    team_run(job->fast->setup.team, work, job);
    for (int i = 0; i < job->fast->workers; i++) {
        sum.n += job->results[i].n;
        sum.loss += job->results[i].loss;
        sum.correct += job->results[i].correct;
    }
    return sum;
}

static struct trainer_result learn(void *self, const struct train_batch *batch,
                                   const float *weights, float *gradient)
{
    struct job job = {.fast = self, .batch = batch, .weights = weights, .gradient = gradient};
    return run(&job);
}

static struct trainer_result evaluate(void *self, const struct train_batch *batch,
                                      const float *weights, float *scores)
{
    struct job job = {.fast = self, .batch = batch, .weights = weights, .scores = scores};
    return run(&job);
}

const struct train_engine train_engine_fast = {
    .create = create,
    .learn = learn,
    .evaluate = evaluate,
    .destroy = destroy,
};
