/* layout: moves values between plain tensors ([height][width][channels]) and blocked ones
 * (nn/kernels.h), and between blocked ones of different channel counts. Nothing here is hot but
 * layout_copy, and that only in models that concatenate. */
#ifndef PAWCAM_NN_LAYOUT_H
#define PAWCAM_NN_LAYOUT_H

#include "nn/kernels.h"

/* A tensor in memory: `lanes` channels of a pixel lie together. lanes = channels is a plain tensor,
 * blocks = 1. */
struct place {
    struct view view;
    int lanes, channels;
};

/* Copies all of `from` into channels first, first + 1, ... and pixels (top, left) onwards of `to`;
 * the sizes must fit. Channels may be repeated: to channel first + i comes channel i / repeat. Who
 * writes the last channel leaves the spare lanes behind it finite (nn/kernels.h). */
struct transfer {
    struct place from, to;
    int first, top, left, repeat;
};

void layout_copy(const struct transfer *transfer);

/* Writes zeroes into the last block's lanes behind the last channel. */
void layout_clear_spare(const struct place *place);

/* Zeroes of the tensor around the view: `top` rows above and so on. Strides must leave room; what
 * more they leave between two rows is cleared as well. */
struct border {
    int top, bottom, left, right;
};

void layout_clear_border(const struct place *place, const struct border *border);

#endif
