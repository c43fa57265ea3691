/*
 * painter: the JPEG that viewers see: the frame with its label, or a placeholder. Made anew for
 * each change of the label's options; used by the pipeline's thread.
 */
#ifndef PAWCAM_DAEMON_PAINTER_H
#define PAWCAM_DAEMON_PAINTER_H

#include "common/frame.h"
#include "common/snapshot.h"
#include "daemon/options.h"

struct painter;

/* Takes the settings of options->label; copies what it needs. NULL: an option is wrong. */
struct painter *painter_create(const struct options *options, struct error *error);
void painter_destroy(struct painter *painter); /* NULL is allowed */

/* Paints the picture of a snapshot whose other members are filled in, into its jpeg and jpeg_size:
 * with `frame` (full size) and the prediction, or without a frame the placeholder that tells
 * source.lost, in the size of the newest real frame. false: snapshot has no picture. */
bool painter_paint(struct painter *painter, const struct frame *frame, struct snapshot *snapshot,
                   struct error *error);

#endif
