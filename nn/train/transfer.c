#include "nn/train/transfer.h"

#include "nn/layer.h"
#include "nn/train/earlier.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_BYTES = 160 };

static int list_weights(const struct model *model, int layer,
                        struct parameter list[LAYER_PARAMETERS_MAX])
{
    return layer_parameters(model, &model->layers[layer], list);
}

/* The next layer that has weights; 0: there is none. */
static int next_weighted(const struct model *model, int layer)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    while (++layer < model->layer_count)
        if (list_weights(model, layer, list) > 0)
            return layer;
    return 0;
}

/* Is it the Dense layer that makes the scores? */
static bool is_head(const struct model *model, int layer)
{
    return next_weighted(model, layer) == 0 && model->layers[layer].op == LAYER_DENSE &&
           model->class_count > 0 &&
           shape_channels(&model->layers[layer].shape) == shape_channels(model_output_shape(model));
}

/* --- what fits -------------------------------------------------------------------------------- */

static bool same_shape(const struct parameter *a, const struct parameter *b, bool any_columns)
{
    bool same = strcmp(a->name, b->name) == 0 && a->rank == b->rank;
    for (int i = 0; same && i < a->rank - any_columns; i++)
        same = a->dim[i] == b->dim[i];
    return same;
}

static bool layer_fits(const struct model *from, int a, const struct model *to, int b)
{
    struct parameter mine[LAYER_PARAMETERS_MAX], wanted[LAYER_PARAMETERS_MAX];
    if (!a || !b || from->layers[a].op != to->layers[b].op)
        return false;
    const int count = list_weights(to, b, wanted);
    bool fits = list_weights(from, a, mine) == count;
    for (int i = 0; fits && i < count; i++)
        fits = same_shape(&mine[i], &wanted[i], is_head(from, a) && is_head(to, b));
    return fits;
}

/* "conv2d_3 (Conv2D, kernel 3 x 3 x 32 x 64, bias)" */
static const char *describe(const struct model *model, int layer, char text[TEXT_BYTES])
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    const int count = list_weights(model, layer, list);
    int used = snprintf(text, TEXT_BYTES, "%.60s (%s, %s", model->layers[layer].name,
                        layer_op_name(model->layers[layer].op), list[0].name);
    for (int i = 0; i < list[0].rank; i++)
        used += snprintf(text + used, TEXT_BYTES - (size_t)used, "%s%d", i ? " x " : " ",
                         list[0].dim[i]);
    for (int i = 1; i < count; i++)
        used += snprintf(text + used, TEXT_BYTES - (size_t)used, ", %s", list[i].name);
    snprintf(text + used, TEXT_BYTES - (size_t)used, ")");
    return text;
}

static bool refuse(const struct model *from, int a, const struct model *to, int b,
                   struct error *error)
{
    char theirs[TEXT_BYTES], ours[TEXT_BYTES];
    if (!a)
        return error_set(error, "it has no weights for layer %s", describe(to, b, ours));
    if (!b)
        return error_set(error, "the network to be trained has no layer for its %s",
                         describe(from, a, theirs));
    return error_set(error, "its layer %s does not fit layer %s of the network to be trained",
                     describe(from, a, theirs), describe(to, b, ours));
}

static bool check(const struct model *from, const struct model *to, struct error *error)
{
    int a = next_weighted(from, 0), b = next_weighted(to, 0);
    for (; a || b; a = next_weighted(from, a), b = next_weighted(to, b))
        if (!layer_fits(from, a, to, b))
            return refuse(from, a, to, b, error);
    return true;
}

/* --- taking ----------------------------------------------------------------------------------- */

static void copy_layer(const struct model *from, int a, struct model *to, int b)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    const int count = list_weights(to, b, list);
    for (int i = 0; i < count; i++)
        memcpy(parameter_values(&to->layers[b], &list[i]),
               parameter_values(&from->layers[a], &list[i]),
               parameter_count(&list[i]) * sizeof(float));
}

bool transfer_body(const struct model *from, struct model *to, struct error *error)
{
    if (!check(from, to, error))
        return false;
    int a = next_weighted(from, 0), b = next_weighted(to, 0);
    for (; b; a = next_weighted(from, a), b = next_weighted(to, b))
        if (!is_head(to, b))
            copy_layer(from, a, to, b);
    return true;
}

static int last_weighted(const struct model *model)
{
    int last = 0;
    for (int i = 0; (i = next_weighted(model, i));)
        last = i;
    return last;
}

/* The class of `from` whose weights the class has; -1: none. */
static int find_class(const struct model *from, const struct model *to, int class)
{
    if (!earlier_names_classes(from))
        return from->class_count == to->class_count ? class : -1;
    for (int i = 0; i < from->class_count; i++)
        if (strcmp(from->class_names[i], to->class_names[class]) == 0)
            return i;
    return -1;
}

/* The unit of the head that scores the class; a network with one output has one for both. */
static int unit_of(const struct layer *head, int class)
{
    return head->dense.units == 1 ? 0 : class;
}

/* One unit's weights: a column of the kernel, a place of the bias. */
static void copy_unit(const struct model *from, int a, int from_unit, struct model *to, int b,
                      int to_unit)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    const int count = list_weights(to, b, list);
    const int from_units = from->layers[a].dense.units, units = to->layers[b].dense.units;
    for (int i = 0; i < count; i++) {
        const float *source = parameter_values(&from->layers[a], &list[i]);
        float *target = parameter_values(&to->layers[b], &list[i]);
        const int rows = (int)(parameter_count(&list[i]) / (size_t)units);
        for (int row = 0; row < rows; row++)
            target[row * units + to_unit] = source[row * from_units + from_unit];
    }
}

/* A single output tells two classes apart: it is worth something for these two only. */
static bool heads_agree(const struct model *from, int a, const struct model *to, int b)
{
    const bool one = from->layers[a].dense.units == 1, wanted = to->layers[b].dense.units == 1;
    if (!one && !wanted)
        return true;
    return one && wanted && find_class(from, to, 0) == 0 && find_class(from, to, 1) == 1;
}

void transfer_head(const struct model *from, struct model *to, bool *kept)
{
    const int a = last_weighted(from), b = last_weighted(to);
    const bool has_head = is_head(to, b);
    const bool agree = has_head && is_head(from, a) && heads_agree(from, a, to, b);
    for (int i = 0; i < to->class_count; i++) {
        const int class = agree ? find_class(from, to, i) : -1;
        kept[i] = !has_head || class >= 0;
        if (class >= 0)
            copy_unit(from, a, unit_of(&from->layers[a], class), to, b, unit_of(&to->layers[b], i));
    }
}
