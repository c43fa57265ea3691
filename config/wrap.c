#include "config/wrap.h"

#include <string.h>

int wrap_print(FILE *out, const char *text, const char *prefix, int column)
{
    enum { COLUMNS = 79 };
    int margin = (int)strlen(prefix);
    for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
        int length = (int)strcspn(text, " ");
        if (column > margin && column + 1 + length > COLUMNS) {
            putc('\n', out);
            column = 0;
        }
        if (column == 0)
            column = fprintf(out, "%s", prefix);
        if (column > margin)
            column += fprintf(out, " ");
        column += fprintf(out, "%.*s", length, text);
        text += length;
    }
    return column;
}
