/* number: the numbers of command lines, read strictly. */
#ifndef PAWCAM_TOOL_NUMBER_H
#define PAWCAM_TOOL_NUMBER_H

#include "common/error.h"

/* The whole text must be a number in bounds; else a usage error that names the option. */
bool number_integer(const char *option, const char *text, long min, long max, long *value,
                    struct error *error);
bool number_real(const char *option, const char *text, double min, double max, double *value,
                 struct error *error);

#endif
