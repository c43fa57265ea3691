/* bar: how far counted work has come, drawn on standard error where that is a terminal. */
#ifndef PAWCAM_TOOL_BAR_H
#define PAWCAM_TOOL_BAR_H

#include <stdbool.h>
#include <stdint.h>

struct bar {
    const char *what; /* "drawing"; lives as long as the bar */
    int all;
    bool terminal;
    int64_t shown_ns; /* when it was last drawn */
};

struct bar bar_begin(const char *what, int all);

/* To be called as often as one likes; it is drawn ten times a second at most. */
void bar_show(struct bar *bar, int done);

/* Removes it from the screen. */
void bar_end(const struct bar *bar);

/* "[=====>......]", for lines that hold more than a bar. */
void bar_print(int done, int all);

#endif
