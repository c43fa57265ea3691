#include "classify/views.h"

#include <math.h>

/* Parts that would show nearly the whole frame are not worth their turn. */
static const double elongated = 1.25;

static const double refresh_s = 0.5;

/* For how long a machine that was too slow is spared. */
static const double spared_s = 5;

/* Parts of side 1 that cover `length`, each moved on by half a side or less, but no more than there
 * is room for. */
static int parts_of(double length)
{
    const int parts = (int)ceil((length - 1) * 2 - 1e-9) + 1;
    return parts < VIEWS_PARTS_MAX ? parts : VIEWS_PARTS_MAX;
}

/* A near view's sides, as a share of a part's. */
static const double near_share = 0.6;

/* Near views that cover so many of their sides: they overlap by a third or more, unless there would
 * be more than `most`. */
static int near_of(double length, int most)
{
    const int count = (int)ceil((length - 1) * 1.5 - 1e-9) + 1;
    return count < most ? count : most;
}

/* By exact sides: a rounded pixel less must not make a column more. */
static void add_near(struct views *views, double ratio)
{
    const double width = near_share * (ratio > 1 ? views->width / ratio : views->width);
    const double height = near_share * (ratio > 1 ? views->height : views->height * ratio);
    views->near_width = (int)fmax(1, round(width));
    views->near_height = (int)fmax(1, round(height));
    views->columns = near_of(views->width / width, VIEWS_NEAR_MAX / 2);
    views->rows = near_of(views->height / height, VIEWS_NEAR_MAX / views->columns);
    views->places += views->columns * views->rows;
}

int views_min_side(enum views_mode mode, int input_width, int input_height)
{
    const int side = input_width > input_height ? input_width : input_height;
    return mode == VIEWS_CLOSER ? (int)ceil(side / near_share - 1e-9) : side;
}

struct views views_of(enum views_mode mode, int width, int height, int input_width,
                      int input_height)
{
    struct views views = {
        .count = 1,
        .places = 1,
        .width = width,
        .height = height,
        .part_width = width,
        .part_height = height,
    };
    const double ratio = (double)width * input_height / ((double)height * input_width);
    const double length = ratio > 1 ? ratio : 1 / ratio;
    if (mode == VIEWS_WHOLE)
        return views;
    if (ratio > 1)
        views.part_width = (int)fmax(1, round(width / ratio));
    else
        views.part_height = (int)fmax(1, round(height * ratio));
    views.parts = length < elongated ? 0 : parts_of(length);
    views.places += views.parts;
    if (mode == VIEWS_CLOSER)
        add_near(&views, ratio);
    views.count = 2 * views.places;
    return views;
}

/* Where a piece begins, when `count` of them are spread over the room. */
static int spread(int room, int index, int count)
{
    return count > 1 ? room * index / (count - 1) : room / 2;
}

bool views_mirrored(const struct views *views, int view)
{
    return view >= views->places;
}

bool views_same(const struct views *one, const struct views *other)
{
    return one->count == other->count && one->width == other->width && one->height == other->height;
}

struct rectangle views_place(const struct views *views, int view)
{
    view %= views->places;
    if (view == 0)
        return (struct rectangle){0, 0, views->width, views->height};
    if (view <= views->parts)
        return (struct rectangle){
            spread(views->width - views->part_width, view - 1, views->parts),
            spread(views->height - views->part_height, view - 1, views->parts), views->part_width,
            views->part_height};
    const int near = view - 1 - views->parts;
    return (struct rectangle){
        spread(views->width - views->near_width, near % views->columns, views->columns),
        spread(views->height - views->near_height, near / views->columns, views->rows),
        views->near_width, views->near_height};
}

static bool begins_anew(const struct turns *turns, const struct views *views, double dt,
                        uint64_t sequence)
{
    return turns->views.count == 0 || !views_same(&turns->views, views) || dt < 0 ||
           dt > VIEWS_GAP_S || sequence <= turns->sequence;
}

/* How many views of the frame the source's own rate asks for; it may be a fraction. */
static double asked_for(struct turns *turns, const struct views *views, double time_s,
                        uint64_t sequence)
{
    const double dt = time_s - turns->time_s;
    if (begins_anew(turns, views, dt, sequence)) {
        *turns = (struct turns){.spared_s = time_s, .begun = true};
        return views->count;
    }
    if (sequence > turns->sequence + 1 && !turns->begun)
        turns->spared_s = time_s + spared_s;
    turns->begun = false;
    if (time_s < turns->spared_s)
        return 0;
    return fmin(views->count, turns->owed + views->count * dt / refresh_s);
}

int turns_take(struct turns *turns, const struct views *views, double time_s, uint64_t sequence,
               int list[VIEWS_MAX])
{
    const double asked = asked_for(turns, views, time_s, sequence);
    const int due = (int)fmax(1, floor(asked + 1e-9)); /* 1 / 15 + ... + 1 / 15 may miss 1 */
    for (int i = 0; i < due; i++)
        list[i] = (turns->next + i) % views->count;
    turns->views = *views;
    turns->next = (turns->next + due) % views->count;
    turns->owed = fmax(0, asked - due);
    turns->time_s = time_s;
    turns->sequence = sequence;
    return due;
}

void turns_skip(struct turns *turns, uint64_t sequence)
{
    if (sequence == turns->sequence + 1)
        turns->sequence = sequence;
}
