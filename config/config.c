#include "config/config.h"

#include "config/cli.h"
#include "config/help.h"
#include "config/ini.h"
#include "config/man.h"
#include "config/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool config_defaults(const struct option_table *table, void *settings, struct error *error)
{
    for (int i = 0; i < table->row_count; i++)
        if (!value_parse(&table->rows[i], table->rows[i].value, settings, error))
            return error_prefix(error, "default of %s", table->rows[i].name);
    return true;
}

/* The file that was asked for must be there, the default one need not. */
static bool read_file(const struct option_table *table, const char *path, void *settings,
                      struct error *error)
{
    if (!path && access(table->file, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR))
        return true;
    return config_read_file(table, path ? path : table->file, settings, error);
}

static bool apply(const struct option_table *table, const char *const *values, void *settings,
                  struct error *error)
{
    for (int i = 0; i < table->row_count; i++)
        if (values[i] && !value_parse(&table->rows[i], values[i], settings, error))
            return error_prefix(error, "--%s", table->rows[i].name);
    return true;
}

bool config_read(const struct option_table *table, int argc, char **argv, void *settings,
                 struct config_command_line *line, struct error *error)
{
    const char **values = calloc((size_t)table->row_count, sizeof *values);
    if (!values)
        return error_set(error, "out of memory");
    bool ok =
        config_defaults(table, settings, error) && cli_read(table, argc, argv, values, line, error);
    if (ok && !cli_is_final(line->action))
        ok = read_file(table, line->file, settings, error) && apply(table, values, settings, error);
    free(values);
    return ok;
}

bool config_print(const struct option_table *table, enum config_action action, const void *settings,
                  FILE *out, struct error *error)
{
    switch (action) {
    case CONFIG_RUN:
        break;
    case CONFIG_HELP:
        help_print(table, out);
        break;
    case CONFIG_VERSION:
        fprintf(out, "%s %s\n", table->program, table->version);
        break;
    case CONFIG_CHECK:
        fprintf(out, "%s: the configuration is valid\n", table->program);
        break;
    case CONFIG_PRINT:
        ini_print_settings(table, settings, out);
        break;
    case CONFIG_PRINT_EXAMPLE:
        ini_print_example(table, out);
        break;
    case CONFIG_PRINT_MAN:
        man_print_program(table, out);
        break;
    case CONFIG_PRINT_MAN_FILE:
        man_print_file(table, out);
        break;
    }
    if (fflush(out) != 0 || ferror(out))
        return error_set(error, "cannot write the output: %s", strerror(errno));
    return true;
}

void config_compare(const struct option_table *table, const void *before, const void *after,
                    void (*changed)(const struct option_row *row, const char *before,
                                    const char *after, void *context),
                    void *context)
{
    char buffers[2][VALUE_TEXT_MAX];
    for (int i = 0; i < table->row_count; i++) {
        const struct option_row *row = &table->rows[i];
        const char *old_text = value_text(row, before, buffers[0]);
        const char *new_text = value_text(row, after, buffers[1]);
        if (strcmp(old_text, new_text) != 0)
            changed(row, old_text, new_text, context);
    }
}

void config_free(const struct option_table *table, void *settings)
{
    for (int i = 0; i < table->row_count; i++)
        value_free(&table->rows[i], settings);
}
