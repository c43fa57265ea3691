/*
 * kernels_train: the inner loops of fast training beyond those of inference (nn/kernels.h): the
 * same blocked activations, the same one compilation per vector length, no allocation, no check.
 * nn/train/kernels_*.c; weights and their gradients are rows of output channels, `pitch` floats
 * apart, as parameters.h lays them out.
 */
#ifndef PAWCAM_NN_TRAIN_KERNELS_TRAIN_H
#define PAWCAM_NN_TRAIN_KERNELS_TRAIN_H

#include "nn/kernels.h"

/* --- weights into the order of the convolution kernels ---------------------------------------- */

/* Some taps of a kernel [taps][in][pitch], as pack_conv (nn/pack.h) orders
 * them; groups `first_group`..`end_group` - 1 only, so that threads can share the work. */
struct pack_weights {
    const float *weights;
    const int *taps; /* which taps, in the order in which the convolution takes them */
    int tap_count;
    int in, blocks; /* channels in; vectors of channels out */
    ptrdiff_t pitch;
    int depth;   /* channels of `in` per block of the convolution's input */
    int vectors; /* of the kernel that will run */
    int first_group, end_group;
    float *packed;
};

/* to[tap][out][to_pitch] = from[tap][in][from_pitch] for one tap; both begin at multiples of 16
 * bytes, as do their rows. */
struct transpose {
    const float *from;
    float *to;
    ptrdiff_t from_pitch, to_pitch;
    int rows, columns; /* of `from` */
};

/* --- convolution ------------------------------------------------------------------------------ */

enum {
    WINOGRAD_BLOCK_MAX = 80, /* tiles that are transformed together */
    WINOGRAD_DEPTH_MAX =
        128, /* channels that are multiplied together: their filters for 32 outputs (AVX-512: 64),
                16 or 32 KiB, stay in the first cache; all matrices in the second */
};

/* One layer's values of all pictures. view.data NULL: none. */
struct images {
    struct view view; /* of the first; its row and `column` may skip pixels and go backwards */
    ptrdiff_t column; /* floats from pixel to pixel */
    ptrdiff_t step;   /* floats from picture to picture */
};

/* Winograd's method for 3x3 convolutions with a stride of 1 or 2 (winograd_methods.h): points along
 * an axis of a tile, and phases of the strided picture. */
static inline int winograd_points(int stride)
{
    return stride == 1 ? 6 : 5;
}

static inline int winograd_phases(int stride)
{
    return stride * stride;
}

/*
 * Winograd over a batch (nn/kernels.h): tiles of all pictures are multiplied together, so that
 * small pictures fill the matrix products too. The weights change with every step, so they are
 * transformed here, part by part, just before they are multiplied: the matrices are 4 times as
 * large as the weights, with a stride of 2 9 times, and would come from main memory otherwise. A
 * part is for a group of gemm->vectors output vectors, and for as many input channels as go through
 * the products together.
 *   stride   1 or 2
 *   in       its data at the first tap of output (0, 0). Forward with a stride of 2 its row and
 *            column are two pixels; from phase to phase it is half of that
 *   turned   this is backward by the data. With a stride of 2, out, residual and gate then have
 *            rows and columns of two pixels and begin at the phase with 2x2 taps, whose height and
 *            width they have; other phases' pixels lie half a row and half a column before
 *   residual added before the activation; may be `out`, if no tile has to move back to end with
 *            the picture
 *   gate     what came out of a relu, forward: where that is not above zero, out becomes zero
 *   weights  rows of output channels [tap][in][pitch]; turned: of input channels [tap][out][pitch],
 *            as a layer has them whose gradient this is
 *   outputs  channels from the first of `out` on, also behind those of out.blocks
 *   taps     where tap 0 ... 8 of the convolution is in `weights`, tap_stride floats apart
 *   gemm     runs the products; its rows must be 1
 *   block    tiles together, a multiple of gemm->columns, at most WINOGRAD_BLOCK_MAX
 *   slots    parts whose matrices are kept from one block of tiles to the next: all of
 *            them, or 1, which keeps none where there are more
 *   scratch  batch_winograd_scratch() floats
 */
struct batch_winograd {
    int stride;
    struct images in, out, residual, gate;
    int pictures, channels, outputs; /* channels: of the input */
    bool turned;
    const float *weights, *bias; /* bias may be NULL */
    const int *taps;
    ptrdiff_t pitch, tap_stride;
    const struct conv_kernel *gemm;
    int block, slots;
    float *scratch;
    struct fused fused;
};

/* Phases that are summed, forward, */
static inline int batch_winograd_in_phases(const struct batch_winograd *w)
{
    return w->turned ? 1 : winograd_phases(w->stride);
}

/* and that are made, turned; each is multiplied by parts of its own. */
static inline int batch_winograd_out_phases(const struct batch_winograd *w)
{
    return w->turned ? winograd_phases(w->stride) : 1;
}

