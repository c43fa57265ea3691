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
    OPTION_BOOL,   /* bool; --name, --no-name, --name=no, name = yes|no */
    OPTION_INT,    /* int, minimum..maximum or one of `words` */
    OPTION_DOUBLE, /* double, minimum..maximum or one of `words`; always finite */
    OPTION_STRING, /* char *, heap memory owned by the settings struct; no control characters */
    OPTION_CHOICE, /* int: index into `choices` */
};

struct option_row {
    const char *name;    /* "replay-speed": --replay-speed and the key in the file */
    const char *section; /* name of a struct option_section; [section] in the file */
    enum option_type type;
    const char *argument;    /* what --help calls the value: "FILE"; NULL: by the type */
    const char *unit;        /* "s", "pixels", "frames/s"; NULL: none */
    const char *value;       /* default, as text; checked like any other value */
    double minimum, maximum; /* OPTION_INT and OPTION_DOUBLE, inclusive */
    const char *words;       /* numbers that are written as words: "forever=0|once=1"; NULL: none */
    const char *choices;     /* OPTION_CHOICE: "realtime|max" */
    /* OPTION_STRING: what else it must be; NULL: anything. A usage error without the name. */
    bool (*check)(const char *text, struct error *error);
    const char *help; /* one or more sentences; wrapped when shown */
    size_t offset;    /* offsetof(settings struct, member) */
    bool live;        /* a reload (SIGHUP) applies it; else a restart is needed */
    char letter;      /* short option; 0: none */
};

struct option_section {
    const char *name;
    const char *title; /* heading in --help and in the man page */
};

/* A further section of the program's man page. */
struct option_note {
    const char *title; /* "SIGNALS" */
    const char *text;  /* paragraphs with an empty line between them */
};

struct option_table {
    const char *program; /* "pawcamd" */
    const char *version;
    const char *summary;     /* a few words, for --help and the man page's NAME */
    const char *description; /* paragraphs with an empty line between them */
    const char *file;        /* path of the default configuration file; it need not exist */
    const struct option_section *sections; /* in the order in which they are shown */
    int section_count;
    const struct option_row *rows; /* those of a section in the order in which they are shown */
    int row_count;
    const struct option_note *notes;
    int note_count;
};

/* Fills the struct (zeroed by the caller) with the defaults. false: the table itself is wrong. */
bool config_defaults(const struct option_table *table, void *settings, struct error *error);

/* Reads an INI file into the struct: [section], name = value, and comments, which are lines of
 * their own that begin with # or ;. A value in double quotes keeps its outer blanks. Only a regular
 * file is taken, since it may have to be read again. Errors are usage errors that name file:line,
 * and for a misspelt section or option the nearest valid one. */
bool config_read_file(const struct option_table *table, const char *path, void *settings,
                      struct error *error);

/* What the command line asks for. All but CONFIG_RUN are config_print's business. */
enum config_action {
    CONFIG_RUN,
    CONFIG_HELP,           /* --help, -h */
    CONFIG_VERSION,        /* --version */
    CONFIG_CHECK,          /* --check-config: read everything, report, do not run */
    CONFIG_PRINT,          /* --print-config: the settings in force, as a file */
    CONFIG_PRINT_EXAMPLE,  /* --print-example: the example file, every default as a comment */
    CONFIG_PRINT_MAN,      /* --print-man: program(8), roff; for packaging */
    CONFIG_PRINT_MAN_FILE, /* --print-man-file: the default file's (5), roff; for packaging */
};

struct config_command_line {
    enum config_action action; /* the last one given; --help and those behind it end the reading */
    const char *file;          /* --config FILE; NULL: none given. Points into argv. */
};

/* Reads defaults, then the file given by --config (else table->file, if it exists), then the
 * command line: every row as --name VALUE, --name=VALUE or -letter VALUE, the last one counts.
 * For actions that need no settings (--help, --version, --print-example, --print-man...) no file is
 * read. `settings` is zeroed by the caller; config_free frees it also after failure. */
bool config_read(const struct option_table *table, int argc, char **argv, void *settings,
                 struct config_command_line *line, struct error *error);

/* Carries out an action other than CONFIG_RUN: prints to `out` and flushes. false: the output could
 * not be written. `settings` are used by CONFIG_PRINT only. The caller makes its own checks of the
 * settings before CONFIG_CHECK, which prints that all is well. */
bool config_print(const struct option_table *table, enum config_action action, const void *settings,
                  FILE *out, struct error *error);

/* Compares two settings and calls `changed` for each row whose value differs, with the values as
 * text that lives until the call returns; for a reload. */
void config_compare(const struct option_table *table, const void *before, const void *after,
                    void (*changed)(const struct option_row *row, const char *before,
                                    const char *after, void *context),
                    void *context);

/* Frees the strings and zeroes their pointers. */
void config_free(const struct option_table *table, void *settings);

#endif
