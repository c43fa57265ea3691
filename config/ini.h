/* ini: settings as a text; the format is described at config_read_file (config.h). */
#ifndef PAWCAM_CONFIG_INI_H
#define PAWCAM_CONFIG_INI_H

#include "config/config.h"

/* Reads a stream to its end; `name` stands in front of errors. */
bool ini_read(const struct option_table *table, FILE *file, const char *name, void *settings,
              struct error *error);

/* Every setting with its value. */
void ini_print_settings(const struct option_table *table, const void *settings, FILE *out);

/* Every option with its help and its default, commented out. */
void ini_print_example(const struct option_table *table, FILE *out);

#endif
