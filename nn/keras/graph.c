/* Sequential and functional models, also one inside another, flattened into one list of layers. */
#include "nn/keras/builder.h"
#include "nn/keras/json.h"
#include "nn/shape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 16, INPUTS_MAX = 64 };

static bool build_model(struct builder *builder, const json_t *model, int input, int depth,
                        int *output, struct error *error);

/* --- what a layer says of itself -------------------------------------------------------------- */

static const char *class_of(const json_t *layer)
{
    const char *name = json_string_value(json_object_get(layer, "class_name"));
    return name ? name : "";
}

static const char *name_of(const json_t *layer)
{
    const json_t *name = json_object_get(json_object_get(layer, "config"), "name");
    const char *text = json_string_value(name ? name : json_object_get(layer, "name"));
    return text ? text : class_of(layer);
}

static bool is_sequential(const json_t *layer)
{
    return strcmp(class_of(layer), "Sequential") == 0;
}

static bool is_model(const json_t *layer)
{
    return is_sequential(layer) || strcmp(class_of(layer), "Functional") == 0 ||
           strcmp(class_of(layer), "Model") == 0;
}

static bool is_input(const json_t *layer)
{
    return strcmp(class_of(layer), "InputLayer") == 0;
}

/* The first Keras 2 versions wrote a Sequential's configuration as the bare list. */
static const json_t *layers_of(const json_t *model)
{
    const json_t *config = json_object_get(model, "config");
    return json_is_array(config) ? config : json_object_get(config, "layers");
}

/* input_layers or output_layers of a functional model: [["name", 0, 0]], Keras 3: ["name", 0, 0].
 */
static const char *only_end(const json_t *model, const char *key, struct error *error)
{
    const json_t *ends = json_object_get(json_object_get(model, "config"), key);
    const json_t *end = json_is_string(json_array_get(ends, 0)) ? ends : json_array_get(ends, 0);
    const char *name = json_string_value(json_array_get(end, 0));
    if (!name)
        error_set(error, "model %s names no %s", name_of(model), key);
    else if (end != ends && json_array_size(ends) != 1) {
        error_set(error, "model %s has %zu %s; only one is supported", name_of(model),
                  json_array_size(ends), key);
        name = NULL;
    }
    return name;
}

static const json_t *find_layer(const json_t *layers, const char *name)
{
    const json_t *layer;
    size_t i;
    json_array_foreach(layers, i, layer)
        if (strcmp(name_of(layer), name) == 0)
            return layer;
    return NULL;
}

/* --- the input's shape ------------------------------------------------------------------------ */

/* The shape that a layer was given, with the batch in front; NULL: none. */
static const json_t *given_shape(const json_t *layer)
{
    static const char *const keys[] = {"batch_input_shape", "batch_shape", "build_input_shape"};
    const json_t *config = json_object_get(layer, "config");
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (json_is_array(json_object_get(config, keys[i])))
            return json_object_get(config, keys[i]);
    return NULL;
}

static const json_t *find_input_shape(const json_t *model, int depth, struct error *error)
{
    const json_t *first = json_array_get(layers_of(model), 0);
    if (depth > DEPTH_MAX)
        error_set(error, "models are nested deeper than %d", DEPTH_MAX);
    else if (!first)
        error_set(error, "model %s has no layers", name_of(model));
    else if (!is_sequential(model)) {
        const char *name = only_end(model, "input_layers", error);
        const json_t *layer = name ? find_layer(layers_of(model), name) : NULL;
        if (layer && given_shape(layer))
            return given_shape(layer);
        if (name)
            error_set(error, "input layer %s of model %s has no shape", name, name_of(model));
    } else if (given_shape(first)) {
        return given_shape(first);
    } else if (is_model(first)) {
        return find_input_shape(first, depth + 1, error);
    } else if (given_shape(model)) {
        return given_shape(model);
    } else {
        error_set(error, "model %s has no input shape; build the model before it is saved",
                  name_of(model));
    }
    return NULL;
}

