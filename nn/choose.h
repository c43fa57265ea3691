/* choose: which kernel convolves a layer fastest, by a small cost model instead of measuring, so
 * that the first frame comes at once. The model's constants are in choose.c, where they come from
 * in docs/engine.md; nn/tune.h measures what they only guess. */
#ifndef PAWCAM_NN_CHOOSE_H
#define PAWCAM_NN_CHOOSE_H

#include "nn/kernels.h"

struct conv_task {
    int height, width; /* of the output, before any pooling */
    int in_blocks, out_blocks;
    int in_channels;
    int taps;
    bool pool;
    bool winograd; /* it is 3x3, stride 1, undilated */
    bool pixels;   /* its input is plain, not blocked */
    bool overlaps; /* its last group of channels overlaps the one before, and is not narrower */
};

struct conv_choice {
    const struct conv_kernel *kernel; /* the tile; of the matrix products, for Winograd */
    /* Winograd on blocked input: a tile's side, 4 or 2, and tiles transformed together. 0: the
     * kernel alone. */
    int side, block;
};

/* What the parts of a convolution cost, in cycles of one core; only their ratios matter. */
struct cost_table {
    double multiply;   /* per vector multiply-add */
    double load;       /* per load of a weight vector or broadcast of an input ... */
    double load_extra; /* ... and what one costs where loads are not the limit */
    double latency;    /* of a multiply-add: a tile's sums cannot be updated faster */
    double tile;       /* to begin and end a tile */
    double store;      /* per output vector: bias in, activation, out */
    double cache_byte; /* to fetch a byte of weights that the first cache does not hold, */
    double far_byte;   /* and that the second does not hold either */
    double transform_in, transform_out; /* F(4x4, 3x3): per tile and vector */
};

/* Those that were fitted for vectors of `lanes`: 4, 8 or 16. */
const struct cost_table *choose_costs(int lanes);

/* Cycles of the whole layer, done in this way. */
double choose_cost(const struct cost_table *costs, int lanes, const struct conv_task *task,
                   const struct conv_choice *choice);

/* The way that costs least. Some way fits every task. */
struct conv_choice choose_conv(const struct kernels *kernels, const struct conv_task *task);

/* The ways that may be fastest if the costs are somewhat wrong, the least cost first: every tile
 * that fits, and Winograd's matrix products with each tile, both sides and some sizes of the block.
 * Returns how many, 1 or more: those within 1.6 times the best one's cost, and the two best.
 */
enum { CONV_CHOICES_MAX = 64 };
int choose_list(const struct kernels *kernels, const struct conv_task *task,
                struct conv_choice list[CONV_CHOICES_MAX]);

/* So many bytes of packed weights lie behind the second cache. */
bool choose_far_weights(double bytes);

/* Those of this choice do, and its kernel has a run_far for them. */
bool choose_is_far(int lanes, const struct conv_task *task, const struct conv_choice *choice);

/* Fills in the kernel of this tile, if the task can be done with it, and with the choice's side and
 * block; else false. */
bool choose_find(const struct kernels *kernels, const struct conv_task *task, int rows, int columns,
                 int vectors, struct conv_choice *choice);

#endif
