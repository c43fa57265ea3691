#include "nn/train/recipe.h"

#include "nn/train/recipe_parts.h"
#include "nn/train/trainable.h"

#include <math.h>
#include <string.h>

const char *const recipe_sections[RECIPE_SECTIONS] = {"data",    "preprocess", "augment",
                                                      "network", "compile",    "fit"};

static const struct field preprocess_fields[] = {
    {"rescale", FIELD_NUMBER, offsetof(struct recipe, rescale), -1e6, 1e6},
    {"mean", FIELD_TRIPLE, offsetof(struct recipe, mean), -1e6, 1e6},
    {"std", FIELD_TRIPLE, offsetof(struct recipe, std), 1e-6, 1e6},
};

const struct statement *recipe_next(const struct recipe *recipe, const char *section, int *index)
{
    while (*index < recipe->script.count) {
        const struct statement *s = &recipe->script.statements[(*index)++];
        if (strcmp(s->section, section) == 0)
            return s;
    }
    return NULL;
}

static bool check_sections(const struct recipe *recipe, struct error *error)
{
    const struct script *script = &recipe->script;
    if (script->count > 0 && script->statements[0].section[0] == '\0')
        return bind_refuse(script, script->statements[0].line, error,
                           "a recipe begins with a section: [data]");
    for (int i = 0; i < script->section_count; i++) {
        bool known = false;
        for (int k = 0; k < RECIPE_SECTIONS; k++)
            known = known || strcmp(script->sections[i].name, recipe_sections[k]) == 0;
        if (!known)
            return bind_refuse(script, script->sections[i].line, error,
                               "there is no section [%.40s]; there are [data], [preprocess], "
                               "[augment], [network], [compile] and [fit]",
                               script->sections[i].name);
    }
    return true;
}

/* The second of two lines would win; only a network's variables are meant to change. */
static bool check_repeats(const struct script *script, struct error *error)
{
    for (int i = 0; i < script->count; i++) {
        const struct statement *s = &script->statements[i];
        if (!s->target || strcmp(s->section, "network") == 0)
            continue;
        const int first = script_line(script, s->section, s->target);
        if (first != s->line)
            return bind_refuse(script, s->line, error, "%.40s is given twice, first in line %d",
                               s->target, first);
    }
    return true;
}

static bool read_preprocess(struct recipe *recipe, struct error *error)
{
    if (!bind_section(&recipe->script, "preprocess", FIELDS(preprocess_fields), recipe, error))
        return false;
    if (recipe->rescale == 0) /* Keras's ImageDataGenerator: no rescaling */
        recipe->rescale = 1;
    for (int c = 0; !isnan(recipe->rescale) && c < 3; c++)
        if (!isnormal((float)(recipe->rescale / recipe->std[c])))
            return bind_refuse(
                &recipe->script, script_line(&recipe->script, "preprocess", "rescale"), error,
                "rescale / std is %.3g, which is as good as 0", recipe->rescale / recipe->std[c]);
    return true;
}

static bool read_augment(struct recipe *recipe, struct error *error)
{
    int index = 0;
    const struct statement *first = recipe_next(recipe, "augment", &index);
    recipe->augmented = first != NULL;
    return bind_section(&recipe->script, "augment", augment_fields, &recipe->augment, error) &&
           (augment_check(&recipe->augment, error) ||
            error_prefix(error, "%s:%d", recipe->script.path,
                         script_line(&recipe->script, "augment", "fill_mode")));
}

static bool check_background(const struct script *script, const struct augment_settings *augment,
                             struct error *error)
{
    if (augment->background && augment->scale_out[0] >= 1)
        return bind_refuse(script, script_line(script, "augment", "background"), error,
                           "background is for pictures made smaller: give scale_out, too");
    if (augment->background_crop[1] > 0 && !augment->background)
        return bind_refuse(script, script_line(script, "augment", "background_crop"), error,
                           "background_crop is for the class that background names: give it, too");
    if (augment->background_oval > 0 && !augment->background)
        return bind_refuse(script, script_line(script, "augment", "background_oval"), error,
                           "background_oval is for pictures on a background: give it, too");
    return true;
}

/* What only several sections together can tell. */
static bool check_whole(const struct recipe *recipe, struct error *error)
{
    const struct script *script = &recipe->script;
    const char *mix = recipe->augment.mixup > 0    ? "mixup"
                      : recipe->augment.cutmix > 0 ? "cutmix"
                                                   : NULL;
    if (recipe->train->kind == SOURCE_NONE)
        return bind_refuse(script, script_line(script, "data", NULL), error,
                           "[data] needs a line train = MNIST('mnist'), or another of MNIST, "
                           "FashionMNIST, CIFAR10, Folder, Shapes");
    if (recipe->validation->kind != SOURCE_NONE && recipe->validation_split > 0)
        return bind_refuse(script, script_line(script, "fit", "validation_split"), error,
                           "give validation data or validation_split, not both");
    if (mix && recipe->trainer.loss == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        return bind_refuse(script, script_line(script, "augment", mix), error,
                           "%s needs soft targets: use categorical_crossentropy", mix);
    if (recipe->teacher.models && recipe->trainer.loss == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        return bind_refuse(script, recipe->teacher.line, error,
                           "Teacher needs soft targets: use categorical_crossentropy");
    return check_background(script, &recipe->augment, error);
}

static void set_defaults(struct recipe *recipe)
{
    recipe->rescale = NAN;
    for (int c = 0; c < 3; c++)
        recipe->std[c] = 1;
    recipe->augment = augment_none;
    recipe->epochs = 1;
    recipe->shuffle = true;
    recipe->trainer.batch = 32;
    recipe->trainer.seed = 1;
}

/* The script has been read already. */
static bool read_all(struct recipe *recipe, struct error *error)
{
    set_defaults(recipe);
    return check_sections(recipe, error) && check_repeats(&recipe->script, error) &&
           recipe_read_data(recipe, error) && read_preprocess(recipe, error) &&
           read_augment(recipe, error) && recipe_read_compile(recipe, error) &&
           recipe_read_fit(recipe, error) && check_whole(recipe, error);
}

bool recipe_read(struct recipe *recipe, const char *path, struct error *error)
{
    *recipe = (struct recipe){0};
    bool good = script_read(&recipe->script, path, error) && read_all(recipe, error);
    if (!good)
        recipe_free(recipe);
    return good;
}

bool recipe_parse(struct recipe *recipe, const char *path, const char *text, struct error *error)
{
    *recipe = (struct recipe){0};
    bool good = script_parse(&recipe->script, path, text, error) && read_all(recipe, error);
    if (!good)
        recipe_free(recipe);
    return good;
}

bool recipe_check_network(const struct recipe *recipe, const struct network *network,
                          struct error *error)
{
    const struct script *script = &recipe->script;
    int line;
    if (trainable_check(network, &recipe->trainer, &line, error))
        return true;
    return error_prefix(error, "%s:%d", script->path,
                        line ? line : script_line(script, "compile", "loss"));
}

void recipe_free(struct recipe *recipe)
{
    script_free(&recipe->script);
    *recipe = (struct recipe){0};
}
