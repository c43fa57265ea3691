/* codec: what nn/train needs of picture files (nn/train/sources.h), by means of vision/. */
#ifndef PAWCAM_TOOL_CODEC_H
#define PAWCAM_TOOL_CODEC_H

#include "nn/train/sources.h"

extern const struct picture_codec codec_vision;

#endif
