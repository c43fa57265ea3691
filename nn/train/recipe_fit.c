#include "common/text.h"
#include "nn/train/checkpoint_name.h"
#include "nn/train/history.h"
#include "nn/train/recipe_parts.h"

#include <string.h>

struct fit_section {
    int epochs, batch_size, seed;
    double validation_split;
    bool shuffle, balance;
    const struct expr *callbacks; /* NULL: none given */
};

static const struct field fit_fields[] = {
    {"epochs", FIELD_INTEGER, offsetof(struct fit_section, epochs), 1, 1 << 20},
    {"batch_size", FIELD_INTEGER, offsetof(struct fit_section, batch_size), 1, 1 << 16},
    {"validation_split", FIELD_NUMBER, offsetof(struct fit_section, validation_split), 0, 0.99},
    {"shuffle", FIELD_BOOL, offsetof(struct fit_section, shuffle), 0, 0},
    {"balance", FIELD_BOOL, offsetof(struct fit_section, balance), 0, 0},
    {"seed", FIELD_INTEGER, offsetof(struct fit_section, seed), 0, 1 << 30},
    {"callbacks", FIELD_EXPRESSION, offsetof(struct fit_section, callbacks), 0, 0},
};

/* --- callbacks -------------------------------------------------------------------------------- */

#define ROW(name, member, kind, min, max)                                                          \
    {                                                                                              \
        name, kind, offsetof(struct callback_settings, member), min, max                           \
    }

static const struct field checkpoint_fields[] = {
    ROW("filepath", path, FIELD_STRING, 0, 0),
    ROW("monitor", monitor, FIELD_STRING, 0, 0),
    ROW("verbose", verbose, FIELD_EXPRESSION, 0, 0),
    ROW("save_best_only", save_best_only, FIELD_BOOL, 0, 0),
    ROW("mode", mode, FIELD_STRING, 0, 0),
};
static const struct field stopping_fields[] = {
    ROW("monitor", monitor, FIELD_STRING, 0, 0),
    ROW("min_delta", min_delta, FIELD_NUMBER, 0, 1e9),
    ROW("patience", patience, FIELD_INTEGER, 0, 1 << 20),
    ROW("verbose", verbose, FIELD_EXPRESSION, 0, 0),
    ROW("mode", mode, FIELD_STRING, 0, 0),
    ROW("restore_best_weights", restore_best_weights, FIELD_BOOL, 0, 0),
};
static const struct field csv_fields[] = {ROW("filename", path, FIELD_STRING, 0, 0)};
static const struct field tensorboard_fields[] = {ROW("log_dir", path, FIELD_STRING, 0, 0)};

static const struct callback_row {
    const char *name;
    struct fields fields;
    struct callback_settings defaults;
} rows[] = {
    {"ModelCheckpoint",
     {checkpoint_fields, 5, 4},
     {.kind = CALLBACK_CHECKPOINT, .monitor = "val_loss", .mode = "auto"}},
    {"EarlyStopping",
     {stopping_fields, 6, 5},
     {.kind = CALLBACK_EARLY_STOPPING, .monitor = "val_loss", .mode = "auto"}},
    {"CSVLogger", {csv_fields, 1, 1}, {.kind = CALLBACK_CSV}},
    {"TensorBoard",
     {tensorboard_fields, 1, 1},
     {.kind = CALLBACK_TENSORBOARD, .path = "tensorboard"}},
};

