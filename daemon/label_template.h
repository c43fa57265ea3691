/*
 * label_template: the text written into the picture, with placeholders: "{label} {score}".
 *
 *   {label}  the decision: a class name or "unknown"
 *   {score}  its score, two decimals: 0.93
 *   {time}   local time of day: 14:03:07
 *   {fps}    frames per second through the network lately, one decimal: 25.0
 *   {{ }}    the braces themselves
 */
#ifndef PAWCAM_DAEMON_LABEL_TEMPLATE_H
#define PAWCAM_DAEMON_LABEL_TEMPLATE_H

#include "common/error.h"

#include <stddef.h>

struct label_values {
    const char *label;
    double score;  /* 0..1 */
    double wall_s; /* CLOCK_REALTIME in seconds since 1970 */
    double fps;
};

struct label_template;

/* Copies what it needs. NULL: a usage error that names what is wrong in the text. */
struct label_template *label_template_create(const char *text, struct error *error);

/* Writes the text with its values, cut to `size` bytes with the final 0. */
void label_template_expand(const struct label_template *template, const struct label_values *values,
                           char *text, size_t size);

/* NULL is allowed. */
void label_template_destroy(struct label_template *template);

#endif
