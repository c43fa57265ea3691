#include "nn/kernels_private.h"
#include "nn/winograd_tile.h"
#include "nn/winograd_transform.h"

/*
 * Winograd from a picture's three channels. The input's transform goes down the columns of a strip
 * of tiles first, vectors lying along the rows, and then across each tile, four lanes for a pixel.
 * Products are sums of three, too short for a matrix product: they stay in registers.
 */
enum {
    CHANNELS = 3,
    SIDE = 4,         /* of a tile of outputs */
    VECTORS = 2,      /* of output channels at a time, for which a value is broadcast once */
    STRIP_WIDTH = 32, /* outputs */
    STRIP_VALUES = (STRIP_WIDTH + 2) * CHANNELS,
    STRIP_STRIDE = STRIP_VALUES + 10, /* with room for the fourth lane; a multiple of 16 */
    TILE_VALUES = 36 * CHANNELS
};

typedef float loose_vec __attribute__((vector_size(4 * VL), aligned(4)));
typedef float pixel __attribute__((vector_size(16), aligned(4))); /* and a value behind it */

DEFINE_INPUT_TRANSFORM(input_transform_pixel, pixel)

/* rows[6][STRIP_STRIDE] = B^T down `count` columns of the input. The last vector moves back. */
static void transform_down(const float *in, ptrdiff_t in_row, int count, float *rows)
{
    for (int i = 0; i < count; i += VL) {
        const int x = i + VL <= count ? i : count - VL;
        vec column[6], result[6];
        REPEAT6(y, column[y] = *(const loose_vec *)(in + y * in_row + x);)
        input_transform(column, result, 1);
        REPEAT6(y, *(loose_vec *)(rows + y * STRIP_STRIDE + x) = result[y];)
    }
}

/* values[36][CHANNELS] and one more = the rest of the transform, of the tile that begins at `rows`.
 * What a fourth lane leaves is overwritten by the next pixel. */
static void transform_across(const float *rows, float *values)
{
    for (int y = 0; y < 6; y++, rows += STRIP_STRIDE, values += 6 * CHANNELS) {
        pixel row[6], result[6];
        REPEAT6(x, row[x] = *(const pixel *)(rows + x * CHANNELS);)
        input_transform_pixel(row, result, 1);
        REPEAT6(x, *(pixel *)(values + x * CHANNELS) = result[x];)
    }
}

/* One product of each vector: weights [CHANNELS][VECTORS][VL]. */
static ALWAYS_INLINE void multiply(const float *weights, const float *values, vec *first,
                                   vec *second)
{
    const vec a = all(values[0]), b = all(values[1]), c = all(values[2]);
    *first = load(weights) * a + load(weights + 2 * VL) * b + load(weights + 4 * VL) * c;
    *second = load(weights + VL) * a + load(weights + 3 * VL) * b + load(weights + 5 * VL) * c;
}

/* tiles[VECTORS] = A^T (weights * values) A, column by column; weights [36][CHANNELS][VECTORS][VL].
 * A^T maps the second unit vector to ones, so the bias added to product (1, 1) is added to all 16
 * outputs. */
static ALWAYS_INLINE void make_tiles(const float *weights, const float *bias, const float *values,
                                     vec tiles[VECTORS][16])
{
    vec columns[VECTORS][24];
    for (int x = 0; x < 6; x++) {
        vec first[6], second[6];
        REPEAT6(y, multiply(weights + (y * 6 + x) * CHANNELS * VECTORS * VL,
                            values + (y * 6 + x) * CHANNELS, &first[y], &second[y]);)
        if (x == 1) {
            first[1] += load(bias);
            second[1] += load(bias + VL);
        }
        output_transform(first, columns[0] + x, 6);
        output_transform(second, columns[1] + x, 6);
    }
    for (int v = 0; v < VECTORS; v++)
        REPEAT4(y, output_transform(columns[v] + y * 6, tiles[v] + y * 4, 1);)
}

/* All output channels of one tile. */
static void convolve_tile(const struct conv *c, const float *values, struct origin at)
{
    const float *weights = c->weights;
    for (int group = 0; group < c->out.blocks; group += VECTORS) {
        const int block = group + VECTORS <= c->out.blocks ? group : c->out.blocks - VECTORS;
        vec tiles[VECTORS][16];
        make_tiles(weights, c->bias + block * VL, values, tiles);
        store_tile(c, tiles[0], block, at, SIDE);
        store_tile(c, tiles[1], block + 1, at, SIDE);
        weights += TILE_VALUES * VECTORS * VL;
    }
}

void KERNEL(winograd_pixels)(const struct conv *c)
{
    const int height = output_height(c), width = output_width(c);
    float rows[6 * STRIP_STRIDE], values[TILE_VALUES + 1];
    for (int row = 0; row < height; row += SIDE) {
        const int y = tile_start(row, height, SIDE);
        for (int column = 0; column < width; column += STRIP_WIDTH) {
            const int x = tile_start(column, width, SIDE);
            const int strip = x + STRIP_WIDTH <= width ? STRIP_WIDTH : width - x;
            transform_down(c->in.data + y * c->output_row + x * CHANNELS, c->output_row,
                           (strip + 2) * CHANNELS, rows);
            for (int i = 0; i < strip; i += SIDE) {
                const int tile = tile_start(i, strip, SIDE);
                transform_across(rows + tile * CHANNELS, values);
                convolve_tile(c, values, (struct origin){y, x + tile});
            }
        }
    }
}
