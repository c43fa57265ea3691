/* value: the text of one option <-> the member of the settings struct. The only parser of values:
 * defaults, files and command lines all come through here. */
#ifndef PAWCAM_CONFIG_VALUE_H
#define PAWCAM_CONFIG_VALUE_H

#include "config/config.h"

enum {
    VALUE_TEXT_MAX = 64,     /* a number, word or choice with its final 0 */
    VALUE_STRING_MAX = 4096, /* bytes of a string; each fits into a line of a file */
    VALUE_FACTS_MAX = 256,
};

/* Stores `text` in the row's member; a string that was there is freed. Strict: no trailing rubbish,
 * nothing that is not finite, out of bounds or too long. The error says what was expected and
 * leaves the member as it was; the caller puts in front where the text stands. */
bool value_parse(const struct option_row *row, const char *text, void *settings,
                 struct error *error);

/* The member as text that value_parse reads back to the same value. Points into `buffer` or, for
 * strings, to the member itself. */
const char *value_text(const struct option_row *row, const void *settings,
                       char buffer[VALUE_TEXT_MAX]);

/* Frees a string and zeroes its pointer; nothing to do for other types. */
void value_free(const struct option_row *row, void *settings);

/* "a whole number from 0 to 65535; default 8080; applied on reload" */
void value_facts(const struct option_row *row, char facts[VALUE_FACTS_MAX]);

#endif
