/* BatchNormalization over the whole batch: each worker sums over its pictures, the workers meet,
 * and each adds up all sums in the workers' order. Mean and squared differences are put together as
 * in Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample
 * variances" (1979): no difference of large numbers. */
#include "nn/memory.h"
#include "nn/train/fast.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void finish_norm(struct fast_norm *norm)
{
    free(norm->mean);
    free(norm->picture_mean);
    *norm = (struct fast_norm){0};
}

/* One block of doubles and one of floats, sliced. */
static bool init_norm(struct fast_norm *norm, int channels)
{
    *norm = (struct fast_norm){0};
    const size_t length = (size_t)channels;
    norm->mean = calloc(4 * length, sizeof *norm->mean);
    norm->picture_mean = memory_allocate(9 * length);
    if (!norm->mean || !norm->picture_mean) {
        finish_norm(norm);
        return false;
    }
    norm->squares = norm->mean + length;
    norm->sums = norm->squares + length;
    norm->products = norm->sums + length;
    norm->picture_squares = norm->picture_mean + length;
    norm->batch_mean = norm->picture_squares + length;
    norm->batch_scale = norm->batch_mean + length;
    norm->scale = norm->batch_scale + length;
    norm->shift = norm->scale + length;
    norm->a = norm->shift + length;
    norm->b = norm->a + length;
    norm->c = norm->b + length;
    return true;
}

/* Channels, padding included, rounded so that every slice begins on a cache line. */
static int padded_channels(const struct fast_node *node)
{
    const int channels = node->value.size.channels;
    return (channels + PARAMETER_PITCH - 1) / PARAMETER_PITCH * PARAMETER_PITCH;
}

bool fast_norm_plan(struct fast *fast, struct fast_node *node, struct error *error)
{
    node->norms = calloc((size_t)fast->workers, sizeof *node->norms);
    for (int i = 0; node->norms && i < fast->workers; i++)
        if (!init_norm(&node->norms[i], padded_channels(node)))
            return error_set(error, "layer %s: no memory for its statistics", node->layer->name);
    return node->norms || error_set(error, "layer %s: no memory", node->layer->name);
}

void fast_norm_finish(const struct fast *fast, struct fast_node *node)
{
    for (int i = 0; node->norms && i < fast->workers; i++)
        finish_norm(&node->norms[i]);
    free(node->norms);
}

/* --- statistics ------------------------------------------------------------------------------- */

/* Mean and squared differences of two sets of values become those of their union. */
static void join(double *mean, double *squares, double count, double other_mean,
                 double other_squares, double other_count)
{
    if (other_count <= 0)
        return;
    const double difference = other_mean - *mean, total = count + other_count;
    *mean += difference * other_count / total;
    *squares += other_squares + difference * difference * count * other_count / total;
}

static bool learns_statistics(const struct chunk *chunk, const struct fast_node *node)
{
    return chunk->training && !node->frozen;
}

/* Backward's sums too. Who read them was the step before, and all have met since; a chunk is the
 * worker's whole share where there is a BatchNormalization. */
void fast_norm_begin(const struct chunk *chunk, const struct fast_node *node)
{
    struct fast_norm *norm = &node->norms[chunk->worker];
    memset(norm->mean, 0, 4 * (size_t)padded_channels(node) * sizeof *norm->mean);
    norm->count = 0;
}

void fast_norm_measure(const struct chunk *part, const struct fast_node *node)
{
    const struct fast_tensor *x = &fast_input(part->fast, node, 0)->value;
    struct fast_norm *norm = &node->norms[part->worker];
    const int channels = node->value.size.channels;
    const double pixels = (double)x->size.height * x->size.width;
    if (!learns_statistics(part, node))
        return;
    for (int i = 0; i < part->count; i++) {
        const struct moments moments = {.x = fast_view(part, x, i),
                                        .mean = norm->picture_mean,
                                        .squares = norm->picture_squares};
        part->fast->kernels->moments(&moments);
        for (int c = 0; c < channels; c++)
            join(&norm->mean[c], &norm->squares[c], norm->count, (double)norm->picture_mean[c],
                 (double)norm->picture_squares[c], pixels);
        norm->count += pixels;
    }
}

/* What the trainer makes the moving averages of; the variance unbiased, as TensorFlow's fused
 * kernel and PyTorch take it. */
static void leave_statistics(const struct chunk *chunk, const struct fast_node *node, int c,
                             double mean, double squares, double count)
{
    if (chunk->worker > 0)
        return;
    chunk->gradient[node->mean->offset + (size_t)c] = (float)mean;
    chunk->gradient[node->variance->offset + (size_t)c] =
        (float)(squares / (count > 1 ? count - 1 : 1));
}

static void use_batch(const struct chunk *chunk, const struct fast_node *node)
{
    struct fast_norm *own = &node->norms[chunk->worker];
    const double epsilon = (double)node->layer->batch_norm.epsilon;
    for (int c = 0; c < node->value.size.channels; c++) {
        double mean = 0, squares = 0, count = 0;
        for (int i = 0; i < chunk->fast->workers; i++) {
            const struct fast_norm *norm = &node->norms[i];
            join(&mean, &squares, count, norm->mean[c], norm->squares[c], norm->count);
            count += norm->count;
        }
        own->batch_mean[c] = (float)mean;
        own->batch_scale[c] = (float)(1 / sqrt(squares / count + epsilon));
        leave_statistics(chunk, node, c, mean, squares, count);
    }
}

