#include "capture/capture.h"
#include "capture/v4l2_controls.h"
#include "capture/v4l2_format.h"

#include <stdlib.h>
#include <string.h>

bool capture_check_format(const char *format, struct error *error)
{
    enum pixel_format parsed;
    return v4l2_parse_format(format, &parsed, error);
}

bool capture_check_controls(const char *controls, struct error *error)
{
    char *copy = strdup(controls);
    if (!copy)
        return error_set(error, "out of memory");
    bool ok = true;
    char *rest = copy, *name, *value;
    while (ok && v4l2_control_next(&rest, &name, &value))
        if (!*name || !*value)
            ok = error_set_usage(error, "\"%.60s\" is no setting; write name=value",
                                 *name ? name : value);
    free(copy);
    return ok;
}
