/* What the bounds of the table cannot say. Each part of the program checks its own settings. */
#include "daemon/options_check.h"

#include "nn/model_text.h"
#include "web/web.h"

#include <string.h>

static bool check_class(const struct class_list *list, int which, struct error *error)
{
    const char *name = list->names[which];
    if (strcmp(name, PREDICTION_UNKNOWN) == 0)
        return error_set_usage(error,
                               "no class can have the name \"" PREDICTION_UNKNOWN "\": that is the "
                               "label where none is chosen");
    for (int i = 0; i < which; i++)
        if (strcmp(list->names[i], name) == 0)
            return error_set_usage(error, "\"%.60s\" stands there twice", name);
    return true;
}

/* What pawcamd asks of names on top of what any user of a model does. */
static bool check_list(const struct class_list *list, struct error *error)
{
    if (list->count > PREDICTION_CLASSES_MAX)
        return error_set_usage(error, "more than %d classes", PREDICTION_CLASSES_MAX);
    for (int i = 0; i < list->count; i++)
        if (!check_class(list, i, error))
            return false;
    return true;
}

bool options_check_not_empty(const char *text, struct error *error)
{
    return *text ? true : error_set_usage(error, "must not be empty");
}

bool options_check_triple(const char *text, struct error *error)
{
    float values[3];
    return model_text_triple(text, values, error);
}

bool options_check_classes(const char *text, struct error *error)
{
    struct class_list list;
    bool ok = class_list_parse(text, &list, error) && check_list(&list, error);
    class_list_free(&list);
    return ok;
}

bool options_check_address(const char *text, struct error *error)
{
    return web_check(&(struct web_settings){.listen = text, .allow_remote = true}, error);
}

bool options_check(const struct options *options, struct error *error)
{
    struct web_settings web = {
        .listen = options->web.listen,
        .port = options->web.port,
        .allow_remote = options->web.allow_remote,
    };
    return !options->web.enabled || web_check(&web, error);
}
