#include "web/json.h"

#include <math.h>
#include <stdio.h>

/* File and device names may hold any bytes; JSON may not. */
static json_t *text(const char *bytes)
{
    json_t *string = json_string(bytes);
    if (string)
        return string;
    char ascii[sizeof((struct source_state *)NULL)->lost];
    snprintf(ascii, sizeof ascii, "%s", bytes);
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c >= 0x80)
            *c = '?';
    return json_string(ascii);
}

static double one_decimal(double value)
{
    return round(value * 10) / 10;
}

json_t *json_source(const struct snapshot *snapshot)
{
    static const struct source_state none = {.lost = "no frame yet"};
    const struct source_state *source = snapshot ? &snapshot->source : &none;
    return json_pack("{s:o, s:o, s:{s:i, s:i}, s:b, s:o, s:f, s:f, s:I}", "name",
                     text(source->name), "format", text(source->format), "resolution", "width",
                     source->width, "height", source->height, "online", source->online, "lost",
                     source->online ? json_null() : text(source->lost), "captured_fps",
                     one_decimal(source->captured_fps), "processed_fps",
                     one_decimal(source->processed_fps), "dropped", (json_int_t)source->dropped);
}

json_t *json_prediction(const struct snapshot *snapshot)
{
    return snapshot && snapshot->has_prediction ? prediction_to_json(&snapshot->prediction)
                                                : json_null();
}
