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
    json_t *object = json_object();
    json_object_set_new(object, "name", text(source->name));
    json_object_set_new(object, "format", text(source->format));
    json_object_set_new(object, "resolution",
                        json_pack("{s:i, s:i}", "width", source->width, "height", source->height));
    json_object_set_new(object, "online", json_boolean(source->online));
    json_object_set_new(object, "lost", source->online ? json_null() : text(source->lost));
    json_object_set_new(object, "captured_fps", json_real(one_decimal(source->captured_fps)));
    json_object_set_new(object, "processed_fps", json_real(one_decimal(source->processed_fps)));
    json_object_set_new(object, "dropped", json_integer((json_int_t)source->dropped));
    return object;
}

json_t *json_prediction(const struct snapshot *snapshot)
{
    return snapshot && snapshot->has_prediction ? prediction_to_json(&snapshot->prediction)
                                                : json_null();
}
