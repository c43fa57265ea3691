#include "config/value.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* How much of a wrong value an error shows; the rest of the line is for what would be right. */
#define SHOWN "\"%.60s\""

static void *member(const struct option_row *row, void *settings)
{
    return (char *)settings + row->offset;
}

static const void *const_member(const struct option_row *row, const void *settings)
{
    return (const char *)settings + row->offset;
}

__attribute__((format(printf, 3, 4))) static void append(char *text, size_t size,
                                                         const char *format, ...)
{
    size_t used = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + used, size - used, format, args);
    va_end(args);
}

/* --- lists: "realtime|max", "forever=0|once=1" ------------------------------------------------ */

struct item {
    const char *name;
    int length;
    double number; /* behind the "="; 0 where there is none */
};

static bool next_item(const char **list, struct item *item)
{
    if (!*list || !**list)
        return false;
    size_t whole = strcspn(*list, "|");
    size_t length = strcspn(*list, "=|");
    item->name = *list;
    item->length = (int)length;
    item->number = length < whole ? strtod(*list + length + 1, NULL) : 0;
    *list += whole + ((*list)[whole] == '|');
    return true;
}

static bool item_is(const struct item *item, const char *text)
{
    return strlen(text) == (size_t)item->length &&
           strncmp(item->name, text, (size_t)item->length) == 0;
}

static bool number_from_word(const char *words, const char *text, double *number)
{
    struct item item;
    while (next_item(&words, &item))
        if (item_is(&item, text)) {
            *number = item.number;
            return true;
        }
    return false;
}

static bool word_from_number(const char *words, double number, char buffer[VALUE_TEXT_MAX])
{
    struct item item;
    while (next_item(&words, &item))
        if (item.number == number) {
            snprintf(buffer, VALUE_TEXT_MAX, "%.*s", item.length, item.name);
            return true;
        }
    return false;
}

static int choice_index(const char *choices, const char *text)
{
    struct item item;
    for (int i = 0; next_item(&choices, &item); i++)
        if (item_is(&item, text))
            return i;
    return -1;
}

static void choice_name(const char *choices, int index, char buffer[VALUE_TEXT_MAX])
{
    struct item item;
    buffer[0] = '\0';
    for (int i = 0; next_item(&choices, &item); i++)
        if (i == index)
            snprintf(buffer, VALUE_TEXT_MAX, "%.*s", item.length, item.name);
}

/* --- what a row allows ------------------------------------------------------------------------ */

/* The shortest text that reads back as the same number; whole numbers without exponent. */
static void print_number(double number, char buffer[VALUE_TEXT_MAX])
{
    snprintf(buffer, VALUE_TEXT_MAX, "%.0f", number);
    for (int digits = 1; digits <= 17 && strtod(buffer, NULL) != number; digits++)
        snprintf(buffer, VALUE_TEXT_MAX, "%.*g", digits, number);
}

static void append_names(char *text, size_t size, const char *list, const char *before)
{
    struct item item;
    for (; next_item(&list, &item); before = ", ")
        append(text, size, "%s%.*s", before, item.length, item.name);
}

/* "a whole number from 1 to 100 s or forever"; empty for strings, which can be anything. */
static void describe(const struct option_row *row, char text[VALUE_FACTS_MAX])
{
    char low[VALUE_TEXT_MAX], high[VALUE_TEXT_MAX];
    text[0] = '\0';
    switch (row->type) {
    case OPTION_BOOL:
        append(text, VALUE_FACTS_MAX, "yes or no");
        break;
    case OPTION_INT:
    case OPTION_DOUBLE:
        print_number(row->minimum, low);
        print_number(row->maximum, high);
        append(text, VALUE_FACTS_MAX, "%s from %s to %s%s%s",
               row->type == OPTION_INT ? "a whole number" : "a number", low, high,
               row->unit ? " " : "", row->unit ? row->unit : "");
        append_names(text, VALUE_FACTS_MAX, row->words, " or ");
        break;
    case OPTION_CHOICE:
        append_names(text, VALUE_FACTS_MAX, row->choices, "one of ");
        break;
    case OPTION_STRING:
        break;
    }
}

