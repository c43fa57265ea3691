/* Keras configurations (model.json, and model_config in HDF5 files) of every version: any text
 * becomes a model or is refused with a message, and nothing leaks. libhdf5 itself is not fuzzed: it
 * is known not to stand damaged containers (docs/models.md). */
#include "nn/keras/builder.h"
#include "nn/keras/keras1.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool build(struct builder *builder, json_t *root, int version, struct error *error)
{
    builder->keras_version = version;
    if (version == 1 && (!keras1_modernize(root, error) ||
                         !keras1_channels_first(root, &builder->channels_first, error)))
        return false;
    return builder_read(builder, root, "fuzz.json", error) &&
           (!builder->channels_first || keras1_check_order(builder->model, error));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    for (int version = 1; version <= 3; version++) {
        struct builder builder = {0};
        struct error error = {0};
        json_t *root = json_loadb((const char *)data, size, 0, NULL);
        if (root && !build(&builder, root, version, &error) && error.message[0] == '\0')
            abort();
        free(builder.slots);
        model_destroy(builder.model);
        json_decref(root);
    }
    return 0;
}
