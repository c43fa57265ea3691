#include "classify/views.h"

#include <math.h>

/* Parts that would show nearly the whole frame are not worth their turn. */
static const double elongated = 1.25;

static const double refresh_s = 0.25;

/* Parts of side 1 that cover `length`, each moved on by half a side or less, but no more than there
 * is room for. */
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

/* How many views of the frame the source's own rate asks for; it may be a fraction. */
static double asked_for(const struct turns *turns, int count, double time_s, uint64_t sequence)
{
    const double dt = time_s - turns->time_s;
    if (turns->count != count || dt < 0 || sequence <= turns->sequence)
        return count;
    if (sequence > turns->sequence + 1)
        return 0;
    return fmin(count, turns->owed + count * dt / refresh_s);
}

int turns_take(struct turns *turns, int count, double time_s, uint64_t sequence,
               int views[VIEWS_MAX])
{
    const double asked = asked_for(turns, count, time_s, sequence);
    const int due = (int)fmax(1, floor(asked + 1e-9)); /* 1 / 15 + ... + 1 / 15 may miss 1 */
    const int next = turns->count == count ? turns->next : 0;
    for (int i = 0; i < due; i++)
        views[i] = (next + i) % count;
    *turns = (struct turns){count, (next + due) % count, fmax(0, asked - due), time_s, sequence};
    return due;
}
