#include "nn/train/recipe_parts.h"

#include <string.h>

#define ROW(name, kind, min, max)                                                                  \
    {                                                                                              \
#name, kind, offsetof(struct source, name), min, max                                       \
    }

static const struct field split_fields[] = {
    ROW(path, FIELD_STRING, 0, 0),
    ROW(split, FIELD_STRING, 0, 0),
};

static const struct field folder_fields[] = {
    ROW(path, FIELD_STRING, 0, 0),  ROW(classes, FIELD_STRINGS, 0, 0),
    ROW(mode, FIELD_STRING, 0, 0),  ROW(limit, FIELD_INTEGER, 1, 1 << 24),
    ROW(size, FIELD_SIZE, 1, 4096),
};

static const struct field shapes_fields[] = {
    ROW(count, FIELD_INTEGER, 3, 1 << 24),
    ROW(side, FIELD_INTEGER, 4, 1024),
    ROW(seed, FIELD_INTEGER, 0, 1 << 30),
};

static const struct source_row {
    const char *name;
    enum source_kind kind;
    struct fields fields;
    bool has_path, has_split;
} rows[] = {
    {"MNIST", SOURCE_MNIST, {split_fields, 2}, true, true},
    {"FashionMNIST", SOURCE_FASHION_MNIST, {split_fields, 2}, true, true},
    {"CIFAR10", SOURCE_CIFAR10, {split_fields, 2}, true, true},
    {"Folder", SOURCE_FOLDER, {folder_fields, 5}, true, false},
    {"Shapes", SOURCE_SHAPES, {shapes_fields, 3}, false, false},
};

static const struct source_row *find_row(const char *name)
{
    for (size_t i = 0; name && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static bool is_one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(text, *list) == 0)
            return true;
    return false;
}

static bool check_source(const struct script *script, const struct source_row *row,
                         const struct source *source, struct error *error)
{
    static const char *const splits[] = {"train", "test", NULL};
    static const char *const modes[] = {"binary", "categorical", "sparse", NULL};
    if (row->has_path && (!source->path || !*source->path))
        return bind_refuse(script, source->line, error, "%s needs its folder: %s('PATH')",
                           row->name, row->name);
    if (row->has_split && !is_one_of(source->split, splits))
        return bind_refuse(script, source->line, error,
                           "split must be 'train' or 'test', not '%.40s'", source->split);
    if (source->mode && !is_one_of(source->mode, modes))
        return bind_refuse(script, source->line, error,
                           "mode must be 'binary', 'categorical' or 'sparse', not '%.40s'",
                           source->mode);
    if (source->classes && source->classes->count < 2)
        return bind_refuse(script, source->line, error, "a classifier needs two classes or more");
    return true;
}

static bool read_source(const struct script *script, const struct statement *s, bool train,
                        struct source *source, struct error *error)
{
    const struct source_row *row = find_row(bind_callee(&s->value));
    if (!row)
        return bind_refuse(script, s->line, error,
                           "%s must be MNIST('PATH'), FashionMNIST('PATH'), CIFAR10('PATH'), "
                           "Folder('PATH') or Shapes(count=N, side=N)",
                           s->target);
    if (source->kind != SOURCE_NONE)
        return bind_refuse(script, s->line, error, "%s is given twice", s->target);
    *source = (struct source){
        .kind = row->kind,
        .line = s->line,
        .split = train ? "train" : "test",
        .count = 3000,
        .side = 8,
        .seed = train ? 1 : 2,
    };
    return bind_call(script, &s->value, row->fields, source, error) &&
           check_source(script, row, source, error);
}

/* `data = X(...)`: the source's own two halves, to train with and to test with. */
static bool read_both(struct recipe *recipe, const struct statement *s, struct error *error)
{
    const struct source_row *row = find_row(bind_callee(&s->value));
    if (row && !row->has_split)
        return bind_refuse(&recipe->script, s->line, error,
                           "data = is for MNIST, FashionMNIST and CIFAR10; give train =, "
                           "validation = and test =");
    if (row && s->value.count > 1)
        return bind_refuse(&recipe->script, s->line, error, "data = %s takes its folder only",
                           row->name);
    return read_source(&recipe->script, s, true, &recipe->train, error) &&
           read_source(&recipe->script, s, false, &recipe->test, error);
}

bool recipe_read_data(struct recipe *recipe, struct error *error)
{
    const struct script *script = &recipe->script;
    int index = 0;
    for (const struct statement *s; (s = recipe_next(recipe, "data", &index));) {
        const char *target = s->target ? s->target : "";
        bool good;
        if (strcmp(target, "data") == 0)
            good = read_both(recipe, s, error);
        else if (strcmp(target, "train") == 0)
            good = read_source(script, s, true, &recipe->train, error);
        else if (strcmp(target, "validation") == 0)
            good = read_source(script, s, false, &recipe->validation, error);
        else if (strcmp(target, "test") == 0)
            good = read_source(script, s, false, &recipe->test, error);
        else
            good = bind_refuse(script, s->line, error,
                               "[data] holds lines data =, train =, validation = and test =");
        if (!good)
            return false;
    }
    return true;
}