/* Input channels of a part. */
static inline int batch_winograd_part(const struct batch_winograd *w)
{
    const int most = WINOGRAD_DEPTH_MAX / batch_winograd_in_phases(w);
    return w->channels < most ? w->channels : most;
}

/* Parts of a group of output vectors. */
static inline int batch_winograd_parts(const struct batch_winograd *w)
{
    const int part = batch_winograd_part(w);
    return batch_winograd_out_phases(w) * ((w->channels + part - 1) / part);
}

/* Floats between the matrices of a part. */
static inline ptrdiff_t batch_winograd_filter_stride(const struct batch_winograd *w, int lanes)
{
    return winograd_stride(lanes, w->gemm->vectors,
                           batch_winograd_in_phases(w) * batch_winograd_part(w));
}

static inline ptrdiff_t batch_winograd_scratch(const struct batch_winograd *w, int lanes,
                                               int in_blocks)
{
    const int points = winograd_points(w->stride);
    return points * points *
           (winograd_stride(lanes, batch_winograd_in_phases(w) * in_blocks, w->block) +
            winograd_stride(lanes, w->gemm->vectors, w->block) +
            w->slots * batch_winograd_filter_stride(w, lanes));
}

/*
 * Gradient of a convolution's weights: gradient[tap][c][o] += sum over pictures and pixels of
 * x[pixel + tap][c] dy[pixel][o].
 *   x            data at the first tap of output (0, 0); blocked, or plain with one block
 *   dy           blocked; height and width are the output's
 *   depth        values per tap; last_depth in the last block
 *   dy_column    floats from pixel to pixel of dy
 */
struct weight_gradient {
    struct view x, dy;
    ptrdiff_t x_image, dy_image, dy_column;
    int images;
    int taps_y, taps_x;
    ptrdiff_t tap_row, tap_column, output_row, output_column;
    int depth, last_depth;
    float *gradient;
    ptrdiff_t pitch;
};

/* The same by Winograd, for 3x3 taps and sides of dy of at least 4; x (as struct batch_winograd.in)
 * and dy blocked. Each block of tiles is transformed, multiplied and transformed back into the
 * gradient. The bias's gradient comes with it: sums[channel] += all dy; NULL: not wanted. */
struct winograd_gradient {
    int stride;
    struct images x, dy;
    int pictures, depth, last_depth;
    int block;      /* tiles together, at most WINOGRAD_BLOCK_MAX */
    float *scratch; /* winograd_gradient_scratch() floats */
    float *gradient, *sums;
    ptrdiff_t pitch;
};

static inline ptrdiff_t winograd_gradient_scratch(int stride, int lanes, int in_blocks,
                                                  int out_blocks, int block)
{
    const int points = winograd_points(stride), phases = winograd_phases(stride);
    return points * points *
           (winograd_stride(lanes, phases * in_blocks, block) +
            winograd_stride(lanes, out_blocks, block) + winograd_stride(lanes, 4, lanes));
}

/* Output pixels of a convolution with stride back to where they come from: pixels first, first +
 * step ... of `to` take those of `from`, or zero where from.data is NULL. */
struct spread {
    struct view from, to; /* to: all of it */
    int first_y, first_x, step_y, step_x;
};

/* --- depthwise -------------------------------------------------------------------------------- */

/* x and dx without border; weights [taps][pitch] as the model's. */
struct depthwise_gradient {
    struct view x, dy;
    float *dx; /* same strides as x's own gradient: dx_row, dx_block; NULL: not wanted */
    ptrdiff_t dx_row, dx_block;
    struct window window;
    const float *weights;
    float *gradient; /* added to */
    ptrdiff_t pitch;
};

/* --- Dense over a batch ----------------------------------------------------------------------- */

/* y[n] = fused(x[n] weights + bias); rows of x and y are vectors, `stride` floats apart; y is
 * `vectors` whole vectors. */
struct batch_dense {
    const float *x;
    ptrdiff_t x_stride;
    float *y;
    ptrdiff_t y_stride;
    const float *weights, *bias; /* bias may be NULL */
    ptrdiff_t pitch;
    int images, inputs, vectors;
    struct fused fused;
};

/* dx[n] = dy[n] weights^T; x_stride and y_stride as above, x is written. */
struct batch_dense_back {
    float *dx;
    ptrdiff_t x_stride;
    const float *dy;
    ptrdiff_t y_stride;
    const float *weights;
    ptrdiff_t pitch;
    int images, inputs, vectors;
};

/* --- one value at a time ---------------------------------------------------------------------- */

/* dy *= slope of the activation, in place. y is what came out of the activation; for swish, whose
 * slope cannot be told from it, what went in. sums[channel] += the new dy; NULL: not wanted. */
struct activate_back {
    struct view y, dy;
    int channels; /* softmax is over them */
    struct activation_params activation;
    float *sums;
};

