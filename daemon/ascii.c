#include "daemon/ascii.h"

#include <stdbool.h>

/* U+00C0 to U+00FF, which UTF-8 writes as C3 80 to C3 BF. */
static const char latin1[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

static int sequence_length(unsigned char first)
{
    return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

void ascii_from_utf8(const char *utf8, char *ascii, size_t size)
{
    size_t used = 0;
    while (*utf8 && used + 1 < size) {
        unsigned char first = (unsigned char)*utf8;
        int length = 1;
        while (length < sequence_length(first) && is_continuation(utf8[length]))
            length++;
        if (first == 0xc3 && length == 2)
            ascii[used++] = latin1[(unsigned char)utf8[1] & 0x3f];
        else
            ascii[used++] = first < 0x80 ? *utf8 : '?';
        utf8 += length;
    }
    ascii[used] = 0;
}
