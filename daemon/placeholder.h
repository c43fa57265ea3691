/* placeholder: the picture that is shown while the source is lost: that it is, why, and which. */
#ifndef PAWCAM_DAEMON_PLACEHOLDER_H
#define PAWCAM_DAEMON_PLACEHOLDER_H

#include "vision/vision.h"

/* Draws the picture. width and height are the last frame's; 0: there was none, 640x480. `why` and
 * `source` (what was captured, for people) are wrapped over lines and may be empty; what finds no
 * place is left out. */
bool placeholder_draw(int width, int height, const char *source, const char *why, struct image *bgr,
                      struct error *error);

#endif
