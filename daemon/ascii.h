/*
 * ascii: text for OpenCV's Hershey fonts, which have printable ASCII only and draw every other byte
 * as '?'.
 */
#ifndef PAWCAM_DAEMON_ASCII_H
#define PAWCAM_DAEMON_ASCII_H

#include <stddef.h>

/* Writes UTF-8 text as ASCII, cut to `size` bytes with the final 0: letters of Latin-1 lose their
 * accents (the German "ä" becomes "a"), any other character beyond ASCII becomes one '?'. Bytes
 * that are not UTF-8 count as one character each. */
void ascii_from_utf8(const char *utf8, char *ascii, size_t size);

#endif
