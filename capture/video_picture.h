/* video_picture: a decoded picture of libavcodec as a frame of ours. */
#ifndef PAWCAM_CAPTURE_VIDEO_PICTURE_H
#define PAWCAM_CAPTURE_VIDEO_PICTURE_H

#include "common/error.h"
#include "common/frame.h"

#include <libavutil/frame.h>
#include <libswscale/swscale.h>

/* Zero-initialise. Keeps the conversion's tables from picture to picture. */
struct video_picture {
    struct SwsContext *scaler;
    int width, height; /* what the scaler was made for */
    enum AVPixelFormat format;
    enum AVColorSpace matrix;
    bool full_range;
};

/* YU12 where that is the picture as it is (4:2:0, BT.601, limited range), else BGR24, turned
 * clockwise by quarter_turns (0..3). A picture that names no matrix counts as BT.601, as in
 * libswscale, ffmpeg and OpenCV. NULL with the reason: size not allowed, format that cannot be
 * converted, out of memory. */
struct frame *video_picture_to_frame(struct video_picture *converter, const AVFrame *picture,
                                     int quarter_turns, struct error *error);

void video_picture_finish(struct video_picture *converter);

#endif
