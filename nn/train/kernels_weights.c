#include "nn/train/kernels_train_private.h"

enum { ROWS = VL == 16 ? 8 : 4 }; /* of gradient at once: ROWS x 2 sums fit into the registers */

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
    vec acc[8][2];
    REPEAT16(
        p, if (p < 8 && p < rows) {
            acc[p % 8][0] = load(gradient + p * g->pitch);
            if (vectors > 1)
                acc[p % 8][1] = load(gradient + p * g->pitch + VL);
        })
    for (int image = 0; image < images; image++)
        for (int row = 0; row < g->dy.height; row++)
            outer_products(acc, x + image * g->x_image + row * g->output_row, g->output_column,
                           dy + image * g->dy_image + row * g->dy.row, g->dy_column, g->dy.block,
                           g->dy.width, rows, vectors);
    REPEAT16(
        p, if (p < 8 && p < rows) {
            store(gradient + p * g->pitch, acc[p % 8][0]);
            if (vectors > 1)
                store(gradient + p * g->pitch + VL, acc[p % 8][1]);
        })
}

static ALWAYS_INLINE void tiles(const struct weight_gradient *g, const float *x, const float *dy,
                                float *gradient, int images, int depth, const int vectors)
{
    int done = 0;
    for (; done + ROWS <= depth; done += ROWS)
        tile(g, x + done, dy, gradient + done * g->pitch, images, ROWS, vectors);
    for (; done + 3 <= depth; done += 3)
        tile(g, x + done, dy, gradient + done * g->pitch, images, 3, vectors);
    for (; done < depth; done++)
        tile(g, x + done, dy, gradient + done * g->pitch, images, 1, vectors);
}

/* All rows of one tap and block, for one or two vectors of outputs. */
static void tap_gradient(const struct weight_gradient *g, const float *x, const float *dy,
                         float *gradient, int images, int depth, int vectors)
{
    if (vectors == 2)
        tiles(g, x, dy, gradient, images, depth, 2);
    else
        tiles(g, x, dy, gradient, images, depth, 1);
}

static void block_gradient(const struct weight_gradient *g, int block, int first_image, int images)
{
    const int depth = block + 1 < g->x.blocks ? g->depth : g->last_depth;
    const int in = (g->x.blocks - 1) * g->depth + g->last_depth;
    const float *x = g->x.data + first_image * g->x_image + block * g->x.block;
    const float *dy = g->dy.data + first_image * g->dy_image;
    for (int out = 0; out < g->dy.blocks; out += 2)
        for (int tap_y = 0; tap_y < g->taps_y; tap_y++)
            for (int tap_x = 0; tap_x < g->taps_x; tap_x++) {
                const ptrdiff_t row =
                    (ptrdiff_t)(tap_y * g->taps_x + tap_x) * in + (ptrdiff_t)block * g->depth;
                tap_gradient(g, x + tap_y * g->tap_row + tap_x * g->tap_column,
                             dy + out * g->dy.block, g->gradient + row * g->pitch + out * VL,
                             images, depth, g->dy.blocks - out > 1 ? 2 : 1);
            }
}

void KERNEL(train_weight_gradient)(const struct weight_gradient *g)
{
    const int step = images_at_once(g);
    for (int image = 0; image < g->images; image += step) {
        const int images = g->images - image < step ? g->images - image : step;
        for (int block = 0; block < g->x.blocks; block++)
            block_gradient(g, block, image, images);
    }
}
