/*
 * degrade: pictures made worse as bad cameras, small videos and strong compression do it. Floats
 * 0..255, [height][width][channels], in place.
 */
#ifndef PAWCAM_NN_TRAIN_DEGRADE_H
#define PAWCAM_NN_TRAIN_DEGRADE_H

#include "nn/train/augment.h"

/* Each of downscale, blur, noise and JPEG that the settings have, with probability
 * settings->degrade. `scratch` has room for one more picture of floats, `bytes` for one of bytes.
 */
bool degrade_picture(const struct augment_settings *settings, const struct picture_codec *codec,
                     float *pixels, int height, int width, int channels, float *scratch,
                     uint8_t *bytes, struct random *random, struct error *error);

#endif
