/* update: the loops of the optimizer over a stretch of the flat arrays; `count` is a multiple of
 * PARAMETER_PITCH and all arrays begin on a cache line. */
#ifndef PAWCAM_NN_TRAIN_UPDATE_H
#define PAWCAM_NN_TRAIN_UPDATE_H

#include <stdbool.h>
#include <stddef.h>

/* gradient += 2 l2 weights; returns sums over the stretch. */
struct update_sums {
    double gradient_squares, weight_squares;
};
struct update_sums update_prepare(size_t count, float l2, const float *weights, float *gradient);

/* What a step does to each weight w with gradient g, where g = gradient * scale + decay * w. */
struct update {
    float scale;    /* of the gradient: clipping */
    float decay;    /* L2 in the gradient */
    float keep;     /* weights shrink by this factor first: AdamW's decay */
    float rate;     /* of learning; Adam: with the first moment's bias correction */
    float momentum; /* SGD; Adam's beta_1 */
    float rho;      /* of the mean of squares; Adam's beta_2 */
    float root;     /* factor of sqrt(mean of squares): Adam's bias correction, else 1 */
    float epsilon;
    bool nesterov;
};

/* v = momentum v + g; w -= rate v, or rate (g + momentum v) for Nesterov */
void update_sgd(const struct update *u, size_t count, const float *gradient, float *weights,
                float *velocity);

/* s = rho s + (1 - rho) g^2; w -= rate g / (sqrt(s) + epsilon) */
void update_rmsprop(const struct update *u, size_t count, const float *gradient, float *weights,
                    float *squares);

/* m = momentum m + (1 - momentum) g; s as above; w -= rate m / (root sqrt(s) + epsilon) */
void update_adam(const struct update *u, size_t count, const float *gradient, float *weights,
                 float *mean, float *squares);

/* average = keep average + (1 - keep) weights */
void update_average(size_t count, float keep, const float *weights, float *average);

#endif