void value_facts(const struct option_row *row, char facts[VALUE_FACTS_MAX])
{
    describe(row, facts);
    append(facts, VALUE_FACTS_MAX, "%sdefault %s%s", facts[0] ? "; " : "",
           row->value[0] ? row->value : "empty", row->live ? "; applied on reload" : "");
}

/* --- parsing ---------------------------------------------------------------------------------- */

static bool refuse(const struct option_row *row, const char *text, struct error *error)
{
    char expected[VALUE_FACTS_MAX];
    describe(row, expected);
    return error_set_usage(error, SHOWN " is not %s", text, expected);
}

static bool parse_bool(const struct option_row *row, const char *text, bool *value,
                       struct error *error)
{
    static const char yes[] = "yes|true|on|1", no[] = "no|false|off|0";
    bool is_yes = choice_index(yes, text) >= 0;
    if (!is_yes && choice_index(no, text) < 0)
        return refuse(row, text, error);
    *value = is_yes;
    return true;
}

static bool parse_number(const struct option_row *row, const char *text, double *value,
                         struct error *error)
{
    if (number_from_word(row->words, text, value))
        return true;
    /* These alone keep out blanks, hexadecimal, "inf" and "nan", all of which strtod would take. */
    const char *allowed = row->type == OPTION_INT ? "+-0123456789" : "+-0123456789.eE";
    char *end;
    double number = strtod(text, &end);
    if (!*text || text[strspn(text, allowed)] || *end || number < row->minimum ||
        number > row->maximum)
        return refuse(row, text, error);
    *value = number;
    return true;
}

static bool parse_choice(const struct option_row *row, const char *text, int *value,
                         struct error *error)
{
    int index = choice_index(row->choices, text);
    if (index < 0)
        return refuse(row, text, error);
    *value = index;
    return true;
}

static bool parse_string(const struct option_row *row, const char *text, char **value,
                         struct error *error)
{
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            return error_set_usage(error, SHOWN " contains a control character; remove it", text);
    if (strlen(text) > VALUE_STRING_MAX)
        return error_set_usage(error, SHOWN "... is longer than %d bytes", text, VALUE_STRING_MAX);
    if (row->check && !row->check(text, error))
        return false;
    char *copy = strdup(text);
    if (!copy)
        return error_set(error, "out of memory");
    free(*value);
    *value = copy;
    return true;
}

bool value_parse(const struct option_row *row, const char *text, void *settings,
                 struct error *error)
{
    double number;
    switch (row->type) {
    case OPTION_BOOL:
        return parse_bool(row, text, member(row, settings), error);
    case OPTION_INT:
        if (!parse_number(row, text, &number, error))
            return false;
        *(int *)member(row, settings) = (int)number;
        return true;
    case OPTION_DOUBLE:
        return parse_number(row, text, member(row, settings), error);
    case OPTION_STRING:
        return parse_string(row, text, member(row, settings), error);
    case OPTION_CHOICE:
        return parse_choice(row, text, member(row, settings), error);
    }
    return error_set(error, "option %s has no type", row->name);
}

const char *value_text(const struct option_row *row, const void *settings,
                       char buffer[VALUE_TEXT_MAX])
{
    const void *value = const_member(row, settings);
    double number;
    switch (row->type) {
    case OPTION_BOOL:
        return *(const bool *)value ? "yes" : "no";
    case OPTION_INT:
    case OPTION_DOUBLE:
        number = row->type == OPTION_INT ? *(const int *)value : *(const double *)value;
        if (!word_from_number(row->words, number, buffer))
            print_number(number, buffer);
        return buffer;
    case OPTION_CHOICE:
        choice_name(row->choices, *(const int *)value, buffer);
        return buffer;
    case OPTION_STRING:
        break;
    }
    const char *string = *(char *const *)value;
    return string ? string : "";
}

void value_free(const struct option_row *row, void *settings)
{
    if (row->type != OPTION_STRING)
        return;
    char **string = member(row, settings);
    free(*string);
    *string = NULL;
}
