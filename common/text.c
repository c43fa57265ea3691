#include "common/text.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const char white_space[] = " \t\n\v\f\r";

void text_one_line(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
}

/* Bytes that follow the first one of a character; -1: none begins with it. */
static int following_bytes(unsigned char first)
{
    if (first < 0x80)
        return 0;
    if (first < 0xc0 || first >= 0xf8)
        return -1;
    return first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
}

/* Steps over one character; false: it is not plain. */
static bool take_character(const unsigned char **at)
{
    static const uint32_t least[] = {0x20, 0x80, 0x800, 0x10000}; /* no longer than need be */
    int more = following_bytes(**at);
    if (more < 0)
        return false;
    uint32_t code = more ? **at & (0x3fU >> more) : **at;
    ++*at;
    for (int i = 0; i < more; i++, ++*at) {
        if ((**at & 0xc0) != 0x80)
            return false;
        code = code << 6 | (**at & 0x3f);
    }
    bool is_surrogate = code >= 0xd800 && code <= 0xdfff;
    return code >= least[more] && code <= 0x10ffff && !is_surrogate && code != 0x7f;
}

bool text_is_plain(const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    while (*at)
        if (!take_character(&at))
            return false;
    return true;
}

void text_make_plain(char *text)
{
    while (*text) {
        const unsigned char *next = (const unsigned char *)text;
        if (take_character(&next))
            text = (char *)next;
        else
            *text++ = '?';
    }
}

char *text_trim(char *text)
{
    text += strspn(text, white_space);
    size_t length = strlen(text);
    while (length > 0 && strchr(white_space, text[length - 1]))
        length--;
    text[length] = '\0';
    return text;
}

bool text_ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text), end = strlen(ending);
    return length > end && strcmp(text + length - end, ending) == 0;
}

int text_find(char *const *list, int count, const char *text)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i], text) == 0)
            return i;
    return -1;
}

char *text_next_item(char **rest)
{
    char *item = strsep(rest, ",");
    return item ? text_trim(item) : NULL;
}

/* Takes the last character off if some of its bytes are missing. */
static void end_whole(char *text)
{
    size_t length = strlen(text);
    int following = 0;
    while (following < 3 && length > 0 && ((unsigned char)text[length - 1] & 0xc0) == 0x80) {
        following++;
        length--;
    }
    if (length > 0 && following_bytes((unsigned char)text[length - 1]) > following)
        text[length - 1] = '\0';
}

void text_vformat(char *to, size_t size, const char *format, va_list args)
{
    int length = vsnprintf(to, size, format, args);
    if (length < 0 || (size_t)length >= size)
        end_whole(to);
}

void text_format(char *to, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_vformat(to, size, format, args);
    va_end(args);
}

void text_copy(char *to, size_t size, const char *from)
{
    text_format(to, size, "%s", from);
}

void text_public_url(char *to, size_t size, const char *url)
{
    const char *host = strstr(url, "://");
    if (!host) {
        text_copy(to, size, url);
        return;
    }
    host += strlen("://");
    const size_t scheme = (size_t)(host - url), authority = strcspn(host, "/?#");
    const char *at = memrchr(host, '@', authority);
    if (!at) /* a password with a character that ends the authority, if it is not in the path */
        at = strrchr(host, '@');
    if (at)
        host = at + 1;
    text_format(to, size, "%.*s%.*s", (int)scheme, url, (int)strcspn(host, "?#"), host);
}
