/* table: looking things up in an option table. */
#ifndef PAWCAM_CONFIG_TABLE_H
#define PAWCAM_CONFIG_TABLE_H

#include "config/config.h"

/* NULL: there is none. `length` bytes of `name` count. */
const struct option_row *table_row(const struct option_table *table, const char *name,
                                   size_t length);
const struct option_row *table_row_by_letter(const struct option_table *table, char letter);
const struct option_section *table_section(const struct option_table *table, const char *name);

/* The name of the default file without its folder: "pawcam.conf". */
const char *table_file_name(const struct option_table *table);

#endif
