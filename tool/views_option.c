#include "tool/views_option.h"

#include <string.h>

bool views_option_parse(const char *text, enum views_mode *mode, struct error *error)
{
    *mode = text && strcmp(text, "whole") == 0 ? VIEWS_WHOLE : VIEWS_PARTS;
    return !text || *mode == VIEWS_WHOLE || strcmp(text, "parts") == 0 ||
           error_set_usage(error, "--views: \"%s\" is not one of " VIEWS_CHOICES, text);
}
