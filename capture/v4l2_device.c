#include "capture/v4l2_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/videodev2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

/* All V4L2 nodes have this major number (VIDEO_MAJOR, Documentation/admin-guide/devices.txt). */
enum { VIDEO4LINUX_MAJOR = 81 };

int v4l2_device_ioctl(const struct v4l2_device *device, unsigned long request, void *argument)
{
    int result;
    do
        result = ioctl(device->fd, request, argument);
    while (result < 0 && errno == EINTR);
    return result;
}

enum capture_status v4l2_explain(const char *path, const char *action, int cause,
                                 struct error *error)
{
    switch (cause) {
    case ENOENT:
        error_set(error, "%s: no such device; is the camera plugged in?", path);
        break;
    case EACCES:
    case EPERM:
        error_set(error,
                  "%s: permission denied; add the user to the group video "
                  "(usermod -aG video USER) and log in again",
                  path);
        break;
    case EBUSY:
        error_set(error, "%s is busy: another program uses the camera (fuser -v %s)", path, path);
        break;
    case ENODEV:
    case ENXIO:
        error_set(error, "%s: the camera was unplugged", path);
        break;
    case ENOSPC: /* what uvcvideo says when the bus is full */
        error_set(error,
                  "%s: not enough USB bandwidth; ask for a smaller picture, a lower rate or "
                  "jpeg, or use another USB port",
                  path);
        break;
    default:
        error_set(error, "%s: cannot %s: %s", path, action, strerror(cause));
    }
    return CAPTURE_LOST;
}

/* Looks before it opens: opening a strange device node (a watchdog, a tape) can do harm. */
static enum capture_status check_node(const char *path, struct error *error)
{
    struct stat node;
    if (stat(path, &node) < 0)
        return v4l2_explain(path, "look at it", errno, error);
    if (S_ISCHR(node.st_mode) && major(node.st_rdev) == VIDEO4LINUX_MAJOR)
        return CAPTURE_FRAME;
    error_set(error, "%s is not a V4L2 device; v4l2-ctl --list-devices shows those that are", path);
    return CAPTURE_FAILED;
}

static enum capture_status check_capabilities(struct v4l2_device *device, struct error *error)
{
    struct v4l2_capability capability = {0};
    if (v4l2_device_ioctl(device, VIDIOC_QUERYCAP, &capability) < 0) {
        if (errno != ENOTTY && errno != EINVAL)
            return v4l2_explain(device->path, "ask what it can do", errno, error);
        error_set(error, "%s is not a V4L2 video device", device->path);
        return CAPTURE_FAILED;
    }
    snprintf(device->card, sizeof device->card, "%s", (const char *)capability.card);

    uint32_t can = capability.capabilities & V4L2_CAP_DEVICE_CAPS ? capability.device_caps
                                                                  : capability.capabilities;
    if (!(can & V4L2_CAP_VIDEO_CAPTURE)) {
        error_set(error, "%s (%s) is not a capture device%s", device->path, device->card,
                  can & V4L2_CAP_VIDEO_CAPTURE_MPLANE ? " with single-plane formats" : "");
        return CAPTURE_LOST;
    }
    if (!(can & V4L2_CAP_STREAMING)) {
        error_set(error, "%s (%s) cannot stream", device->path, device->card);
        return CAPTURE_LOST;
    }
    return CAPTURE_FRAME;
}

enum capture_status v4l2_device_open(struct v4l2_device *device, const char *path,
                                     struct error *error)
{
    *device = (struct v4l2_device){.fd = -1};
    snprintf(device->path, sizeof device->path, "%s", path);
    enum capture_status status = check_node(path, error);
    if (status != CAPTURE_FRAME)
        return status;
    device->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (device->fd < 0)
        return v4l2_explain(path, "open it", errno, error);
    status = check_capabilities(device, error);
    if (status != CAPTURE_FRAME)
        v4l2_device_close(device);
    return status;
}

void v4l2_device_close(struct v4l2_device *device)
{
    if (device->fd >= 0)
        close(device->fd);
    device->fd = -1;
}
