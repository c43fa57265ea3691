#include "nn/train/parameters.h"

#include <stdlib.h>
#include <string.h>

static struct parameter_array describe(const struct network *network, int layer,
                                       const struct parameter *what)
{
    const enum layer_op op = network->model->layers[layer].op;
    const bool is_kernel = what->member == offsetof(struct layer, kernel);
    struct parameter_array array = {.layer = layer, .what = *what, .decays = is_kernel};
    array.frozen = network->layers && network->layers[layer].frozen;
    array.what.trainable = what->trainable && !array.frozen;
    array.columns = what->dim[what->rank - 1];
    if (op == LAYER_DEPTHWISE_CONV2D && is_kernel)
        array.columns *= what->dim[2];
    array.rows = (int)(parameter_count(what) / (size_t)array.columns);
    array.pitch = (array.columns + PARAMETER_PITCH - 1) / PARAMETER_PITCH * PARAMETER_PITCH;
    array.l2 = is_kernel && network->layers ? network->layers[layer].l2 : 0;
    return array;
}

static void append(struct parameters *parameters, const struct network *network, bool trainable)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    for (int i = 0; i < network->model->layer_count; i++) {
        const int count = layer_parameters(network->model, &network->model->layers[i], list);
        for (int k = 0; k < count; k++) {
            struct parameter_array array = describe(network, i, &list[k]);
            if (array.what.trainable != trainable)
                continue;
            array.offset = parameters->total;
            parameters->total += (size_t)array.rows * (size_t)array.pitch;
            parameters->arrays[parameters->count++] = array;
        }
    }
}

bool parameters_init(struct parameters *parameters, const struct network *network,
                     struct error *error)
{
    const size_t most = (size_t)network->model->layer_count * LAYER_PARAMETERS_MAX;
    *parameters = (struct parameters){.arrays = calloc(most, sizeof *parameters->arrays)};
    if (!parameters->arrays)
        return error_set(error, "model %s: out of memory", network->model->name);
    append(parameters, network, true);
    parameters->trainable = parameters->total;
    append(parameters, network, false);
    return true;
}

void parameters_finish(struct parameters *parameters)
{
    free(parameters->arrays);
    *parameters = (struct parameters){0};
}

static float *values_of(const struct parameter_array *array, const struct model *model)
{
    return parameter_values(&model->layers[array->layer], &array->what);
}

void parameters_read(const struct parameters *parameters, const struct model *model, float *flat)
{
    memset(flat, 0, parameters->total * sizeof *flat);
    for (int i = 0; i < parameters->count; i++) {
        const struct parameter_array *array = &parameters->arrays[i];
        const float *values = values_of(array, model);
        for (int row = 0; row < array->rows; row++)
            memcpy(flat + array->offset + (ptrdiff_t)row * array->pitch,
                   values + (ptrdiff_t)row * array->columns, (size_t)array->columns * sizeof *flat);
    }
}

void parameters_write(const struct parameters *parameters, const float *flat, struct model *model)
{
    for (int i = 0; i < parameters->count; i++) {
        const struct parameter_array *array = &parameters->arrays[i];
        float *values = values_of(array, model);
        for (int row = 0; row < array->rows; row++)
            memcpy(values + (ptrdiff_t)row * array->columns,
                   flat + array->offset + (ptrdiff_t)row * array->pitch,
                   (size_t)array->columns * sizeof *flat);
    }
}

double parameters_penalty(const struct parameters *parameters, const float *flat)
{
    double penalty = 0;
    for (int i = 0; i < parameters->count; i++) {
        const struct parameter_array *array = &parameters->arrays[i];
        if (array->l2 == 0 || !array->what.trainable)
            continue;
        double squares = 0;
        const size_t end = array->offset + (size_t)array->rows * (size_t)array->pitch;
        for (size_t k = array->offset; k < end; k++)
            squares += (double)flat[k] * (double)flat[k];
        penalty += array->l2 * squares;
    }
    return penalty;
}

const struct parameter_array *parameters_find(const struct parameters *parameters, int layer,
                                              size_t member)
{
    for (int i = 0; i < parameters->count; i++)
        if (parameters->arrays[i].layer == layer && parameters->arrays[i].what.member == member)
            return &parameters->arrays[i];
    return NULL;
}
