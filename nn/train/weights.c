#include "nn/train/weights.h"

#include "nn/layer.h"

#include <string.h>

/* Visits each array of weights; `to` and `from` may be NULL. Returns how many values there are. */
static size_t walk(const struct model *model, float *to, const float *from)
{
    size_t done = 0;
    for (int i = 0; i < model->layer_count; i++) {
        struct parameter list[LAYER_PARAMETERS_MAX];
        int count = layer_parameters(model, &model->layers[i], list);
        for (int p = 0; p < count; p++) {
            float *values = parameter_values(&model->layers[i], &list[p]);
            size_t size = parameter_count(&list[p]);
            if (to)
                memcpy(to + done, values, size * sizeof *values);
            if (from)
                memcpy(values, from + done, size * sizeof *values);
            done += size;
        }
    }
    return done;
}

size_t weights_count(const struct model *model)
{
    return walk(model, NULL, NULL);
}

void weights_get(const struct model *model, float *weights)
{
    walk(model, weights, NULL);
}

void weights_set(struct model *model, const float *weights)
{
    walk(model, NULL, weights);
}
