/*
 * config: one table row per option drives everything a user meets: the command line, the INI file,
 * --help, --print-config, the example file and the man pages. Values reach a plain settings struct
 * through the row's offset; defaults go through the same parser as what the user writes.
 *
 * Precedence: command line > file > default.
 */
#ifndef PAWCAM_CONFIG_CONFIG_H
#define PAWCAM_CONFIG_CONFIG_H

#include "common/error.h"

#include <stddef.h>
#include <stdio.h>

enum option_type {
    OPTION_BOOL,   /* bool; --name, --no-name, name = yes|no */
    OPTION_INT,    /* int, minimum..maximum */
    OPTION_DOUBLE, /* double, minimum..maximum */
    OPTION_STRING, /* char *, heap memory owned by the settings struct */
    OPTION_CHOICE, /* int: index into `choices` */
};

struct option_row {
    const char *name;    /* "replay-speed": --replay-speed and the key in the file */
    const char *section; /* name of a struct option_section; [section] in the file */
    enum option_type type;
    const char *unit;        /* "s", "pixels", "frames/s"; NULL: none */
    const char *value;       /* default, as text; checked like any other value */
    double minimum, maximum; /* OPTION_INT and OPTION_DOUBLE, inclusive */
    const char *choices;     /* OPTION_CHOICE: "realtime|max" */
    const char *help;        /* one or more sentences; wrapped when shown */
    size_t offset;           /* offsetof(settings struct, member) */
    bool live;               /* a reload (SIGHUP) applies it; else a restart is needed */
    char letter;             /* short option; 0: none */
};

struct option_section {
    const char *name;
    const char *title; /* heading in --help and in the man page */
};

struct option_table {
    const char *program;                   /* "pawcamd" */
    const char *summary;                   /* one line, for --help and the man page */
    const struct option_section *sections; /* in the order in which they are shown */
    int section_count;
    const struct option_row *rows;
    int row_count;
};

/* Fills the struct (zeroed by the caller) with the defaults. false: the table itself is wrong. */
bool config_defaults(const struct option_table *table, void *settings, struct error *error);

/* Reads an INI file into the struct. Errors are usage errors that name file:line, and for a
 * misspelt section or option the nearest valid one. */
bool config_read_file(const struct option_table *table, const char *path, void *settings,
                      struct error *error);

/* Reads the command line: every row as --name VALUE or --name=VALUE. On top of the rows it knows
 * the actions below, which it reports instead of carrying them out. */
enum config_action {
    CONFIG_RUN,
    CONFIG_HELP,           /* --help, -h */
    CONFIG_VERSION,        /* --version */
    CONFIG_PRINT,          /* --print-config: the settings in force, as a file */
    CONFIG_CHECK,          /* --check-config: read everything, report, do not run */
    CONFIG_PRINT_MAN,      /* --print-man: pawcamd(8); for packaging, not shown in --help */
    CONFIG_PRINT_MAN_FILE, /* --print-man-file: pawcam.conf(5) */
    CONFIG_PRINT_EXAMPLE,  /* --print-example: the example file, every default as a comment */
};

struct config_command_line {
    enum config_action action;
    const char *file; /* --config FILE; NULL: none given. Points into argv. */
};

/* Reads defaults, then the file given by --config (else `default_file`, if it exists; NULL: none),
 * then the command line. `settings` is zeroed by the caller; config_free frees it also after
 * failure. */
bool config_read(const struct option_table *table, int argc, char **argv, const char *default_file,
                 void *settings, struct config_command_line *line, struct error *error);

/* Compares two settings and calls `changed` for each row whose value differs; for a reload. */
void config_compare(const struct option_table *table, const void *before, const void *after,
                    void (*changed)(const struct option_row *row, const char *before,
                                    const char *after, void *context),
                    void *context);

/* Frees the strings and zeroes their pointers. */
void config_free(const struct option_table *table, void *settings);

void config_print_help(const struct option_table *table, FILE *out);
void config_print_settings(const struct option_table *table, const void *settings, FILE *out);
void config_print_example(const struct option_table *table, FILE *out);
void config_print_man(const struct option_table *table, FILE *out);      /* program(8), roff */
void config_print_man_file(const struct option_table *table, FILE *out); /* pawcam.conf(5), roff */

#endif
