/* v4l2_controls: sets a camera's controls (exposure, focus, power-line frequency ...) by name. */
#ifndef PAWCAM_CAPTURE_V4L2_CONTROLS_H
#define PAWCAM_CAPTURE_V4L2_CONTROLS_H

#include "capture/v4l2_device.h"

/* Sets the controls in the order of the text "name=value, name=value". Names are as v4l2-ctl -L
 * prints them; a value is a number, yes or no for switches, an index or an item's text for menus. A
 * control that is unknown, not settable now or out of range is warned of (and clamped) but does not
 * keep the camera from working. */
void v4l2_controls_apply(const struct v4l2_device *device, const char *text);

/* "Exposure Time, Absolute" -> "exposure_time_absolute", as v4l2-ctl does. size >= 1. */
void v4l2_control_name(const char *title, char *name, size_t size);

/* Cuts the first "name = value" off *text, which is changed, and trims both. False: nothing is
 * left. A part without "=" has an empty value. */
bool v4l2_control_next(char **text, char **name, char **value);

#endif
