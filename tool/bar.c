#include "tool/bar.h"

#include "common/clock.h"

#include <stdio.h>
#include <unistd.h>

enum { BAR_WIDTH = 24, REDRAW_MS = 100 };

void bar_print(int done, int all)
{
    int filled = all ? (int)((long)BAR_WIDTH * done / all) : 0;
    fputc('[', stderr);
    for (int i = 0; i < BAR_WIDTH; i++)
        fputc(i < filled ? '=' : i == filled ? '>' : '.', stderr);
    fputc(']', stderr);
}

struct bar bar_begin(const char *what, int all)
{
    return (struct bar){.what = what, .all = all, .terminal = isatty(STDERR_FILENO)};
}

void bar_show(struct bar *bar, int done)
{
    int64_t now_ns = clock_monotonic_ns();
    if (!bar->terminal || now_ns - bar->shown_ns < REDRAW_MS * (int64_t)NS_PER_MS)
        return;
    bar->shown_ns = now_ns;
    fprintf(stderr, "\r\033[K%s ", bar->what);
    bar_print(done, bar->all);
    fprintf(stderr, " %d/%d", done, bar->all);
    fflush(stderr);
}

void bar_end(const struct bar *bar)
{
    if (bar->terminal)
        fputs("\r\033[K", stderr);
}
