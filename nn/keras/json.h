/*
 * json: values of a layer's configuration, with defaults and errors that name the key.
 *
 * An absent key and null both mean the default. The functions return false with the reason when the
 * value is there but of another kind or out of bounds.
 */
#ifndef PAWCAM_NN_KERAS_JSON_H
#define PAWCAM_NN_KERAS_JSON_H

#include "common/error.h"

#include <jansson.h>

bool keras_get_int(const json_t *config, const char *key, int standard, int *value,
                   struct error *error);
bool keras_get_number(const json_t *config, const char *key, double standard, double *value,
                      struct error *error);
bool keras_get_bool(const json_t *config, const char *key, bool standard, bool *value,
                    struct error *error);

/* The string lives as long as the configuration. */
bool keras_get_string(const json_t *config, const char *key, const char *standard,
                      const char **value, struct error *error);

/* One integer for both, or a list of two. standard NULL: it must be there. */
bool keras_get_pair(const json_t *config, const char *key, const int standard[2], int value[2],
                    struct error *error);

/* A JSON integer, or a real without a fraction, that fits an int. */
bool keras_to_int(const json_t *value, int *integer);

#endif
