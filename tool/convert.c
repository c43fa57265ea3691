/* convert: a model from one of Keras's kinds of file to the other. */
#include "common/text.h"
#include "nn/keras/keras.h"
#include "nn/keras/save.h"
#include "tool/command.h"

#include <string.h>

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const char *out = operands[1];
    const bool json = text_ends_with(out, ".json");
    (void)settings, (void)operand_count;
    if (!json && !text_ends_with(out, ".h5") && !text_ends_with(out, ".hdf5"))
        return error_set_usage(error, "%s: name a file .json (its weights go beside it) or .h5",
                               out);
    struct model *model = keras_load_guarded(operands[0], error);
    bool good = model && keras_save(model, out, error);
    if (good && json)
        printf("%s and %.*s_weights.h5 written\n", out, (int)(strlen(out) - 5), out);
    else if (good)
        printf("%s written\n", out);
    model_destroy(model);
    return good;
}

const struct command command_convert = {
    .name = "convert",
    .operands = "MODEL OUT",
    .operands_min = 2,
    .operands_max = 2,
    .summary = "write a model as model.json with its weights, or as one .h5",
    .run = run,
};
