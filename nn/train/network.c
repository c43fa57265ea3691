#include "nn/train/network.h"

#include "nn/keras/builder.h"
#include "nn/train/arguments.h"
#include "nn/train/bind.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_BYTES = 64 };

/* A name of the recipe and the layer whose output it stands for. */
struct variable {
    const char *name;
    int layer;
};

struct reader {
    const struct script *script;
    struct network *network;
    struct builder builder;
    struct variable *variables;
    int variable_count;
    const char *sequential; /* name of the model that layers are added to; NULL: functional */
    bool finished;          /* Model(...) has named the output */
    struct error *error;
};

static bool refuse(const struct reader *r, int line, const char *what)
{
    return error_set_usage(r->error, "%s:%d: %s", r->script->path, line, what);
}

/* The model knows no recipe: what it refuses is a mistake in this line, if there was memory. */
static bool blame(const struct reader *r, int line)
{
    if (r->error && !r->error->memory)
        r->error->code = EXIT_CODE_USAGE;
    return error_prefix(r->error, "%s:%d", r->script->path, line);
}

static bool out_of_memory(const struct reader *r)
{
    return error_set_memory(r->error, "%s: out of memory", r->script->path);
}

/* --- names ------------------------------------------------------------------------------------ */

/* "MaxPooling2D" -> "max_pooling2d", as Keras names its layers. */
static void snake_case(const char *class_name, char name[NAME_BYTES])
{
    int used = 0;
    for (const char *c = class_name; *c && used < NAME_BYTES - 16; c++) {
        if (c > class_name && isupper((unsigned char)*c) && islower((unsigned char)c[-1]))
            name[used++] = '_';
        name[used++] = (char)tolower((unsigned char)*c);
    }
    name[used] = '\0';
}

static bool is_taken(const struct model *model, const char *name)
{
    for (int i = 0; i < model->layer_count; i++)
        if (strcmp(model->layers[i].name, name) == 0)
            return true;
    return false;
}

/* The first free of conv2d, conv2d_1, conv2d_2, ... */
static void automatic_name(const struct model *model, const char *class_name, char name[NAME_BYTES])
{
    snake_case(class_name, name);
    size_t length = strlen(name);
    for (int i = 1; is_taken(model, name); i++)
        snprintf(name + length, NAME_BYTES - length, "_%d", i);
}

static bool set_variable(struct reader *r, const char *name, int layer)
{
    size_t count = (size_t)r->variable_count + 1;
    struct variable *variables = realloc(r->variables, count * sizeof *variables);
    if (!variables)
        return out_of_memory(r);
    r->variables = variables;
    variables[r->variable_count++] = (struct variable){name, layer};
    return true;
}

/* The latest value: x may be assigned again and again. */
static bool get_variable(const struct reader *r, const struct expr *e, int *layer)
{
    for (int i = r->variable_count - 1; i >= 0; i--)
        if (strcmp(r->variables[i].name, e->text) == 0) {
            *layer = r->variables[i].layer;
            return true;
        }
    return error_set_usage(r->error, "%s:%d: %.40s is not the output of a layer above",
                           r->script->path, e->line, e->text);
}

/* --- layers ----------------------------------------------------------------------------------- */

/* Notes what the line says for the trainer, for every layer that it added. */
static bool note_training(struct reader *r, const struct expr *call,
                          const struct layer_arguments *arguments, int first_new)
{
    struct network *network = r->network;
    size_t count = (size_t)network->model->layer_count;
    struct layer_training *layers = realloc(network->layers, count * sizeof *layers);
    if (!layers)
        return out_of_memory(r);
    network->layers = layers;
    for (size_t i = (size_t)first_new; i < count; i++)
        layers[i] = (struct layer_training){
            .line = call ? call->line : 0,
            .first = first_new,
            .kernel = arguments ? arguments->kernel : (struct initialization){0},
            .bias = arguments ? arguments->bias : (struct initialization){0},
            .l2 = arguments ? arguments->l2 : 0,
            .frozen = arguments && arguments->frozen,
        };
    return true;
}

static bool begin_model(struct reader *r, const struct expr *e)
{
    struct shape shape = {.rank = e->kind == EXPR_TUPLE ? e->count : 0};
    if (r->network->model)
        return refuse(r, e->line, "a network has one input");
    for (int i = 0; i < shape.rank && i < SHAPE_RANK_MAX; i++) {
        const struct expr *side = &e->items[i];
        if (side->kind != EXPR_NUMBER || !side->is_integer || side->number > INT32_MAX)
            shape.rank = 0;
        else
            shape.dim[i] = (int)side->number;
    }
    if (shape.rank < 1 || shape.rank > SHAPE_RANK_MAX)
        return refuse(r, e->line, "a shape is expected, as (128, 128, 3) or (784,)");
    r->network->model = r->builder.model = model_create("model", &shape, r->error);
    if (!r->network->model)
        return blame(r, e->line);
    return note_training(r, NULL, NULL, 0);
}

