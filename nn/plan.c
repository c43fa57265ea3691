#include "nn/plan.h"

#include "nn/int8_plan.h"
#include "nn/plan_private.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool applies(const struct tuning *tuning, const struct model *model,
                    const struct kernels *kernels)
{
    return tuning && tuning->layer_count == model->layer_count &&
           strcmp(tuning->kernels, kernels->name) == 0;
}

struct plan *plan_create(const struct model *model, const struct kernels *kernels,
                         struct error *error)
{
    return plan_create_guided(model, kernels, model->tuning, 0, error);
}

struct plan *plan_create_guided(const struct model *model, const struct kernels *kernels,
                                const struct tuning *tuning, int place, struct error *error)
{
    struct plan *plan = calloc(1, sizeof *plan);
    if (!plan) {
        error_set(error, "model %s: out of memory", model->name);
        return NULL;
    }
    plan->model = model;
    plan->kernels = kernels;
    plan->tuning = applies(tuning, model, kernels) ? tuning : NULL;
    plan->place = place;
    if (!graph_init(&plan->graph, model, error))
        goto failed;
    plan->planned = calloc((size_t)plan->graph.count, sizeof *plan->planned);
    if (!plan->planned) {
        error_set(error, "model %s: out of memory", model->name);
        goto failed;
    }
    if (!plan_lay_out(plan, error) || !plan_make_steps(plan, error))
        goto failed;
    return plan;

failed:
    plan_destroy(plan);
    return NULL;
}

void plan_destroy(struct plan *plan)
{
    if (!plan)
        return;
    memory_pool_free(&plan->weights);
    free(plan->planned);
    free(plan->steps);
    free(plan->input.pixel_scale);
    free(plan->input.pixel_offset);
    free(plan->input.row);
    int8_free_input(plan->int8_input);
    free(plan->result);
    free(plan->arena);
    graph_finish(&plan->graph);
    free(plan);
}

/* --- running ---------------------------------------------------------------------------------- */

static void run_step(const struct kernels *kernels, const struct step *step)
{
    switch (step->kind) {
    case STEP_CONV:
        step->run_conv(&step->conv);
        break;
    case STEP_WINOGRAD:
        kernels->winograd(&step->winograd);
        break;
    case STEP_DEPTHWISE:
        kernels->depthwise(&step->depthwise);
        break;
    case STEP_DENSE:
        kernels->dense(&step->dense);
        break;
    case STEP_POOL:
        kernels->pool(&step->pool);
        break;
    case STEP_ADD:
        kernels->add(&step->add);
        break;
    case STEP_ACTIVATE:
        kernels->activate(&step->activate);
        break;
    case STEP_COPY:
        layout_copy(&step->copy);
        break;
    case STEP_CLEAR_BORDER:
        layout_clear_border(&step->clear.place, &step->clear.border);
        break;
    case STEP_INT8:
        int8_run_step(&step->int8);
        break;
    }
}

static struct place plain(float *data, int height, int width, int channels)
{
    const ptrdiff_t row = (ptrdiff_t)width * channels;
    return (struct place){.view = {data, row, row * height, 1, height, width},
                          .lanes = channels,
                          .channels = channels};
}

/* The last of the layers that the node runs. */
static int last_layer(const struct graph *graph, int node)
{
    int last = node;
    for (int i = node; i < graph->count; i++)
        if (graph->nodes[i].node == node)
            last = i;
    return last;
}

/* A row of one block: at once, or pixel by pixel without the spare lanes. */
static void show_row(const struct observer *observer, int layer, const float *row, int width,
                     int lanes, int channels)
{
    if (channels >= lanes)
        observer->see(observer->self, layer, row, (size_t)width * (size_t)lanes);
    else
        for (int x = 0; x < width; x++)
            observer->see(observer->self, layer, row + (ptrdiff_t)x * lanes, (size_t)channels);
}

static void show(const struct plan *plan, int node)
{
    const struct tensor *tensor = &plan->planned[node].out;
    const struct view v = plan_place(plan, tensor).view;
    const int layer = last_layer(&plan->graph, node);
    for (int block = 0; tensor->buffer.count > 0 && block < v.blocks; block++)
        for (int y = 0; y < v.height; y++)
            show_row(&plan->observer, layer, v.data + block * v.block + y * v.row, v.width,
                     tensor->lanes, tensor->size.channels - block * tensor->lanes);
}

void plan_observe(struct plan *plan, const struct observer *observer)
{
    plan->observer = *observer;
}

static void run_observed(const struct plan *plan)
{
    for (int i = 0; i < plan->step_count; i++) {
        const int node = plan->steps[i].node;
        run_step(plan->kernels, &plan->steps[i]);
        if (i + 1 == plan->step_count || plan->steps[i + 1].node != node)
            show(plan, node);
    }
}

