#include "nn/keras/json.h"

#include <limits.h>
#include <math.h>

static const json_t *find(const json_t *config, const char *key)
{
    const json_t *value = json_object_get(config, key);
    return json_is_null(value) ? NULL : value;
}

bool keras_to_int(const json_t *value, int *integer)
{
    if (!json_is_number(value))
        return false;
    double number = json_number_value(value);
    if (number != floor(number) || number < INT_MIN || number > INT_MAX)
        return false;
    *integer = (int)number;
    return true;
}

bool keras_get_int(const json_t *config, const char *key, int standard, int *value,
                   struct error *error)
{
    const json_t *found = find(config, key);
    *value = standard;
    if (found && !keras_to_int(found, value))
        return error_set(error, "%s must be an integer that fits 32 bits", key);
    return true;
}

bool keras_get_number(const json_t *config, const char *key, double standard, double *value,
                      struct error *error)
{
    const json_t *found = find(config, key);
    if (found && !json_is_number(found))
        return error_set(error, "%s must be a number", key);
    *value = found ? json_number_value(found) : standard;
    return true;
}

bool keras_get_bool(const json_t *config, const char *key, bool standard, bool *value,
                    struct error *error)
{
    const json_t *found = find(config, key);
    if (found && !json_is_boolean(found))
        return error_set(error, "%s must be true or false", key);
    *value = found ? json_is_true(found) : standard;
    return true;
}

bool keras_get_string(const json_t *config, const char *key, const char *standard,
                      const char **value, struct error *error)
{
    const json_t *found = find(config, key);
    if (found && !json_is_string(found))
        return error_set(error, "%s must be a string", key);
    *value = found ? json_string_value(found) : standard;
    return true;
}

bool keras_get_pair(const json_t *config, const char *key, const int standard[2], int value[2],
                    struct error *error)
{
    const json_t *found = find(config, key);
    if (!found && !standard)
        return error_set(error, "%s is missing: an integer or a list of two", key);
    if (!found) {
        value[0] = standard[0];
        value[1] = standard[1];
        return true;
    }
    if (keras_to_int(found, &value[0])) {
        value[1] = value[0];
        return true;
    }
    if (json_array_size(found) == 2 && keras_to_int(json_array_get(found, 0), &value[0]) &&
        keras_to_int(json_array_get(found, 1), &value[1]))
        return true;
    return error_set(error, "%s must be an integer or a list of two", key);
}
