#include "nn/train/kernels_train_private.h"

/* Pictures so small that the sums are kept over several of them. */
static int images_at_once(const struct weight_gradient *g)
{
    const int pixels = g->dy.height * g->dy.width, wanted = 256;
    return pixels >= wanted ? 1 : (wanted + pixels - 1) / pixels;
}

/* `rows` rows from `x` on and `vectors` vectors of outputs from `dy` on; both constants. */
static ALWAYS_INLINE void tile(const struct weight_gradient *g, const float *x, const float *dy,
                               float *gradient, int images, const int rows, const int vectors)
{
    vec acc[OUTER_ROWS][4];
    REPEAT4(
        p, if (p < rows) {
            REPEAT4(v, if (v < vectors) acc[p % OUTER_ROWS][v] =
                           load(gradient + p * g->pitch + v * VL);)
        })
    for (int image = 0; image < images; image++)
        for (int row = 0; row < g->dy.height; row++)
            outer_products(acc, x + image * g->x_image + row * g->output_row, g->output_column,
                           dy + image * g->dy_image + row * g->dy.row, g->dy_column, g->dy.block,
                           g->dy.width, rows, vectors);
    REPEAT4(
        p, if (p < rows) {
            REPEAT4(v, if (v < vectors)
                           store(gradient + p * g->pitch + v * VL, acc[p % OUTER_ROWS][v]);)
        })
}

/* All rows of one tap and block. */
static ALWAYS_INLINE void tiles(const struct weight_gradient *g, const float *x, const float *dy,
                                float *gradient, int images, int depth, const int vectors)
{
    int done = 0;
    for (; done + OUTER_ROWS <= depth; done += OUTER_ROWS)
        tile(g, x + done, dy, gradient + done * g->pitch, images, OUTER_ROWS, vectors);
    for (; done + 2 <= depth; done += 2)
        tile(g, x + done, dy, gradient + done * g->pitch, images, 2, vectors);
    for (; done < depth; done++)
        tile(g, x + done, dy, gradient + done * g->pitch, images, 1, vectors);
}

/* All taps of one block of x, `vectors` vectors of outputs from `out` on. */
static ALWAYS_INLINE void taps_gradient(const struct weight_gradient *g, int block, int out,
                                        int first_image, int images, const int vectors)
{
    const int depth = block + 1 < g->x.blocks ? g->depth : g->last_depth;
    const int in = (g->x.blocks - 1) * g->depth + g->last_depth;
    const float *x = g->x.data + first_image * g->x_image + block * g->x.block;
    const float *dy = g->dy.data + first_image * g->dy_image + out * g->dy.block;
    for (int tap_y = 0; tap_y < g->taps_y; tap_y++)
        for (int tap_x = 0; tap_x < g->taps_x; tap_x++) {
            const ptrdiff_t row =
                (ptrdiff_t)(tap_y * g->taps_x + tap_x) * in + (ptrdiff_t)block * g->depth;
            tiles(g, x + tap_y * g->tap_row + tap_x * g->tap_column, dy,
                  g->gradient + row * g->pitch + out * VL, images, depth, vectors);
        }
}

static void images_gradient(const struct weight_gradient *g, int first_image, int images)
{
    int out = 0;
    for (; out + 4 <= g->dy.blocks; out += 4)
        for (int block = 0; block < g->x.blocks; block++)
            taps_gradient(g, block, out, first_image, images, 4);
    for (; out + 2 <= g->dy.blocks; out += 2)
        for (int block = 0; block < g->x.blocks; block++)
            taps_gradient(g, block, out, first_image, images, 2);
    for (; out < g->dy.blocks; out++)
        for (int block = 0; block < g->x.blocks; block++)
            taps_gradient(g, block, out, first_image, images, 1);
}

void KERNEL(train_weight_gradient)(const struct weight_gradient *g)
{
    const int step = images_at_once(g);
    for (int image = 0; image < g->images; image += step)
        images_gradient(g, image, smaller(step, g->images - image));
}
