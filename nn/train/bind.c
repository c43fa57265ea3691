#include "nn/train/bind.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool bind_refuse(const struct script *script, int line, struct error *error, const char *format,
                 ...)
{
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return line ? error_set_usage(error, "%s:%d: %s", script->path, line, text)
                : error_set_usage(error, "%s: %s", script->path, text);
}

const char *bind_callee(const struct expr *e)
{
    if (e->kind != EXPR_CALL || e->callee->kind != EXPR_NAME)
        return NULL;
    const char *dot = strrchr(e->callee->text, '.');
    return dot ? dot + 1 : e->callee->text;
}

/* --- values ----------------------------------------------------------------------------------- */

/* What the value must be, for people. */
static const char *expectation(enum field_kind kind)
{
    switch (kind) {
    case FIELD_NUMBER:
        return "a number";
    case FIELD_INTEGER:
        return "a whole number";
    case FIELD_BOOL:
        return "True or False";
    case FIELD_STRING:
        return "a string";
    case FIELD_STRINGS:
        return "a list of strings, as ['cat', 'dog']";
    case FIELD_EXPRESSION:
        return "anything";
    case FIELD_RANGE:
        break;
    case FIELD_BOUNDS:
        return "(low, high)";
    case FIELD_TRIPLE:
        return "a number or three";
    case FIELD_SIZE:
        return "(height, width)";
    }
    return "";
}

static bool in_bounds(const struct field *field, double number)
{
    return isfinite(number) && number >= field->min && number <= field->max;
}

/* Reads `count` numbers from a tuple, or one number for all; false: it is neither. */
static bool read_numbers(const struct field *field, const struct expr *e, bool one_for_all,
                         bool integers, int count, double numbers[3])
{
    if (e->kind != EXPR_TUPLE && !(one_for_all && e->kind == EXPR_NUMBER))
        return false;
    if (e->kind == EXPR_TUPLE && e->count != count)
        return false;
    for (int i = 0; i < count; i++) {
        const struct expr *item = e->kind == EXPR_TUPLE ? &e->items[i] : e;
        if (item->kind != EXPR_NUMBER || (integers && !item->is_integer) ||
            !in_bounds(field, item->number))
            return false;
        numbers[i] = item->number;
    }
    return true;
}

static bool read_range(const struct field *field, const struct expr *e, double range[2])
{
    double numbers[3];
    if (field->kind == FIELD_RANGE && e->kind == EXPR_NUMBER) {
        range[0] = 1 - e->number;
        range[1] = 1 + e->number;
        return e->number >= 0 && in_bounds(field, range[0]) && in_bounds(field, range[1]);
    }
    if (!read_numbers(field, e, false, false, 2, numbers) || numbers[0] > numbers[1])
        return false;
    memcpy(range, numbers, 2 * sizeof *range);
    return true;
}

static bool read_bool(const struct expr *e, bool *value)
{
    if (e->kind != EXPR_NAME)
        return false;
    *value = strcmp(e->text, "True") == 0;
    return *value || strcmp(e->text, "False") == 0;
}

static bool is_list_of_strings(const struct expr *e)
{
    if (e->kind != EXPR_TUPLE || e->count == 0)
        return false;
    for (int i = 0; i < e->count; i++)
        if (e->items[i].kind != EXPR_STRING)
            return false;
    return true;
}

static bool read_value(const struct field *field, const struct expr *e, void *member)
{
    double numbers[3];
    switch (field->kind) {
    case FIELD_NUMBER:
        return e->kind == EXPR_NUMBER && read_numbers(field, e, true, false, 1, member);
    case FIELD_INTEGER:
        if (e->kind != EXPR_NUMBER || !read_numbers(field, e, true, true, 1, numbers))
            return false;
        *(int *)member = (int)numbers[0];
        return true;
    case FIELD_BOOL:
        return read_bool(e, member);
    case FIELD_STRING:
        *(const char **)member = e->text;
        return e->kind == EXPR_STRING;
    case FIELD_STRINGS:
        *(const struct expr **)member = e;
        return is_list_of_strings(e);
    case FIELD_EXPRESSION:
        *(const struct expr **)member = e;
        return true;
    case FIELD_RANGE:
    case FIELD_BOUNDS:
        return read_range(field, e, member);
    case FIELD_TRIPLE:
        return read_numbers(field, e, true, false, 3, member);
    case FIELD_SIZE:
        if (!read_numbers(field, e, true, true, 2, numbers))
            return false;
        ((int *)member)[0] = (int)numbers[0];
        ((int *)member)[1] = (int)numbers[1];
        return true;
    }
    return false;
}

