#include "tool/catdog.h"

#include "common/text.h"
#include "tool/figure.h"

struct catdog catdog_begin(const struct model *model, double threshold)
{
    return (struct catdog){
        .cat = text_find(model->class_names, model->class_count, "cat"),
        .dog = text_find(model->class_names, model->class_count, "dog"),
        .neither = text_find(model->class_names, model->class_count, "neither"),
        .threshold = threshold,
    };
}

bool catdog_has_pair(const struct catdog *catdog)
{
    return catdog->cat >= 0 && catdog->dog >= 0;
}

bool catdog_has_neither(const struct catdog *catdog)
{
    return catdog->neither >= 0;
}

static int decide(const struct catdog *catdog, int class_count, const float *scores)
{
    int best = 0;
    for (int i = 1; i < class_count; i++)
        if (scores[i] > scores[best])
            best = i;
    return (double)scores[best] < catdog->threshold ? catdog->neither : best;
}

static void add_pair(struct catdog *catdog, int label, const float *scores)
{
    if (label != catdog->cat && label != catdog->dog)
        return;
    const int other = label == catdog->cat ? catdog->dog : catdog->cat;
    catdog->pairs++;
    catdog->right += scores[label] > scores[other];
}

static void add_decision(struct catdog *catdog, int label, int decided)
{
    if (label == catdog->neither) {
        catdog->others++;
        catdog->alarms += decided != catdog->neither;
    } else {
        catdog->animals++;
        catdog->missed += decided == catdog->neither;
    }
}

void catdog_add(struct catdog *catdog, int label, int class_count, const float *scores)
{
    if (catdog_has_pair(catdog))
        add_pair(catdog, label, scores);
    if (catdog_has_neither(catdog))
        add_decision(catdog, label, decide(catdog, class_count, scores));
}

double catdog_accuracy(const struct catdog *catdog)
{
    return figure_share(catdog->right, catdog->pairs);
}

double catdog_false_alarm(const struct catdog *catdog)
{
    return figure_share(catdog->alarms, catdog->others);
}

double catdog_missed(const struct catdog *catdog)
{
    return figure_share(catdog->missed, catdog->animals);
}
