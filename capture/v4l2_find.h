/* v4l2_find: from what the user calls a camera to its device node. */
#ifndef PAWCAM_CAPTURE_V4L2_FIND_H
#define PAWCAM_CAPTURE_V4L2_FIND_H

#include "capture/v4l2_device.h"

/* A camera that is plugged in. */
struct v4l2_card {
    char path[V4L2_PATH_MAX];
    char card[32];
};

/* Fills `path` for a path, a name in /dev/v4l/by-id, or a card name (see v4l2_match).
 * CAPTURE_FRAME, or CAPTURE_LOST: no camera, or more than one, has this name; the error lists those
 * that are here.
 */
enum capture_status v4l2_find(const char *name, char path[V4L2_PATH_MAX], struct error *error);

/* The index of the card with exactly this name, else of the only one whose name contains it (case
 * does not matter then). -1 with the reason: none, or several. */
int v4l2_match(const struct v4l2_card *cards, int count, const char *name, struct error *error);

#endif
