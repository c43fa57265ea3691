#include "nn/train/recipe.h"

#include "nn/train/recipe_parts.h"

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
            known = known || strcmp(script->sections[i], recipe_sections[k]) == 0;
        if (!known)
            return error_set_usage(error,
                                   "%s: there is no section [%.40s]; there are [data], "
                                   "[preprocess], [augment], [network], [compile] and [fit]",
                                   script->path, script->sections[i]);
    }
    return true;
}

static bool read_augment(struct recipe *recipe, struct error *error)
{
    int index = 0;
    const struct statement *first = recipe_next(recipe, "augment", &index);
    recipe->augmented = first != NULL;
    return bind_section(&recipe->script, "augment", augment_fields, &recipe->augment, error) &&
           (augment_check(&recipe->augment, error) ||
            error_prefix(error, "%s", recipe->script.path));
}

/* What only several sections together can tell. */
static bool check_whole(const struct recipe *recipe, struct error *error)
{
    const char *path = recipe->script.path;
    if (recipe->train->kind == SOURCE_NONE)
        return error_set_usage(error,
                               "%s: [data] needs a line train = MNIST('mnist'), or another "
                               "of MNIST, FashionMNIST, CIFAR10, Folder, Shapes",
                               path);
    if (recipe->validation->kind != SOURCE_NONE && recipe->validation_split > 0)
        return error_set_usage(error, "%s: give validation data or validation_split, not both",
                               path);
    if ((recipe->augment.mixup > 0 || recipe->augment.cutmix > 0) &&
        recipe->trainer.loss == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY)
        return error_set_usage(error, "%s: %s needs soft targets: use categorical_crossentropy",
                               path, recipe->augment.mixup > 0 ? "mixup" : "cutmix");
    return true;
}

static void set_defaults(struct recipe *recipe)
{
    recipe->rescale = 1 / 255.0;
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
    return check_sections(recipe, error) && recipe_read_data(recipe, error) &&
           bind_section(&recipe->script, "preprocess", FIELDS(preprocess_fields), recipe, error) &&
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

void recipe_free(struct recipe *recipe)
{
    script_free(&recipe->script);
    *recipe = (struct recipe){0};
}
