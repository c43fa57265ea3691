#include "tool/fine_tune.h"

#include "nn/keras/keras.h"
#include "nn/train/earlier.h"
#include "nn/train/transfer.h"

#include <stdio.h>
#include <stdlib.h>

bool fine_tune_open(struct fine_tune *tune, const char *path, struct error *error)
{
    *tune = (struct fine_tune){.path = path};
    if (path)
        tune->from = keras_load_guarded(path, error);
    return !path || tune->from;
}

void fine_tune_close(struct fine_tune *tune)
{
    model_destroy(tune->from);
    *tune = (struct fine_tune){0};
}

bool fine_tune_body(const struct fine_tune *tune, struct model *model, struct error *error)
{
    return !tune->from || transfer_body(tune->from, model, error) ||
           error_prefix(error, "%s", tune->path);
}

static void tell(const struct fine_tune *tune, const struct model *model, const bool *kept)
{
    const char *separator = "; random weights for class ";
    printf("begins with the weights of %s", tune->path);
    for (int i = 0; i < model->class_count; i++)
        if (!kept[i]) {
            printf("%s%s", separator, model->class_names[i]);
            separator = ", ";
        }
    putchar('\n');
    if (!earlier_preprocesses_alike(tune->from, model))
        puts("note: it was trained with another [preprocess] than this recipe's");
    fflush(stdout);
}

bool fine_tune_head(const struct fine_tune *tune, struct model *model, struct error *error)
{
    if (!tune->from)
        return true;
    bool *kept = calloc((size_t)model->class_count + 1, sizeof *kept);
    if (!kept)
        return error_set(error, "out of memory");
    transfer_head(tune->from, model, kept);
    tell(tune, model, kept);
    free(kept);
    return true;
}
