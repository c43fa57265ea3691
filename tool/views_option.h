/* views_option: --views of the commands that look at pictures as pawcamd does. */
#ifndef PAWCAM_TOOL_VIEWS_OPTION_H
#define PAWCAM_TOOL_VIEWS_OPTION_H

#include "classify/views.h"
#include "common/error.h"
#include "nn/model.h"

#include <stdbool.h>

/* A row of a table of options. */
#define VIEWS_OPTION_ROW(type, member)                                                             \
    {                                                                                              \
        "views", VIEWS_CHOICES, "as in pawcamd; " VIEWS_DEFAULT " if not given",                   \
            offsetof(type, member)                                                                 \
    }

/* NULL: as pawcamd looks if nothing is said. Another word is a usage error. */
bool views_option_parse(const char *text, enum views_mode *mode, struct error *error);

/* A line of warning, if views were asked for that this model is not shown (classifier_mode). */
void views_option_tell(const char *text, enum views_mode mode, const struct model *model);

#endif
