/* luma: the grey of a colour, as cv::cvtColor(COLOR_BGR2GRAY) has it for 8 bits (OpenCV 4.6):
 * BT.601, 15 bits of fraction. */
#ifndef PAWCAM_COMMON_LUMA_H
#define PAWCAM_COMMON_LUMA_H

#include <stdint.h>

static inline uint8_t luma(const uint8_t bgr[3])
{
    return (uint8_t)((bgr[0] * 3735 + bgr[1] * 19235 + bgr[2] * 9798 + (1 << 14)) >> 15);
}

#endif
