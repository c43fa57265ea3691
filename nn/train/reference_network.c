#include "nn/train/reference_network.h"

#include "nn/train/reference_layers.h"

#include <stdlib.h>
#include <string.h>

static size_t values_of(const struct train_setup *setup, int layer)
{
    return shape_count(&setup->model->layers[layer].shape) * (size_t)setup->batch;
}

/* Is there an activation to apply? Not the output's, where the loss takes what goes into it. */
static bool activates(const struct train_setup *setup, int layer)
{
    if (layer == setup->model->output && loss_takes_logits(&setup->loss))
        return false;
    return setup->model->layers[layer].activation.kind != ACTIVATION_LINEAR;
}

static bool allocate_layer(struct reference_network *network, int i)
{
    const struct train_setup *setup = &network->setup;
    const struct layer *layer = &setup->model->layers[i];
    const size_t count = values_of(setup, i);
    network->y[i] = calloc(count, sizeof(double));
    network->z[i] = activates(setup, i) ? calloc(count, sizeof(double)) : network->y[i];
    if (!network->y[i] || !network->z[i])
        return false;
    if (i > 0 || network->wants_input_gradient) {
        network->dy[i] = calloc(count, sizeof(double));
        if (!network->dy[i])
            return false;
    }
    const size_t scratch =
        i > 0 ? reference_scratch(layer, &setup->model->layers[layer->inputs[0]].shape) : 0;
    network->scratch[i] = scratch > 0 ? calloc(scratch, sizeof(double)) : NULL;
    return scratch == 0 || network->scratch[i];
}

static bool allocate(struct reference_network *network)
{
    const size_t layers = (size_t)network->setup.model->layer_count;
    const size_t weights = network->setup.parameters->total + 1;
    network->z = calloc(layers, sizeof *network->z);
    network->y = calloc(layers, sizeof *network->y);
    network->dy = calloc(layers, sizeof *network->dy);
    network->scratch = calloc(layers, sizeof *network->scratch);
    network->weights = calloc(weights, sizeof *network->weights);
    network->gradients = calloc(weights, sizeof *network->gradients);
    if (!network->z || !network->y || !network->dy || !network->scratch || !network->weights ||
        !network->gradients)
        return false;
    for (int i = 0; i < (int)layers; i++)
        if (!allocate_layer(network, i))
            return false;
    return true;
}

struct reference_network *reference_network_create(const struct train_setup *setup,
                                                   bool wants_input_gradient, struct error *error)
{
    struct reference_network *network = calloc(1, sizeof *network);
    if (network) {
        network->setup = *setup;
        network->wants_input_gradient = wants_input_gradient;
        if (allocate(network))
            return network;
    }
    error_set(error, "model %s: no memory to train it with batches of %d; choose a smaller batch",
              setup->model->name, setup->batch);
    reference_network_destroy(network);
    return NULL;
}

void reference_network_destroy(struct reference_network *network)
{
    if (!network)
        return;
    for (int i = 0; i < network->setup.model->layer_count; i++) {
        if (network->z && network->y && network->z[i] != network->y[i])
            free(network->z[i]);
        free(network->y ? network->y[i] : NULL);
        free(network->dy ? network->dy[i] : NULL);
        free(network->scratch ? network->scratch[i] : NULL);
    }
    free(network->z);
    free(network->y);
    free(network->dy);
    free(network->scratch);
    free(network->weights);
    free(network->gradients);
    free(network);
}

/* --- running ---------------------------------------------------------------------------------- */

/* The layer's arrays within a flat one. */
static struct layer_arrays arrays_of(const struct parameters *parameters, int layer, double *flat,
                                     int *kernel_pitch)
{
    static const struct {
        size_t member, field;
    } fields[] = {
        {offsetof(struct layer, kernel), offsetof(struct layer_arrays, kernel)},
        {offsetof(struct layer, bias), offsetof(struct layer_arrays, bias)},
        {offsetof(struct layer, gamma), offsetof(struct layer_arrays, gamma)},
        {offsetof(struct layer, beta), offsetof(struct layer_arrays, beta)},
        {offsetof(struct layer, mean), offsetof(struct layer_arrays, mean)},
        {offsetof(struct layer, variance), offsetof(struct layer_arrays, variance)},
    };
    struct layer_arrays arrays = {0};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        const struct parameter_array *array = parameters_find(parameters, layer, fields[i].member);
        if (!array)
            continue;
        *(double **)((char *)&arrays + fields[i].field) = flat + array->offset;
        if (fields[i].member == offsetof(struct layer, kernel))
            *kernel_pitch = array->pitch;
    }
    return arrays;
}

