/* man: manual pages as roff with the man(7) macros. */
#ifndef PAWCAM_CONFIG_MAN_H
#define PAWCAM_CONFIG_MAN_H

#include "config/config.h"

void man_print_program(const struct option_table *table, FILE *out); /* section 8 */
void man_print_file(const struct option_table *table, FILE *out);    /* section 5 */

#endif
