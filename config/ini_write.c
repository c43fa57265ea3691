#include "config/ini.h"
#include "config/table.h"
#include "config/value.h"
#include "config/wrap.h"

#include <string.h>

/* The file's reader takes outer blanks and quotes away. */
static bool needs_quotes(const char *text)
{
    size_t length = strlen(text);
    return length > 0 && (text[0] == '"' || text[0] == ' ' || text[length - 1] == ' ');
}

static void print_assignment(FILE *out, const char *before, const char *name, const char *value)
{
    const char *quote = needs_quotes(value) ? "\"" : "";
    fprintf(out, "%s%s =%s%s%s%s\n", before, name, value[0] ? " " : "", quote, value, quote);
}

void ini_print_settings(const struct option_table *table, const void *settings, FILE *out)
{
    char buffer[VALUE_TEXT_MAX];
    for (int i = 0; i < table->section_count; i++) {
        const char *section = table->sections[i].name;
        fprintf(out, "%s[%s]\n", i ? "\n" : "", section);
        for (int j = 0; j < table->row_count; j++) {
            const struct option_row *row = &table->rows[j];
            if (strcmp(row->section, section) == 0)
                print_assignment(out, "", row->name, value_text(row, settings, buffer));
        }
    }
}

static void print_comment(FILE *out, const char *text)
{
    wrap_print(out, text, "# ", 0);
    putc('\n', out);
}

static void print_example_row(const struct option_row *row, FILE *out)
{
    char facts[VALUE_FACTS_MAX];
    value_facts(row, facts);
    putc('\n', out);
    print_comment(out, row->help);
    print_comment(out, facts);
    print_assignment(out, "#", row->name, row->value);
}

void ini_print_example(const struct option_table *table, FILE *out)
{
    fprintf(out, "# %s: settings of %s, as %s --print-example writes it.\n", table_file_name(table),
            table->program, table->program);
    print_comment(out, "Each option stands here with its default. To change one, take the # in "
                       "front of it away. A comment is a line of its own. A value in double quotes "
                       "keeps blanks at its ends.");
    for (int i = 0; i < table->section_count; i++) {
        const struct option_section *section = &table->sections[i];
        fprintf(out, "\n# --- %s\n[%s]\n", section->title, section->name);
        for (int j = 0; j < table->row_count; j++)
            if (strcmp(table->rows[j].section, section->name) == 0)
                print_example_row(&table->rows[j], out);
    }
}
