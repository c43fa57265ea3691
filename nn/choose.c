#include "nn/choose.h"

#include "nn/choose_private.h"

#include <float.h>

/* SSE2's were fitted to AMD Zen 3, the others to Zen 4, which multiplies one vector of AVX-512 a
 * cycle, of the others two, as Zen 3 does. `make bench-costs` measures and fits them; its values
 * are rounded, and what the measured layers do not tell is left alone. */
static const struct cost_table tables[] = {
    [4] = {0.55, 0.6, 0.06, 4.7, 14, 2.3, 1.0 / 32, 1.0 / 16, 105, 80},
    [8] = {0.5, 0.6, 0.07, 4.4, 12, 1.5, 1.0 / 48, 1.0 / 14, 140, 76},
    [16] = {1.0, 0.5, 0.02, 4, 20, 3, 1.0 / 32, 1.0 / 10, 190, 145},
};

enum { SCRATCH_BYTES_NEAR = 320 * 1024 };

/* Ways that seem to cost more than this times the best one's are not worth trying, but for the
 * second: where the table is wrong about the best, measuring must be able to tell. */
static const double hopeless = 1.6;

/* Cycles of the whole layer with tiles of Winograd's from pixels. Their products are never stored:
 * that is about half of a transform elsewhere. A load serves two multiplications, or one. */
static double winograd_tile_cost(const struct cost_table *m, const struct conv_task *task)
{
    const double tiles = (double)ceil_div(task->height, 4) * ceil_div(task->width, 4);
    const double products = 36.0 * task->in_channels * larger(m->multiply, 1.5 * m->load);
    return tiles * (m->transform_in + task->out_blocks * (products + m->transform_out / 2));
}

/* Cycles of one group of the output's channels with this tile. */
static double group_cost(const struct cost_table *m, const struct conv_kernel *kernel,
                         const struct conv_task *task, int lanes)
{
    const int pixels = kernel->rows * kernel->columns, vectors = kernel->vectors;
    const double tiles =
        (double)ceil_div(task->height, kernel->rows) * ceil_div(task->width, kernel->columns);
    const double steps = (double)task->taps * task->in_channels;
    const double step_bytes = (double)vectors * lanes * (double)sizeof(float);
    double step = larger(pixels * vectors * m->multiply, (pixels + vectors) * m->load);
    step = larger(step, m->latency);
    if (steps * step_bytes > FIRST_CACHE_BYTES)
        step = larger(step, step_bytes * m->cache_byte);
    step += (pixels + vectors) * m->load_extra;
    return tiles * (steps * step + m->tile + pixels * vectors * m->store);
}

/* Of all groups, which overlap where they do not fit. */
static double groups_cost(const struct cost_table *m, const struct conv_kernel *kernel,
                          const struct conv_task *task, int lanes)
{
    return ceil_div(task->out_blocks, kernel->vectors) * group_cost(m, kernel, task, lanes);
}

/* Cycles of the whole layer with this tile. */
static double direct_cost(const struct cost_table *m, const struct conv_kernel *kernel,
                          const struct conv_task *task, int lanes)
{
    if (kernel->winograd)
        return winograd_tile_cost(m, task);
    const int narrow = task->overlaps ? 0 : conv_narrow_groups(kernel, task->out_blocks);
    const double all = groups_cost(m, kernel, task, lanes);
    return narrow == 0 ? all
                       : all - narrow * (group_cost(m, kernel, task, lanes) -
                                         group_cost(m, conv_narrower(kernel), task, lanes));
}

/* Packed, but for what the last group repeats of the group before. */
static double weight_bytes(int lanes, const struct conv_task *task,
                           const struct conv_choice *choice)
{
    const int matrices = choice->block > 0          ? winograd_matrices(choice->side)
                         : choice->kernel->winograd ? winograd_matrices(4)
                                                    : task->taps;
    return (double)matrices * task->in_channels * task->out_blocks * lanes * sizeof(float);
}

bool choose_far_weights(double bytes)
{
    return bytes > SECOND_CACHE_BYTES;
}

bool choose_is_far(int lanes, const struct conv_task *task, const struct conv_choice *choice)
{
    return choice->kernel->run_far && choose_far_weights(weight_bytes(lanes, task, choice));
}

static int winograd_tiles(const struct conv_task *task, int side)
{
    return ceil_div(task->height, side) * ceil_div(task->width, side);
}

/* Winograd's transformed values and products of a block. */
static ptrdiff_t scratch_bytes(int lanes, const struct conv_task *task,
                               const struct conv_choice *choice)
{
    return winograd_scratch_count(lanes, task->in_blocks, task->out_blocks, choice->side,
                                  choice->block) *
           (ptrdiff_t)sizeof(float);
}

/* Far weights are fetched while others are multiplied. They pass through the second cache, so that
 * only half of it or so is left for the scratch; beyond that, it is written far away and read
 * again. A transform costs what it stores or loads. */
static double winograd_cost(const struct cost_table *m, int lanes, const struct conv_task *task,
                            const struct conv_choice *choice)
{
    const int block = choice->block, matrices = winograd_matrices(choice->side);
    const double blocks = ceil_div(winograd_tiles(task, choice->side), block);
    const double transforms =
        block * (task->in_blocks * m->transform_in + task->out_blocks * m->transform_out) *
        matrices / winograd_matrices(4);
    const struct conv_task product = {.height = 1,
                                      .width = block,
                                      .in_channels = task->in_channels,
                                      .out_blocks = task->out_blocks,
                                      .taps = 1};
    const double weights = weight_bytes(lanes, task, choice);
    const double scratch = (double)scratch_bytes(lanes, task, choice);
    const double fetching = choose_far_weights(weights) ? weights * m->far_byte : 0;
    const double multiplying =
        matrices * groups_cost(m, choice->kernel, &product, lanes) + weights * m->cache_byte;
    return blocks * (transforms + larger(multiplying, fetching) +
                     (scratch > SCRATCH_BYTES_NEAR ? 2 * scratch * m->far_byte : 0));
}

