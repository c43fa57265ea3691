/* figure: how commands write figures into JSON. */
#ifndef PAWCAM_TOOL_FIGURE_H
#define PAWCAM_TOOL_FIGURE_H

#include "common/error.h"

#include <jansson.h>

/* Six decimals; null where there is nothing to say (NaN). */
json_t *figure_json(double value);

/* part / whole; NaN where there is no whole. */
double figure_share(long part, long whole);

/* Prints the object on one line; takes it over. */
bool figure_print(json_t *object, struct error *error);

#endif
