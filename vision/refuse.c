#include "vision/refuse.h"

#include <string.h>

bool refuse_picture(struct error *error, const char *kind, const char *message)
{
    /* libjpeg, TurboJPEG and libpng */
    if (strcasestr(message, "insufficient memory") || strcasestr(message, "out of memory") ||
        strcasestr(message, "memory allocation"))
        return error_set_memory(error, "%s picture: %s", kind, message);
    return error_set(error, "damaged %s picture: %s", kind, message);
}
