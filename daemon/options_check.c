/* What the bounds of the table cannot say. Each part of the program checks its own settings. */
#include "daemon/options_check.h"

#include "common/text.h"
#include "web/web.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- triples ---------------------------------------------------------------------------------- */

static bool parse_number(const char *text, double *number)
{
    char *end;
    *number = strtod(text, &end);
    return *text && !*end && text[strspn(text, "+-0123456789.eE")] == '\0' && isfinite(*number);
}

bool options_parse_triple(const char *text, double values[3], struct error *error)
{
    char copy[128];
    char *rest = copy, *item;
    int count = 0;
    bool ok = snprintf(copy, sizeof copy, "%s", text) < (int)sizeof copy;
    while (ok && (item = text_next_item(&rest))) {
        ok = count < 3 && parse_number(item, &values[count]);
        count++;
    }
    if (!ok || (count != 1 && count != 3))
        return error_set_usage(
            error, "\"%.60s\" is neither one number nor three with commas between them", text);
    if (count == 1)
        values[1] = values[2] = values[0];
    return true;
}

/* --- classes ---------------------------------------------------------------------------------- */

static bool add_class(struct class_list *list, const char *name, struct error *error)
{
    if (!*name)
        return error_set_usage(error, "a class has no name; write them as cat,dog");
    if (strcmp(name, "unknown") == 0)
        return error_set_usage(error, "no class can have the name \"unknown\": that is the label "
                                      "for scores below the threshold");
    for (int i = 0; i < list->count; i++)
        if (strcmp(list->names[i], name) == 0)
            return error_set_usage(error, "\"%.60s\" stands there twice", name);
    if (list->count == PREDICTION_CLASSES_MAX)
        return error_set_usage(error, "more than %d classes", PREDICTION_CLASSES_MAX);
    list->names[list->count++] = name;
    return true;
}

bool options_parse_classes(const char *text, struct class_list *list, struct error *error)
{
    *list = (struct class_list){.storage = strdup(text)};
    if (!list->storage)
        return error_set(error, "out of memory");
    if (!*text)
        return true;
    char *rest = list->storage, *item;
    while ((item = text_next_item(&rest)))
        if (!add_class(list, item, error))
            return false;
    if (list->count < 2)
        return error_set_usage(error, "\"%.60s\" is one class; there must be two or more", text);
    return true;
}

void class_list_free(struct class_list *list)
{
    free(list->storage);
    *list = (struct class_list){0};
}

/* --- the options ------------------------------------------------------------------------------ */

bool options_check_not_empty(const char *text, struct error *error)
{
    return *text ? true : error_set_usage(error, "must not be empty");
}

bool options_check_triple(const char *text, struct error *error)
{
    double values[3];
    return strcmp(text, "auto") == 0 || options_parse_triple(text, values, error);
}

bool options_check_classes(const char *text, struct error *error)
{
    struct class_list list;
    bool ok = options_parse_classes(text, &list, error);
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
