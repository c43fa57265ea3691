#include "nn/train/metrics.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool metrics_init(struct metrics *metrics, int class_count, int worst_max, struct error *error)
{
    size_t classes = (size_t)class_count;
    *metrics = (struct metrics){.class_count = class_count, .worst_max = worst_max};
    metrics->confusion = calloc(classes * classes, sizeof *metrics->confusion);
    metrics->worst = calloc((size_t)worst_max + 1, sizeof *metrics->worst);
    if (metrics->confusion && metrics->worst)
        return true;
    metrics_finish(metrics);
    return error_set(error, "out of memory for the confusion matrix");
}

void metrics_finish(struct metrics *metrics)
{
    free(metrics->confusion);
    free(metrics->worst);
    *metrics = (struct metrics){0};
}

static int highest(const float *scores, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (scores[i] > scores[best])
            best = i;
    return best;
}

/* Keeps the list sorted; the least bad of a full list falls out. */
static void note_worst(struct metrics *metrics, const struct worst *candidate)
{
    int place = metrics->worst_count;
    while (place > 0 && metrics->worst[place - 1].loss < candidate->loss)
        place--;
    if (place >= metrics->worst_max)
        return;
    if (metrics->worst_count < metrics->worst_max)
        metrics->worst_count++;
    memmove(&metrics->worst[place + 1], &metrics->worst[place],
            (size_t)(metrics->worst_count - 1 - place) * sizeof *metrics->worst);
    metrics->worst[place] = *candidate;
}

int metrics_add(struct metrics *metrics, int index, int label, const float *scores)
{
    const double tiny = 1e-7; /* as Keras: a score of 0 costs much, not infinitely much */
    int decided = highest(scores, metrics->class_count);
    double score = (double)scores[decided];
    double loss = -log(fmax((double)scores[label], tiny));
    int bin = (int)fmin(fmax(score * METRICS_BINS, 0), METRICS_BINS - 1);
    metrics->n++;
    metrics->confusion[label * metrics->class_count + decided]++;
    metrics->loss_sum += loss;
    metrics->bins[bin].n++;
    metrics->bins[bin].right += decided == label;
    metrics->bins[bin].score_sum += score;
    if (decided != label)
        note_worst(metrics, &(struct worst){index, loss, decided});
    return decided;
}

double metrics_accuracy(const struct metrics *metrics)
{
    long right = 0;
    for (int c = 0; c < metrics->class_count; c++)
        right += metrics->confusion[c * metrics->class_count + c];
    return (double)right / metrics->n;
}

double metrics_loss(const struct metrics *metrics)
{
    return metrics->loss_sum / metrics->n;
}

double metrics_ece(const struct metrics *metrics)
{
    double sum = 0;
    for (int i = 0; i < METRICS_BINS; i++)
        sum += fabs(metrics->bins[i].score_sum - (double)metrics->bins[i].right);
    return sum / metrics->n;
}

double metrics_precision(const struct metrics *metrics, int class_index)
{
    long decided = 0;
    for (int c = 0; c < metrics->class_count; c++)
        decided += metrics->confusion[c * metrics->class_count + class_index];
    long right = metrics->confusion[class_index * metrics->class_count + class_index];
    return decided ? (double)right / (double)decided : NAN;
}

double metrics_recall(const struct metrics *metrics, int class_index)
{
    const long *row = metrics->confusion + (long)class_index * metrics->class_count;
    long of_class = 0;
    for (int c = 0; c < metrics->class_count; c++)
        of_class += row[c];
    return of_class ? (double)row[class_index] / (double)of_class : NAN;
}
