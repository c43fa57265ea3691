#include "nn/train/kernels_train_private.h"

/* Pixels are taken in parts, whose x and dy stay in the first cache while all taps of a block of x
 * and a group of dy add them up: a few rows of a picture or a few whole pictures. */
struct part {
    int first_image, images, first_row, rows;
};

enum { PART_PIXELS = 64, SECOND_CACHE_PIXELS = 1024 };

static struct part part_of(const struct weight_gradient *g)
{
    const int rows = larger(1, smaller(g->dy.height, PART_PIXELS / g->dy.width));
    const int images = rows == g->dy.height ? larger(1, PART_PIXELS / (rows * g->dy.width)) : 1;
    return (struct part){.images = images, .rows = rows};
}

/* `rows` rows from `x` on and `vectors` vectors of outputs from `dy` on; both constants. */
static ALWAYS_INLINE void tile(const struct weight_gradient *g, const float *x, const float *dy,
                               float *gradient, const struct part *part, const int rows,
                               const int vectors)
{
    vec acc[OUTER_ROWS][4];
    REPEAT4(
        p, if (p < rows) {
            REPEAT4(v, if (v < vectors) acc[p % OUTER_ROWS][v] =
                           load(gradient + p * g->pitch + v * VL);)
        })
    for (int image = 0; image < part->images; image++)
        for (int row = 0; row < part->rows; row++)
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
                                float *gradient, const struct part *part, int depth,
                                const int vectors)
{
    int done = 0;
    for (; done + OUTER_ROWS <= depth; done += OUTER_ROWS)
        tile(g, x + done, dy, gradient + done * g->pitch, part, OUTER_ROWS, vectors);
    for (; done + 2 <= depth; done += 2)
        tile(g, x + done, dy, gradient + done * g->pitch, part, 2, vectors);
    for (; done < depth; done++)
        tile(g, x + done, dy, gradient + done * g->pitch, part, 1, vectors);
}

/* Functions of their own: inlined, they leave the compiler too few registers for the inner loop. */
#define DEFINE_TILES(vectors)                                                                      \
    static __attribute__((noinline)) void tiles_##vectors(                                         \
        const struct weight_gradient *g, const float *x, const float *dy, float *gradient,         \
        const struct part *part, int depth)                                                        \
    {                                                                                              \
        tiles(g, x, dy, gradient, part, depth, vectors);                                           \
    }

DEFINE_TILES(4)
DEFINE_TILES(2)
DEFINE_TILES(1)

/* All taps of one block of x, `vectors` vectors of outputs from `out` on. */
static void part_gradient(const struct weight_gradient *g, const struct part *part, int block,
                          int out, int vectors)
{
    const int depth = block + 1 < g->x.blocks ? g->depth : g->last_depth;
    const int in = (g->x.blocks - 1) * g->depth + g->last_depth;
    const float *x = g->x.data + part->first_image * g->x_image + part->first_row * g->output_row +
                     block * g->x.block;
    const float *dy = g->dy.data + part->first_image * g->dy_image + part->first_row * g->dy.row +
                      out * g->dy.block;
    for (int tap_y = 0; tap_y < g->taps_y; tap_y++)
        for (int tap_x = 0; tap_x < g->taps_x; tap_x++) {
            const ptrdiff_t row =
                (ptrdiff_t)(tap_y * g->taps_x + tap_x) * in + (ptrdiff_t)block * g->depth;
            (vectors == 4   ? tiles_4
             : vectors == 2 ? tiles_2
                            : tiles_1)(g, x + tap_y * g->tap_row + tap_x * g->tap_column, dy,
                                       g->gradient + row * g->pitch + out * VL, part, depth);
        }
}

/* All parts of some pictures, all blocks of x. */
static void group_gradient(const struct weight_gradient *g, int first_image, int end_image, int out,
                           int vectors)
{
    struct part part = part_of(g);
    const int images = part.images, rows = part.rows;
    for (int block = 0; block < g->x.blocks; block++)
        for (int image = first_image; image < end_image; image += images)
            for (int row = 0; row < g->dy.height; row += rows) {
                part.first_image = image;
                part.images = smaller(images, end_image - image);
                part.first_row = row;
                part.rows = smaller(rows, g->dy.height - row);
                part_gradient(g, &part, block, out, vectors);
            }
}

static void images_gradient(const struct weight_gradient *g, int first, int end)
{
    int out = 0;
    for (; out + 4 <= g->dy.blocks; out += 4)
        group_gradient(g, first, end, out, 4);
    for (; out + 2 <= g->dy.blocks; out += 2)
        group_gradient(g, first, end, out, 2);
    for (; out < g->dy.blocks; out++)
        group_gradient(g, first, end, out, 1);
}

/* As many pictures together as stay in the second cache. */
void KERNEL(train_weight_gradient)(const struct weight_gradient *g)
{
    const int step = larger(1, SECOND_CACHE_PIXELS / (g->dy.height * g->dy.width));
    for (int image = 0; image < g->images; image += step)
        images_gradient(g, image, smaller(image + step, g->images));
}
