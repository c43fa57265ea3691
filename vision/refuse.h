/* refuse: what a decoding library says of a picture, as an error. Inside of vision/. */
#ifndef PAWCAM_VISION_REFUSE_H
#define PAWCAM_VISION_REFUSE_H

#include "common/error.h"

/* "damaged KIND picture: MESSAGE"; a failed allocation, which the libraries tell in words only, is
 * an error of memory instead. Returns false. */
bool refuse_picture(struct error *error, const char *kind, const char *message);

#endif
