/*
 * degrade: pictures made worse as bad cameras, small videos and strong compression do it. Floats
 * 0..255, [height][width][channels], in place.
 */
#ifndef PAWCAM_NN_TRAIN_DEGRADE_H
#define PAWCAM_NN_TRAIN_DEGRADE_H

#include "nn/train/augment.h"

/* Each step that the settings have with probability settings->degrade, in random order, because
 * cameras, video sites and programs all work in orders of their own. `scratch` has room for
 * filter_scratch() floats, `bytes` for one picture of bytes. */
bool degrade_picture(const struct augment_settings *settings, const struct picture_codec *codec,
                     float *pixels, int height, int width, int channels, float *scratch,
                     uint8_t *bytes, struct random *random, struct error *error);

#endif
