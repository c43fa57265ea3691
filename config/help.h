/* help: what --help shows, and what it shares with the man pages. */
#ifndef PAWCAM_CONFIG_HELP_H
#define PAWCAM_CONFIG_HELP_H

#include "config/config.h"

void help_print(const struct option_table *table, FILE *out);

/* What stands for the value in "--port N"; NULL: the option takes none. */
const char *help_argument(const struct option_row *row);

#endif