/* [null, 128, 128, 3] to 128 x 128 x 3; channels first: [null, 3, 128, 128]. */
static bool parse_shape(const json_t *list, bool channels_first, struct shape *shape,
                        struct error *error)
{
    int rank = (int)json_array_size(list) - 1;
    if (rank < 1 || rank > SHAPE_RANK_MAX)
        return error_set(error, "an input of %d axes besides the batch is not supported", rank);
    *shape = (struct shape){.rank = rank};
    for (int i = 0; i < rank; i++) {
        const json_t *size = json_array_get(list, (size_t)i + 1);
        if (json_is_null(size))
            return error_set(error, "the input's size is not fixed; save the model with one, "
                                    "such as (128, 128, 3)");
        if (!keras_to_int(size, &shape->dim[i]))
            return error_set(error, "the input's size has to be whole numbers that fit 32 "
                                    "bits, such as (128, 128, 3)");
    }
    if (channels_first && rank == 3)
        *shape = (struct shape){3, {shape->dim[1], shape->dim[2], shape->dim[0]}};
    return true;
}

/* An InputLayer inside a nested model promises a shape, in which null stands for anything. */
static bool check_promise(const struct builder *builder, const json_t *layer, int input,
                          struct error *error)
{
    const json_t *promise = given_shape(layer);
    const struct shape *shape = &builder->model->layers[input].shape;
    char text[SHAPE_TEXT_BYTES];
    int side;
    bool same = !promise || (int)json_array_size(promise) == shape->rank + 1;
    for (int i = 0; same && promise && i < shape->rank; i++)
        if (keras_to_int(json_array_get(promise, (size_t)i + 1), &side))
            same =
                side == shape->dim[builder->channels_first && shape->rank == 3 ? (i + 2) % 3 : i];
    return same ||
           error_set(error, "input %s does not take %s", name_of(layer), shape_text(shape, text));
}

/* --- layers ----------------------------------------------------------------------------------- */

/* Appends one layer or nested model that reads `inputs`. */
static bool build_layer(struct builder *builder, const json_t *layer, const int *inputs, int count,
                        int depth, int *output, struct error *error)
{
    const struct source source = {class_of(layer), name_of(layer), json_object_get(layer, "config"),
                                  inputs, count};
    if (depth == 0)
        builder->group = source.name;
    if (is_input(layer)) {
        *output = inputs[0];
        return check_promise(builder, layer, inputs[0], error);
    }
    if (!is_model(layer))
        return builder_add(builder, &source, output, error);
    if (count != 1)
        return error_set(error, "model %s is called with %d inputs; only one is supported",
                         source.name, count);
    return build_model(builder, layer, inputs[0], depth + 1, output, error);
}

static bool build_sequential(struct builder *builder, const json_t *model, int input, int depth,
                             int *output, struct error *error)
{
    const json_t *layer;
    size_t i;
    *output = input;
    json_array_foreach(layers_of(model), i, layer) {
        int from = *output;
        if (!build_layer(builder, layer, &from, 1, depth, output, error))
            return false;
    }
    return true;
}

/* --- functional models ------------------------------------------------------------------------ */

/* The layers that one layer reads, by name. */
struct inbound {
    const json_t *layers; /* those of the model, among which they are */
    const char *names[INPUTS_MAX];
    int count;
};

/* Keras counts a layer's calls (nodes) from 0, but mostly from 1 where the layer is a model itself:
 * call 0 then leads from that model's own input to its own output. Whether there are more calls,
 * read_inbound finds out. */
static bool is_first_call(const json_t *layers, const char *name, int node)
{
    const json_t *layer = node == 1 ? find_layer(layers, name) : NULL;
    return node == 0 || (layer && is_model(layer));
}

/* history: ["name", node, tensor, ...] */
static bool add_inbound(struct inbound *inbound, const json_t *history, struct error *error)
{
    const char *name = json_string_value(json_array_get(history, 0));
    int node = 0, tensor = 0;
    if (!name || inbound->count == INPUTS_MAX || !keras_to_int(json_array_get(history, 1), &node) ||
        !keras_to_int(json_array_get(history, 2), &tensor))
        return error_set(error, "its inbound_nodes cannot be understood");
    if (tensor != 0 || !is_first_call(inbound->layers, name, node))
        return error_set(error,
                         "it reads layer %s, which is called more than once; shared layers "
                         "are not supported",
                         name);
    inbound->names[inbound->count++] = name;
    return true;
}