/* dx = the pooling's transpose of dy; the first of equal maxima gets all. */
struct pool_back {
    struct view x, y, dx, dy;
    struct window window;
    bool average;
};

/* Maxima of windows of 2x2 that do not overlap, the usual ones, and where each came from: so that
 * backward reads two bits a value in place of all that was pooled. chosen: [blocks][height of y]
 * [pool_choice_vectors(its width)] vectors of 32-bit integers, each for so many pixels of a row: */
enum { POOL_CHOICE_PIXELS = 16 };

struct pool_choice {
    struct view x, y;
    uint32_t *chosen;
};

/* dx takes dy where the maximum was, else 0. */
struct pool_choice_back {
    struct view dy, dx;
    const uint32_t *chosen;
};

static inline int pool_choice_vectors(int width)
{
    return (width + POOL_CHOICE_PIXELS - 1) / POOL_CHOICE_PIXELS;
}

/* Per channel over one picture: mean, and sum of squared differences from it. */
struct moments {
    struct view x;
    float *mean, *squares;
};

/* A relu behind the normalization, undone on the way: dy counts where x scale + shift > 0, by
 * channel. scale NULL: there is none. */
struct rectified {
    const float *scale, *shift;
};

/* sums[channel] = sum of dy; products[channel] = sum of dy (x - mean). */
struct products {
    struct view x, dy;
    struct rectified rectified;
    const float *mean;
    float *sums, *products;
};

/* dx = dy a + x b + c, by channel. */
struct combine {
    struct view x, dy, dx;
    struct rectified rectified;
    const float *a, *b, *c;
};

/* out = x scale where kept, else 0: dropout.h. Index of a value: (y width + x) channels + c. */
struct dropout {
    struct view in, out;
    int channels;
    uint32_t key;
    int32_t limit;
    float scale;
};

/* --- optimizer -------------------------------------------------------------------------------- */

struct update_sums {
    double gradient_squares, weight_squares;
};

/* What a step does to each weight w with gradient g, where g = gradient * scale + decay * w. */
struct update {
    float scale;    /* of the gradient: clipping */
    float decay;    /* L2 in the gradient */
    float keep;     /* weights shrink by this factor first: AdamW's decay */
    float rate;     /* of learning; Adam: with the first moment's bias correction */
    float momentum; /* SGD; Adam's beta_1 */
    float rho;      /* of the mean of squares; Adam's beta_2 */
    float root;     /* factor of sqrt(mean of squares): Adam's bias correction, else 1 */
    float epsilon;
    bool nesterov;
};

struct train_kernels {
    const struct kernels *inference; /* of the same vector length */
    void (*pack_conv)(const struct pack_weights *pack);
    void (*transpose)(const struct transpose *transpose);
    void (*winograd)(const struct batch_winograd *winograd);
    void (*weight_gradient)(const struct weight_gradient *gradient);
    void (*winograd_gradient)(const struct winograd_gradient *gradient);
    void (*spread)(const struct spread *spread);
    void (*depthwise_gradient)(const struct depthwise_gradient *gradient);
    void (*dense)(const struct batch_dense *dense);
    void (*dense_back)(const struct batch_dense_back *dense);
    void (*activate_back)(const struct activate_back *activate);
    void (*pool_back)(const struct pool_back *pool);
    void (*pool_choose)(const struct pool_choice *pool);
    void (*pool_choose_back)(const struct pool_choice_back *pool);
    void (*moments)(const struct moments *moments);
    void (*products)(const struct products *products);
    void (*combine)(const struct combine *combine);
    void (*dropout)(const struct dropout *dropout);

    /* Over a stretch of flat arrays: `count` is a multiple of PARAMETER_PITCH, all begin on a cache
     * line.
     *   prepare   gradient += 2 l2 weights; returns sums over the stretch, of weights only with l2
     *   sgd       v = momentum v + g; w -= rate v, or rate (g + momentum v) for Nesterov
     *   rmsprop   s = rho s + (1 - rho) g^2; w -= rate g / (sqrt(s) + epsilon)
     *   adam      m = momentum m + (1 - momentum) g; s as above;
     *             w -= rate m / (root sqrt(s) + epsilon)
     *   average   average = keep average + (1 - keep) weights
     *   add       to += from */
    struct update_sums (*prepare)(size_t count, float l2, const float *weights, float *gradient);
    void (*sgd)(const struct update *u, size_t count, const float *gradient, float *weights,
                float *velocity);
    void (*rmsprop)(const struct update *u, size_t count, const float *gradient, float *weights,
                    float *squares);
    void (*adam)(const struct update *u, size_t count, const float *gradient, float *weights,
                 float *mean, float *squares);
    void (*average)(size_t count, float keep, const float *weights, float *average);
    void (*add)(size_t count, const float *from, float *to);
};

extern const struct train_kernels train_kernels_vl4, train_kernels_vl8, train_kernels_vl16;

#endif