/* A call can add more layers than it names: SeparableConv2D adds NAME_depthwise, too. */
static bool check_names(const struct reader *r, int line, int first_new)
{
    const struct model *model = r->network->model;
    for (int i = first_new; i < model->layer_count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(model->layers[i].name, model->layers[k].name) == 0)
                return error_set_usage(r->error, "%s:%d: another layer is called %.80s already",
                                       r->script->path, line, model->layers[i].name);
    return true;
}

/* Appends the layer of a call such as Conv2D(8, 3); inputs NULL: on top of the last layer. */
static bool add_layer(struct reader *r, const struct expr *call, const int *inputs, int input_count,
                      int *output)
{
    struct layer_arguments arguments;
    char automatic[NAME_BYTES];
    bool ok = false;
    if (!arguments_bind(r->script, call, &arguments, r->error))
        return false;
    if (arguments.input_shape && inputs) {
        refuse(r, call->line, "input_shape is for the first layer of a Sequential; use Input(...)");
        goto done;
    }
    if (arguments.input_shape && !begin_model(r, arguments.input_shape))
        goto done;
    struct model *model = r->network->model;
    if (!model) {
        refuse(r, call->line, "the first layer needs input_shape=(height, width, channels)");
        goto done;
    }
    automatic_name(model, bind_callee(call), automatic);
    int first_new = model->layer_count, last = first_new - 1;
    const struct source source = {
        .class_name = bind_callee(call),
        .name = arguments.name ? arguments.name : automatic,
        .config = arguments.config,
        .inputs = inputs ? inputs : &last,
        .input_count = inputs ? input_count : 1,
    };
    ok =
        builder_add(&r->builder, &source, output, r->error)
            ? check_names(r, call->line, first_new) && note_training(r, call, &arguments, first_new)
            : blame(r, call->line);
done:
    json_decref(arguments.config);
    return ok;
}

static bool names_layer(const struct expr *e, const char *name)
{
    const char *callee = bind_callee(e);
    return callee && strcmp(callee, name) == 0;
}

/* --- functional style ------------------------------------------------------------------------- */

static bool read_tensor(struct reader *r, const struct expr *e, int *layer);

static bool name_input(struct reader *r, const struct expr *e)
{
    const char *name;
    if (!arguments_bind_name(r->script, e, &name, r->error))
        return false;
    char *copy = strdup(name);
    if (!copy)
        return out_of_memory(r);
    free(r->network->model->layers[0].name);
    r->network->model->layers[0].name = copy;
    return true;
}

/* Input((128, 128, 3)) or Input(shape=(128, 128, 3)), with a name if wanted */
static bool read_input(struct reader *r, const struct expr *e, int *layer)
{
    const struct expr *shape = NULL, *name = NULL;
    for (int i = 0; i < e->count; i++) {
        const char *key = e->keys[i] ? e->keys[i] : i == 0 ? "shape" : "";
        const struct expr **place = strcmp(key, "shape") == 0  ? &shape
                                    : strcmp(key, "name") == 0 ? &name
                                                               : NULL;
        if (!place || *place)
            return refuse(r, e->line, "Input takes its shape, and name=");
        *place = &e->items[i];
    }
    if (!shape)
        return refuse(r, e->line, "Input needs its shape, as Input((128, 128, 3))");
    *layer = 0;
    return begin_model(r, shape) && (!name || name_input(r, name));
}

/* Layer(...)(x) or Layer(...)([x, y]) */
static bool read_application(struct reader *r, const struct expr *e, int *layer)
{
    const struct expr *argument = e->items;
    if (e->count != 1 || e->keys[0] || e->callee->callee->kind != EXPR_NAME)
        return refuse(r, e->line, "a layer is called on one tensor or one list of tensors");
    bool is_list = argument->kind == EXPR_TUPLE;
    int count = is_list ? argument->count : 1;
    int *inputs = calloc((size_t)count + 1, sizeof *inputs);
    if (!inputs)
        return out_of_memory(r);
    bool ok = true;
    for (int i = 0; ok && i < count; i++)
        ok = read_tensor(r, is_list ? &argument->items[i] : argument, &inputs[i]);
    ok = ok && add_layer(r, e->callee, inputs, count, layer);
    free(inputs);
    return ok;
}

static bool read_tensor(struct reader *r, const struct expr *e, int *layer)
{
    if (e->kind == EXPR_NAME)
        return get_variable(r, e, layer);
    if (names_layer(e, "Input"))
        return read_input(r, e, layer);
    if (e->kind == EXPR_CALL && e->callee->kind == EXPR_CALL)
        return read_application(r, e, layer);
    return refuse(r, e->line, "a tensor is expected, as x or Conv2D(8, 3)(x)");
}

/* Model(inputs, outputs), by position or by keyword; there is one input, so only the output counts.
 */
