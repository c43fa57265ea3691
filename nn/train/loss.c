#include "nn/train/loss.h"

#include <math.h>

static enum activation needed(enum loss kind)
{
    return kind == LOSS_BINARY_CROSSENTROPY ? ACTIVATION_SIGMOID : ACTIVATION_SOFTMAX;
}

static const char *name_of(enum loss kind)
{
    static const char *const names[] = {
        [LOSS_MSE] = "mse",
        [LOSS_BINARY_CROSSENTROPY] = "binary_crossentropy",
        [LOSS_CATEGORICAL_CROSSENTROPY] = "categorical_crossentropy",
        [LOSS_SPARSE_CATEGORICAL_CROSSENTROPY] = "sparse_categorical_crossentropy",
    };
    return names[kind];
}

bool loss_takes_logits(const struct loss_function *loss)
{
    return loss->kind != LOSS_MSE;
}

bool loss_init(struct loss_function *loss, const struct model *model,
               const struct trainer_settings *settings, struct error *error)
{
    const struct layer *last = &model->layers[model->output];
    *loss = (struct loss_function){.kind = settings->loss, .smoothing = settings->label_smoothing};
    loss->outputs = (int)shape_count(&last->shape);
    loss->targets = loss->kind == LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ? 1 : loss->outputs;
    if (!loss_takes_logits(loss))
        return true;
    const enum activation activation = needed(loss->kind);
    if (last->activation.kind != activation)
        return error_set_usage(error,
                               "loss %s: the last layer (%s) must have activation='%s', not '%s'",
                               name_of(loss->kind), last->name, activation_name(activation),
                               activation_name(last->activation.kind));
    if (last->shape.rank != 1)
        return error_set_usage(error,
                               "loss %s: the last layer (%s) must give a list, not a map; put "
                               "Flatten() or GlobalAveragePooling2D() before it",
                               name_of(loss->kind), last->name);
    if (activation == ACTIVATION_SOFTMAX && loss->outputs < 2)
        return error_set_usage(error,
                               "loss %s: a softmax over one value (layer %s) is always 1; use "
                               "sigmoid and binary_crossentropy",
                               name_of(loss->kind), last->name);
    return true;
}

static int largest(const double *values, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

static int largest_target(const float *values, int count)
{
    int best = 0;
    for (int i = 1; i < count; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

static bool is_right(const struct loss_function *loss, const double *scores, const float *target)
{
    if (loss->outputs == 1)
        return (scores[0] > 0.5) == (target[0] > 0.5F);
    const int truth = loss->targets == 1 ? (int)target[0] : largest_target(target, loss->targets);
    return largest(scores, loss->outputs) == truth;
}

/* mean((y - t)^2) */
static double mse(const struct loss_function *loss, const double *y, const float *target,
                  double *gradient)
{
    double sum = 0;
    for (int i = 0; i < loss->outputs; i++) {
        const double error = y[i] - (double)target[i];
        sum += error * error;
        if (gradient)
            gradient[i] = 2 * error / loss->outputs;
    }
    return sum / loss->outputs;
}

/* mean(-t log p - (1 - t) log(1 - p)) with p = sigmoid(z); log p = min(z, 0) - log(1 + e^-|z|) */
static double binary(const struct loss_function *loss, double *z, const float *target,
                     double *gradient)
{
    double sum = 0;
    for (int i = 0; i < loss->outputs; i++) {
        const double t = (double)target[i] * (1 - loss->smoothing) + loss->smoothing / 2;
        sum += fmax(z[i], 0) - z[i] * t + log1p(exp(-fabs(z[i])));
        z[i] = 1 / (1 + exp(-z[i]));
        if (gradient)
            gradient[i] = (z[i] - t) / loss->outputs;
    }
    return sum / loss->outputs;
}

/* The target's share of class i, smoothed. */
static double share(const struct loss_function *loss, const float *target, int i)
{
    const double plain = loss->targets == 1 ? (int)target[0] == i : (double)target[i];
    return plain * (1 - loss->smoothing) + loss->smoothing / loss->outputs;
}

/* -sum(t log p) with p = softmax(z) */
static double categorical(const struct loss_function *loss, double *z, const float *target,
                          double *gradient)
{
    const double top = z[largest(z, loss->outputs)];
    double sum = 0, shares = 0, value = 0;
    for (int i = 0; i < loss->outputs; i++)
        sum += exp(z[i] - top);
    for (int i = 0; i < loss->outputs; i++) {
        const double t = share(loss, target, i);
        shares += t;
        value -= t * (z[i] - top - log(sum));
    }
    for (int i = 0; i < loss->outputs; i++) {
        z[i] = exp(z[i] - top) / sum;
        if (gradient)
            gradient[i] = z[i] * shares - share(loss, target, i);
    }
    return value;
}

/* False also for NaN. */
static bool is_class(const struct loss_function *loss, const float *target)
{
    return loss->kind != LOSS_SPARSE_CATEGORICAL_CROSSENTROPY ||
           (target[0] >= 0 && target[0] < (float)loss->outputs);
}

static double apply(const struct loss_function *loss, double *values, const float *target,
                    double *gradient)
{
    if (loss->kind == LOSS_MSE)
        return mse(loss, values, target, gradient);
    if (loss->kind == LOSS_BINARY_CROSSENTROPY)
        return binary(loss, values, target, gradient);
    return categorical(loss, values, target, gradient);
}

void loss_apply(const struct loss_function *loss, double *values, const float *target,
                double *gradient, struct trainer_result *result)
{
    result->n++;
    if (!is_class(loss, target)) {
        result->loss = NAN;
        for (int i = 0; gradient && i < loss->outputs; i++)
            gradient[i] = NAN;
        return;
    }
    result->loss += apply(loss, values, target, gradient);
    result->correct += is_right(loss, values, target);
}
