/*
 * calibration: makes scores mean what they say, so that of the pictures scored 0.9 nine in ten are
 * right. Fits on labelled pictures that the model was not trained with.
 *
 * Guo et al. 2017, "On Calibration of Modern Neural Networks" (arXiv:1706.04599), section 4.2:
 * logits become sharpness * logit + bias. One sharpness (the inverse of their temperature) and a
 * bias for each class, fitted by the least mean of -log(score of the true class), which is convex.
 */
#ifndef PAWCAM_TOOL_CALIBRATION_H
#define PAWCAM_TOOL_CALIBRATION_H

#include "nn/model.h"

struct calibration {
    int class_count;
    double sharpness;
    double *biases;    /* [class_count], their sum is 0; owned */
    bool always_right; /* on all pictures, so that the surer the better: it changes nothing then */
};

/* One that changes nothing. false: out of memory. */
bool calibration_init(struct calibration *calibration, int class_count, struct error *error);

/* scores: [n][class_count], finite, each picture's sum to one; labels: [n]. Fits no biases unless
 * asked: these also learn how often each class is among the pictures. The caller finishes it also
 * after a failure, which is lack of memory, or scores that do not go with the labels at all. */
bool calibration_fit(struct calibration *calibration, const float *scores, const int *labels, int n,
                     int class_count, bool biases, struct error *error);
void calibration_finish(struct calibration *calibration);

/* One picture's scores as they are after it; in place. */
void calibration_apply(const struct calibration *calibration, float *scores);

/* Makes it what it and then `more`, for as many classes, do; no sharper than a fit may make it. It
 * changes nothing any more where `more` was always right. */
void calibration_add(struct calibration *calibration, const struct calibration *more);

/* Do the model's scores come behind the softmax (or sigmoid, for two classes) of a Dense layer? A
 * model that ends in another way cannot be calibrated. */
bool calibration_check(struct model *model, struct error *error);

/* Puts it into the weights of that layer. */
bool calibration_store(const struct calibration *calibration, struct model *model,
                       struct error *error);

#endif
