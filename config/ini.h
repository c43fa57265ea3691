/* ini: writes settings as a file that config_read_file reads (config.h). */
#ifndef PAWCAM_CONFIG_INI_H
#define PAWCAM_CONFIG_INI_H

#include "config/config.h"

/* Every setting with its value. */
void ini_print_settings(const struct option_table *table, const void *settings, FILE *out);

/* Every option with its help and its default, commented out. */
void ini_print_example(const struct option_table *table, FILE *out);

#endif
