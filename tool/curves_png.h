/* curves_png: the pen that draws curves as pixels, two by two for each of nn/train/curves.h's. */
#ifndef PAWCAM_TOOL_CURVES_PNG_H
#define PAWCAM_TOOL_CURVES_PNG_H

#include "nn/train/curves.h"

/* The file is replaced when it is complete. */
bool curves_write_png(const struct curves_run *runs, int count, const char *path,
                      struct error *error);

#endif
