#include "nn/train/initializer.h"

#include "nn/train/bind.h"

#include <math.h>
#include <string.h>

struct arguments {
    double mean, stddev;   /* normal distributions */
    double minval, maxval; /* uniform ones */
    double value;          /* a constant */
    int seed;
};

#define ROW(name, kind, min, max)                                                                  \
    {                                                                                              \
#name, kind, offsetof(struct arguments, name), min, max                                    \
    }

static const struct field normal_fields[] = {
    ROW(mean, FIELD_NUMBER, -1e6, 1e6),
    ROW(stddev, FIELD_NUMBER, 1e-9, 1e6),
    ROW(seed, FIELD_INTEGER, 0, INT32_MAX),
};
static const struct field uniform_fields[] = {
    ROW(minval, FIELD_NUMBER, -1e6, 1e6),
    ROW(maxval, FIELD_NUMBER, -1e6, 1e6),
    ROW(seed, FIELD_INTEGER, 0, INT32_MAX),
};
static const struct field constant_fields[] = {ROW(value, FIELD_NUMBER, -1e6, 1e6)};
static const struct field seed_fields[] = {ROW(seed, FIELD_INTEGER, 0, INT32_MAX)};

static struct fields fields_of(const char *name)
{
    if (strcmp(name, "random_normal") == 0 || strcmp(name, "truncated_normal") == 0)
        return FIELDS(normal_fields);
    if (strcmp(name, "random_uniform") == 0)
        return FIELDS(uniform_fields);
    if (strcmp(name, "constant") == 0)
        return FIELDS(constant_fields);
    if (strcmp(name, "zeros") == 0 || strcmp(name, "ones") == 0)
        return (struct fields){NULL, 0, 0};
    return FIELDS(seed_fields);
}

static bool bind_arguments(const struct script *script, const struct expr *call,
                           struct initialization *how, struct error *error)
{
    struct arguments arguments = {.stddev = 0.05, .minval = -0.05, .maxval = 0.05};
    const struct fields fields = fields_of(how->name);
    if (!bind_call(script, call, fields, &arguments, error))
        return false;
    if (fields.list == normal_fields) {
        how->mean = arguments.mean;
        how->stddev = arguments.stddev;
    } else if (fields.list == uniform_fields) {
        if (arguments.minval >= arguments.maxval)
            return bind_refuse(script, call->line, error, "minval must be below maxval");
        how->mean = (arguments.minval + arguments.maxval) / 2;
        how->stddev = (arguments.maxval - arguments.minval) / sqrt(12);
    } else if (fields.list == constant_fields) {
        how->mean = arguments.value;
    }
    return true;
}

bool initializer_bind(const struct script *script, const struct expr *e, struct initialization *how,
                      struct error *error)
{
    const char *name = e->kind == EXPR_STRING ? e->text : bind_callee(e);
    *how = (struct initialization){.name = name ? initialize_find(name) : NULL};
    if (!how->name)
        return bind_refuse(
            script, e->line, error,
            "an initializer must be one of %s, or a call as RandomNormal(stddev=0.05)",
            initialize_names);
    return e->kind == EXPR_STRING || bind_arguments(script, e, how, error);
}