static bool has_numbers(enum field_kind kind)
{
    return kind != FIELD_BOOL && kind != FIELD_STRING && kind != FIELD_STRINGS &&
           kind != FIELD_EXPRESSION;
}

static bool bind_value(const struct script *script, const struct field *field, const struct expr *e,
                       void *target, struct error *error)
{
    char bounds[64] = "";
    if (read_value(field, e, (char *)target + field->offset))
        return true;
    if (field->kind == FIELD_RANGE)
        return bind_refuse(script, e->line, error,
                           "%s must be a number z from 0 to %.10g, for (1 - z, 1 + z), or (low, "
                           "high) from %.10g to %.10g",
                           field->name, fmin(1 - field->min, field->max - 1), field->min,
                           field->max);
    if (has_numbers(field->kind) && isfinite(field->max))
        snprintf(bounds, sizeof bounds, " from %.10g to %.10g", field->min, field->max);
    else if (has_numbers(field->kind) && isfinite(field->min))
        snprintf(bounds, sizeof bounds, ", %.10g or more", field->min);
    return bind_refuse(script, e->line, error, "%s must be %s%s", field->name,
                       expectation(field->kind), bounds);
}

/* --- names ------------------------------------------------------------------------------------ */

static const struct field *find(struct fields fields, const char *name)
{
    for (int i = 0; i < fields.count; i++)
        if (strcmp(fields.list[i].name, name) == 0)
            return &fields.list[i];
    return NULL;
}

/* "a, b, c", or "a, b, ..." where there is no room for all. */
static void list_names(struct fields fields, char *list, size_t size)
{
    static const char more[] = ", ...";
    size_t used = 0;
    for (int i = 0; i < fields.count; i++) {
        const char *name = fields.list[i].name;
        if (used + strlen(", ") + strlen(name) + sizeof more > size) {
            memcpy(list + used, more, sizeof more);
            return;
        }
        used += (size_t)snprintf(list + used, size - used, "%s%s", i ? ", " : "", name);
    }
}

static bool refuse_name(const struct script *script, int line, const char *where, const char *name,
                        struct fields fields, struct error *error)
{
    char list[320];
    list_names(fields, list, sizeof list);
    return bind_refuse(script, line, error, "%s takes no %.40s; it takes: %s", where, name,
                       fields.count ? list : "nothing");
}

bool bind_call(const struct script *script, const struct expr *call, struct fields fields,
               void *target, struct error *error)
{
    const char *name = bind_callee(call);
    for (int i = 0; i < call->count; i++) {
        const char *key = call->keys[i];
        if (!key && i >= fields.positional)
            return bind_refuse(script, call->line, error,
                               "%s takes at most %d positional arguments", name, fields.positional);
        const struct field *field = key ? find(fields, key) : &fields.list[i];
        if (!field)
            return refuse_name(script, call->items[i].line, name, key, fields, error);
        for (int before = 0; before < i; before++)
            if (strcmp(field->name,
                       call->keys[before] ? call->keys[before] : fields.list[before].name) == 0)
                return bind_refuse(script, call->items[i].line, error, "%s is given twice",
                                   field->name);
        if (!bind_value(script, field, &call->items[i], target, error))
            return false;
    }
    return true;
}

bool bind_statement(const struct script *script, const struct statement *s, struct fields fields,
                    void *target, struct error *error)
{
    char where[80];
    snprintf(where, sizeof where, "[%.60s]", s->section);
    if (!s->target)
        return bind_refuse(script, s->line, error, "%s holds lines NAME = value", where);
    const struct field *field = find(fields, s->target);
    if (!field)
        return refuse_name(script, s->line, where, s->target, fields, error);
    return bind_value(script, field, &s->value, target, error);
}

bool bind_section(const struct script *script, const char *section, struct fields fields,
                  void *target, struct error *error)
{
    for (int i = 0; i < script->count; i++)
        if (strcmp(script->statements[i].section, section) == 0 &&
            !bind_statement(script, &script->statements[i], fields, target, error))
            return false;
    return true;
}