static const float *copy_result(struct plan *plan)
{
    const struct view *out = &plan->output.view;
    const struct transfer last = {
        .from = plan->output,
        .to = plain(plan->result, out->height, out->width, plan->output.channels),
        .repeat = 1};
    layout_copy(&last);
    return plan->result;
}

/* The steps, from the filled input tensor to the plain output. */
static const float *run_steps(struct plan *plan)
{
    if (plan->observer.see)
        run_observed(plan);
    else
        for (int i = 0; i < plan->step_count; i++)
            run_step(plan->kernels, &plan->steps[i]);
    return copy_result(plan);
}

static int64_t cpu_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* --- input ------------------------------------------------------------------------------------ */

/* Address of one value of the input tensor, by the model's channel. */
static float *input_value(const struct input *input, int y, int x, int channel)
{
    const struct place *place = &input->place;
    if (input->reversed)
        channel = place->channels - 1 - channel;
    return place->view.data + channel / place->lanes * place->view.block + y * place->view.row +
           (ptrdiff_t)x * place->lanes + channel % place->lanes;
}

/* R, G, B to B, G, R. */
static void turn_pixels(float *restrict to, const float *restrict values, int width)
{
    for (int x = 0; x < width; x++, to += 3, values += 3) {
        to[0] = values[2];
        to[1] = values[1];
        to[2] = values[0];
    }
}

static void take_row(const struct input *input, int y, const float *values)
{
    const int channels = input->place.channels, width = input->place.view.width;
    float *row = input->place.view.data + y * input->place.view.row;
    if (!input->scale && input->reversed) {
        turn_pixels(row, values, width);
        return;
    }
    if (!input->scale && input->place.lanes == channels) {
        memcpy(row, values, (size_t)width * (size_t)channels * sizeof(float));
        return;
    }
    for (int channel = 0; channel < channels; channel++) {
        const float scale = input->scale ? input->scale[channel] : 1;
        const float shift = input->shift ? input->shift[channel] : 0;
        float *to = input_value(input, y, 0, channel);
        for (int x = 0; x < width; x++)
            to[(ptrdiff_t)x * input->place.lanes] = values[x * channels + channel] * scale + shift;
    }
}

static void take_values(const struct plan *plan, const float *values)
{
    const struct view *view = &plan->input.place.view;
    const ptrdiff_t row = (ptrdiff_t)view->width * plan->input.place.channels;
    if (plan->int8_input) {
        int8_take_values(plan, values);
        return;
    }
    for (int y = 0; y < view->height; y++)
        take_row(&plan->input, y, values + y * row);
    layout_clear_spare(&plan->input.place);
}

const float *plan_run(struct plan *plan, const float *values)
{
    take_values(plan, values);
    return run_steps(plan);
}

void plan_time(struct plan *plan, const float *values, int64_t *ns)
{
    take_values(plan, values);
    for (int i = 0; i < plan->step_count; i++) {
        const int64_t start_ns = cpu_ns();
        run_step(plan->kernels, &plan->steps[i]);
        ns[plan->steps[i].node] += cpu_ns() - start_ns;
    }
}

/* Converted pixels into a tensor that is not plain B, G, R. */
static void spread_row(const struct input *input, bool bgr, int y)
{
    for (int byte = 0; byte < 3; byte++) {
        float *to = input_value(input, y, 0, bgr ? byte : 2 - byte);
        for (int x = 0; x < input->place.view.width; x++)
            to[(ptrdiff_t)x * input->place.lanes] = input->row[x * 3 + byte];
    }
}

const float *plan_run_pixels(struct plan *plan, const uint8_t *pixels, int stride)
{
    const struct input *input = &plan->input;
    const bool bgr = plan->model->preprocessing.bgr;
    const bool in_order = input->place.lanes == 3 && (bgr || input->reversed);
    if (plan->int8_input) {
        int8_take_pixels(plan, pixels, stride);
        return run_steps(plan);
    }
    for (int y = 0; y < input->place.view.height; y++) {
        const struct pixel_row row = {
            .pixels = pixels + (ptrdiff_t)y * stride,
            .scale = input->pixel_scale,
            .offset = input->pixel_offset,
            .out = in_order ? input->place.view.data + y * input->place.view.row : input->row,
            .count = input->place.view.width * 3,
        };
        plan->kernels->pixel_row(&row);
        if (!in_order)
            spread_row(input, bgr, y);
    }
    layout_clear_spare(&input->place);
    return run_steps(plan);
}

/* --- what `pawcam summary` shows -------------------------------------------------------------- */

const char *plan_describe(const struct plan *plan, int layer)
{
    return plan->planned[layer].text;
}

bool plan_way(const struct plan *plan, int layer, struct plan_way *way)
{
    *way = plan->planned[layer].way;
    return way->ways > 0;
}

void plan_memory(const struct plan *plan, size_t *arena_bytes, size_t *weight_bytes)
{
    *arena_bytes = plan->arena_count * sizeof(float);
    *weight_bytes = plan->weight_count * sizeof(float);
}
