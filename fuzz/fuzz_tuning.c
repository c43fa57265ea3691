/* Tuning files: whatever stands in one, the model loads and its plan runs. The processor and the
 * model that it was measured on are put in, or nearly every input would end there. */
#include "nn/cpu.h"
#include "nn/keras/tuning_file.h"
#include "nn/plan.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SIDE = 12, FILTERS = 64 /* of the second layer by Winograd, far weights */ };

/* A 3x3 convolution, which may be done in many ways. */
static struct model *small_model(void)
{
    struct error error;
    const struct shape shape = {3, {SIDE, SIDE, 3}};
    struct model *model = model_create("fuzz", &shape, &error);
    for (int input = 0; input < 2; input++) {
        const struct layer layer = {
            .op = LAYER_CONV2D,
            .name = (char *)"conv",
            .inputs = &input,
            .input_count = 1,
            .conv = {{3, 3, 1, 1, 1, 1, .padding = PADDING_SAME}, .filters = FILTERS}};
        if (!model || !model_add_layer(model, &layer, &error))
            abort();
    }
    if (!model_finish(model, &error))
        abort();
    return model;
}

static json_t *member(const struct model *model, const struct kernels *kernels, const char *key)
{
    struct tuning *tuning = tuning_create(model, kernels->name);
    char *text = tuning_file_text(model, tuning);
    json_t *root = json_loads(text, 0, NULL), *value = json_incref(json_object_get(root, key));
    json_decref(root);
    free(text);
    free(tuning);
    return value;
}

static void run(const struct model *model, const struct kernels *kernels)
{
    static const float input[SIDE * SIDE * 3];
    struct error error;
    struct plan *plan = plan_create(model, kernels, &error);
    if (!plan)
        abort();
    plan_run(plan, input);
    plan_destroy(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char model_path[64], path[80];
    json_t *root = json_loadb((const char *)data, size, 0, NULL);
    const struct kernels *kernels = cpu_find_kernels(NULL);
    struct model *model = small_model();
    snprintf(model_path, sizeof model_path, "/dev/shm/pawcam-fuzz-%d.h5", (int)getpid());
    snprintf(path, sizeof path, "%s.tuning", model_path);
    if (json_is_object(root)) {
        static const char *const keys[] = {"format", "cpu", "model"};
        for (int i = 0; i < 3; i++)
            json_object_set_new(root, keys[i], member(model, kernels, keys[i]));
        json_dump_file(root, path, 0);
        tuning_file_load(model_path, model);
        unlink(path);
        run(model, kernels);
    }
    json_decref(root);
    model_destroy(model);
    return 0;
}
