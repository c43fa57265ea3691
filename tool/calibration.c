#include "tool/calibration.h"

#include <math.h>
#include <stdlib.h>

enum { ROUNDS_MAX = 2000, HALVINGS_MAX = 30 };

static const double sharpness_min = 0.02, sharpness_max = 50, change_min = 1e-7;

struct fit {
    struct calibration *now;
    const int *labels;
    int n;
    double *logits; /* [n][class_count]: of the scores; softmax does not see what all have more */
    double *p;      /* [class_count], of one picture */
    double *sums;   /* [class_count]: of p over all pictures */
    double *shares; /* [class_count]: pictures of each class */
};

static double logit_of(float score)
{
    return log(fmax((double)score, 1e-30));
}

/* p = softmax(sharpness * logits + biases); returns -log(p[label]). */
static double soften(const struct calibration *c, const double *logits, int label, double *p)
{
    double most = -HUGE_VAL, sum = 0;
    for (int k = 0; k < c->class_count; k++)
        most = fmax(most, p[k] = c->sharpness * logits[k] + c->biases[k]);
    const double right = p[label] - most;
    for (int k = 0; k < c->class_count; k++)
        sum += p[k] = exp(p[k] - most);
    for (int k = 0; k < c->class_count; k++)
        p[k] /= sum;
    return log(sum) - right;
}

/* The mean loss. slope, curvature: its derivatives by the sharpness; NULL: not wanted. Leaves the
 * sums of the scores. */
static double loss(const struct fit *fit, double *slope, double *curvature)
{
    const int classes = fit->now->class_count;
    double total = 0, first = 0, second = 0;
    for (int k = 0; k < classes; k++)
        fit->sums[k] = 0;
    for (int i = 0; i < fit->n; i++) {
        const double *logits = fit->logits + (ptrdiff_t)i * classes;
        double mean = 0, square = 0;
        total += soften(fit->now, logits, fit->labels[i], fit->p);
        for (int k = 0; k < classes; k++) {
            fit->sums[k] += fit->p[k];
            mean += fit->p[k] * logits[k];
            square += fit->p[k] * logits[k] * logits[k];
        }
        first += mean - logits[fit->labels[i]];
        second += square - mean * mean;
    }
    if (slope) {
        *slope = first / fit->n;
        *curvature = second / fit->n;
    }
    return total / fit->n;
}

/* Newton's step, halved until the loss does not rise. Returns how far it went. */
static double sharpen(const struct fit *fit)
{
    double slope, curvature;
    const double old = fit->now->sharpness, before = loss(fit, &slope, &curvature);
    /* Where the scores are 0 and 1 the curvature is next to none, and the step would go to
     * infinity. */
    double step =
        fmin(fmax(-slope / fmax(curvature, 1e-12), sharpness_min - old), sharpness_max - old);
    for (int i = 0; i < HALVINGS_MAX; i++, step /= 2) {
        fit->now->sharpness = old + step;
        if (loss(fit, NULL, NULL) <= before)
            return fabs(fit->now->sharpness - old);
    }
    fit->now->sharpness = old;
    return 0;
}

/* The loss's second derivative by the biases is never more than diag(sums), so this step cannot
 * overshoot (a bound as in Boehning and Lindsay 1988). */
static double shift(const struct fit *fit)
{
    double most = 0, mean = 0;
    const int classes = fit->now->class_count;
    loss(fit, NULL, NULL);
    for (int k = 0; k < classes; k++) {
        const double step = (fit->shares[k] - fit->sums[k]) / fmax(fit->sums[k], 1);
        fit->now->biases[k] += step;
        most = fmax(most, fabs(step));
        mean += fit->now->biases[k] / classes;
    }
    for (int k = 0; k < classes; k++)
        fit->now->biases[k] -= mean;
    return most;
}

static bool reserve(struct fit *fit, int classes)
{
    fit->logits = malloc((size_t)fit->n * (size_t)classes * sizeof *fit->logits);
    fit->p = calloc((size_t)classes, sizeof *fit->p);
    fit->sums = calloc((size_t)classes, sizeof *fit->sums);
    fit->shares = calloc((size_t)classes, sizeof *fit->shares);
    return fit->logits && fit->p && fit->sums && fit->shares;
}

static void calibration_clear(struct calibration *calibration)
{
    calibration->sharpness = 1;
    for (int k = 0; k < calibration->class_count; k++)
        calibration->biases[k] = 0;
}

bool calibration_init(struct calibration *calibration, int class_count, struct error *error)
{
    *calibration = (struct calibration){
        .class_count = class_count,
        .sharpness = 1,
        .biases = calloc((size_t)class_count, sizeof *calibration->biases),
    };
    return calibration->biases || error_set(error, "out of memory for a calibration");
}

