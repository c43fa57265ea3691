/* v4l2_format: which format, size and rate a camera is asked for, and what it then really gives. */
#ifndef PAWCAM_CAPTURE_V4L2_FORMAT_H
#define PAWCAM_CAPTURE_V4L2_FORMAT_H

#include "capture/v4l2_device.h"

/* A combination that a camera offers. */
struct v4l2_mode {
    uint32_t fourcc;          /* V4L2_PIX_FMT_... */
    enum pixel_format format; /* the same in our terms */
    int width, height;        /* pixels */
    double fps;               /* the offered rate nearest to the wanted one; 0: not known */
};

struct v4l2_wish {
    enum pixel_format format; /* PIXEL_NONE: any */
    int width, height;
    double fps;
};

/* What the camera was set to, as the driver told it. */
struct v4l2_picture {
    enum pixel_format format;
    int width, height;
    int stride;  /* bytes per row of the first plane; 0 for JPEG */
    size_t size; /* bytes of a whole picture; 0 for JPEG */
    double fps;  /* 0: the driver does not tell */
};

/* PIXEL_NONE when this program cannot read the format. */
enum pixel_format v4l2_pixel_format(uint32_t fourcc);

/* The wish of "auto", "jpeg", "yuyv", ...; false: no such format, with those that there are. */
bool v4l2_parse_format(const char *text, enum pixel_format *format, struct error *error);

/* Whether mode a serves the wish better than b: the size first, then the rate, then the format that
 * costs least: JPEG, then raw by bytes per pixel, and grey last because it has no colour. */
bool v4l2_mode_better(const struct v4l2_mode *a, const struct v4l2_mode *b,
                      const struct v4l2_wish *wish);

/* Sets the best mode that the camera offers for the wish. CAPTURE_LOST: it has no format that this
 * program (or the wish) knows, or something failed. */
enum capture_status v4l2_negotiate(const struct v4l2_device *device, const struct v4l2_wish *wish,
                                   struct v4l2_picture *picture, struct error *error);

#endif
