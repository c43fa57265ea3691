#include "nn/train/trainer.h"

#include "nn/memory.h"
#include "nn/train/cpu.h"
#include "nn/train/engine.h"
#include "nn/train/optimizer.h"
#include "nn/train/store.h"
#include "nn/train/trainable.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct trainer {
    struct model *model; /* the network's */
    struct trainer_settings settings;
    struct parameters parameters;
    bool *needed;
    struct team *team;
    const struct train_engine *engine;
    void *engine_state;

    float *weights, *gradient; /* flat */
    struct optimizer_state optimizer;
};

/* --- making ----------------------------------------------------------------------------------- */

static bool check_settings(const struct trainer_settings *s, struct error *error)
{
    if (s->batch < 1)
        return error_set_usage(error, "a batch of %d is empty", s->batch);
    if (s->threads < 0)
        return error_set_usage(error, "%d threads cannot train", s->threads);
    if (!(s->label_smoothing >= 0 && s->label_smoothing < 1))
        return error_set_usage(error, "label smoothing must be at least 0 and below 1");
    if (!(s->ema >= 0 && s->ema < 1))
        return error_set_usage(error, "the decay of the weights' average must be below 1");
    return true;
}

/* Marks what the output depends on. */
static void mark_needed(const struct model *model, bool *needed)
{
    needed[model->output] = true;
    for (int i = model->output; i > 0; i--)
        for (int k = 0; needed[i] && k < model->layers[i].input_count; k++)
            needed[model->layers[i].inputs[k]] = true;
}

static bool allocate(struct trainer *trainer, struct error *error)
{
    const struct model *model = trainer->model;
    const struct train_kernels *kernels = train_cpu_find(trainer->settings.cpu, error);
    if (!kernels)
        return false;
    trainer->needed = calloc((size_t)model->layer_count, sizeof *trainer->needed);
    trainer->weights = memory_allocate(trainer->parameters.total);
    trainer->gradient = memory_allocate(trainer->parameters.total);
    if (!trainer->needed || !trainer->weights || !trainer->gradient)
        return error_set(error, "model %s: no memory for its gradients", model->name);
    mark_needed(model, trainer->needed);
    parameters_read(&trainer->parameters, model, trainer->weights);
    return optimizer_init(&trainer->optimizer, &trainer->settings, &trainer->parameters, kernels,
                          trainer->weights, error);
}

static bool wants_reference(const struct trainer_settings *settings)
{
    return settings->cpu && strcmp(settings->cpu, "reference") == 0;
}

static bool start_engine(struct trainer *trainer, struct error *error)
{
    struct train_setup setup = {
        .model = trainer->model,
        .needed = trainer->needed,
        .parameters = &trainer->parameters,
        .team = trainer->team,
        .kernels = trainer->optimizer.kernels,
        .batch = trainer->settings.batch,
        .seed = trainer->settings.seed,
    };
    if (!loss_init(&setup.loss, trainer->model, &trainer->settings, error))
        return false;
    trainer->engine =
        wants_reference(&trainer->settings) ? &train_engine_reference : &train_engine_fast;
    trainer->engine_state = trainer->engine->create(&setup, error);
    return trainer->engine_state != NULL;
}

struct trainer *trainer_create(struct network *network, const struct trainer_settings *settings,
                               struct error *error)
{
    int line;
    if (!check_settings(settings, error) || !trainable_check(network, settings, &line, error))
        return NULL;
    struct trainer *trainer = calloc(1, sizeof *trainer);
    if (!trainer) {
        error_set(error, "no memory for training");
        return NULL;
    }
    trainer->model = network->model;
    trainer->settings = *settings;
    if (parameters_init(&trainer->parameters, network, error) && allocate(trainer, error) &&
        (trainer->team = team_create(settings->threads, error)) && start_engine(trainer, error))
        return trainer;
    trainer_destroy(trainer);
    return NULL;
}

