/* wrap: prose in lines of at most 79 columns. ASCII. */
#ifndef PAWCAM_CONFIG_WRAP_H
#define PAWCAM_CONFIG_WRAP_H

#include <stdio.h>

/* Prints the words of `text`. The cursor is at `column`; every line that begins here begins with
 * `prefix`. No newline at the end. Returns the column behind the last word, so that a next call can
 * go on in the same line. */
int wrap_print(FILE *out, const char *text, const char *prefix, int column);

#endif
