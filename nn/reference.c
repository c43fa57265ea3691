/* The reference engine: one buffer per layer, one plain function per op. */
#include "nn/engine.h"
#include "nn/reference_ops.h"

#include <stdlib.h>
#include <string.h>

struct reference {
    const struct model *model;
    float **outputs; /* of each layer, by its index; outputs[0] is unused */
};

static bool available(void)
{
    return true;
}

static void destroy(void *self)
{
    struct reference *reference = self;
    if (!reference)
        return;
    for (int i = 0; reference->outputs && i < reference->model->layer_count; i++)
        free(reference->outputs[i]);
    free(reference->outputs);
    free(reference);
}

static bool allocate(struct reference *reference)
{
    const struct model *model = reference->model;
    reference->outputs = calloc((size_t)model->layer_count, sizeof *reference->outputs);
    for (int i = 1; reference->outputs && i < model->layer_count; i++) {
        size_t count = shape_count(&model->layers[i].shape);
        reference->outputs[i] = malloc(count * sizeof(float));
        if (!reference->outputs[i])
            return false;
    }
    return reference->outputs != NULL;
}

static void *create(const struct model *model, struct error *error)
{
    struct reference *reference = calloc(1, sizeof *reference);
    if (reference) {
        reference->model = model;
        if (allocate(reference))
            return reference;
    }
    error_set(error, "model %s: no memory for the outputs of its layers", model->name);
    destroy(reference);
    return NULL;
}

/* What one layer of the running network reads and writes. */
struct step {
    const struct reference *reference;
    const struct layer *layer;
    const float *network_input;
    float *y;
};

static const float *input_of(const struct step *step, int i)
{
    int index = step->layer->inputs[i];
    return index == 0 ? step->network_input : step->reference->outputs[index];
}

static const struct shape *shape_of(const struct step *step, int i)
{
    return &step->reference->model->layers[step->layer->inputs[i]].shape;
}

static void copy(const struct step *step)
{
    memcpy(step->y, input_of(step, 0), shape_count(&step->layer->shape) * sizeof(float));
}

static void add(const struct step *step)
{
    copy(step);
    for (int i = 1; i < step->layer->input_count; i++)
        reference_add(shape_of(step, i), input_of(step, i), step->y);
}

static void concatenate(const struct step *step)
{
    int first = 0;
    for (int i = 0; i < step->layer->input_count; i++) {
        reference_concatenate(step->layer, shape_of(step, i), input_of(step, i), first, step->y);
        first += shape_channels(shape_of(step, i));
    }
}

static void run_layer(const struct step *step)
{
    const struct layer *layer = step->layer;
    const struct shape *in = shape_of(step, 0);
    const float *x = input_of(step, 0);

    switch (layer->op) {
    case LAYER_CONV2D:
        reference_conv2d(layer, in, x, step->y);
        break;
    case LAYER_DEPTHWISE_CONV2D:
        reference_depthwise(layer, in, x, step->y);
        break;
    case LAYER_DENSE:
        reference_dense(layer, in, x, step->y);
        break;
    case LAYER_BATCH_NORM:
        reference_batch_norm(layer, in, x, step->y);
        break;
    case LAYER_MAX_POOL2D:
        reference_max_pool(layer, in, x, step->y);
        break;
    case LAYER_AVERAGE_POOL2D:
        reference_average_pool(layer, in, x, step->y);
        break;
    case LAYER_GLOBAL_MAX_POOL2D:
        reference_global_max_pool(in, x, step->y);
        break;
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        reference_global_average_pool(in, x, step->y);
        break;
    case LAYER_ZERO_PADDING2D:
        reference_zero_padding(layer, in, x, step->y);
        break;
    case LAYER_RESCALING:
        reference_rescaling(layer, in, x, step->y);
        break;
    case LAYER_ADD:
        add(step);
        break;
    case LAYER_CONCATENATE:
        concatenate(step);
        break;
    case LAYER_INPUT:
    case LAYER_ACTIVATION:
    case LAYER_FLATTEN:
    case LAYER_RESHAPE:
    case LAYER_DROPOUT:
    case LAYER_OP_COUNT:
        copy(step);
        break;
    }
    reference_activate(&layer->activation, &layer->shape, step->y);
}

static const float *run(void *self, const float *input)
{
    const struct reference *reference = self;
    const struct model *model = reference->model;
    for (int i = 1; i < model->layer_count; i++)
        run_layer(&(struct step){reference, &model->layers[i], input, reference->outputs[i]});
    return reference->outputs[model->output];
}

static const char *describe(const void *self, int layer)
{
    (void)self;
    return layer == 0 ? "" : "plain loops";
}

static void memory(const void *self, size_t *scratch, size_t *weights)
{
    const struct reference *reference = self;
    *scratch = *weights = 0; /* it uses the model's own weights */
    for (int i = 1; i < reference->model->layer_count; i++)
        *scratch += shape_count(&reference->model->layers[i].shape) * sizeof(float);
}

const struct engine engine_reference = {
    .name = "reference",
    .available = available,
    .create = create,
    .run = run,
    .describe = describe,
    .memory = memory,
    .destroy = destroy,
};
