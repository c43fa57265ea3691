/* text: what is done to text from outside: taken apart, copied, made fit for people and logs. */
#ifndef PAWCAM_COMMON_TEXT_H
#define PAWCAM_COMMON_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

/* Makes each control character a '?', so that the text is one line whatever a file or a device is
 * called. */
void text_one_line(char *text);

/* The same for each byte of what is no UTF-8, so that it is plain then. */
void text_make_plain(char *text);

/* Whether it is UTF-8 (RFC 3629) without control characters: what JSON and people can take. */
bool text_is_plain(const char *text);

/* The text without the white space around it, in place. */
char *text_trim(char *text);

/* Does it end so, with something in front: "net.json" in ".json"? */
bool text_ends_with(const char *text, const char *ending);

/* The index of the text in list[count]; -1: it is not there. */
int text_find(char *const *list, int count, const char *text);

/* Cuts the next item off a comma-separated list, in place, and trims it: *rest is the list, later
 * what is left of it. NULL: the list is over. */
char *text_next_item(char **rest);

/* snprintf for text from outside: what does not fit into size (>= 1) bytes is cut off between two
 * characters, not inside of one. */
void text_format(char *to, size_t size, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
void text_vformat(char *to, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

/* The same for a text as it is. */
void text_copy(char *to, size_t size, const char *from);

/* The same for what people may see of a URL: user, password and query (cameras take passwords
 * there) are left out, and in doubt what may be one. What is no URL is copied as it is. */
void text_public_url(char *to, size_t size, const char *url);

#endif
