#include "tool/catdog.h"

#include "common/text.h"
#include "tool/figure.h"

#include <math.h>
#include <string.h>

struct catdog catdog_begin(const struct model *model, double threshold)
{
    return (struct catdog){
        .cat = text_find(model->class_names, model->class_count, "cat"),
        .dog = text_find(model->class_names, model->class_count, "dog"),
        .neither = text_find(model->class_names, model->class_count, "neither"),
        .threshold = threshold,
    };
}

bool catdog_applies(const struct catdog *catdog)
{
    return catdog->cat >= 0 && catdog->dog >= 0;
}

static int decide(const struct catdog *catdog, int class_count, const float *scores)
{
    int best = 0;
    for (int i = 1; i < class_count; i++)
        if (scores[i] > scores[best])
            best = i;
    return (double)scores[best] < catdog->threshold ? catdog->neither : best;
}

void catdog_add(struct catdog *catdog, int label, int class_count, const float *scores)
{
    if (!catdog_applies(catdog))
        return;
    int decided = decide(catdog, class_count, scores);
    if (label == catdog->cat || label == catdog->dog) {
        int other = label == catdog->cat ? catdog->dog : catdog->cat;
        catdog->animals++;
        catdog->right += scores[label] > scores[other];
        catdog->missed += decided == catdog->neither;
    } else if (label == catdog->neither) {
        catdog->others++;
        catdog->alarms += decided == catdog->cat || decided == catdog->dog;
    }
}

double catdog_accuracy(const struct catdog *catdog)
{
    return figure_share(catdog->right, catdog->animals);
}

static bool knows_neither(const struct catdog *catdog)
{
    return catdog_applies(catdog) && catdog->neither >= 0;
}

double catdog_false_alarm(const struct catdog *catdog)
{
    return knows_neither(catdog) ? figure_share(catdog->alarms, catdog->others) : NAN;
}

double catdog_missed(const struct catdog *catdog)
{
    return knows_neither(catdog) ? figure_share(catdog->missed, catdog->animals) : NAN;
}
