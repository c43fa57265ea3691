/*
 * Convolution by AMX, the matrix instructions of Intel's servers (Intel SDM, chapter "Programming
 * with Intel Advanced Matrix Extensions"; Linux: Documentation/x86/xstate.rst). One of them
 * multiplies 16 pixels of up to 64 bytes by 64 x 16 weights and adds to 16 x 16 sums, in an eighth
 * of the time that vpdpbusd takes for as much.
 *
 * What it wants is how values and weights lie in memory anyway: a matrix of input is some
 * neighbouring outputs' pixels, `output_column` bytes apart, and of each some units that follow one
 * another; where the taps of a row are merged (nn/int8_steps.c), units of several pixels, so that
 * neighbouring rows of the matrix overlap in memory. A matrix of weights is those units' weights
 * for the 16 outputs of one vector. The sums come out as the other kernels have them, and so does
 * all that follows.
 */
#include "nn/int8_kernels_private.h"
#include "nn/int8_tile_store.h"

enum {
    STORED_COLUMNS = 4, /* of a tile that are finished at once: in registers */
    SUMS = 4,           /* matrices of sums, numbers 0 to 3; 4 and 5: input; 6 and 7: weights */
    MATRICES = 8,
    ROW_BYTES = 64
};

/* What ldtilecfg reads: how many rows and bytes a row each matrix has. */
struct shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* Matrices of sums [columns][16 outputs], of input [columns][units], of weights [units][16]. */
static void set_shapes(const int columns, int chunk)
{
    struct shapes shapes = {.palette = 1};
    for (int i = 0; i < MATRICES; i++) {
        const bool input = i == SUMS || i == SUMS + 1;
        shapes.rows[i] = (uint8_t)(i < SUMS + 2 ? columns : chunk);
        shapes.row_bytes[i] = (uint16_t)(input ? chunk * INT8_UNIT : ROW_BYTES);
    }
    __asm__ volatile("" ::"r"(&shapes) : "memory"); /* GCC 12 says that 8 bytes of it are read */
    _tile_loadconfig(&shapes);
}

/* Where a tile reads and what it multiplies. */
struct operands {
    const uint8_t *x;
    const int8_t *weights;
    ptrdiff_t output_row, output_column;
    int chunk; /* units per matrix */
};

/* Adds the products of a chunk of units: for each row a matrix of sums per vector. The instructions
 * want their matrices' numbers as they stand in the source. */
static ALWAYS_INLINE void multiply(const struct operands *o, const int rows, const int vectors)
{
    const ptrdiff_t column = o->output_column, row = o->output_row, apart = vectors * ROW_BYTES;
    _tile_loadd(6, o->weights, apart);
    _tile_loadd(4, o->x, column);
    _tile_dpbusd(0, 4, 6);
    if (vectors == 2) {
        _tile_loadd(7, o->weights + ROW_BYTES, apart);
        _tile_dpbusd(1, 4, 7);
    }
    if (rows == 1)
        return;
    _tile_loadd(5, o->x + row, column);
    if (vectors == 2) {
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
        return;
    }
    _tile_dpbusd(1, 5, 6);
    if (rows == 2)
        return;
    _tile_loadd(4, o->x + 2 * row, column);
    _tile_dpbusd(2, 4, 6);
    _tile_loadd(5, o->x + 3 * row, column);
    _tile_dpbusd(3, 5, 6);
}

/* Adds `depth` units; the operands' weights are then those behind them. */
static ALWAYS_INLINE void add_units(struct operands *o, const uint8_t *x, int depth, const int rows,
                                    const int vectors, const bool far)
{
    for (int d = 0; d < depth; d += o->chunk) {
        o->x = x + d * INT8_UNIT;
        if (far)
            for (int i = 0; i < o->chunk; i++)
                fetch_ahead(o->weights + i * vectors * ROW_BYTES, vectors * ROW_BYTES);
        multiply(o, rows, vectors);
        o->weights += (ptrdiff_t)o->chunk * vectors * ROW_BYTES;
    }
}

/* [rows][vectors][columns][16] */
static ALWAYS_INLINE void store_matrices(int32_t *sums, const int rows, const int columns,
                                         const int vectors)
{
    const int count = rows * vectors, size = columns * VL;
    _tile_stored(0, sums, ROW_BYTES);
    if (count > 1)
        _tile_stored(1, sums + size, ROW_BYTES);
    if (count > 2)
        _tile_stored(2, sums + 2 * size, ROW_BYTES);
    if (count > 3)
        _tile_stored(3, sums + 3 * size, ROW_BYTES);
}

/* What nn/int8_tile_store.h does with sums, some columns at a time. */
static ALWAYS_INLINE void finish(const struct int8_conv *c, const int32_t *sums, ptrdiff_t at,
                                 const uint8_t *residual, int vector, const int rows,
                                 const int columns, const int vectors)
{
    const int halve = c->pool ? 2 : 1;
    for (int x = 0; x < columns; x += STORED_COLUMNS) {
        ivec some[KERNEL_TILE_PIXELS][4];
        REPEAT16(
            p, if (p < rows * STORED_COLUMNS) {
                const int32_t *from =
                    sums + (p / STORED_COLUMNS * vectors * columns + x + p % STORED_COLUMNS) * VL;
                REPEAT4(v, if (v < vectors) some[p][v] =
                               *(const ivec *)(const void *)(from + v * columns * VL);)
            })
        tile_store(c, some, at + x / halve * VL, residual ? residual + x * PIXEL_BYTES : NULL,
                   c->finish.scale + vector * VL, c->finish.bias + vector * VL, rows,
                   STORED_COLUMNS, vectors);
    }
}

