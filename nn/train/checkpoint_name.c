#include "nn/train/checkpoint_name.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* One "{name:format}". */
struct figure {
    bool is_epoch;
    enum history_column column;
    int width, precision;
    bool zeros; /* in front */
    char letter;
};

static int read_digits(const char **at)
{
    int number = 0;
    while (isdigit((unsigned char)**at) && number < 100)
        number = 10 * number + *(*at)++ - '0';
    return number;
}

/* Reads behind '{' up to behind '}'. */
static bool read_figure(const char **at, struct figure *figure)
{
    char name[32];
    size_t length = strcspn(*at, ":}{");
    if (length >= sizeof name)
        return false;
    memcpy(name, *at, length);
    name[length] = '\0';
    *at += length;
    *figure = (struct figure){.is_epoch = strcmp(name, "epoch") == 0, .precision = 6};
    if (!figure->is_epoch && !history_find(name, &figure->column))
        return false;
    figure->letter = figure->is_epoch ? 'd' : 'g';
    if (**at == ':') {
        ++*at;
        figure->zeros = **at == '0';
        figure->width = read_digits(at);
        if (**at == '.') {
            ++*at;
            figure->precision = read_digits(at);
        }
        if (**at && strchr(figure->is_epoch ? "d" : "efg", **at))
            figure->letter = *(*at)++;
    }
    return *(*at)++ == '}' && figure->width < 100 && figure->precision < 100;
}

bool checkpoint_name_check(const char *pattern, bool has_validation, struct error *error)
{
    for (const char *at = pattern; *at;) {
        struct figure figure;
        if (*at == '}')
            return error_set_usage(error, "'%.80s': '}' without '{'", pattern);
        if (*at++ != '{')
            continue;
        const char *begin = at;
        if (!read_figure(&at, &figure))
            return error_set_usage(
                error,
                "'{%.40s': a checkpoint's name can hold {epoch:02d}, {loss:.4f}, "
                "{accuracy:.4f}, {val_loss:.4f} and {val_accuracy:.4f}",
                begin);
        if (!figure.is_epoch && history_is_validation(figure.column) && !has_validation)
            return error_set_usage(error, "'%.80s': there is no validation data for this name",
                                   pattern);
    }
    return true;
}

static int print_figure(const struct figure *figure, const struct history_row *row, char *text,
                        size_t size)
{
    double value = figure->is_epoch ? 0 : row->values[figure->column];
    if (figure->is_epoch)
        return snprintf(text, size, figure->zeros ? "%0*d" : "%*d", figure->width, row->epoch);
    switch (figure->letter) {
    case 'e':
        return snprintf(text, size, figure->zeros ? "%0*.*e" : "%*.*e", figure->width,
                        figure->precision, value);
    case 'f':
        return snprintf(text, size, figure->zeros ? "%0*.*f" : "%*.*f", figure->width,
                        figure->precision, value);
    default:
        return snprintf(text, size, figure->zeros ? "%0*.*g" : "%*.*g", figure->width,
                        figure->precision, value);
    }
}

bool checkpoint_name_fill(const char *pattern, const struct history_row *row, char *name,
                          size_t size)
{
    size_t used = 0;
    for (const char *at = pattern; *at && used + 1 < size;) {
        struct figure figure;
        if (*at != '{') {
            name[used++] = *at++;
            continue;
        }
        at++;
        if (!read_figure(&at, &figure))
            return false;
        used += (size_t)print_figure(&figure, row, name + used, size - used);
    }
    if (used + 1 >= size)
        return false;
    name[used] = '\0';
    return true;
}
