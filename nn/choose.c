#include "nn/choose.h"

#include <float.h>

/* All times are in cycles of one core; only their ratios matter. Fitted to AMD Zen 4, where AVX-512
 * multiplies one vector a cycle and AVX2 two. */
struct machine {
    double multiply;   /* per vector multiply-add */
    double load;       /* per load of a weight vector or broadcast of an input ... */
    double load_extra; /* ... and what one costs where loads are not the limit */
    double latency;    /* of a multiply-add: a tile's sums cannot be updated faster */
    double tile;       /* to begin and end a tile */
    double store;      /* per output vector: bias in, activation, out */
    double cache_byte; /* to fetch a byte of weights that the first cache does not hold, */
    double far_byte;   /* and that the second does not hold either */
    double transform_in, transform_out; /* Winograd: per 6x6 tile and vector */
};

static const struct machine machines[] = {
    [4] = {0.55, 0.4, 0.05, 4, 20, 3, 1.0 / 32, 1.0 / 10, 110, 85},
    [8] = {0.5, 0.4, 0.05, 4, 20, 3, 1.0 / 32, 1.0 / 10, 115, 90},
    [16] = {1.0, 0.5, 0.02, 4, 20, 3, 1.0 / 32, 1.0 / 10, 190, 145},
};

enum {
    FIRST_CACHE_BYTES = 32 * 1024,
    SECOND_CACHE_BYTES = 512 * 1024,
    BLOCK_TILES_MAX = 64,
    SCRATCH_BYTES_MAX = 768 * 1024
};

static double larger(double a, double b)
{
    return a > b ? a : b;
}

static int ceil_div(int a, int b)
{
    return (a + b - 1) / b;
}

static bool fits(const struct conv_kernel *kernel, const struct conv_task *task)
{
    return kernel->rows <= task->height && kernel->columns <= task->width &&
           kernel->vectors <= task->out_blocks &&
           (!task->pool || (kernel->rows % 2 == 0 && kernel->columns % 2 == 0));
}

/* Cycles of the whole layer with this tile. */
static double direct_cost(const struct machine *m, const struct conv_kernel *kernel,
                          const struct conv_task *task, int lanes)
{
    const int pixels = kernel->rows * kernel->columns, vectors = kernel->vectors;
    const double tiles = (double)ceil_div(task->height, kernel->rows) *
                         ceil_div(task->width, kernel->columns) *
                         ceil_div(task->out_blocks, vectors);
    const double steps = (double)task->taps * task->in_channels;
    const double weight_bytes = (double)vectors * lanes * (double)sizeof(float);
    double step = larger(pixels * vectors * m->multiply, (pixels + vectors) * m->load);
    step = larger(step, m->latency);
    if (steps * weight_bytes > FIRST_CACHE_BYTES)
        step = larger(step, weight_bytes * m->cache_byte);
    step += (pixels + vectors) * m->load_extra;
    return tiles * (steps * step + m->tile + pixels * vectors * m->store);
}

static double winograd_cost(const struct machine *m, const struct conv_kernel *kernel,
                            const struct conv_task *task, int lanes, int block)
{
    const int tiles = ceil_div(task->height, 4) * ceil_div(task->width, 4);
    const double blocks = ceil_div(tiles, block);
    const struct conv_task product = {.height = 1,
                                      .width = block,
                                      .in_channels = task->in_channels,
                                      .out_blocks = task->out_blocks,
                                      .taps = 1};
    const double weights = 36.0 * task->in_channels * task->out_blocks * lanes * sizeof(float);
    return blocks *
           (block * (task->in_blocks * m->transform_in + task->out_blocks * m->transform_out) +
            36 * direct_cost(m, kernel, &product, lanes) +
            weights * (weights > SECOND_CACHE_BYTES ? m->far_byte : m->cache_byte));
}

static bool block_fits(const struct conv_task *task, int lanes, int block)
{
    const ptrdiff_t floats =
        winograd_scratch_count(lanes, task->in_blocks, task->out_blocks, block);
    return floats * (ptrdiff_t)sizeof(float) <= SCRATCH_BYTES_MAX;
}

/* The best number of tiles per block for this kernel; replaces *best if it wins. */
static void try_winograd(const struct kernels *kernels, const struct conv_kernel *kernel,
                         const struct conv_task *task, struct conv_choice *best, double *best_cost)
{
    const int tiles = ceil_div(task->height, 4) * ceil_div(task->width, 4);
    if (kernel->rows != 1 || kernel->vectors > task->out_blocks)
        return;
    for (int block = kernel->columns; block <= tiles && block <= BLOCK_TILES_MAX;
         block += kernel->columns) {
        if (!block_fits(task, kernels->lanes, block))
            return;
        const double cost =
            winograd_cost(&machines[kernels->lanes], kernel, task, kernels->lanes, block);
        if (cost < *best_cost) {
            *best_cost = cost;
            *best = (struct conv_choice){kernel, block};
        }
    }
}

struct conv_choice choose_conv(const struct kernels *kernels, const struct conv_task *task)
{
    struct conv_choice best = {0};
    double best_cost = DBL_MAX;
    const bool winograd = task->winograd && task->height >= 4 && task->width >= 4;
    for (const struct conv_kernel *kernel = kernels->conv; kernel->rows > 0; kernel++) {
        if (fits(kernel, task)) {
            const double cost =
                direct_cost(&machines[kernels->lanes], kernel, task, kernels->lanes);
            if (cost < best_cost) {
                best_cost = cost;
                best = (struct conv_choice){kernel, 0};
            }
        }
        if (winograd)
            try_winograd(kernels, kernel, task, &best, &best_cost);
    }
    return best;
}
