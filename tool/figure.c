#include "tool/figure.h"

#include "common/prediction.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

json_t *figure_json(double value)
{
    return isnan(value) ? json_null() : json_real(round(value * 1e6) / 1e6);
}

double figure_share(long part, long whole)
{
    return whole ? (double)part / (double)whole : NAN;
}

bool figure_print(json_t *object, struct error *error)
{
    char *text = json_dumps(object, PREDICTION_JSON_FLAGS);
    json_decref(object);
    if (!text)
        return error_set(error, "a name is no UTF-8, which JSON needs");
    puts(text);
    free(text);
    return true;
}