/* Keras 3: tensors stand anywhere in a node's args, as {"class_name": "__keras_tensor__", ...}. */
static bool collect_tensors(struct inbound *inbound, const json_t *value, struct error *error)
{
    const json_t *member;
    const char *key;
    size_t i;
    if (json_is_object(value) && strcmp(class_of(value), "__keras_tensor__") == 0)
        return add_inbound(
            inbound, json_object_get(json_object_get(value, "config"), "keras_history"), error);
    json_array_foreach(value, i, member)
        if (!collect_tensors(inbound, member, error))
            return false;
    json_object_foreach((json_t *)value, key, member) {
        if (!collect_tensors(inbound, member, error))
            return false;
    }
    return true;
}

static bool read_node(struct inbound *inbound, const json_t *node, struct error *error)
{
    const json_t *history;
    size_t i;
    if (json_is_object(node))
        return collect_tensors(inbound, node, error);
    if (json_is_string(json_array_get(node, 0)))
        return add_inbound(inbound, node, error);
    json_array_foreach(node, i, history)
        if (!add_inbound(inbound, history, error))
            return false;
    return true;
}

static bool read_inbound(const json_t *layer, struct inbound *inbound, struct error *error)
{
    const json_t *nodes = json_object_get(layer, "inbound_nodes");
    if (json_array_size(nodes) > 1)
        return error_set(error, "layer %s is called %zu times; shared layers are not supported",
                         name_of(layer), json_array_size(nodes));
    if (json_array_size(nodes) == 1 && !read_node(inbound, json_array_get(nodes, 0), error))
        return error_prefix(error, "layer %s", name_of(layer));
    return is_input(layer) || inbound->count > 0 ||
           error_set(error, "layer %s has no input", name_of(layer));
}

/* What is known of a functional model's layers while it is built. */
struct progress {
    const json_t *layers;
    json_t *index; /* name -> index of the layer's output in the model, -1: not built yet; owned */
    const char *input_name;
    int input; /* what input_name stands for */
};

static bool start_progress(struct progress *progress, const json_t *model, int input,
                           struct error *error)
{
    const json_t *layer;
    size_t i;
    progress->layers = layers_of(model);
    progress->input = input;
    progress->input_name = only_end(model, "input_layers", error);
    if (!progress->input_name)
        return false;
    progress->index = json_object();
    json_array_foreach(progress->layers, i, layer) {
        if (json_object_get(progress->index, name_of(layer)))
            return error_set(error, "two layers are called %s", name_of(layer));
        if (json_object_set_new(progress->index, name_of(layer), json_integer(-1)) != 0)
            return error_set(error, "layer %zu has no usable name", i);
    }
    return true;
}

enum built { BUILT, NOT_YET, REFUSED };

static enum built try_build(struct builder *builder, struct progress *progress, const json_t *layer,
                            int depth, struct error *error)
{
    struct inbound inbound = {.layers = progress->layers};
    int inputs[INPUTS_MAX] = {progress->input}, output;
    if (!read_inbound(layer, &inbound, error))
        return REFUSED;
    if (is_input(layer) && strcmp(name_of(layer), progress->input_name) != 0) {
        error_set(error, "input %s is a second input; only one is supported", name_of(layer));
        return REFUSED;
    }
    for (int i = 0; i < inbound.count; i++) {
        const json_t *index = json_object_get(progress->index, inbound.names[i]);
        if (!index) {
            error_set(error, "layer %s reads %s, which does not exist", name_of(layer),
                      inbound.names[i]);
            return REFUSED;
        }
        inputs[i] = (int)json_integer_value(index);
        if (inputs[i] < 0)
            return NOT_YET;
    }
    if (!build_layer(builder, layer, inputs, is_input(layer) ? 1 : inbound.count, depth, &output,
                     error))
        return REFUSED;
    json_object_set_new(progress->index, name_of(layer), json_integer(output));
    return BUILT;
}

