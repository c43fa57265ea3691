#include "classify/views.h"

#include <math.h>

/* Parts that would show nearly the whole frame are not worth their turn. */
static const double elongated = 1.25;

static const double refresh_s = 0.25;

/* Parts of side 1 that cover `length`, each moved on by half a side or less. */
static int parts_of(double length)
{
    const int parts = (int)ceil((length - 1) * 2 - 1e-9) + 1;
    return parts < VIEWS_MAX - 1 ? parts : VIEWS_MAX - 1;
}

struct views views_of(enum views_mode mode, int width, int height, int input_width,
                      int input_height)
{
    struct views views = {1, width, height, width, height};
    const double ratio = (double)width * input_height / ((double)height * input_width);
    const double length = ratio > 1 ? ratio : 1 / ratio;
    if (mode == VIEWS_WHOLE || length < elongated)
        return views;
    if (ratio > 1)
        views.part_width = (int)fmax(1, round(width / ratio));
    else
        views.part_height = (int)fmax(1, round(height * ratio));
    views.count += parts_of(length);
    return views;
}

struct rectangle views_place(const struct views *views, int view)
{
    if (view == 0)
        return (struct rectangle){0, 0, views->width, views->height};
    const int last = views->count - 2; /* a frame that has parts has two or more */
    return (struct rectangle){(views->width - views->part_width) * (view - 1) / last,
                              (views->height - views->part_height) * (view - 1) / last,
                              views->part_width, views->part_height};
}

int turns_take(struct turns *turns, int count, double time_s, int views[VIEWS_MAX])
{
    const double dt = time_s - turns->time_s;
    int due = count;
    if (turns->count == count && dt >= 0 && dt < refresh_s)
        due = (int)fmax(1, ceil(count * dt / refresh_s));
    if (turns->count != count)
        turns->next = 0;
    for (int i = 0; i < due; i++)
        views[i] = (turns->next + i) % count;
    *turns = (struct turns){count, (turns->next + due) % count, time_s};
    return due;
}
