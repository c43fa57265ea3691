#include "nn/model_text.h"

#include "common/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* --- triples ---------------------------------------------------------------------------------- */

static bool parse_number(const char *text, float *number)
{
    char *end;
    *number = strtof(text, &end);
    return *text && !*end && text[strspn(text, "+-0123456789.eE")] == '\0' && isfinite(*number);
}

/* Returns how many numbers there are, at most 3; 0: something else is there. */
static int parse_numbers(char *text, float numbers[3])
{
    int count = 0;
    for (char *item; (item = text_next_item(&text)); count++)
        if (count == 3 || !parse_number(item, &numbers[count]))
            return 0;
    return count;
}

bool model_text_triple(const char *text, float values[3], struct error *error)
{
    if (strcmp(text, "auto") == 0)
        return true;
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, "out of memory");
    float numbers[3];
    int count = parse_numbers(copy, numbers);
    free(copy);
    if (count != 1 && count != 3)
        return error_set_usage(
            error, "\"%.60s\" is neither one number nor three with commas between them", text);
    for (int i = 0; i < 3; i++)
        values[i] = numbers[count == 1 ? 0 : i];
    return true;
}

/* --- classes ---------------------------------------------------------------------------------- */

static bool add_class(struct class_list *list, const char *name, struct error *error)
{
    if (!*name)
        return error_set_usage(error, "a class has no name; write them as cat,dog");
    list->names[list->count++] = name;
    return true;
}

static size_t count_items(const char *text)
{
    size_t count = 1;
    for (; *text; text++)
        count += *text == ',';
    return count;
}

bool class_list_parse(const char *text, struct class_list *list, struct error *error)
{
    *list = (struct class_list){0};
    if (!*text)
        return true;
    list->storage = strdup(text);
    list->names = calloc(count_items(text), sizeof *list->names);
    if (!list->storage || !list->names)
        return error_set(error, "out of memory");
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
    free(list->names);
    free(list->storage);
    *list = (struct class_list){0};
}

bool model_text_classes(const char *text, struct model *model, struct error *error)
{
    struct class_list list;
    bool ok = class_list_parse(text, &list, error);
    if (ok && list.count > 0) {
        ok = model_set_classes(model, list.names, list.count, error);
        if (!ok && error)
            error->code = EXIT_CODE_USAGE; /* the text is wrong, not the model */
    }
    class_list_free(&list);
    return ok;
}