/* One tile, as in nn/int8_kernels_conv.c. */
static ALWAYS_INLINE void tile(const struct int8_conv *c, int chunk, const uint8_t *in,
                               const int8_t *weights, ptrdiff_t at, const uint8_t *residual,
                               int vector, const int rows, const int columns, const int vectors,
                               const bool far)
{
    struct operands o = {.weights = weights,
                         .output_row = c->output_row,
                         .output_column = c->output_column,
                         .chunk = chunk};
    int32_t sums[SUMS * 16 * VL] __attribute__((aligned(KERNEL_ALIGNMENT)));
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
    for (int block = 0; block < c->in.blocks; block++) {
        const int depth = block + 1 < c->in.blocks ? c->depth : c->last_depth;
        for (int y = 0; y < c->taps_y; y++)
            for (int t = 0; t < c->taps_x; t++)
                add_units(&o, in + block * c->in.block + y * c->tap_row + t * c->tap_column, depth,
                          rows, vectors, far);
    }
    store_matrices(sums, rows, columns, vectors);
    finish(c, sums, at, residual, vector, rows, columns, vectors);
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* All tiles; the last ones move back to end with the output, as in nn/kernels_conv.c. */
static ALWAYS_INLINE void convolve(const struct int8_conv *c, const int rows, const int columns,
                                   const int vectors, const bool far)
{
    const int halve = c->pool ? 2 : 1;
    const int height = c->out.height * halve, width = c->out.width * halve;
    const int chunk = int8_matrix_units(c->in.blocks > 1 ? c->depth : c->last_depth, c->last_depth);
    const ptrdiff_t group_weights = (ptrdiff_t)c->taps_y * c->taps_x *
                                    ((ptrdiff_t)(c->in.blocks - 1) * c->depth + c->last_depth) *
                                    (vectors * ROW_BYTES);
    const int8_t *weights = c->weights;
    set_shapes(columns, chunk);
    for (int group = 0; group < c->out.blocks;
         group += vectors, weights += group_weights + vectors * ROW_BYTES) {
        const int vector = smaller(group, c->out.blocks - vectors);
        for (int row = 0; row < height; row += rows) {
            const int y = smaller(row, height - rows);
            const uint8_t *in = c->in.data + y * c->output_row;
            const ptrdiff_t at = vector * c->out.block + y / halve * c->out.row;
            const uint8_t *residual =
                c->residual ? c->residual + vector * c->residual_block + y * c->residual_row : NULL;
            for (int column = 0; column < width; column += columns) {
                const int x = smaller(column, width - columns);
                tile(c, chunk, in + x * c->output_column, weights, at + x / halve * VL,
                     residual ? residual + x * PIXEL_BYTES : NULL, vector, rows, columns, vectors,
                     far);
            }
        }
    }
    _tile_release(); /* or the kernel saves and restores 8 KiB whenever threads take turns */
}

#define DEFINE_TILE(rows, columns, vectors)                                                        \
    static void conv_##rows##x##columns##x##vectors(const struct int8_conv *c)                     \
    {                                                                                              \
        convolve(c, rows, columns, vectors, false);                                                \
    }                                                                                              \
    static void conv_far_##rows##x##columns##x##vectors(const struct int8_conv *c)                 \
    {                                                                                              \
        convolve(c, rows, columns, vectors, true);                                                 \
    }

#define ANY_DISTANCE(run)                                                                          \
    {                                                                                              \
        run, run, run, run, run                                                                    \
    }
#define LIST_TILE(rows, columns, vectors)                                                          \
    {rows,                                                                                         \
     columns,                                                                                      \
     vectors,                                                                                      \
     ANY_DISTANCE(conv_##rows##x##columns##x##vectors),                                            \
     conv_far_##rows##x##columns##x##vectors,                                                      \
     true},

#define SHAPES(X, columns)                                                                         \
    X(2, columns, 2) X(1, columns, 2) X(4, columns, 1) X(2, columns, 1) X(1, columns, 1)
#define TILES(X) SHAPES(X, 16) SHAPES(X, 8) SHAPES(X, 4)

TILES(DEFINE_TILE)

static const struct int8_tile matrix_tiles[] = {TILES(LIST_TILE){0}};

const struct int8_kernels int8_kernels_vl16_amx = {
    .name = "int8, AVX-512 VNNI",
    .lanes = VL,
    .value_bytes = VALUE_BYTES,
    .tiles = INT8(tiles),
    .matrix_tiles = matrix_tiles,
    .depthwise = INT8(depthwise),
    .quantize_row = INT8(quantize_row),
    .quantize = INT8(quantize),
};
