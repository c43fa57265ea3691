/* v4l2_frame: from what a camera left in a buffer to a frame, or to the reason why it is none. */
#ifndef PAWCAM_CAPTURE_V4L2_FRAME_H
#define PAWCAM_CAPTURE_V4L2_FRAME_H

#include "capture/v4l2_format.h"

/* Copies the picture into a new frame whose format, geometry and data are set; the caller owns its
 * reference. JPEG takes its size from its own header and ends with its end marker: many webcams
 * pad the buffer with zeros, or leave older bytes behind it. NULL: the bytes are no whole picture;
 * *why is a static text. */
struct frame *v4l2_frame_copy(const struct v4l2_picture *picture, const uint8_t *data, size_t used,
                              const char **why);

#endif