static void use_moving(const struct chunk *chunk, const struct fast_node *node)
{
    struct fast_norm *own = &node->norms[chunk->worker];
    const float *mean = chunk->weights + node->mean->offset;
    const float *variance = chunk->weights + node->variance->offset;
    for (int c = 0; c < node->value.size.channels; c++) {
        own->batch_mean[c] = mean[c];
        own->batch_scale[c] = 1 / sqrtf(variance[c] + node->layer->batch_norm.epsilon);
    }
}

/* --- forward and backward --------------------------------------------------------------------- */

static float gamma_of(const struct chunk *chunk, const struct fast_node *node, int c)
{
    return node->gamma ? chunk->weights[node->gamma->offset + (size_t)c] : 1;
}

void fast_norm_unite(const struct chunk *chunk, const struct fast_node *node)
{
    struct fast_norm *own = &node->norms[chunk->worker];
    if (learns_statistics(chunk, node)) {
        team_meet(chunk->fast->setup.team);
        use_batch(chunk, node);
    } else {
        use_moving(chunk, node);
    }
    for (int c = 0; c < node->value.size.channels; c++) {
        const float beta = node->beta ? chunk->weights[node->beta->offset + (size_t)c] : 0;
        own->scale[c] = gamma_of(chunk, node, c) * own->batch_scale[c];
        own->shift[c] = beta - own->batch_mean[c] * own->scale[c];
    }
}

void fast_norm_forward(const struct chunk *part, const struct fast_node *node)
{
    const struct fast_norm *own = &node->norms[part->worker];
    fast_scale(part, &fast_input(part->fast, node, 0)->value, &node->value, own->scale, own->shift,
               fast_fused(node));
}

bool fast_is_norm(const struct fast_node *node)
{
    return node->runs && node->layer->op == LAYER_BATCH_NORM;
}

bool fast_norm_rectifies(const struct fast_node *node)
{
    return fast_is_norm(node) && fast_is_plain_relu(node);
}

static struct rectified rectified_of(const struct fast_node *node, const struct fast_norm *norm)
{
    return fast_norm_rectifies(node) ? (struct rectified){norm->scale, norm->shift}
                                     : (struct rectified){0};
}

void fast_norm_measure_back(const struct chunk *part, const struct fast_node *node)
{
    const struct fast_tensor *x = &fast_input(part->fast, node, 0)->value;
    struct fast_norm *own = &node->norms[part->worker];
    for (int i = 0; !node->frozen && i < part->count; i++) {
        const struct products products = {.x = fast_view(part, x, i),
                                          .dy = fast_view(part, &node->gradient, i),
                                          .rectified = rectified_of(node, own),
                                          .mean = own->batch_mean,
                                          .sums = own->picture_mean,
                                          .products = own->picture_squares};
        part->fast->kernels->products(&products);
        for (int c = 0; c < node->value.size.channels; c++) {
            own->sums[c] += (double)own->picture_mean[c];
            own->products[c] += (double)own->picture_squares[c];
        }
    }
}

/* dx = gamma s (dy - mean(dy) - n mean(dy n)) with n = (x - m) s, as a dy + b x + c. */
static void combine_sums(const struct chunk *chunk, const struct fast_node *node, int c)
{
    struct fast_norm *own = &node->norms[chunk->worker];
    const double scale = (double)own->batch_scale[c], mean = (double)own->batch_mean[c];
    double sum = 0, product = 0, count = 0;
    for (int i = 0; i < chunk->fast->workers; i++) {
        sum += node->norms[i].sums[c];
        product += node->norms[i].products[c];
        count += node->norms[i].count;
    }
    if (chunk->worker == 0 && node->gamma)
        chunk->gradient[node->gamma->offset + (size_t)c] += (float)(product * scale);
    if (chunk->worker == 0 && node->beta)
        chunk->gradient[node->beta->offset + (size_t)c] += (float)sum;
    const double a = (double)gamma_of(chunk, node, c) * scale;
    const double b = -a * scale * scale * product / count;
    own->a[c] = (float)a;
    own->b[c] = (float)b;
    own->c[c] = (float)(-a * sum / count - b * mean);
}

/* Mean and scale are constants: dx = gamma s dy, as forward scaled x. */
static void keep_slope(const struct chunk *chunk, const struct fast_node *node)
{
    struct fast_norm *own = &node->norms[chunk->worker];
    const size_t bytes = (size_t)padded_channels(node) * sizeof(float);
    memcpy(own->a, own->scale, bytes);
    memset(own->b, 0, bytes);
    memset(own->c, 0, bytes);
}

void fast_norm_unite_back(const struct chunk *chunk, const struct fast_node *node)
{
    if (node->frozen) {
        keep_slope(chunk, node);
        return;
    }
    team_meet(chunk->fast->setup.team);
    for (int c = 0; c < node->value.size.channels; c++)
        combine_sums(chunk, node, c);
}

void fast_norm_backward(const struct chunk *part, const struct fast_node *node)
{
    const struct fast_tensor *x = &fast_input(part->fast, node, 0)->value;
    const struct fast_tensor *dx = fast_gradient_target(part->fast, node, 0);
    const struct fast_norm *own = &node->norms[part->worker];
    for (int i = 0; dx && i < part->count; i++) {
        const struct combine combine = {.x = fast_view(part, x, i),
                                        .dy = fast_view(part, &node->gradient, i),
                                        .dx = fast_view(part, dx, i),
                                        .rectified = rectified_of(node, own),
                                        .a = own->a,
                                        .b = own->b,
                                        .c = own->c};
        part->fast->kernels->combine(&combine);
    }
}