/* One pass over the layers that are left; Keras writes them in an order that needs only one. */
static bool build_ready(struct builder *builder, struct progress *progress, int depth, int *built,
                        const char **waiting, struct error *error)
{
    const json_t *layer;
    size_t i;
    *built = 0;
    *waiting = NULL;
    json_array_foreach(progress->layers, i, layer) {
        if (json_integer_value(json_object_get(progress->index, name_of(layer))) >= 0)
            continue;
        switch (try_build(builder, progress, layer, depth, error)) {
        case BUILT:
            ++*built;
            break;
        case NOT_YET:
            if (!*waiting)
                *waiting = name_of(layer);
            break;
        case REFUSED:
            return false;
        }
    }
    return true;
}

static bool build_all(struct builder *builder, struct progress *progress, int depth,
                      struct error *error)
{
    const char *waiting;
    int built;
    do {
        if (!build_ready(builder, progress, depth, &built, &waiting, error))
            return false;
        if (waiting && built == 0)
            return error_set(error, "layer %s waits for itself: the graph has a cycle", waiting);
    } while (waiting);
    return true;
}

static bool build_functional(struct builder *builder, const json_t *model, int input, int depth,
                             int *output, struct error *error)
{
    struct progress progress = {0};
    const char *name = only_end(model, "output_layers", error);
    bool good = name && start_progress(&progress, model, input, error) &&
                build_all(builder, &progress, depth, error);
    if (good) {
        const json_t *index = json_object_get(progress.index, name);
        *output = (int)json_integer_value(index);
        good = index ||
               error_set(error, "output layer %s of model %s does not exist", name, name_of(model));
    }
    json_decref(progress.index);
    return good;
}

static bool build_model(struct builder *builder, const json_t *model, int input, int depth,
                        int *output, struct error *error)
{
    if (depth > DEPTH_MAX)
        return error_set(error, "models are nested deeper than %d", DEPTH_MAX);
    if (!json_is_array(layers_of(model)))
        return error_set(error, "model %s lists no layers; subclassed models are not supported",
                         name_of(model));
    return is_sequential(model) ? build_sequential(builder, model, input, depth, output, error)
                                : build_functional(builder, model, input, depth, output, error);
}

static bool is_taken(const struct model *model, const char *name)
{
    for (int i = 1; i < model->layer_count; i++)
        if (strcmp(model->layers[i].name, name) == 0)
            return true;
    return false;
}

/* A functional model names its input, a Sequential only in an InputLayer. Other layers may have
 * that name: those of nested models, and all where the name is ours. */
static bool name_input(struct model *model, const json_t *root, struct error *error)
{
    const json_t *first = json_array_get(layers_of(root), 0);
    const char *wanted = !is_sequential(root) ? only_end(root, "input_layers", NULL)
                         : is_input(first)    ? name_of(first)
                                              : model->layers[0].name;
    char *name = strdup(wanted);
    for (int i = 1; name && is_taken(model, name); i++) {
        free(name);
        if (asprintf(&name, "%s_%d", wanted, i) < 0)
            name = NULL;
    }
    if (!name)
        return error_set_memory(error, "out of memory");
    free(model->layers[0].name);
    model->layers[0].name = name;
    return true;
}

bool builder_read(struct builder *builder, const json_t *root, const char *name,
                  struct error *error)
{
    struct shape shape;
    if (!is_model(root))
        return error_set(error,
                         "class %.60s is no model; supported are: Sequential, Functional, "
                         "Model",
                         class_of(root));
    const json_t *given = find_input_shape(root, 0, error);
    if (!given || !parse_shape(given, builder->channels_first, &shape, error))
        return false;
    builder->model = model_create(name, &shape, error);
    return builder->model && build_model(builder, root, 0, 0, &builder->model->output, error) &&
           name_input(builder->model, root, error);
}
