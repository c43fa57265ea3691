#include "capture/capture.h"
#include "capture/v4l2_controls.h"
#include "capture/v4l2_format.h"

#include <stdlib.h>
#include <string.h>

static bool check_controls(const char *controls, struct error *error)
{
    char *copy = strdup(controls);
    if (!copy)
        return error_set(error, "out of memory");
    bool ok = true;
    char *rest = copy, *name, *value;
    while (ok && v4l2_control_next(&rest, &name, &value))
        if (!*name || !*value)
            ok = error_set_usage(error, "controls: \"%.60s\" is no setting; write name=value",
                                 *name ? name : value);
    free(copy);
    return ok;
}

bool capture_check(const struct capture_settings *settings, struct error *error)
{
    enum pixel_format format;
    if (!*settings->source)
        return error_set_usage(error, "source: it is empty; auto takes what there is");
    if (!v4l2_parse_format(settings->format, &format, error))
        return error_prefix(error, "format");
    return check_controls(settings->controls, error);
}
