/*
 * engine: a way to run models. session.c chooses one by name; each is a const struct of functions.
 * An engine's state belongs to one thread and borrows the model.
 */
#ifndef PAWCAM_NN_ENGINE_H
#define PAWCAM_NN_ENGINE_H

#include "nn/model.h"
#include "nn/observer.h"

#include <stdint.h>

struct engine {
    const char *name; /* what --cpu and session_create know it by */

    bool holds_weights; /* what it creates does not read the model's arrays of weights any more */

    /* Does this machine have what it needs? */
    bool (*available)(void);

    /* Lays out all memory; nothing is allocated per run. NULL with the reason. */
    void *(*create)(const struct model *model, struct error *error);

    /* From float input in the model's input shape to the output, valid until the next run. */
    const float *(*run)(void *self, const float *input);

    /* From 8-bit pixels (B, G, R) to the output, with the model's preprocessing as it was at
     * create. Only called for models of three input channels. NULL: the engine cannot; session.c
     * then makes the float input itself and calls run. */
    const float *(*run_u8)(void *self, const uint8_t *pixels, int stride);

    /* Optional: kernel and cost of each layer for `pawcam summary`. For one layer of the model: a
     * short text ("direct 3x3", "folded into conv1"), valid as long as self. */
    const char *(*describe)(const void *self, int layer);

    /* Optional: bytes of scratch memory (activations), and of weights as the engine keeps them. */
    void (*memory)(const void *self, size_t *scratch, size_t *weights);

    /* Optional: shows the following runs to the observer; see NULL: no more. */
    void (*observe)(void *self, const struct observer *observer);

    void (*destroy)(void *self); /* accepts NULL */
};

/* Plain loops; runs everywhere. */
extern const struct engine engine_reference;

/* Plans over the blocked kernels (nn/plan.h). */
#if defined(__x86_64__)
extern const struct engine engine_avx512, engine_avx2, engine_sse2;
#elif defined(__aarch64__)
extern const struct engine engine_neon;
#endif

#endif
