#include "nn/train/order.h"

#include "nn/train/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Pictures that are counted and drawn together: a source, or one class of it. */
struct group {
    int count;   /* pictures that there are */
    int quota;   /* that an epoch shows */
    int *places; /* [count], of the subset */
};

struct plan {
    const struct order_settings *settings;
    struct group *groups; /* [sources][classes], or [sources][1] without balance */
    int sources, classes;
    int *places; /* of all groups, one behind the other */
    int *round;  /* scratch: one group, in the order of a round */
};

static void finish(struct plan *plan)
{
    free(plan->groups);
    free(plan->places);
    free(plan->round);
}

/* --- groups ----------------------------------------------------------------------------------- */

static struct group *group_of(const struct plan *plan, int place)
{
    const struct dataset *data = plan->settings->pictures->data;
    const int index = plan->settings->pictures->indices[place];
    const int source = data->sources ? data->sources[index] : 0;
    const int class = plan->settings->balance ? data->labels[index] : 0;
    return &plan->groups[source * plan->classes + class];
}

static void sort_places(struct plan *plan)
{
    const int count = plan->settings->pictures->count, groups = plan->sources * plan->classes;
    int *next = plan->places;
    for (int i = 0; i < count; i++)
        group_of(plan, i)->count++;
    for (int g = 0; g < groups; g++) {
        plan->groups[g].places = next;
        next += plan->groups[g].count;
        plan->groups[g].count = 0;
    }
    for (int i = 0; i < count; i++) {
        struct group *group = group_of(plan, i);
        group->places[group->count++] = i;
    }
}

/* --- how many of each ------------------------------------------------------------------------- */

static double share_of(const struct plan *plan, int source)
{
    const struct dataset *data = plan->settings->pictures->data;
    return data->sources && !plan->settings->judged ? data->shares[source] : 0;
}

/* The source's own number of pictures, as if it had no share. */
static int set_own_quota(const struct plan *plan, int source)
{
    struct group *groups = plan->groups + (ptrdiff_t)source * plan->classes;
    int largest = 0, sum = 0;
    for (int c = 0; c < plan->classes; c++)
        largest = groups[c].count > largest ? groups[c].count : largest;
    for (int c = 0; c < plan->classes; c++) {
        groups[c].quota = groups[c].count ? largest : 0;
        sum += groups[c].quota;
    }
    return sum;
}

/* Divides `wanted` pictures evenly between the classes that the source has. */
static void set_quota(const struct plan *plan, int source, int wanted)
{
    struct group *groups = plan->groups + (ptrdiff_t)source * plan->classes;
    int classes = 0, class = 0;
    for (int c = 0; c < plan->classes; c++)
        classes += groups[c].count > 0;
    for (int c = 0; c < plan->classes; c++)
        if (groups[c].count > 0) {
            groups[c].quota = wanted / classes + (class < wanted % classes);
            class ++;
        }
}

static void set_quotas(const struct plan *plan)
{
    double shares = 0;
    int own = 0;
    for (int s = 0; s < plan->sources; s++) {
        shares += share_of(plan, s);
        if (share_of(plan, s) <= 0)
            own += set_own_quota(plan, s);
    }
    for (int s = 0; s < plan->sources; s++)
        if (share_of(plan, s) > 0)
            set_quota(plan, s, (int)lround(own * share_of(plan, s) / (1 - shares)));
}

static bool make_plan(struct plan *plan, const struct order_settings *settings)
{
    const struct dataset *data = settings->pictures->data;
    *plan = (struct plan){
        .settings = settings,
        .sources = data->sources ? data->source_count : 1,
        .classes = settings->balance ? data->class_count : 1,
    };
    plan->groups = calloc((size_t)(plan->sources * plan->classes), sizeof *plan->groups);
    plan->places = calloc((size_t)settings->pictures->count + 1, sizeof *plan->places);
    plan->round = calloc((size_t)settings->pictures->count + 1, sizeof *plan->round);
    if (!plan->groups || !plan->places || !plan->round) {
        finish(plan);
        return false;
    }
    sort_places(plan);
    set_quotas(plan);
    return true;
}

static int length_of(const struct plan *plan)
{
    int length = 0;
    for (int g = 0; g < plan->sources * plan->classes; g++)
        length += plan->groups[g].quota;
    return length;
}

int order_length(const struct order_settings *settings)
{
    struct plan plan;
    if (!make_plan(&plan, settings))
        return -1;
    const int length = length_of(&plan);
    finish(&plan);
    return length;
}

/* --- drawing ---------------------------------------------------------------------------------- */

enum purpose { PURPOSE_ORDER = 0, PURPOSE_GROUP = 1 << 29 };

/* Fisher and Yates, as Durstenfeld 1964 wrote it down. */
static void shuffle(int *order, int count, struct random *random)
{
    for (int i = count - 1; i > 0; i--) {
        int j = (int)random_below(random, (uint64_t)i + 1), swap = order[i];
        order[i] = order[j];
        order[j] = swap;
    }
}

/* Places first..end-1 of the group's round, which has an order of its own; whole it needs none. */
static void take(const struct plan *plan, int number, long round, int first, int end, int *to)
{
    const struct order_settings *settings = plan->settings;
    const struct group *group = &plan->groups[number];
    memcpy(plan->round, group->places, (size_t)group->count * sizeof *plan->round);
    if (settings->shuffle && end - first < group->count) {
        struct random random;
        random_stream(&random, settings->seed, (uint64_t)round, PURPOSE_GROUP + (uint64_t)number);
        shuffle(plan->round, group->count, &random);
    }
    memcpy(to, plan->round + first, (size_t)(end - first) * sizeof *to);
}

/* Goes on where the epoch before ended: the epochs are pieces of one endless sequence of rounds. */
static void draw_group(const struct plan *plan, int number, int epoch, int *to)
{
    const struct group *group = &plan->groups[number];
    const long begin = (long)epoch * group->quota, end = begin + group->quota;
    for (long at = begin; at < end;) {
        const long round = at / group->count, first = at % group->count;
        const long last = end - round * group->count;
        const int stop = last < group->count ? (int)last : group->count;
        take(plan, number, round, (int)first, stop, to);
        to += stop - first;
        at += stop - first;
    }
}

bool order_draw(const struct order_settings *settings, int epoch, int **order, int *length,
                struct error *error)
{
    struct plan plan;
    struct random random;
    *order = NULL;
    if (!make_plan(&plan, settings))
        return error_set(error, "out of memory for an epoch's order");
    *length = length_of(&plan);
    *order = calloc((size_t)*length + 1, sizeof **order);
    int *to = *order;
    for (int g = 0; *order && g < plan.sources * plan.classes; g++) {
        draw_group(&plan, g, epoch, to);
        to += plan.groups[g].quota;
    }
    finish(&plan);
    if (!*order)
        return error_set(error, "out of memory for an epoch's order");
    random_stream(&random, settings->seed, (uint64_t)epoch, PURPOSE_ORDER);
    if (settings->shuffle)
        shuffle(*order, *length, &random);
    return true;
}