const struct cost_table *choose_costs(int lanes)
{
    return &tables[lanes];
}

double choose_cost(const struct cost_table *costs, int lanes, const struct conv_task *task,
                   const struct conv_choice *choice)
{
    return choice->block > 0 ? winograd_cost(costs, lanes, task, choice)
                             : direct_cost(costs, choice->kernel, task, lanes);
}

/* --- what is possible ------------------------------------------------------------------------- */

static bool fits(const struct conv_kernel *kernel, const struct conv_task *task)
{
    return (!kernel->winograd || (task->winograd && task->pixels && task->in_channels == 3)) &&
           kernel->rows <= task->height && kernel->columns <= task->width &&
           kernel->vectors <= task->out_blocks &&
           (!task->pool || (kernel->rows % 2 == 0 && kernel->columns % 2 == 0));
}

static bool winograd_fits(int lanes, const struct conv_task *task, const struct conv_choice *choice)
{
    const struct conv_kernel *kernel = choice->kernel;
    const int side = choice->side, block = choice->block;
    return (side == 4 || side == 2) && task->winograd && !task->pixels && task->height >= side &&
           task->width >= side && kernel->rows == 1 && kernel->vectors <= task->out_blocks &&
           block >= kernel->columns && block <= BLOCK_TILES_MAX &&
           block <= winograd_tiles(task, side) &&
           scratch_bytes(lanes, task, choice) <= SCRATCH_BYTES_MAX;
}

bool choose_find(const struct kernels *kernels, const struct conv_task *task, int rows, int columns,
                 int vectors, struct conv_choice *choice)
{
    for (const struct conv_kernel *kernel = kernels->conv; kernel->rows > 0; kernel++) {
        choice->kernel = kernel;
        if (kernel->rows == rows && kernel->columns == columns && kernel->vectors == vectors &&
            (choice->block > 0 ? winograd_fits(kernels->lanes, task, choice) : fits(kernel, task)))
            return true;
    }
    return false;
}

/* --- the choice ------------------------------------------------------------------------------- */

/* A list in order of cost. */
struct ranking {
    const struct kernels *kernels;
    const struct conv_task *task;
    struct conv_choice *list;
    double costs[CONV_CHOICES_MAX];
    int count;
};

static double cost_of(const struct ranking *ranking, const struct conv_choice *choice)
{
    const int lanes = ranking->kernels->lanes;
    return choose_cost(&tables[lanes], lanes, ranking->task, choice);
}

static void rank(struct ranking *ranking, struct conv_choice choice)
{
    const double cost = cost_of(ranking, &choice);
    if (ranking->count == CONV_CHOICES_MAX) { /* the last one gives way, or this one */
        if (cost >= ranking->costs[CONV_CHOICES_MAX - 1])
            return;
        ranking->count--;
    }
    int place = ranking->count;
    for (; place > 0 && ranking->costs[place - 1] > cost; place--) {
        ranking->costs[place] = ranking->costs[place - 1];
        ranking->list[place] = ranking->list[place - 1];
    }
    ranking->costs[place] = cost;
    ranking->list[place] = choice;
    ranking->count++;
}

/* Tiles per block that cost least with this kernel; 0: none fits. */
static int best_block(const struct ranking *ranking, const struct conv_kernel *kernel, int side)
{
    struct conv_choice best = {kernel, side, 0};
    double best_cost = DBL_MAX;
    for (int block = kernel->columns; block <= BLOCK_TILES_MAX; block += kernel->columns) {
        const struct conv_choice choice = {kernel, side, block};
        if (!winograd_fits(ranking->kernels->lanes, ranking->task, &choice))
            break;
        const double cost = cost_of(ranking, &choice);
        if (cost < best_cost) {
            best_cost = cost;
            best = choice;
        }
    }
    return best.block;
}

/* The best block, about half of it and about twice, in whole rows of the kernel. */
static void rank_winograd(struct ranking *ranking, const struct conv_kernel *kernel, int side)
{
    const int best = best_block(ranking, kernel, side), columns = kernel->columns;
    const int others[] = {best / 2 / columns * columns, best * 2 / columns * columns};
    if (best == 0)
        return;
    rank(ranking, (struct conv_choice){kernel, side, best});
    for (int i = 0; i < 2; i++) {
        const struct conv_choice other = {kernel, side, others[i]};
        if (other.block != best && winograd_fits(ranking->kernels->lanes, ranking->task, &other))
            rank(ranking, other);
    }
}

int choose_list(const struct kernels *kernels, const struct conv_task *task,
                struct conv_choice list[CONV_CHOICES_MAX])
{
    struct ranking ranking = {.kernels = kernels, .task = task, .list = list};
    for (const struct conv_kernel *kernel = kernels->conv; kernel->rows > 0; kernel++) {
        if (fits(kernel, task))
            rank(&ranking, (struct conv_choice){.kernel = kernel});
        rank_winograd(&ranking, kernel, 4);
        rank_winograd(&ranking, kernel, 2);
    }
    while (ranking.count > 2 && ranking.costs[ranking.count - 1] > hopeless * ranking.costs[0])
        ranking.count--;
    return ranking.count;
}

struct conv_choice choose_conv(const struct kernels *kernels, const struct conv_task *task)
{
    struct conv_choice list[CONV_CHOICES_MAX];
    choose_list(kernels, task, list);
    return list[0];
}
