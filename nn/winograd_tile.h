/* winograd_tile: how one of Winograd's tiles of 4x4 outputs is stored. Private to the kernels. */
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

/* A tile of one vector of output channels, or its 2x2 maxima. */
static ALWAYS_INLINE void store_tile(const struct conv *c, vec tile[16], int block,
                                     struct origin at)
{
    float *out = c->out.data + block * c->out.block;
    if (c->residual) {
        const float *residual = c->residual + block * c->residual_block + at.x * VL;
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < 4; j++)
                tile[i * 4 + j] += load(residual + (at.y + i) * c->residual_row + j * VL);
    }
    if (c->pool) {
        for (int i = 0; i < 4; i += 2)
            for (int j = 0; j < 4; j += 2)
                store(out + (at.y + i) / 2 * c->out.row + (at.x + j) / 2 * VL,
                      fuse(max(max(tile[i * 4 + j], tile[i * 4 + j + 1]),
                               max(tile[i * 4 + j + 4], tile[i * 4 + j + 5])),
                           &c->fused));
        return;
    }
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < 4; j++)
            store(out + (at.y + i) * c->out.row + (at.x + j) * VL,
                  fuse(tile[i * 4 + j], &c->fused));
}

#endif
