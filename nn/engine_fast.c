/* The fast engine (nn/plan.h) under the name of each set of kernels. */
#include "nn/cpu.h"
#include "nn/engine.h"
#include "nn/plan.h"

static const float *run(void *self, const float *input)
{
    return plan_run(self, input);
}

static const float *run_u8(void *self, const uint8_t *pixels, int stride)
{
    return plan_run_pixels(self, pixels, stride);
}

static const char *describe(const void *self, int layer)
{
    return plan_describe(self, layer);
}

static void memory(const void *self, size_t *scratch, size_t *weights)
{
    plan_memory(self, scratch, weights);
}

static void observe(void *self, const struct observer *observer)
{
    plan_observe(self, observer);
}

static void destroy(void *self)
{
    plan_destroy(self);
}

#define DEFINE_ENGINE(cpu, kernels)                                                                \
    static bool available_##cpu(void)                                                              \
    {                                                                                              \
        return cpu_can_run(&kernels);                                                              \
    }                                                                                              \
    static void *create_##cpu(const struct model *model, struct error *error)                      \
    {                                                                                              \
        return plan_create(model, &kernels, error);                                                \
    }                                                                                              \
    const struct engine engine_##cpu = {                                                           \
        .name = #cpu,                                                                              \
        .holds_weights = true,                                                                     \
        .available = available_##cpu,                                                              \
        .create = create_##cpu,                                                                    \
        .run = run,                                                                                \
        .run_u8 = run_u8,                                                                          \
        .describe = describe,                                                                      \
        .observe = observe,                                                                        \
        .memory = memory,                                                                          \
        .destroy = destroy,                                                                        \
    };

#if defined(__x86_64__)
DEFINE_ENGINE(avx512, kernels_vl16)
DEFINE_ENGINE(avx2, kernels_vl8)
DEFINE_ENGINE(sse2, kernels_vl4)
#else
DEFINE_ENGINE(neon, kernels_vl4)
#endif
