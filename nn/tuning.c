#include "nn/tuning.h"

#include "nn/layer.h"

#include <stdlib.h>
#include <string.h>

struct tuning *tuning_create(const struct model *model, const char *kernels)
{
    const size_t layers = (size_t)model->layer_count * sizeof(struct tuned_layer);
    struct tuning *tuning = calloc(1, sizeof *tuning + layers);
    if (!tuning)
        return NULL;
    strncpy(tuning->kernels, kernels, sizeof tuning->kernels - 1);
    tuning->layer_count = model->layer_count;
    return tuning;
}

/* --- hash ------------------------------------------------------------------------------------- */

/* http://www.isthe.com/chongo/tech/comp/fnv: by words and not by bytes, since this runs over all
 * weights at each start. */
static uint64_t add_words(uint64_t hash, const void *words, size_t count)
{
    const unsigned char *at = words;
    for (size_t i = 0; i < count; i++, at += sizeof(uint32_t)) {
        uint32_t word;
        memcpy(&word, at, sizeof word);
        hash = (hash ^ word) * 0x100000001b3;
    }
    return hash;
}

static uint64_t add_layer(uint64_t hash, const struct layer *layer)
{
    const struct window none = {0};
    const enum layer_op op = layer->op;
    const bool conv = op == LAYER_CONV2D || op == LAYER_DEPTHWISE_CONV2D;
    const bool pool =
        op == LAYER_MAX_POOL2D || op == LAYER_AVERAGE_POOL2D || op == LAYER_ZERO_PADDING2D;
    const struct window *w = conv ? &layer->conv.window : pool ? &layer->pool : &none;
    const int words[] = {
        (int)op,
        layer->shape.rank,
        layer->shape.dim[0],
        layer->shape.dim[1],
        layer->shape.dim[2],
        w->kernel_h,
        w->kernel_w,
        w->stride_h,
        w->stride_w,
        w->dilation_h,
        w->dilation_w,
        w->pad_top,
        w->pad_left,
        (int)layer->activation.kind,
    };
    hash = add_words(hash, words, sizeof words / sizeof *words);
    hash = add_words(hash, layer->inputs, (size_t)layer->input_count);
    return add_words(hash, layer->range, 2);
}

uint64_t tuning_hash(const struct model *model)
{
    uint64_t hash = 0xcbf29ce484222325;
    struct parameter list[LAYER_PARAMETERS_MAX];
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        const int count = layer_parameters(model, layer, list);
        hash = add_layer(hash, layer);
        for (int k = 0; k < count; k++)
            hash = add_words(hash, parameter_values(layer, &list[k]), parameter_count(&list[k]));
    }
    return hash;
}
