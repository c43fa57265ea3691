#include "tool/views_option.h"

#include "classify/classifier.h"
#include "common/log.h"

#include <string.h>

bool views_option_parse(const char *text, enum views_mode *mode, struct error *error)
{
    static const char *const names[] = {
        [VIEWS_PARTS] = "parts", [VIEWS_WHOLE] = "whole", [VIEWS_CLOSER] = "closer"};
    const char *wanted = text ? text : VIEWS_DEFAULT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(wanted, names[i]) == 0) {
            *mode = (enum views_mode)i;
            return true;
        }
    return error_set_usage(error, "--views: \"%s\" is not one of " VIEWS_CHOICES, text);
}

void views_option_tell(const char *text, enum views_mode mode, const struct model *model)
{
    if (text && classifier_mode(model, mode) != mode)
        log_warning("--views %s needs a model with a share for \"neither\" among its scores; this "
                    "one is shown whole pictures",
                    text);
}
