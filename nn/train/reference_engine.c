/* The reference engine: floats in and out of a reference_network. */
#include "nn/train/reference_network.h"

static void *create(const struct train_setup *setup, struct error *error)
{
    return reference_network_create(setup, false, error);
}

static void destroy(void *self)
{
    reference_network_destroy(self);
}

static void take(struct reference_network *network, const struct train_batch *batch,
                 const float *weights)
{
    const size_t values = (size_t)batch->n * shape_count(model_input_shape(network->setup.model));
    for (size_t i = 0; i < network->setup.parameters->total; i++)
        network->weights[i] = (double)weights[i];
    for (size_t i = 0; i < values; i++)
        network->y[0][i] = (double)batch->x[i];
}

static struct trainer_result learn(void *self, const struct train_batch *batch,
                                   const float *weights, float *gradient)
{
    struct reference_network *network = self;
    take(network, batch, weights);
    reference_network_forward(network, batch->n, batch->step, true);
    const struct trainer_result result = reference_network_loss(network, batch->y, batch->n, true);
    reference_network_backward(network, batch->n, batch->step, true);
    for (size_t i = 0; i < network->setup.parameters->total; i++)
        gradient[i] = (float)network->gradients[i];
    return result;
}

static struct trainer_result evaluate(void *self, const struct train_batch *batch,
                                      const float *weights, float *scores)
{
    struct reference_network *network = self;
    take(network, batch, weights);
    reference_network_forward(network, batch->n, batch->step, false);
    const struct trainer_result result = reference_network_loss(network, batch->y, batch->n, false);
    const size_t outputs = (size_t)network->setup.loss.outputs * (size_t)batch->n;
    for (size_t i = 0; scores && i < outputs; i++)
        scores[i] = (float)network->y[network->setup.model->output][i];
    return result;
}

const struct train_engine train_engine_reference = {
    .create = create,
    .learn = learn,
    .evaluate = evaluate,
    .destroy = destroy,
};
