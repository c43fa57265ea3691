#include "config/man.h"

#include "config/cli.h"
#include "config/help.h"
#include "config/table.h"
#include "config/value.h"

#include <ctype.h>
#include <string.h>

/* Prints a character so that it is no command: a plain - would be shown as a hyphen that cannot be
 * pasted into a shell, and . and ' begin a request at the start of a line. */
static void print_character(FILE *out, char c, bool at_line_start)
{
    if (at_line_start && (c == '.' || c == '\''))
        fputs("\\&", out);
    if (c == '\\')
        fputs("\\e", out);
    else if (c == '-')
        fputs("\\-", out);
    else
        putc(c, out);
}

static void print_span(FILE *out, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        print_character(out, text[i], i == 0 || text[i - 1] == '\n');
}

static void print_text(FILE *out, const char *text)
{
    print_span(out, text, strlen(text));
}

/* Prose may be broken at any blank; lines of the source stay short. */
static void print_prose(FILE *out, const char *text, size_t length)
{
    enum { LONG_ENOUGH = 60 };
    int column = 0;
    for (size_t i = 0; i < length; i++) {
        bool is_break = text[i] == ' ' && column >= LONG_ENOUGH;
        print_character(out, is_break ? '\n' : text[i], column == 0);
        column = is_break ? 0 : column + 1;
    }
    putc('\n', out);
}

/* Paragraphs with an empty line between them; those that begin with a blank are shown line by line.
 */
static void print_paragraphs(FILE *out, const char *text)
{
    for (const char *before = ""; *text; before = ".PP\n") {
        const char *gap = strstr(text, "\n\n");
        size_t length = gap ? (size_t)(gap - text) : strlen(text);
        fputs(before, out);
        if (text[0] == ' ') {
            size_t blanks = strspn(text, " ");
            fputs(".nf\n.RS 4\n", out);
            print_span(out, text + blanks, length - blanks);
            fputs("\n.RE\n.fi\n", out);
        } else {
            print_prose(out, text, length);
        }
        text += length;
        text += strspn(text, "\n");
    }
}

static void print_title(FILE *out, const struct option_table *table, const char *name, int section,
                        const char *manual)
{
    fputs(".TH ", out);
    for (; *name; name++)
        putc(toupper((unsigned char)*name), out);
    /* Option names in the text must not be broken: no hyphenation, no stretched lines. */
    fprintf(out, " %d \"\" \"%s %s\" \"%s\"\n.nh\n.ad l\n", section, table->program, table->version,
            manual);
}

/* The paragraph under an option's tag. */
static void print_body(FILE *out, const char *help, const char *facts)
{
    print_prose(out, help, strlen(help));
    if (!facts)
        return;
    fputs(".br\n(", out);
    print_text(out, facts);
    fputs(")\n", out);
}

/* \fB-p\fR, \fB--port\fR \fIN\fR */
static void print_tag(FILE *out, char letter, const char *before, const char *name,
                      const char *argument)
{
    fputs(".TP\n", out);
    if (letter)
        fprintf(out, "\\fB\\-%c\\fR, ", letter);
    fprintf(out, "\\fB\\-\\-%s", before);
    print_text(out, name);
    fputs("\\fR", out);
    if (argument) {
        fputs(" \\fI", out);
        print_text(out, argument);
        fputs("\\fR", out);
    }
    putc('\n', out);
}

static void print_option(FILE *out, const struct option_row *row)
{
    char facts[VALUE_FACTS_MAX];
    value_facts(row, facts);
    print_tag(out, row->letter, row->type == OPTION_BOOL ? "[no\\-]" : "", row->name,
              help_argument(row));
    print_body(out, row->help, facts);
}

static void print_key(FILE *out, const struct option_row *row)
{
    char facts[VALUE_FACTS_MAX];
    const char *argument = help_argument(row);
    value_facts(row, facts);
    fputs(".TP\n\\fB", out);
    print_text(out, row->name);
    fputs("\\fR = \\fI", out);
    print_text(out, argument ? argument : "yes|no");
    fputs("\\fR\n", out);
    print_body(out, row->help, facts);
}

static void print_rows(FILE *out, const struct option_table *table,
                       void (*print_one)(FILE *out, const struct option_row *row))
{
    for (int i = 0; i < table->section_count; i++) {
        const struct option_section *section = &table->sections[i];
        fprintf(out, ".SS %s [%s]\n", section->title, section->name);
        for (int j = 0; j < table->row_count; j++)
            if (strcmp(table->rows[j].section, section->name) == 0)
                print_one(out, &table->rows[j]);
    }
}

static void print_general(FILE *out)
{
    fputs(".SS General\n", out);
    print_tag(out, 'c', "", "config", "FILE");
    print_body(out, cli_config_help, NULL);
    for (int i = 0; i < CLI_ACTION_COUNT; i++) {
        print_tag(out, cli_actions[i].letter, "", cli_actions[i].name, NULL);
        print_body(out, cli_actions[i].help, NULL);
    }
}

/* \fBprogram\fR(section) */
static void print_reference(FILE *out, const char *name, int section)
{
    fputs("\\fB", out);
    print_text(out, name);
    fprintf(out, "\\fR(%d)\n", section);
}

void man_print_program(const struct option_table *table, FILE *out)
{
    print_title(out, table, table->program, 8, "System Administration");
    fprintf(out, ".SH NAME\n%s \\- %s\n", table->program, table->summary);
    fprintf(out, ".SH SYNOPSIS\n.B %s\n.RI [ OPTION ]...\n", table->program);
    fputs(".SH DESCRIPTION\n", out);
    print_paragraphs(out, table->description);
    fputs(".SH OPTIONS\nEach option can also stand in the configuration file, which the command "
          "line\noutranks; see\n",
          out);
    print_reference(out, table_file_name(table), 5);
    print_rows(out, table, print_option);
    print_general(out);
    for (int i = 0; i < table->note_count; i++) {
        fprintf(out, ".SH %s\n", table->notes[i].title);
        print_paragraphs(out, table->notes[i].text);
    }
    fprintf(out,
            ".SH EXIT STATUS\n.TP\n0\nThe program was told to stop, or its work is done.\n"
            ".TP\n%d\nSomething failed at run time.\n"
            ".TP\n%d\nThe command line or the configuration file is wrong.\n",
            EXIT_CODE_RUNTIME, EXIT_CODE_USAGE);
    fprintf(out, ".SH FILES\n.TP\n.I %s\nRead at the start, if it is there.\n", table->file);
    fputs(".SH SEE ALSO\n", out);
    print_reference(out, table_file_name(table), 5);
}

void man_print_file(const struct option_table *table, FILE *out)
{
    print_title(out, table, table_file_name(table), 5, "File Formats");
    fprintf(out, ".SH NAME\n%s \\- configuration file of ", table_file_name(table));
    fprintf(out, "%s\n.SH SYNOPSIS\n.I %s\n.SH DESCRIPTION\n", table->program, table->file);
    print_paragraphs(
        out, "Lines of the form \"name = value\" under the heading of their section. Empty "
             "lines count for nothing, nor do lines that begin with # or ;. A value in double "
             "quotes keeps blanks at its ends. An option may be set once.\n\n"
             "What is not set has its default. What is wrong is an error with its line, never "
             "ignored. \"Applied on reload\" marks options that a running program takes over "
             "when it is told to read the file again; the others need a restart.");
    fputs(".SH OPTIONS\n", out);
    print_rows(out, table, print_key);
    fputs(".SH SEE ALSO\n", out);
    print_reference(out, table->program, 8);
}
