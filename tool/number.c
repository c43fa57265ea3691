#include "tool/number.h"

#include <errno.h>
#include <stdlib.h>

bool number_integer(const char *option, const char *text, long min, long max, long *value,
                    struct error *error)
{
    char *end;
    errno = 0;
    *value = strtol(text, &end, 10);
    if (end != text && !*end && !errno && *value >= min && *value <= max)
        return true;
    return error_set_usage(error, "--%s must be a whole number from %ld to %ld, not %s", option,
                           min, max, text);
}

bool number_real(const char *option, const char *text, double min, double max, double *value,
                 struct error *error)
{
    char *end;
    *value = strtod(text, &end);
    if (end != text && !*end && *value >= min && *value <= max)
        return true;
    return error_set_usage(error, "--%s must be a number from %g to %g, not %s", option, min, max,
                           text);
}
