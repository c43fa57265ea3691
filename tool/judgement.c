#include "tool/judgement.h"

#include "tool/figure.h"

#include <math.h>

/* Where the walk through a clip is. */
struct walk {
    struct judgement sum;
    const struct stretch *stretch; /* of the newest frame; NULL: none */
    double entered_s, newest_s;    /* its first and its newest frame */
    bool was_right;                /* in this stretch */
    int meaning;                   /* of the newest decision */
    double second;                 /* of the clip's clock */
    long in_second, right_in_second;
};

static void leave_second(struct walk *walk)
{
    walk->sum.seconds += walk->in_second > 0;
    walk->sum.seconds_right += 2 * walk->right_in_second > walk->in_second;
    walk->in_second = walk->right_in_second = 0;
}

static void leave_stretch(struct walk *walk)
{
    if (!walk->stretch)
        return;
    walk->sum.stretches++;
    walk->sum.never_right += !walk->was_right;
    walk->sum.judged_s += walk->newest_s - walk->entered_s;
    if (!walk->was_right)
        walk->sum.waited_s += walk->newest_s - walk->entered_s;
    walk->stretch = NULL;
}

static void enter_stretch(struct walk *walk, const struct stretch *stretch, double time_s,
                          int meaning)
{
    leave_stretch(walk);
    walk->stretch = stretch;
    walk->entered_s = time_s;
    walk->was_right = false;
    walk->meaning = meaning;
}

static void count_frame(struct walk *walk, double time_s, bool right)
{
    if (floor(time_s) != walk->second)
        leave_second(walk);
    walk->second = floor(time_s);
    walk->in_second++;
    walk->right_in_second += right;
    walk->sum.frames++;
    walk->sum.frames_right += right;
}

static void step(struct walk *walk, const struct stretch *stretch, double time_s, int meaning)
{
    if (stretch != walk->stretch)
        enter_stretch(walk, stretch, time_s, meaning);
    walk->newest_s = time_s;
    if (!stretch)
        return;
    bool right = meaning == stretch->label, first = right && !walk->was_right;
    walk->sum.flips += meaning != walk->meaning && !first;
    walk->sum.waited_s += first ? time_s - walk->entered_s : 0;
    walk->was_right |= right;
    walk->meaning = meaning;
    count_frame(walk, time_s, right);
}

struct judgement judge(const struct clip *clip, const struct stretches *stretches,
                       const struct model *model, const struct smooth_settings *settings)
{
    struct walk walk = {.second = -1};
    struct smooth smooth;
    smooth_reset(&smooth);
    for (int i = 0; i < clip->count; i++) {
        double time_s = clip->frames[i].time_s;
        struct looks looks;
        clip_looks(clip, i, &looks);
        int decision = smooth_update(&smooth, settings, time_s, &looks, clip->class_count);
        step(&walk, stretches_find(stretches, time_s), time_s, stretch_meaning(model, decision));
    }
    leave_stretch(&walk);
    leave_second(&walk);
    return walk.sum;
}

void judgement_add(struct judgement *sum, const struct judgement *more)
{
    sum->seconds += more->seconds;
    sum->seconds_right += more->seconds_right;
    sum->frames += more->frames;
    sum->frames_right += more->frames_right;
    sum->judged_s += more->judged_s;
    sum->flips += more->flips;
    sum->stretches += more->stretches;
    sum->never_right += more->never_right;
    sum->waited_s += more->waited_s;
}

double judgement_accuracy(const struct judgement *judgement)
{
    return figure_share(judgement->seconds_right, judgement->seconds);
}

double judgement_frame_accuracy(const struct judgement *judgement)
{
    return figure_share(judgement->frames_right, judgement->frames);
}

double judgement_flips_per_minute(const struct judgement *judgement)
{
    return judgement->judged_s > 0 ? 60 * (double)judgement->flips / judgement->judged_s : NAN;
}

double judgement_first_right_s(const struct judgement *judgement)
{
    return judgement->stretches ? judgement->waited_s / (double)judgement->stretches : NAN;
}
