#include "config/table.h"

#include <string.h>

const struct option_row *table_row(const struct option_table *table, const char *name,
                                   size_t length)
{
    for (int i = 0; i < table->row_count; i++) {
        const char *row_name = table->rows[i].name;
        if (strlen(row_name) == length && strncmp(row_name, name, length) == 0)
            return &table->rows[i];
    }
    return NULL;
}

const struct option_row *table_row_by_letter(const struct option_table *table, char letter)
{
    for (int i = 0; i < table->row_count; i++)
        if (letter && table->rows[i].letter == letter)
            return &table->rows[i];
    return NULL;
}

const struct option_section *table_section(const struct option_table *table, const char *name)
{
    for (int i = 0; i < table->section_count; i++)
        if (strcmp(table->sections[i].name, name) == 0)
            return &table->sections[i];
    return NULL;
}

const char *table_file_name(const struct option_table *table)
{
    const char *slash = strrchr(table->file, '/');
    return slash ? slash + 1 : table->file;
}