/* A frozen BatchNormalization works as at inference. */
static bool is_frozen_norm(const struct reference_network *network, int layer)
{
    const struct parameter_array *variance =
        parameters_find(network->setup.parameters, layer, offsetof(struct layer, variance));
    return variance && variance->frozen;
}

typedef void layer_function(const struct layer_pass *pass);

static void run_layer(struct reference_network *network, int i, struct layer_pass pass,
                      layer_function *function)
{
    const struct model *model = network->setup.model;
    const struct shape *in[TRAIN_INPUTS_MAX];
    double *x[TRAIN_INPUTS_MAX], *dx[TRAIN_INPUTS_MAX];
    pass.layer = &model->layers[i];
    pass.index = i;
    pass.seed = network->setup.seed;
    pass.training = pass.training && !is_frozen_norm(network, i);
    for (int k = 0; k < pass.layer->input_count; k++) {
        const int from = pass.layer->inputs[k];
        in[k] = &model->layers[from].shape;
        x[k] = network->y[from];
        dx[k] = network->dy[from];
    }
    pass.in = in;
    pass.x = x;
    pass.dx = dx;
    pass.z = network->z[i];
    pass.y = network->y[i];
    pass.dy = network->dy[i];
    pass.scratch = network->scratch[i];
    const struct parameters *parameters = network->setup.parameters;
    pass.weights = arrays_of(parameters, i, network->weights, &pass.kernel_pitch);
    pass.gradients = arrays_of(parameters, i, network->gradients, &pass.kernel_pitch);
    function(&pass);
}

void reference_network_forward(struct reference_network *network, int n, uint64_t step,
                               bool training)
{
    const struct layer_pass pass = {.n = n, .step = step, .training = training};
    for (int i = 1; i <= network->setup.model->output; i++)
        if (network->setup.needed[i])
            run_layer(network, i, pass, reference_layer_forward);
}

struct trainer_result reference_network_loss(struct reference_network *network, const float *y,
                                             int n, bool learn)
{
    const struct loss_function *loss = &network->setup.loss;
    const int output = network->setup.model->output;
    struct trainer_result result = {0};
    for (int i = 0; i < n; i++) {
        const ptrdiff_t at = (ptrdiff_t)i * loss->outputs;
        double *gradient = learn ? network->dy[output] + at : NULL;
        loss_apply(loss, network->y[output] + at, y + (ptrdiff_t)i * loss->targets, gradient,
                   &result);
        for (int k = 0; learn && k < loss->outputs; k++)
            gradient[k] /= n;
    }
    return result;
}

/* All but the statistics that forward left. */
static void clear_gradients(struct reference_network *network)
{
    const struct parameters *parameters = network->setup.parameters;
    for (int i = 0; i < parameters->count; i++) {
        const struct parameter_array *array = &parameters->arrays[i];
        if (array->what.trainable || array->frozen)
            memset(network->gradients + array->offset, 0,
                   (size_t)array->rows * (size_t)array->pitch * sizeof(double));
    }
}

void reference_network_backward(struct reference_network *network, int n, uint64_t step,
                                bool training)
{
    const struct train_setup *setup = &network->setup;
    const struct layer_pass pass = {.n = n, .step = step, .training = training};
    const int output = setup->model->output;
    for (int i = 0; i < setup->model->layer_count; i++)
        if (i != output && network->dy[i])
            memset(network->dy[i], 0, values_of(setup, i) * sizeof(double));
    clear_gradients(network);
    for (int i = output; i >= 1; i--)
        if (setup->needed[i])
            run_layer(network, i, pass, reference_layer_backward);
}
