/*
 * script: the small part of Python's syntax in which recipes are written, so that the lines of a
 * Keras lesson paste in: assignments and calls with positional and keyword arguments.
 *
 *   statement  := [NAME '='] expression
 *   expression := term {('*' | '/') term}           numbers only: 1./255
 *   term       := ['-'] NUMBER | STRING | NAME {'.' NAME} | '(' items ')' | '[' items ']'
 *                 followed by any number of call brackets: Conv2D(8, 3)(x)
 *
 * Comments (#), line breaks inside brackets and trailing commas are as in Python. [name] at the
 * begin of a line begins a section, as in an INI file. Nothing is evaluated but arithmetic on
 * numbers.
 */
#ifndef PAWCAM_NN_TRAIN_SCRIPT_H
#define PAWCAM_NN_TRAIN_SCRIPT_H

#include "common/error.h"

enum expr_kind { EXPR_NUMBER, EXPR_STRING, EXPR_NAME, EXPR_TUPLE, EXPR_CALL };

struct expr {
    enum expr_kind kind;
    int line;            /* where it begins, from 1 */
    double number;       /* EXPR_NUMBER */
    bool is_integer;     /* EXPR_NUMBER written without point or exponent */
    char *text;          /* EXPR_STRING, EXPR_NAME ("model.add"); else NULL */
    struct expr *callee; /* EXPR_CALL: what is called, a name or another call */
    struct expr *items;  /* EXPR_TUPLE: its items; EXPR_CALL: the arguments */
    char **keys;         /* EXPR_CALL: the keyword of each argument, NULL for a positional one */
    int count;           /* of items */
};

struct statement {
    const char *section; /* name of the section it stands in; "" before the first */
    int line;
    char *target; /* left of '='; NULL: a bare expression */
    struct expr value;
};

struct section {
    char *name;
    int line;
};

struct script {
    char *path; /* for messages */
    struct statement *statements;
    int count;
    struct section *sections;
    int section_count;
};

/* Parses a text; `path` is only for messages, which say file:line and what was expected. On failure
 * the script is empty. Free with script_free in either case. */
bool script_parse(struct script *script, const char *path, const char *text, struct error *error);

/* Reads the file and parses it. */
bool script_read(struct script *script, const char *path, struct error *error);

void script_free(struct script *script);

/* The line of the statement `target = ...` in the section; where there is none, or target is NULL,
 * the line where the section begins; 0: there is no such section. */
int script_line(const struct script *script, const char *section, const char *target);

#endif