/* Then the loss has no minimum: the scores would have to be ever surer. */
static bool is_always_right(const struct fit *fit)
{
    const int classes = fit->now->class_count;
    for (int i = 0; i < fit->n; i++) {
        soften(fit->now, fit->logits + (ptrdiff_t)i * classes, fit->labels[i], fit->p);
        for (int k = 0; k < classes; k++)
            if (k != fit->labels[i] && fit->p[k] >= fit->p[fit->labels[i]])
                return false;
    }
    return true;
}

bool calibration_fit(struct calibration *calibration, const float *scores, const int *labels, int n,
                     int class_count, bool biases, struct error *error)
{
    struct fit fit = {.now = calibration, .labels = labels, .n = n};
    bool good = calibration_init(calibration, class_count, error) &&
                (reserve(&fit, class_count) || error_set(error, "out of memory for a calibration"));
    for (ptrdiff_t i = 0; good && i < (ptrdiff_t)n * class_count; i++)
        fit.logits[i] = logit_of(scores[i]);
    for (int i = 0; good && i < n; i++)
        fit.shares[labels[i]]++;
    double change = 1;
    for (int round = 0; good && round < ROUNDS_MAX && change > change_min; round++) {
        change = sharpen(&fit);
        if (biases)
            change = fmax(change, shift(&fit));
    }
    if (good && calibration->sharpness <= sharpness_min)
        good = error_set(error, "the model's scores say nothing about these pictures' classes");
    if (good && is_always_right(&fit)) {
        calibration_clear(calibration);
        calibration->always_right = true;
    }
    free(fit.logits);
    free(fit.p);
    free(fit.sums);
    free(fit.shares);
    return good;
}

void calibration_finish(struct calibration *calibration)
{
    free(calibration->biases);
    *calibration = (struct calibration){0};
}

static double calibrated_logit(const struct calibration *calibration, const float *scores,
                               int class)
{
    return calibration->sharpness * logit_of(scores[class]) + calibration->biases[class];
}

void calibration_apply(const struct calibration *calibration, float *scores)
{
    double sum = 0, most = -HUGE_VAL;
    for (int k = 0; k < calibration->class_count; k++)
        most = fmax(most, calibrated_logit(calibration, scores, k));
    for (int k = 0; k < calibration->class_count; k++)
        sum += exp(calibrated_logit(calibration, scores, k) - most);
    for (int k = 0; k < calibration->class_count; k++)
        scores[k] = (float)(exp(calibrated_logit(calibration, scores, k) - most) / sum);
}

void calibration_add(struct calibration *calibration, const struct calibration *more)
{
    if (more->always_right) {
        calibration_clear(calibration);
        calibration->always_right = true;
        return;
    }
    const double wanted = calibration->sharpness * more->sharpness;
    const double sharpness = fmin(fmax(wanted, sharpness_min), sharpness_max);
    const double factor = sharpness / calibration->sharpness;
    for (int k = 0; k < more->class_count; k++) /* logits keep their order, also where it is cut */
        calibration->biases[k] =
            factor * (calibration->biases[k] + more->biases[k] / more->sharpness);
    calibration->sharpness = sharpness;
}

/* --- into the model --------------------------------------------------------------------------- */

/* The Dense layer whose scores come out, its activation a part of it or a layer behind it. */
static struct layer *find_head(struct model *model)
{
    struct layer *last = &model->layers[model->output];
    if (!model_gives_shares(model))
        return NULL;
    if (last->op == LAYER_ACTIVATION) {
        last = &model->layers[last->inputs[0]];
        if (last->activation.kind != ACTIVATION_LINEAR)
            return NULL;
    }
    return last->op == LAYER_DENSE && last->bias ? last : NULL;
}

bool calibration_check(struct model *model, struct error *error)
{
    return find_head(model) ||
           error_set(error,
                     "model %s: only a model that ends in a Dense layer with a bias and softmax "
                     "or sigmoid can be calibrated",
                     model->name);
}

bool calibration_store(const struct calibration *calibration, struct model *model,
                       struct error *error)
{
    if (!calibration_check(model, error))
        return false;
    struct layer *head = find_head(model);
    const int units = head->dense.units,
              inputs = shape_channels(&model->layers[head->inputs[0]].shape);
    const double *biases = calibration->biases;
    for (ptrdiff_t i = 0; i < (ptrdiff_t)inputs * units; i++)
        head->kernel[i] = (float)(calibration->sharpness * (double)head->kernel[i]);
    for (int k = 0; k < units; k++) {
        const double more = units == 1 ? biases[1] - biases[0] : biases[k];
        head->bias[k] = (float)(calibration->sharpness * (double)head->bias[k] + more);
    }
    return true;
}
