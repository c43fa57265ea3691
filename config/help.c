#include "config/help.h"

#include "config/cli.h"
#include "config/value.h"
#include "config/wrap.h"

#include <string.h>

static const char margin[] = "                              "; /* of the right column */
enum { LEFT_WIDTH = sizeof margin - 1 };

const char *help_argument(const struct option_row *row)
{
    if (row->argument)
        return row->argument;
    switch (row->type) {
    case OPTION_BOOL:
        return NULL;
    case OPTION_INT:
        return "N";
    case OPTION_DOUBLE:
        return "NUMBER";
    case OPTION_CHOICE:
        return "NAME";
    case OPTION_STRING:
        break;
    }
    return "TEXT";
}

/* "  -p, --port N" padded to the right column, or a line of its own where it is too long. Returns
 * the column. */
static int print_left(FILE *out, char letter, const char *before, const char *name,
                      const char *argument)
{
    int column = letter ? fprintf(out, "  -%c, ", letter) : fprintf(out, "      ");
    column +=
        fprintf(out, "--%s%s%s%s", before, name, argument ? " " : "", argument ? argument : "");
    if (column >= LEFT_WIDTH) {
        putc('\n', out);
        return 0;
    }
    fprintf(out, "%*s", LEFT_WIDTH - column, "");
    return LEFT_WIDTH;
}

static void print_row(const struct option_row *row, FILE *out)
{
    char facts[VALUE_FACTS_MAX], in_brackets[VALUE_FACTS_MAX + 2];
    value_facts(row, facts);
    snprintf(in_brackets, sizeof in_brackets, "(%s)", facts);
    int column = print_left(out, row->letter, row->type == OPTION_BOOL ? "[no-]" : "", row->name,
                            help_argument(row));
    column = wrap_print(out, row->help, margin, column);
    wrap_print(out, in_brackets, margin, column);
    putc('\n', out);
}

static void print_general(const struct option_table *table, FILE *out)
{
    fprintf(out, "\nGeneral:\n");
    int column = print_left(out, 'c', "", "config", "FILE");
    column = wrap_print(out, cli_config_help, margin, column);
    char in_brackets[VALUE_FACTS_MAX];
    snprintf(in_brackets, sizeof in_brackets, "(default %s)", table->file);
    wrap_print(out, in_brackets, margin, column);
    putc('\n', out);
    for (int i = 0; i < CLI_ACTION_COUNT; i++) {
        column = print_left(out, cli_actions[i].letter, "", cli_actions[i].name, NULL);
        wrap_print(out, cli_actions[i].help, margin, column);
        putc('\n', out);
    }
}

void help_print(const struct option_table *table, FILE *out)
{
    fprintf(out, "Usage: %s [OPTION]...\n%s %s.\n\n", table->program, table->program,
            table->summary);
    wrap_print(out,
               "Each option can also stand in the configuration file, without the dashes, in the "
               "section that is named in brackets. The command line outranks the file.",
               "", 0);
    putc('\n', out);
    for (int i = 0; i < table->section_count; i++) {
        const struct option_section *section = &table->sections[i];
        fprintf(out, "\n%s [%s]:\n", section->title, section->name);
        for (int j = 0; j < table->row_count; j++)
            if (strcmp(table->rows[j].section, section->name) == 0)
                print_row(&table->rows[j], out);
    }
    print_general(table, out);
}
