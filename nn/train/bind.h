/*
 * bind: the settings of a recipe into C structs, by one table row per setting. What a table does
 * not name is an error with file:line and the list of what it names.
 *
 * The struct holds the defaults before; only what the recipe says is changed. Strings and lists
 * point into the script, which must outlive the struct.
 */
#ifndef PAWCAM_NN_TRAIN_BIND_H
#define PAWCAM_NN_TRAIN_BIND_H

#include "nn/train/script.h"

#include <stddef.h>

enum field_kind {
    FIELD_NUMBER,     /* double */
    FIELD_INTEGER,    /* int */
    FIELD_BOOL,       /* bool: True or False */
    FIELD_STRING,     /* const char * */
    FIELD_STRINGS,    /* const struct expr *: a list of strings */
    FIELD_EXPRESSION, /* const struct expr *: whatever it is */
    FIELD_RANGE,      /* double[2]: (low, high), or one number z for (1 - z, 1 + z) */
    FIELD_BOUNDS,     /* double[2]: (low, high) */
    FIELD_TRIPLE,     /* double[3]: three numbers, or one for all */
    FIELD_SIZE,       /* int[2]: (height, width), or one number for both */
};

struct field {
    const char *name;
    enum field_kind kind;
    size_t offset;   /* in the struct */
    double min, max; /* of each number, inclusive */
};

/* A table with its length; positional arguments take the fields in this order, as far as Keras has
 * the same. */
struct fields {
    const struct field *list;
    int count;
    int positional; /* so many of them at most */
};

#define FIELDS(array)                                                                              \
    (struct fields)                                                                                \
    {                                                                                              \
        array, sizeof array / sizeof *array, sizeof array / sizeof *array                          \
    }

/* The arguments of a call such as Adam(learning_rate=1e-3). All errors are usage errors. */
bool bind_call(const struct script *script, const struct expr *call, struct fields fields,
               void *target, struct error *error);

/* One statement NAME = value. */
bool bind_statement(const struct script *script, const struct statement *statement,
                    struct fields fields, void *target, struct error *error);

/* The statements NAME = value of a section; an absent section changes nothing. */
bool bind_section(const struct script *script, const char *section, struct fields fields,
                  void *target, struct error *error);

/* "file:line: message", or "file: message" when line is 0: a usage error. Returns false. */
bool bind_refuse(const struct script *script, int line, struct error *error, const char *format,
                 ...) __attribute__((format(printf, 4, 5)));

/* The name of a call's function, NULL when the expression is no plain call. A dotted name counts by
 * its last part: optimizers.Adam is Adam. */
const char *bind_callee(const struct expr *expression);

#endif
