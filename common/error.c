#include "common/error.h"

#include "common/text.h"

#include <stdio.h>
#include <string.h>

/* Room for the longest path and what is said of it. */
enum { WHOLE_BYTES = 8192 };

/* What is too long loses its middle, of a long path as a rule: where it happened is at the
 * beginning, why at the end. */
static void take_message(struct error *error, const char *whole)
{
    const size_t size = sizeof error->message, length = strlen(whole);
    if (length < size) {
        memcpy(error->message, whole, length + 1);
    } else {
        text_copy(error->message, size / 3, whole);
        const size_t used = strlen(error->message) + strlen("...");
        const char *end = whole + length - (size - 1 - used);
        while (((unsigned char)*end & 0xc0) == 0x80) /* not inside of a character */
            end++;
        strcat(strcat(error->message, "..."), end);
    }
    text_make_plain(error->message);
}

static bool set(struct error *error, enum exit_code code, const char *format, va_list args)
{
    char whole[WHOLE_BYTES];
    if (error) {
        text_vformat(whole, sizeof whole, format, args);
        error->code = code;
        error->memory = false;
        take_message(error, whole);
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
    char whole[WHOLE_BYTES];
    va_list args;
    va_start(args, format);
    text_vformat(whole, sizeof whole - sizeof error->message, format, args);
    va_end(args);
    const size_t used = strlen(whole);
    snprintf(whole + used, sizeof whole - used, ": %s", error->message);
    take_message(error, whole);
    return false;
}
