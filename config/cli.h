/* cli: the command line as texts; what they mean is the value parser's business. */
#ifndef PAWCAM_CONFIG_CLI_H
#define PAWCAM_CONFIG_CLI_H

#include "config/config.h"

/* An option that every program of the engine has besides those of its table. */
struct cli_action {
    const char *name; /* "help" */
    char letter;      /* 0: none */
    enum config_action action;
    bool is_final; /* ends the reading: nothing behind it counts, no settings are needed */
    const char *help;
};

enum { CLI_ACTION_COUNT = 7 };
extern const struct cli_action cli_actions[CLI_ACTION_COUNT];
extern const char cli_config_help[]; /* of --config FILE */

/* Fills values[i] for table->rows[i] with the text of the last time it is given (points into argv
 * or to a constant); NULL stays for those that are not. */
bool cli_read(const struct option_table *table, int argc, char **argv, const char **values,
              struct config_command_line *line, struct error *error);

/* True for actions that need no settings. */
bool cli_is_final(enum config_action action);

#endif
