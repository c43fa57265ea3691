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
    ROW(size, FIELD_SIZE, 1, 4096), ROW(share, FIELD_NUMBER, 0, 0.9),
};

static const struct field shapes_fields[] = {
    ROW(count, FIELD_INTEGER, 3, 1 << 24),
    ROW(side, FIELD_INTEGER, 4, 1024),
    ROW(seed, FIELD_INTEGER, 0, 1 << 30),
    ROW(share, FIELD_NUMBER, 0, 0.9),
};

static const struct source_row {
    const char *name;
    enum source_kind kind;
    struct fields fields;
    bool has_path, has_split;
} rows[] = {
    {"MNIST", SOURCE_MNIST, {split_fields, 2, 2}, true, true},
    {"FashionMNIST", SOURCE_FASHION_MNIST, {split_fields, 2, 2}, true, true},
    {"CIFAR10", SOURCE_CIFAR10, {split_fields, 2, 2}, true, true},
    {"Folder", SOURCE_FOLDER, {folder_fields, 6, 6}, true, false},
    {"Shapes", SOURCE_SHAPES, {shapes_fields, 4, 4}, false, false},
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

static bool check_names(const struct script *script, const struct source *source,
                        struct error *error)
{
    const struct expr *names = source->classes;
    if (names->count < 2)
        return bind_refuse(script, source->line, error, "a classifier needs two classes or more");
    for (int i = 0; i < names->count; i++)
        for (int k = 0; k < i; k++)
            if (strcmp(names->items[i].text, names->items[k].text) == 0)
                return bind_refuse(script, source->line, error, "class '%.40s' is given twice",
                                   names->items[i].text);
    return true;
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
    return !source->classes || check_names(script, source, error);
}

/* One source, as Folder('DIR'). */
static bool read_source(const struct script *script, const char *target, const struct expr *call,
                        struct source *source, struct error *error)
{
    const struct source_row *row = find_row(bind_callee(call));
    const bool train = strcmp(target, "train") == 0;
    if (!row)
        return bind_refuse(script, call->line, error,
                           "%s must be MNIST('PATH'), FashionMNIST('PATH'), CIFAR10('PATH'), "
                           "Folder('PATH') or Shapes(count=N, side=N), or a list of such",
                           target);
    *source = (struct source){
        .kind = row->kind,
        .line = call->line,
        .split = train ? "train" : "test",
        .count = 3000,
        .side = 8,
        .seed = train ? 1 : 2,
    };
    return bind_call(script, call, row->fields, source, error) &&
           check_source(script, row, source, error);
}

/* Shares say how often pictures are shown in a training. */
static bool check_shares(const struct script *script, const char *target,
                         const struct source list[SOURCES_MAX], struct error *error)
{
    double sum = 0;
    for (int i = 0; i < SOURCES_MAX && list[i].kind != SOURCE_NONE; i++) {
        if (list[i].share > 0 && strcmp(target, "train") != 0)
            return bind_refuse(script, list[i].line, error,
                               "a share is for train =, not %s =", target);
        if (list[i].share > 0 && i == 0)
            return bind_refuse(script, list[i].line, error,
                               "the first source has no share: its pictures are shown once each");
        sum += list[i].share;
    }
    return sum < 0.95 ||
           bind_refuse(script, list[0].line, error, "the shares must be less than 0.95 together");
}

/* A source or a list of them. */
static bool read_sources(const struct script *script, const char *target, const struct expr *value,
                         struct source list[SOURCES_MAX], struct error *error)
{
    const bool many = value->kind == EXPR_TUPLE;
    const int count = many ? value->count : 1;
    if (list[0].kind != SOURCE_NONE)
        return bind_refuse(script, value->line, error, "%s is given twice", target);
    if (count < 1 || count > SOURCES_MAX)
        return bind_refuse(script, value->line, error, "%s takes 1 to %d sources", target,
                           SOURCES_MAX);
    for (int i = 0; i < count; i++)
        if (!read_source(script, target, many ? &value->items[i] : value, &list[i], error))
            return false;
    return check_shares(script, target, list, error);
}

/* `data = X(...)`: the source's own two halves, to train with and to test with. */
static bool read_both(struct recipe *recipe, const struct statement *s, struct error *error)
{
    const struct script *script = &recipe->script;
    const struct source_row *row = find_row(bind_callee(&s->value));
    if (!row || !row->has_split)
        return bind_refuse(script, s->line, error,
                           "data = is for MNIST, FashionMNIST and CIFAR10; give train =, "
                           "validation = and test =");
    if (s->value.count > 1)
        return bind_refuse(script, s->line, error, "data = %s takes its folder only", row->name);
    return read_sources(script, "train", &s->value, recipe->train, error) &&
           read_sources(script, "test", &s->value, recipe->test, error);
}

bool recipe_read_data(struct recipe *recipe, struct error *error)
{
    const struct script *script = &recipe->script;
    const struct {
        const char *name;
        struct source *list;
    } targets[] = {
        {"train", recipe->train}, {"validation", recipe->validation}, {"test", recipe->test}};
    int index = 0;
    for (const struct statement *s; (s = recipe_next(recipe, "data", &index));) {
        const char *target = s->target ? s->target : "";
        bool known = strcmp(target, "data") == 0;
        if (known && !read_both(recipe, s, error))
            return false;
        for (size_t i = 0; i < sizeof targets / sizeof *targets; i++)
            if (strcmp(target, targets[i].name) == 0) {
                known = true;
                if (!read_sources(script, target, &s->value, targets[i].list, error))
                    return false;
            }
        if (!known)
            return bind_refuse(script, s->line, error,
                               "[data] holds lines data =, train =, validation = and test =");
    }
    return true;
}
