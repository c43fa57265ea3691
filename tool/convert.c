/* convert: a model from one of Keras's kinds of file to the other. */
#include "nn/keras/keras.h"
#include "nn/keras/save.h"
#include "tool/command.h"
#include "tool/model_out.h"

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const char *out = operands[1];
    (void)settings, (void)operand_count;
    if (!model_out_check(out, error))
        return false;
    struct model *model = keras_load_guarded(operands[0], error);
    bool good = model && keras_save(model, out, error);
    if (good)
        model_out_tell(out);
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
