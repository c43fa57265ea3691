/* options_check: what the texts of options must be, for the table in daemon/options.c; see `check`
 * in config/config.h. */
#ifndef PAWCAM_DAEMON_OPTIONS_CHECK_H
#define PAWCAM_DAEMON_OPTIONS_CHECK_H

#include "daemon/options.h"

bool options_check_not_empty(const char *text, struct error *error);
bool options_check_triple(const char *text, struct error *error); /* or "auto" */
bool options_check_classes(const char *text, struct error *error);
bool options_check_address(const char *text, struct error *error);

#endif
