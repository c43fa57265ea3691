/*
 * int8_calibrate: which values the outputs of a network's layers take, seen on pictures while it
 * runs on floats, and from that a quantized model. docs/int8.md tells what is done and why.
 */
#ifndef PAWCAM_NN_INT8_CALIBRATE_H
#define PAWCAM_NN_INT8_CALIBRATE_H

#include "nn/model.h"
#include "nn/observer.h"

struct int8_calibration;

/* For a model of so many layers. NULL: out of memory. */
struct int8_calibration *int8_calibration_create(int layer_count, struct error *error);
void int8_calibration_destroy(struct int8_calibration *calibration); /* accepts NULL */

/* To be given to the session that runs the pictures. */
struct observer int8_calibration_observer(struct int8_calibration *calibration);

/* Does it know the ranges of its layers? Then it runs on bytes. */
bool int8_is_quantized(const struct model *model);

/* Forgets what a model knows of ranges: it runs on floats. */
void int8_forget(struct model *model);

/* Gives the model's layers their ranges, those of the least expected square error, and rounds the
 * weights of convolutions and Dense to multiples of 1/127 of the largest in each output channel.
 * The layer that yields the model's output keeps its weights. */
void int8_quantize_model(const struct int8_calibration *calibration, struct model *model);

#endif
