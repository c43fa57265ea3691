/* text: what is done to text from outside before people and logs see it. */
#ifndef PAWCAM_COMMON_TEXT_H
#define PAWCAM_COMMON_TEXT_H

#include <stdbool.h>

/* Makes each control character a '?', so that the text is one line whatever a file or a device is
 * called. */
void text_one_line(char *text);

/* Whether it is UTF-8 (RFC 3629) without control characters: what JSON and people can take. */
bool text_is_plain(const char *text);

#endif
