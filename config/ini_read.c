#include "config/ini.h"

#include "common/file.h"
#include "common/text.h"
#include "config/nearest.h"
#include "config/table.h"
#include "config/value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { LINE_MAX_BYTES = 2 * VALUE_STRING_MAX };

struct reader {
    const struct option_table *table;
    void *settings;
    FILE *file;
    int line;                             /* number of the current line, from 1 */
    int *set_in_line;                     /* per row: where the file has set it; 0: nowhere yet */
    const struct option_section *section; /* NULL before the first heading */
};

enum line_status { LINE_READ, LINE_NONE, LINE_BAD };

static enum line_status bad_line(struct error *error, const char *why)
{
    error_set_usage(error, "cannot read: %s", why);
    return LINE_BAD;
}

/* Every line end, also CR LF and the lone CR of old Macs, comes as '\n'. */
static int next_byte(FILE *file)
{
    int c = getc(file);
    if (c != '\r')
        return c;
    c = getc(file);
    if (c != '\n')
        ungetc(c, file); /* which does nothing at the end of the file */
    return '\n';
}

static enum line_status read_line(struct reader *reader, char line[LINE_MAX_BYTES + 1],
                                  struct error *error)
{
    size_t length = 0;
    int c;
    reader->line++;
    while ((c = next_byte(reader->file)) != EOF && c != '\n') {
        if (c == '\0')
            return bad_line(error, "a NUL byte; save the file as plain UTF-8 text");
        if (length == LINE_MAX_BYTES)
            return bad_line(error, "the line is too long; is this a text file?");
        line[length++] = (char)c;
    }
    line[length] = '\0';
    if (ferror(reader->file))
        return bad_line(error, strerror(errno));
    return c == EOF && length == 0 ? LINE_NONE : LINE_READ;
}

static bool unknown_section(const struct option_table *table, const char *name, struct error *error)
{
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (int i = 0; i < table->section_count; i++)
        nearest_offer(&nearest, table->sections[i].name);
    return error_set_usage(error, "unknown section [%.60s]%s", name,
                           nearest_hint(&nearest, "[", "]").text);
}

static bool read_heading(struct reader *reader, char *text, struct error *error)
{
    size_t length = strlen(text);
    if (text[length - 1] != ']')
        return error_set_usage(error, "the heading \"%.60s\" has no ] at its end", text);
    text[length - 1] = '\0';
    const char *name = text_trim(text + 1);
    reader->section = table_section(reader->table, name);
    return reader->section ? true : unknown_section(reader->table, name, error);
}

static bool unknown_option(const struct reader *reader, const char *name, struct error *error)
{
    struct nearest nearest;
    nearest_init(&nearest, name);
    for (int i = 0; i < reader->table->row_count; i++)
        nearest_offer(&nearest, reader->table->rows[i].name);
    return error_set_usage(error, "unknown option \"%.60s\"%s", name,
                           nearest_hint(&nearest, "", "").text);
}

/* The row that may be set here, once. */
static const struct option_row *find_row(struct reader *reader, const char *name,
                                         struct error *error)
{
    const struct option_row *row = table_row(reader->table, name, strlen(name));
    if (!row) {
        unknown_option(reader, name, error);
        return NULL;
    }
    if (!reader->section || strcmp(row->section, reader->section->name) != 0) {
        error_set_usage(error, "%s belongs into section [%s], not %s%s%s", name, row->section,
                        reader->section ? "[" : "before the first section",
                        reader->section ? reader->section->name : "", reader->section ? "]" : "");
        return NULL;
    }
    int *set_in_line = &reader->set_in_line[row - reader->table->rows];
    if (*set_in_line) {
        error_set_usage(error, "%s was set in line %d already; keep one of the two", name,
                        *set_in_line);
        return NULL;
    }
    *set_in_line = reader->line;
    return row;
}

/* Takes the quotes off a quoted value; NULL: it has no end. */
static char *unquote(char *text)
{
    size_t length = strlen(text);
    if (text[0] != '"')
        return text;
    if (length < 2 || text[length - 1] != '"')
        return NULL;
    text[length - 1] = '\0';
    return text + 1;
}

static bool read_assignment(struct reader *reader, char *text, struct error *error)
{
    char *equals = strchr(text, '=');
    if (!equals)
        return error_set_usage(error, "\"%.60s\" is no setting; write name = value", text);
    *equals = '\0';
    const char *name = text_trim(text);
    char *value = unquote(text_trim(equals + 1));
    const struct option_row *row = find_row(reader, name, error);
    if (!row)
        return false;
    if (!value)
        return error_set_usage(error, "%s: the value has no \" at its end", name);
    if (!value_parse(row, value, reader->settings, error))
        return error_prefix(error, "%s", name);
    return true;
}

static bool read_text(struct reader *reader, char *line, struct error *error)
{
    static const char byte_order_mark[] = "\xEF\xBB\xBF"; /* Windows editors put it in front */
    if (reader->line == 1 && strncmp(line, byte_order_mark, 3) == 0)
        line += 3;
    char *text = text_trim(line);
    if (!*text || *text == '#' || *text == ';')
        return true;
    return *text == '[' ? read_heading(reader, text, error) : read_assignment(reader, text, error);
}

static bool read_lines(struct reader *reader, struct error *error)
{
    char line[LINE_MAX_BYTES + 1];
    enum line_status status;
    while ((status = read_line(reader, line, error)) == LINE_READ)
        if (!read_text(reader, line, error))
            return false;
    return status == LINE_NONE;
}

bool ini_read(const struct option_table *table, FILE *file, const char *name, void *settings,
              struct error *error)
{
    struct reader reader = {.table = table, .settings = settings, .file = file};
    reader.set_in_line = calloc((size_t)table->row_count, sizeof *reader.set_in_line);
    if (!reader.set_in_line)
        return error_set(error, "out of memory");
    bool ok = read_lines(&reader, error) || error_prefix(error, "%s:%d", name, reader.line);
    free(reader.set_in_line);
    return ok;
}

/* How one says that there is nothing. */
static bool is_null_device(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 3);
}

bool config_read_file(const struct option_table *table, const char *path, void *settings,
                      struct error *error)
{
    if (is_null_device(path))
        return true;
    struct error reason;
    FILE *file = file_open(path, &reason); /* a pipe would be empty when it is read once more */
    if (!file)
        return error_set_usage(error, "cannot open the configuration file %s: %s", path,
                               reason.message);
    bool ok = ini_read(table, file, path, settings, error);
    fclose(file);
    return ok;
}
