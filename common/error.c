#include "common/error.h"

#include "common/text.h"

#include <string.h>

static bool set(struct error *error, enum exit_code code, const char *format, va_list args)
{
    if (error) {
        error->code = code;
        error->memory = false;
        text_vformat(error->message, sizeof error->message, format, args);
        text_one_line(error->message);
    }
    return false;
}

bool error_set(struct error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(error, EXIT_CODE_RUNTIME, format, args);
    va_end(args);
    return false;
}

bool error_set_usage(struct error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(error, EXIT_CODE_USAGE, format, args);
    va_end(args);
    return false;
}

bool error_set_memory(struct error *error, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    set(error, EXIT_CODE_RUNTIME, format, args);
    va_end(args);
    if (error)
        error->memory = true;
    return false;
}

bool error_prefix(struct error *error, const char *format, ...)
{
    if (!error)
        return false;
    struct error inner = *error;
    va_list args;
    va_start(args, format);
    set(error, inner.code, format, args);
    va_end(args);
    error->memory = inner.memory;
    size_t used = strlen(error->message);
    text_format(error->message + used, sizeof error->message - used, ": %s", inner.message);
    return false;
}
