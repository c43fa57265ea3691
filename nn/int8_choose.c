#include "nn/int8_choose.h"

#include "nn/choose_private.h"

#include <float.h>

/* Cycles, as in struct cost_table of nn/choose.h. */
struct costs {
    double dot;                  /* per vector of units multiplied and added */
    double load;                 /* per load of a weight vector or broadcast of an input */
    double latency;              /* of a tile's next addition to the same sums */
    double tile;                 /* to begin and end a tile */
    double store;                /* per output vector: scale, bias, activation, rounding */
    double cache_byte, far_byte; /* to fetch a byte of weights from the second cache, behind it */
    double transform_in, transform_out; /* Winograd: per 6x6 tile and vector of channels */
    double matrix_row, matrix_least;    /* per row of a matrix of sums; of any matrix */
};

/* A value of a byte is multiplied by a dot product; 16-bit ones by two instructions, of which a
 * cycle takes several. Held against measurements on AMD Zen 4; nobody has measured NEON. */
static const struct costs bytes = {1, 0.5, 4, 20, 4, 1.0 / 32, 1.0 / 32, 0, 0, 0, 0};
static const struct costs halves = {0.5, 0.5, 1, 20, 4, 1.0 / 32, 1.0 / 16, 50, 100, 0, 0};
/* Processors with matrix instructions multiply two vectors of bytes in a cycle. Measured on an
 * Intel Emerald Rapids; a row of a matrix takes half of this unless another thread of the same core
 * is at work, whom the vectors mind less. */
static const struct costs matrices = {0.5, 0.5, 4, 20, 4, 1.0 / 32, 1.0 / 32, 0, 0, 2, 16};

static const struct costs *costs_of(const struct int8_kernels *kernels)
{
    return kernels->matrix_tiles ? &matrices : kernels->value_bytes == 1 ? &bytes : &halves;
}

/* Of a step of a tile without its weights' way from a cache: bound by arithmetic, by loads, or by
 * the latency of the sums. */
static double step_cost(const struct costs *m, const struct int8_tile *tile, int chunk)
{
    const int pixels = tile->rows * tile->columns, vectors = tile->vectors;
    if (tile->matrix)
        return larger(tile->rows * vectors * larger(tile->columns * m->matrix_row, m->matrix_least),
                      (pixels + vectors * chunk) * m->load);
    return larger(larger(pixels * vectors * m->dot, (pixels + vectors) * m->load), m->latency);
}

/* A step multiplies a unit of depth, or a matrix's chunk of them. Its weights may have to come from
 * the second cache. */
static double direct_cost(const struct int8_kernels *kernels, const struct int8_tile *tile,
                          const struct int8_task *task)
{
    const struct costs *m = costs_of(kernels);
    const int pixels = tile->rows * tile->columns, vectors = tile->vectors;
    const double tiles = (double)ceil_div(task->height, tile->rows) *
                         ceil_div(task->width, tile->columns) * ceil_div(task->out_blocks, vectors);
    const int chunk = tile->matrix ? task->chunk : 1;
    const double steps = (double)task->taps * task->units / chunk;
    const double weight_bytes = (double)vectors * kernels->lanes * int8_unit_values(kernels) *
                                int8_weight_bytes(kernels, tile) * chunk;
    double step = step_cost(m, tile, chunk);
    if (steps * weight_bytes > FIRST_CACHE_BYTES)
        step = larger(step, weight_bytes * m->cache_byte);
    return tiles * (steps * step + m->tile + pixels * vectors * m->store);
}

static double winograd_cost(const struct int8_kernels *kernels, const struct int8_choice *choice,
                            const struct int8_task *task)
{
    const struct costs *m = costs_of(kernels);
    const int block = choice->block;
    const double blocks = ceil_div(ceil_div(task->height, 4) * ceil_div(task->width, 4), block);
    const struct int8_task product = {.height = 1,
                                      .width = block,
                                      .out_blocks = task->out_blocks,
                                      .units = task->units,
                                      .taps = 1};
    const double weights = 36.0 * task->units * task->out_blocks * kernels->lanes * INT8_UNIT;
    return blocks *
           (block * (task->in_blocks * m->transform_in + task->out_blocks * m->transform_out) +
            36 * direct_cost(kernels, choice->tile, &product) +
            weights * (weights > SECOND_CACHE_BYTES ? m->far_byte : m->cache_byte));
}

static double cost(const struct int8_kernels *kernels, const struct int8_choice *choice,
                   const struct int8_task *task)
{
    return choice->block > 0 ? winograd_cost(kernels, choice, task)
                             : direct_cost(kernels, choice->tile, task);
}

static bool fits(const struct int8_tile *tile, const struct int8_task *task)
{
    return tile->rows <= task->height && tile->columns <= task->width &&
           tile->vectors <= task->out_blocks &&
           (!task->pool || (tile->rows % 2 == 0 && tile->columns % 2 == 0));
}

/* A tile of one pixel has narrow weights, which are too small for Winograd's. */
static bool winograd_fits(const struct int8_kernels *kernels, const struct int8_tile *tile,
                          const struct int8_task *task, int block)
{
    return kernels->winograd && task->winograd && task->height >= 4 && task->width >= 4 &&
           tile->rows == 1 && tile->columns > 1 && tile->vectors <= task->out_blocks &&
           block <= BLOCK_TILES_MAX &&
           block <= ceil_div(task->height, 4) * ceil_div(task->width, 4) &&
           int8_winograd_scratch(kernels->lanes, task->in_blocks, task->out_blocks, block) <=
               SCRATCH_BYTES_MAX;
}

struct int8_choice int8_choose(const struct int8_kernels *kernels, const struct int8_task *task)
{
    struct int8_choice best = {0};
    double best_cost = DBL_MAX;
    for (const struct int8_tile *tile = int8_first_tile(kernels); tile;
         tile = int8_next_tile(kernels, tile)) {
        struct int8_choice choice = {tile, 0};
        bool possible = fits(tile, task);
        do {
            const double this_cost = possible ? cost(kernels, &choice, task) : DBL_MAX;
            if (this_cost < best_cost) {
                best = choice;
                best_cost = this_cost;
            }
            choice.block += tile->columns;
            possible = winograd_fits(kernels, tile, task, choice.block);
        } while (possible);
    }
    return best;
}
