#include "config/cli.h"

#include "config/nearest.h"
#include "config/table.h"

#include <string.h>

const struct cli_action cli_actions[CLI_ACTION_COUNT] = {
    {"help", 'h', CONFIG_HELP, true, "Show this help."},
    {"version", 0, CONFIG_VERSION, true, "Show the version."},
    {"check-config", 0, CONFIG_CHECK, false,
     "Read the file and the command line, say what is wrong with them, do not run."},
    {"print-config", 0, CONFIG_PRINT, false, "Print the settings in force as a file."},
    {"print-example", 0, CONFIG_PRINT_EXAMPLE, true,
     "Print an example file with every option and its default."},
    {"print-man", 0, CONFIG_PRINT_MAN, true, "Print the manual page of the program (roff)."},
    {"print-man-file", 0, CONFIG_PRINT_MAN_FILE, true, "Print the manual page of the file (roff)."},
};
const char cli_config_help[] = "Read this file instead of the default one.";

static const char config_name[] = "config";
enum { CONFIG_LETTER = 'c' };

/* One argument that is being read; the value may be in it or be the next one. */
struct reader {
    const struct option_table *table;
    char **arguments; /* those that are still to be read, NULL behind the last */
    const char **values;
    struct config_command_line *line;
};

bool cli_is_final(enum config_action action)
{
    for (int i = 0; i < CLI_ACTION_COUNT; i++)
        if (cli_actions[i].action == action)
            return cli_actions[i].is_final;
    return false;
}

/* The value behind `=` or, where there is none, the next argument. NULL: there is none. */
static const char *take_value(struct reader *reader, const char *shown, const char *attached,
                              struct error *error)
{
    if (attached)
        return attached;
    const char *next = *reader->arguments;
    if (!next) {
        error_set_usage(error, "%s needs a value", shown);
        return NULL;
    }
    if (strncmp(next, "--", 2) == 0) {
        error_set_usage(error, "%s needs a value (if \"%.60s\" is meant: %s%s%.60s)", shown, next,
                        shown, shown[1] == '-' ? "=" : "", next);
        return NULL;
    }
    reader->arguments++;
    return next;
}

static bool read_row(struct reader *reader, const struct option_row *row, const char *shown,
                     const char *attached, struct error *error)
{
    const char *value =
        row->type == OPTION_BOOL && !attached ? "yes" : take_value(reader, shown, attached, error);
    if (!value)
        return false;
    reader->values[row - reader->table->rows] = value;
    return true;
}

static bool read_config(struct reader *reader, const char *shown, const char *attached,
                        struct error *error)
{
    reader->line->file = take_value(reader, shown, attached, error);
    return reader->line->file != NULL;
}

static bool read_action(struct reader *reader, const struct cli_action *action, const char *shown,
                        const char *attached, struct error *error)
{
    if (attached)
        return error_set_usage(error, "%s takes no value", shown);
    reader->line->action = action->action;
    return true;
}

static bool unknown(const struct reader *reader, const char *name, const char *shown,
                    struct error *error)
{
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (int i = 0; i < reader->table->row_count; i++) {
        const struct option_row *row = &reader->table->rows[i];
        char negated[NEAREST_NAME_MAX];
        nearest_offer(&nearest, row->name);
        snprintf(negated, sizeof negated, "no-%s", row->name);
        if (row->type == OPTION_BOOL)
            nearest_offer(&nearest, negated);
    }
    for (int i = 0; i < CLI_ACTION_COUNT; i++)
        nearest_offer(&nearest, cli_actions[i].name);
    nearest_offer(&nearest, config_name);
    const char *hint = nearest.best[0] ? "" : "; --help lists them";
    return error_set_usage(error, "unknown option %.60s%s%s", shown,
                           nearest_hint(&nearest, "--", "").text, hint);
}

static bool is_name(const char *name, const char *text, size_t length)
{
    return strlen(name) == length && strncmp(name, text, length) == 0;
}

/* argument: "--name", "--name=VALUE" or "--no-name" */
static bool read_long(struct reader *reader, const char *argument, struct error *error)
{
    const char *name = argument + 2;
    size_t length = strcspn(name, "=");
    const char *attached = name[length] ? name + length + 1 : NULL;
    char shown[NEAREST_NAME_MAX + 2];
    snprintf(shown, sizeof shown, "--%.*s", (int)length, name);

    const struct option_row *row = table_row(reader->table, name, length);
    if (row)
        return read_row(reader, row, shown, attached, error);
    if (is_name(config_name, name, length))
        return read_config(reader, shown, attached, error);
    for (int i = 0; i < CLI_ACTION_COUNT; i++)
        if (is_name(cli_actions[i].name, name, length))
            return read_action(reader, &cli_actions[i], shown, attached, error);
    if (strncmp(name, "no-", 3) == 0)
        row = table_row(reader->table, name + 3, length - 3);
    if (!row || row->type != OPTION_BOOL)
        return unknown(reader, shown + 2, shown, error);
    if (attached)
        return error_set_usage(error, "%s takes no value", shown);
    reader->values[row - reader->table->rows] = "no";
    return true;
}

/* argument: "-l" or "-lVALUE" */
static bool read_short(struct reader *reader, const char *argument, struct error *error)
{
    char shown[] = {'-', argument[1], '\0'};
    const char *attached = argument[2] ? argument + 2 : NULL;
    const struct option_row *row = table_row_by_letter(reader->table, argument[1]);
    if (row)
        return read_row(reader, row, shown, attached, error);
    if (argument[1] == CONFIG_LETTER)
        return read_config(reader, shown, attached, error);
    for (int i = 0; i < CLI_ACTION_COUNT; i++)
        if (cli_actions[i].letter == argument[1])
            return read_action(reader, &cli_actions[i], shown, attached, error);
    return unknown(reader, argument + 1, argument, error);
}

static bool read_argument(struct reader *reader, const char *argument, struct error *error)
{
    if (strncmp(argument, "--", 2) == 0 && argument[2])
        return read_long(reader, argument, error);
    if (argument[0] == '-' && argument[1] && argument[1] != '-')
        return read_short(reader, argument, error);
    return error_set_usage(error, "\"%.60s\" is no option; %s takes nothing else (see --help)",
                           argument, reader->table->program);
}

bool cli_read(const struct option_table *table, int argc, char **argv, const char **values,
              struct config_command_line *line, struct error *error)
{
    *line = (struct config_command_line){.action = CONFIG_RUN};
    struct reader reader = {table, argv + (argc > 0), values, line};
    while (*reader.arguments && !cli_is_final(line->action))
        if (!read_argument(&reader, *reader.arguments++, error))
            return false;
    return true;
}
