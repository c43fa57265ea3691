/* winograd_tile: how one of Winograd's tiles of side x side outputs is stored. Private to the
 * kernels. */
#ifndef PAWCAM_NN_WINOGRAD_TILE_H
#define PAWCAM_NN_WINOGRAD_TILE_H

#include "nn/kernels_vector.h"
#include "nn/winograd_origin.h"

static inline int output_height(const struct conv *c)
{
    return c->out.height * (c->pool ? 2 : 1);
}

static inline int output_width(const struct conv *c)
{
    return c->out.width * (c->pool ? 2 : 1);
}

/* A tile of one vector of output channels, or its 2x2 maxima; the side is a constant. */
static ALWAYS_INLINE void store_tile(const struct conv *c, vec *tile, int block, struct origin at,
                                     const int side)
{
    float *out = c->out.data + block * c->out.block;
    if (c->residual) {
        const float *residual = c->residual + block * c->residual_block + at.x * VL;
        for (int i = 0; i < side; i++)
            for (int j = 0; j < side; j++)
                tile[i * side + j] += load(residual + (at.y + i) * c->residual_row + j * VL);
    }
    if (c->pool) {
        for (int i = 0; i < side; i += 2)
            for (int j = 0; j < side; j += 2) {
                const vec *upper = tile + i * side + j, *lower = upper + side;
                store(out + (at.y + i) / 2 * c->out.row + (at.x + j) / 2 * VL,
                      fuse(max(max(upper[0], upper[1]), max(lower[0], lower[1])), &c->fused));
            }
        return;
    }
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++)
            store(out + (at.y + i) * c->out.row + (at.x + j) * VL,
                  fuse(tile[i * side + j], &c->fused));
}

#endif
