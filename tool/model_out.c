#include "tool/model_out.h"

#include "common/text.h"

#include <stdio.h>
#include <string.h>

bool model_out_check(const char *path, struct error *error)
{
    return text_ends_with(path, ".json") || text_ends_with(path, ".h5") ||
           text_ends_with(path, ".hdf5") ||
           error_set_usage(error, "%s: name a file .json (its weights go beside it) or .h5", path);
}

void model_out_tell(const char *path)
{
    if (text_ends_with(path, ".json"))
        printf("%s and %.*s_weights.h5 written\n", path, (int)(strlen(path) - 5), path);
    else
        printf("%s written\n", path);
}
