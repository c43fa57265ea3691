/*
 * annotate: the label, written into the picture as the classic webcam demo writes it:
 *
 *   cv2.putText(frame, text, (100, 120), cv2.FONT_ITALIC, 2, (0, 255, 0), 2)
 *
 * Position, scale and thickness are for a 640x480 picture; in others they are multiplied by
 * min(width / 640, height / 480), so that the label looks alike. A text that would leave the
 * picture is moved inside, and made smaller when it is wider than the picture. Letters with accents
 * are written without, see daemon/ascii.h.
 */
#ifndef PAWCAM_DAEMON_ANNOTATE_H
#define PAWCAM_DAEMON_ANNOTATE_H

#include "daemon/label_template.h"
#include "vision/vision.h"

/* Strings are the caller's; annotate_create copies what it needs. */
struct annotate_settings {
    const char *text;   /* see daemon/label_template.h; empty: nothing is written */
    double scale;       /* of the font, > 0 */
    double x, y;        /* left end of the base line, pixels in a 640x480 picture */
    int thickness;      /* pixels, >= 1 */
    const char *colour; /* "0,255,0": blue, green, red, each 0..255 */
};

struct annotator;

/* What annotate_create checks, for the check of a configuration: usage errors. */
bool annotate_template_check(const char *text, struct error *error);
bool annotate_colour_check(const char *colour, struct error *error);

/* Parses the settings once. The result is constant: threads may share it. */
struct annotator *annotate_create(const struct annotate_settings *settings, struct error *error);

/* Writes the label into the picture. */
bool annotate_frame(const struct annotator *annotator, const struct label_values *values,
                    struct image *bgr, struct error *error);

/* NULL is allowed. */
void annotate_destroy(struct annotator *annotator);

#endif
