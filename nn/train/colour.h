/*
 * colour: the part of augmentation that changes values and not places. Pictures are floats 0..255,
 * [height][width][channels], changed in place.
 */
#ifndef PAWCAM_NN_TRAIN_COLOUR_H
#define PAWCAM_NN_TRAIN_COLOUR_H

#include "nn/train/augment.h"

/* Channel shift, brightness, contrast, saturation, cast and grey, as the settings say. */
void colour_jitter(const struct augment_settings *settings, float *pixels, int height, int width,
                   int channels, struct random *random);

/* With the settings' probability a rectangle of 2 to 20 % of the area becomes noise. */
void colour_erase(const struct augment_settings *settings, float *pixels, int height, int width,
                  int channels, struct random *random);

#endif
