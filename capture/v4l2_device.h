/*
 * v4l2_device: an open V4L2 capture device, and its failures told by cause.
 * The kernel's side: Documentation/userspace-api/media/v4l in the kernel's sources.
 */
#ifndef PAWCAM_CAPTURE_V4L2_DEVICE_H
#define PAWCAM_CAPTURE_V4L2_DEVICE_H

#include "capture/capture.h"

enum { V4L2_PATH_MAX = 192 };

struct v4l2_device {
    int fd; /* non-blocking; -1: not open */
    char path[V4L2_PATH_MAX];
    char card[32]; /* the name that the driver gives the camera */
};

/* Opens a device that can stream pictures. CAPTURE_FRAME, or CAPTURE_LOST (absent, busy, forbidden,
 * not a capture device), or CAPTURE_FAILED (not a V4L2 device). On failure nothing is left open. */
enum capture_status v4l2_device_open(struct v4l2_device *device, const char *path,
                                     struct error *error);
void v4l2_device_close(struct v4l2_device *device);

/* ioctl(2), repeated when a signal interrupted it: 0, or -1 with errno. */
int v4l2_device_ioctl(const struct v4l2_device *device, unsigned long request, void *argument);

/* Tells what an errno means for the user of a camera, and what to do about it. `action` completes
 * "cannot ..." for causes that have no text of their own. Returns CAPTURE_LOST, so that a function
 * can end with it. */
enum capture_status v4l2_explain(const char *path, const char *action, int cause,
                                 struct error *error);

#endif