void trainer_destroy(struct trainer *trainer)
{
    if (!trainer)
        return;
    if (trainer->engine)
        trainer->engine->destroy(trainer->engine_state);
    team_destroy(trainer->team);
    optimizer_finish(&trainer->optimizer);
    free(trainer->weights);
    free(trainer->gradient);
    free(trainer->needed);
    parameters_finish(&trainer->parameters);
    free(trainer);
}

/* --- learning --------------------------------------------------------------------------------- */

/* moving = momentum moving + (1 - momentum) of the batch, which the engine left in the gradient. */
static void move_statistics(struct trainer *trainer)
{
    for (int i = 0; i < trainer->parameters.count; i++) {
        const struct parameter_array *array = &trainer->parameters.arrays[i];
        if (array->what.trainable || array->frozen || !trainer->needed[array->layer])
            continue;
        const float momentum = trainer->model->layers[array->layer].batch_norm.momentum;
        const size_t end = array->offset + (size_t)array->rows * (size_t)array->pitch;
        for (size_t k = array->offset; k < end; k++)
            trainer->weights[k] =
                momentum * trainer->weights[k] + (1 - momentum) * trainer->gradient[k];
    }
}

struct trainer_result trainer_step(struct trainer *trainer, const float *x, const float *y, int n,
                                   double learning_rate)
{
    const struct train_batch batch = {.x = x, .y = y, .n = n, .step = trainer->optimizer.step};
    struct trainer_result result =
        trainer->engine->learn(trainer->engine_state, &batch, trainer->weights, trainer->gradient);
    optimizer_prepare(&trainer->optimizer, &trainer->settings, &trainer->parameters, trainer->team,
                      trainer->weights, trainer->gradient);
    result.penalty = trainer->optimizer.penalty;
    result.finite =
        isfinite(result.loss) && isfinite(result.penalty) && isfinite(trainer->optimizer.squares);
    if (!result.finite)
        return result;
    optimizer_update(&trainer->optimizer, &trainer->settings, &trainer->parameters, trainer->team,
                     learning_rate, trainer->gradient, trainer->weights);
    move_statistics(trainer);
    return result;
}

/* The average of the weights where there is one, with the statistics as they are. */
static const float *final_weights(struct trainer *trainer)
{
    const struct parameters *parameters = &trainer->parameters;
    float *average = trainer->optimizer.average;
    if (!average)
        return trainer->weights;
    memcpy(average + parameters->trainable, trainer->weights + parameters->trainable,
           (parameters->total - parameters->trainable) * sizeof *average);
    return average;
}

struct trainer_result trainer_evaluate(struct trainer *trainer, const float *x, const float *y,
                                       int n, float *scores)
{
    const struct train_batch batch = {.x = x, .y = y, .n = n, .step = trainer->optimizer.step};
    const float *weights = final_weights(trainer);
    struct trainer_result result =
        trainer->engine->evaluate(trainer->engine_state, &batch, weights, scores);
    result.penalty = parameters_penalty(&trainer->parameters, weights);
    result.finite = isfinite(result.loss);
    return result;
}

bool trainer_is_finite(const struct trainer *trainer)
{
    for (size_t i = 0; i < trainer->parameters.total; i++)
        if (!isfinite(trainer->weights[i]))
            return false;
    return true;
}

/* --- weights and state ------------------------------------------------------------------------ */

void trainer_store(struct trainer *trainer, bool average)
{
    parameters_write(&trainer->parameters, average ? final_weights(trainer) : trainer->weights,
                     trainer->model);
}

bool trainer_save(struct trainer *trainer, FILE *file, struct error *error)
{
    return store_write(&trainer->parameters, &trainer->optimizer, trainer->weights, file, error);
}

bool trainer_load(struct trainer *trainer, FILE *file, struct error *error)
{
    return store_read(&trainer->parameters, &trainer->optimizer, trainer->weights, file, error);
}
