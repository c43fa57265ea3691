#include "tool/model_options.h"

#include "nn/keras/keras.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* "X" for all channels or "X,Y,Z". */
static bool parse_triple(const char *name, const char *text, float triple[3], struct error *error)
{
    float values[3];
    int count = 0;
    const char *at = text;
    for (; count < 3; count++) {
        char *end;
        values[count] = strtof(at, &end);
        if (end == at || !isfinite(values[count]))
            break;
        at = end;
        if (*at != ',') {
            count++;
            break;
        }
        at++;
    }
    if (*at || (count != 1 && count != 3))
        return error_set_usage(error, "--%s %s: give one number or three, as in 0.5,0.5,0.5", name,
                               text);
    for (int c = 0; c < 3; c++)
        triple[c] = values[count == 1 ? 0 : c];
    return true;
}

static bool set_channels(struct model *model, const char *text, struct error *error)
{
    model->preprocessing.bgr = strcmp(text, "bgr") == 0;
    return model->preprocessing.bgr || strcmp(text, "rgb") == 0 ||
           error_set_usage(error, "--channels %s: give rgb or bgr", text);
}

/* Splits at commas into the copy's own memory. */
static bool set_classes(struct model *model, const char *text, struct error *error)
{
    size_t room = strlen(text) + 1;
    char *copy = strdup(text), *rest = copy, *name;
    const char **names = calloc(room, sizeof *names);
    int count = 0;
    bool good = copy && names;
    if (!good)
        error_set(error, "out of memory");
    while (good && (name = strsep(&rest, ","))) {
        names[count++] = name;
        if (!*name)
            good = error_set_usage(error, "--classes %s: a name is empty", text);
    }
    if (good && !model_set_classes(model, names, count, error)) {
        error->code = EXIT_CODE_USAGE;
        good = error_prefix(error, "--classes %s", text);
    }
    free(names);
    free(copy);
    return good;
}

static bool apply(const struct model_options *options, struct model *model, struct error *error)
{
    struct preprocessing *how = &model->preprocessing;
    return (!options->channels || set_channels(model, options->channels, error)) &&
           (!options->scale || parse_triple("pixel-scale", options->scale, how->scale, error)) &&
           (!options->offset ||
            parse_triple("pixel-offset", options->offset, how->offset, error)) &&
           (!options->classes || set_classes(model, options->classes, error));
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
