/* init: from a recipe's network to a model file with the weights that a training begins with. */
#include "nn/keras/save.h"
#include "nn/train/bind.h"
#include "nn/train/network.h"
#include "tool/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct init_settings {
    const char *out, *seed;
};

static const struct command_option options[] = {
    {"out", "FILE", "the Keras HDF5 file to write", offsetof(struct init_settings, out)},
    {"seed", "N", "of the random weights; if not given, the recipe's, else 1",
     offsetof(struct init_settings, seed)},
};

static bool parse_seed(const char *text, uint64_t *seed, struct error *error)
{
    char *end;
    errno = 0;
    *seed = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno)
        return error_set_usage(error, "--seed must be a whole number, not %s", text);
    return true;
}

/* The one that a training of the recipe begins with, where it gives one. */
static bool read_seed(const struct script *script, uint64_t *seed, struct error *error)
{
    static const struct field fields[] = {{"seed", FIELD_INTEGER, 0, 0, 1 << 30}};
    int value = (int)*seed;
    for (int i = 0; i < script->count; i++) {
        const struct statement *s = &script->statements[i];
        if (strcmp(s->section, "fit") == 0 && s->target && strcmp(s->target, "seed") == 0 &&
            !bind_statement(script, s, FIELDS(fields), &value, error))
            return false;
    }
    *seed = (uint64_t)value;
    return true;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct init_settings *init = settings;
    struct script script;
    struct network network;
    uint64_t seed = 1;
    (void)operand_count;
    if (!init->out)
        return error_set_usage(error, "--out FILE is missing");
    if ((init->seed && !parse_seed(init->seed, &seed, error)) ||
        !script_read(&script, operands[0], error))
        return false;
    bool ok = (init->seed || read_seed(&script, &seed, error)) &&
              network_build(&network, &script, seed, error);
    if (ok) {
        ok = keras_save(network.model, init->out, error);
        network_free(&network);
    }
    script_free(&script);
    return ok;
}

const struct command command_init = {
    .name = "init",
    .operands = "RECIPE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make a model file with random weights from a recipe's network",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct init_settings),
    .run = run,
};