static bool read_model(struct reader *r, const struct expr *e)
{
    for (int i = 0; i < e->count; i++) {
        const char *key = e->keys[i] ? e->keys[i] : i == 0 ? "inputs" : "outputs";
        if (strncmp(key, "output", 6) != 0)
            continue;
        int layer;
        if (i > 1 || !read_tensor(r, &e->items[i], &layer))
            return i <= 1 ? false : refuse(r, e->line, "Model takes inputs and outputs");
        r->network->model->output = layer;
        r->finished = true;
        return true;
    }
    return refuse(r, e->line, "Model needs its outputs: Model(inputs, outputs)");
}

/* --- Sequential style ------------------------------------------------------------------------- */

/* Sequential() or Sequential([layer, layer, ...]) */
static bool read_sequential(struct reader *r, const struct statement *s)
{
    const struct expr *e = &s->value;
    int output;
    if (r->sequential || r->network->model || !s->target)
        return refuse(r, e->line, "a recipe has one network: NAME = Sequential()");
    if (e->count > 1 || (e->count == 1 && e->items[0].kind != EXPR_TUPLE))
        return refuse(r, e->line, "Sequential takes nothing or one list of layers");
    r->sequential = s->target;
    for (int i = 0; e->count && i < e->items[0].count; i++) {
        const struct expr *layer = &e->items[0].items[i];
        if (layer->kind != EXPR_CALL || layer->callee->kind != EXPR_NAME)
            return refuse(r, layer->line, "a layer is expected, as Dense(10)");
        if (!(names_layer(layer, "Input") ? read_input(r, layer, &output)
                                          : add_layer(r, layer, NULL, 0, &output)))
            return false;
    }
    return true;
}

/* model.add(layer) */
static bool read_add(struct reader *r, const struct expr *e)
{
    int output;
    const struct expr *layer = e->items;
    if (e->count != 1 || layer->kind != EXPR_CALL || layer->callee->kind != EXPR_NAME)
        return refuse(r, e->line, "add takes one layer, as model.add(Dense(10))");
    if (names_layer(layer, "Input"))
        return read_input(r, layer, &output);
    return add_layer(r, layer, NULL, 0, &output);
}

static bool is_add(const struct reader *r, const struct expr *e)
{
    size_t length = r->sequential ? strlen(r->sequential) : 0;
    return length && e->kind == EXPR_CALL && e->callee->kind == EXPR_NAME &&
           strncmp(e->callee->text, r->sequential, length) == 0 &&
           strcmp(e->callee->text + length, ".add") == 0;
}

/* --- the section ------------------------------------------------------------------------------ */

static bool read_statement(struct reader *r, const struct statement *s)
{
    int layer;
    if (r->finished)
        return refuse(r, s->line, "the network is finished by Model(...) above");
    if (names_layer(&s->value, "Sequential"))
        return read_sequential(r, s);
    if (is_add(r, &s->value) && !s->target)
        return read_add(r, &s->value);
    if (names_layer(&s->value, "Model"))
        return read_model(r, &s->value);
    if (!s->target)
        return refuse(r, s->line, "NAME = ... or NAME.add(...) is expected");
    return read_tensor(r, &s->value, &layer) && set_variable(r, s->target, layer);
}

static bool read_section(struct reader *r)
{
    const struct script *script = r->script;
    const char *section = script->section_count ? "network" : "";
    int statements = 0;
    for (int i = 0; i < script->count; i++)
        if (strcmp(script->statements[i].section, section) == 0) {
            statements++;
            if (!read_statement(r, &script->statements[i]))
                return false;
        }
    if (statements == 0)
        return error_set_usage(r->error, "%s: has no [network] section", script->path);
    if (!r->network->model || r->network->model->layer_count < 2)
        return error_set_usage(r->error, "%s: the network has no layers", script->path);
    return true;
}

static void initialize(struct network *network, uint64_t seed)
{
    struct random random;
    random_seed(&random, seed);
    for (int i = 1; i < network->model->layer_count; i++)
        initialize_layer(network->model, &network->model->layers[i], &network->layers[i].kernel,
                         &network->layers[i].bias, &random);
}

bool network_build(struct network *network, const struct script *script, uint64_t seed,
                   struct error *error)
{
    struct reader reader = {
        .script = script,
        .network = network,
        .builder = {.group = "", .keras_version = 2},
        .error = error,
    };
    *network = (struct network){0};
    bool ok = read_section(&reader);
    if (ok) {
        initialize(network, seed);
        ok = model_finish(network->model, error) ||
             blame(&reader, network->layers[network->model->output].line);
    }
    free(reader.builder.slots);
    free(reader.variables);
    if (!ok)
        network_free(network);
    return ok;
}

bool network_freeze_before(struct network *network, const char *layer, struct error *error)
{
    for (int i = 1; i < network->model->layer_count; i++)
        if (strcmp(network->model->layers[i].name, layer) == 0) {
            for (int k = 1; k < network->layers[i].first; k++)
                network->layers[k].frozen = true;
            return true;
        }
    return error_set_usage(error, "the network has no layer %.60s; its last is %.60s", layer,
                           network->model->layers[network->model->output].name);
}

void network_free(struct network *network)
{
    model_destroy(network->model);
    free(network->layers);
    *network = (struct network){0};
}