static const struct callback_row *find_row(const char *name)
{
    for (size_t i = 0; name && i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    return NULL;
}

static bool has_validation(const struct recipe *recipe)
{
    return recipe->validation->kind != SOURCE_NONE || recipe->validation_split > 0;
}

static bool check_monitor(const struct recipe *recipe, const struct callback_settings *callback,
                          struct error *error)
{
    enum history_column column;
    if (!history_find(callback->monitor, &column))
        return bind_refuse(&recipe->script, callback->line, error,
                           "monitor must be 'loss', 'accuracy', 'val_loss' or 'val_accuracy', "
                           "not '%.40s'",
                           callback->monitor);
    if (history_is_validation(column) && !has_validation(recipe))
        return bind_refuse(&recipe->script, callback->line, error,
                           "%s is monitored, but there is no validation data: give "
                           "validation_split in [fit] or validation in [data]",
                           callback->monitor);
    if (strcmp(callback->mode, "auto") != 0 && strcmp(callback->mode, "min") != 0 &&
        strcmp(callback->mode, "max") != 0)
        return bind_refuse(&recipe->script, callback->line, error,
                           "mode must be 'auto', 'min' or 'max', not '%.40s'", callback->mode);
    return true;
}

/* "a.h5" of "./a.h5" and ".//a.h5". */
static const char *plain_name(const char *path)
{
    while (path[0] == '.' && path[1] == '/')
        path += 1 + strspn(path + 1, "/");
    return path;
}

/* "a.h5" itself, or something in a folder of that name. */
static bool is_at(const char *name, const char *place)
{
    const size_t length = strlen(place);
    return strncmp(name, place, length) == 0 && (name[length] == '\0' || name[length] == '/');
}

/* "..", "../a", "a/../b", "a/.." */
static bool leads_up(const char *path)
{
    for (const char *at = path; (at = strstr(at, "..")); at += 2)
        if ((at == path || at[-1] == '/') && (at[2] == '/' || at[2] == '\0'))
            return true;
    return false;
}

/* Nothing may be written over the training's own files (fit.h). */
static bool check_name(const struct recipe *recipe, const struct callback_settings *callback,
                       struct error *error)
{
    static const char *const own[] = {"model.h5", "history.csv", "resume.state", "lock"};
    const char *name = plain_name(callback->path);
    if (leads_up(name))
        return bind_refuse(&recipe->script, callback->line, error,
                           "'%.80s': '..' leads out of --out: give a name in it, or a whole path",
                           name);
    if (callback->kind == CALLBACK_CHECKPOINT && text_ends_with(name, ".keras"))
        return bind_refuse(&recipe->script, callback->line, error,
                           "'%.80s' would be a Keras 3 archive, which is not written: name it .h5, "
                           "which Keras 3 reads as well",
                           name);
    bool taken = text_ends_with(name, ".part"); /* of a file that is being written */
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        taken = taken || is_at(name, own[i]);
    if (callback->kind == CALLBACK_CSV && strcmp(name, "history.csv") == 0) /* the same */
        return true;
    return !taken || bind_refuse(&recipe->script, callback->line, error,
                                 "the training writes '%.80s' itself: take another name, "
                                 "as 'best.h5'",
                                 name);
}

/* Two callbacks at odds: the second would undo what the first does. */
static bool check_pair(const struct recipe *recipe, const struct callback_settings *first,
                       const struct callback_settings *second, struct error *error)
{
    const struct script *script = &recipe->script;
    if (first->restore_best_weights && second->restore_best_weights)
        return bind_refuse(script, second->line, error,
                           "only one EarlyStopping can have restore_best_weights");
    if (first->kind == CALLBACK_TENSORBOARD && second->kind == CALLBACK_TENSORBOARD)
        return bind_refuse(script, second->line, error, "TensorBoard is given twice");
    return !first->path || !second->path ||
           strcmp(plain_name(first->path), plain_name(second->path)) != 0 ||
           bind_refuse(script, second->line, error,
                       "'%.80s' is the name of an earlier callback, too", second->path);
}

static bool check_callback(const struct recipe *recipe, const struct callback_settings *callback,
                           struct error *error)
{
    struct error reason;
    if (callback->kind != CALLBACK_EARLY_STOPPING && (!callback->path || !*callback->path))
        return bind_refuse(&recipe->script, callback->line, error, "the file's name is missing");
    if (callback->path && !check_name(recipe, callback, error))
        return false;
    for (int i = 0; i < recipe->callback_count; i++)
        if (!check_pair(recipe, &recipe->callbacks[i], callback, error))
            return false;
    if (callback->kind == CALLBACK_CHECKPOINT &&
        !checkpoint_name_check(callback->path, has_validation(recipe), &reason))
        return bind_refuse(&recipe->script, callback->line, error, "%s", reason.message);
    /* A checkpoint that is always written monitors nothing. */
    bool monitors = callback->kind == CALLBACK_EARLY_STOPPING || callback->save_best_only;
    return !monitors || check_monitor(recipe, callback, error);
}

bool recipe_read_callbacks(struct recipe *recipe, const struct expr *list, struct error *error)
{
    const struct script *script = &recipe->script;
    if (list->kind != EXPR_TUPLE || list->count > CALLBACKS_MAX)
        return bind_refuse(script, list->line, error,
                           "callbacks must be a list of at most %d, as [EarlyStopping()]",
                           CALLBACKS_MAX);
    for (int i = 0; i < list->count; i++) {
        const struct expr *call = &list->items[i];
        const struct callback_row *row = find_row(bind_callee(call));
        struct callback_settings *callback = &recipe->callbacks[i];
        if (!row)
            return bind_refuse(script, call->line, error,
                               "a callback must be ModelCheckpoint(...), EarlyStopping(...), "
                               "CSVLogger(...) or TensorBoard(...)");
        *callback = row->defaults;
        callback->line = call->line;
        if (!bind_call(script, call, row->fields, callback, error) ||
            !check_callback(recipe, callback, error))
            return false;
        recipe->callback_count = i + 1;
    }
    return true;
}

/* --- the section ------------------------------------------------------------------------------ */

bool recipe_read_fit(struct recipe *recipe, struct error *error)
{
    struct fit_section fit = {
        .epochs = recipe->epochs,
        .batch_size = recipe->trainer.batch,
        .seed = (int)recipe->trainer.seed,
        .shuffle = recipe->shuffle,
    };
    if (!bind_section(&recipe->script, "fit", FIELDS(fit_fields), &fit, error))
        return false;
    recipe->epochs = fit.epochs;
    recipe->trainer.batch = fit.batch_size;
    recipe->trainer.seed = (uint64_t)fit.seed;
    recipe->validation_split = fit.validation_split;
    recipe->shuffle = fit.shuffle;
    recipe->balance = fit.balance;
    return !fit.callbacks || recipe_read_callbacks(recipe, fit.callbacks, error);
}
