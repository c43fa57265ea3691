/*
 * command: what a subcommand of pawcam is: a row of data and one function. main.c holds the table;
 * --help, the options' parsing and the exit codes are the same for all.
 */
#ifndef PAWCAM_TOOL_COMMAND_H
#define PAWCAM_TOOL_COMMAND_H

#include "common/error.h"

#include <stddef.h>
#include <stdio.h>

struct command_option {
    const char *name;     /* "cpu": --cpu NAME or --cpu=NAME */
    const char *argument; /* "NAME"; "[NAME]": may be left out, else --cpu=NAME; NULL: a flag */
    const char *help;     /* one line */
    size_t offset;        /* in the command's settings: of a const char *, or a flag's bool; an
                           * argument that is left out is "" */
};

struct command {
    const char *name;
    const char *operands; /* "MODEL IMAGE..." */
    int operands_min, operands_max;
    const char *summary; /* one line */
    const struct command_option *options;
    int option_count;
    size_t settings_size; /* zeroed, then filled in from the command line */

    /* Prints its results to standard output. */
    bool (*run)(const void *settings, char **operands, int operand_count, struct error *error);
};

enum { COMMAND_OPERANDS_MANY = 1 << 20 };

extern const struct command command_augment;
extern const struct command command_average;
extern const struct command command_bench;
extern const struct command command_calibrate;
extern const struct command command_convert;
extern const struct command command_draw;
extern const struct command command_evaluate;
extern const struct command command_evaluate_video;
extern const struct command command_history;
extern const struct command command_init;
extern const struct command command_plot;
extern const struct command command_predict;
extern const struct command command_quantize;
extern const struct command command_summary;
extern const struct command command_threshold;
extern const struct command command_train;
extern const struct command command_tune;

/* Reads the command line behind the command's name (argv[0]) into zeroed settings. *operands points
 * into argv, which is reordered. *help: --help was asked for, and nothing else counts. */
bool command_parse(const struct command *command, int argc, char **argv, void *settings,
                   char ***operands, int *operand_count, bool *help, struct error *error);

void command_print_help(const struct command *command, FILE *out);

#endif
