#include "nn/session.h"

#include "common/luma.h"
#include "nn/engine.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The best first: "auto" takes the first that this machine can run. */
static const struct engine *const engines[] = {
#if defined(__x86_64__)
    &engine_avx512,
    &engine_avx2,
    &engine_sse2,
#elif defined(__aarch64__)
    &engine_neon,
#endif
    &engine_reference,
};

enum { ENGINE_COUNT = sizeof engines / sizeof *engines };

struct session {
    const struct model *model;
    const struct engine *engine;
    void *state;  /* the engine's */
    float *input; /* for session_classify where the engine takes no 8-bit pixels; else NULL */
};

/* --- choosing an engine ----------------------------------------------------------------------- */

/* "avx512, avx2, reference" into text: those that this machine can run. */
static const char *list_available(char *text, size_t size)
{
    size_t used = 0;
    text[0] = '\0';
    for (int i = 0; i < ENGINE_COUNT; i++)
        if (engines[i]->available() && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? ", " : "",
                                     engines[i]->name);
    return text;
}

static const struct engine *choose(const char *cpu, struct error *error)
{
    bool best = !cpu || strcmp(cpu, "auto") == 0;
    char names[128];
    for (int i = 0; i < ENGINE_COUNT; i++) {
        if (!best && strcmp(cpu, engines[i]->name) != 0)
            continue;
        if (engines[i]->available())
            return engines[i];
        if (!best)
            break;
    }
    error_set_usage(error, "kernels \"%s\" are not to be had on this machine; it has: auto, %s",
                    best ? "auto" : cpu, list_available(names, sizeof names));
    return NULL;
}

bool session_check_cpu(const char *cpu, struct error *error)
{
    return choose(cpu, error) != NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static bool takes_pixels(const struct session *session)
{
    return session->engine->run_u8 && shape_channels(model_input_shape(session->model)) == 3;
}

struct session *session_create(const struct model *model, const char *cpu, struct error *error)
{
    const struct engine *engine = choose(cpu, error);
    if (!engine)
        return NULL;
    struct session *session = calloc(1, sizeof *session);
    if (!session) {
        error_set(error, "out of memory");
        return NULL;
    }
    session->model = model;
    session->engine = engine;
    session->state = engine->create(model, error);
    if (!session->state)
        goto failed;
    if (model_takes_picture(model) && !takes_pixels(session)) {
        session->input = malloc(shape_count(model_input_shape(model)) * sizeof(float));
        if (!session->input) {
            error_set(error, "out of memory");
            goto failed;
        }
    }
    return session;

failed:
    session_destroy(session);
    return NULL;
}

void session_destroy(struct session *session)
{
    if (!session)
        return;
    session->engine->destroy(session->state);
    free(session->input);
    free(session);
}

/* --- running ---------------------------------------------------------------------------------- */

const float *session_run(struct session *session, const float *input)
{
    return session->engine->run(session->state, input);
}

static void prepare_row(const struct preprocessing *how, const uint8_t *bgr, int width,
                        int channels, float *x)
{
    int first = how->bgr ? 0 : 2; /* where the model's first colour lies in B, G, R */
    for (int column = 0; column < width; column++, bgr += 3, x += channels) {
        if (channels == 1) {
            x[0] = (float)luma(bgr) * how->scale[0] + how->offset[0];
            continue;
        }
        x[0] = bgr[first] * how->scale[0] + how->offset[0];
        x[1] = bgr[1] * how->scale[1] + how->offset[1];
        x[2] = bgr[2 - first] * how->scale[2] + how->offset[2];
    }
}

static const float *run_picture(struct session *session, const uint8_t *pixels, int stride)
{
    if (takes_pixels(session))
        return session->engine->run_u8(session->state, pixels, stride);
    const struct shape *shape = model_input_shape(session->model);
    size_t row_values = (size_t)shape->dim[1] * (size_t)shape->dim[2];
    for (int row = 0; row < shape->dim[0]; row++)
        prepare_row(&session->model->preprocessing, pixels + (size_t)row * (size_t)stride,
                    shape->dim[1], shape->dim[2], session->input + (size_t)row * row_values);
    return session_run(session, session->input);
}

void session_classify(struct session *session, const uint8_t *pixels, int stride, float *scores)
{
    const struct model *model = session->model;
    assert(model_takes_picture(model) && model->class_count > 0);
    const float *output = run_picture(session, pixels, stride);

    if (shape_count(model_output_shape(model)) == 1) {
        scores[0] = 1 - output[0];
        scores[1] = output[0];
    } else {
        memcpy(scores, output, (size_t)model->class_count * sizeof *scores);
    }
}

/* --- what `pawcam summary` shows -------------------------------------------------------------- */

const char *session_engine_name(const struct session *session)
{
    return session->engine->name;
}

const char *session_describe(const struct session *session, int layer)
{
    return session->engine->describe ? session->engine->describe(session->state, layer) : "";
}

void session_memory(const struct session *session, size_t *scratch, size_t *weights)
{
    *scratch = *weights = 0;
    if (session->engine->memory)
        session->engine->memory(session->state, scratch, weights);
}

bool session_observe(struct session *session, const struct observer *observer)
{
    if (session->engine->observe)
        session->engine->observe(session->state, observer);
    return session->engine->observe != NULL;
}

bool session_holds_weights(const struct session *session)
{
    return session->engine->holds_weights;
}
