#include "tool/model_options.h"

#include "nn/keras/keras.h"
#include "nn/model_text.h"

#include <string.h>

static bool set_channels(const char *text, bool *bgr, struct error *error)
{
    if (strcmp(text, "auto") == 0)
        return true;
    *bgr = strcmp(text, "bgr") == 0;
    return *bgr || strcmp(text, "rgb") == 0 ||
           error_set_usage(error, "--channels %s: give auto, rgb or bgr", text);
}

static bool set_triple(const char *name, const char *text, float values[3], struct error *error)
{
    return !text || model_text_triple(text, values, error) || error_prefix(error, "--%s", name);
}

static bool apply(const struct model_options *options, struct model *model, struct error *error)
{
    struct preprocessing *how = &model->preprocessing;
    return (!options->channels || set_channels(options->channels, &how->bgr, error)) &&
           set_triple("pixel-scale", options->scale, how->scale, error) &&
           set_triple("pixel-offset", options->offset, how->offset, error) &&
           (!options->classes || model_text_classes(options->classes, model, error) ||
            error_prefix(error, "--classes"));
}

struct model *model_options_load(const struct model_options *options, const char *path,
                                 struct error *error)
{
    struct model *model = keras_load_guarded(path, error);
    if (!model || apply(options, model, error))
        return model;
    model_destroy(model);
    return NULL;
}
