/*
 * fast: the training engine on blocked kernels. Every worker of the team takes its share of the
 * batch, in chunks, through the whole network: forward, loss, backward. Only BatchNormalization
 * makes the workers meet, for its statistics are the whole batch's; and layers with so many weights
 * that each worker's going through all of them would cost more than the meeting: there the workers
 * divide the weights, and each takes all pictures. Each worker has its own sum of the other
 * gradients; at the end they are added in the workers' order.
 *
 *   fast_layout.c     where values and gradients lie, which layers need one
 *   fast_fuse.c       which layers' work a convolution does on its way out
 *   fast_conv.c       convolutions: choice of kernel, weights packed for it, both directions
 *   fast_segments.c   which layers a few pictures go through together
 *   fast_forward.c    one layer forward over a chunk
 *   fast_backward.c   one layer backward over a chunk
 *   fast_norm.c       BatchNormalization, which is both
 *   fast_engine.c     the whole step
 */
#ifndef PAWCAM_NN_TRAIN_FAST_H
#define PAWCAM_NN_TRAIN_FAST_H

#include "nn/graph.h"
#include "nn/layout.h"
#include "nn/memory.h"
#include "nn/train/engine.h"
#include "nn/train/kernels_train.h"

static inline int fast_larger(int a, int b)
{
    return a > b ? a : b;
}

static inline int fast_smaller(int a, int b)
{
    return a < b ? a : b;
}

/* Values of one layer; a slot holds one picture. Zeros around each picture. */
struct fast_tensor {
    struct size3 size;
    struct border border;
    int lanes; /* the kernels', or the channels of a plain tensor */
    ptrdiff_t row, block;
    size_t count, origin; /* floats per slot; from its begin to pixel (0, 0) */
    int turns;     /* slots per worker in which pictures take turns, as many as go through a segment
                      together; 0: each picture of a chunk has a slot of its own */
    float *data;   /* in the pool; NULL: not allocated */
    bool borrowed; /* data is another layer's too */
};

/* Pixels first, first + step ... along an axis. */
struct walk {
    int first, step;
};

/* A convolution as one kernel runs it, forward or one phase of backward. */
struct fast_conv {
    const struct fast_tensor *in, *out;
    int *taps; /* of the layer's kernel, in order; owned */
    int tap_count;
    struct conv conv; /* all but data, weights, bias and activation */

    /* direct */
    const struct conv_kernel *kernel;
    void (*run)(const struct conv *conv);
    ptrdiff_t in_offset; /* floats from pixel (0, 0) to the first tap of output (0, 0) */
    int groups;          /* of output vectors */
    float *packed;       /* weights in the kernel's order */

    /* by Winograd, forward or all phases of backward together */
    struct batch_winograd winograd; /* block 0: direct; all but images, weights and the way out */
    struct size3 tiled; /* outputs of a picture that the tiles cover: all, or those of a phase */
    struct walk in_rows, in_columns, out_rows, out_columns; /* of `in` and `out` */
};

/* Gradient by the input: one convolution for each phase of the stride (Dumoulin and Visin, "A guide
 * to convolution arithmetic for deep learning", arXiv:1603.07285, 4.6). */
struct fast_conv_back {
    struct fast_conv *phases;  /* [stride_h][stride_w], owned; one without taps yields zeros */
    struct fast_tensor result; /* of one phase of a stride: one slot per worker */
    int stride_h, stride_w;    /* 1 where Winograd takes all phases together */
    float *transposed;         /* weights [tap][out][in pitch]; NULL: Winograd turns them itself */
    int pitch;                 /* of in */
};

/* BatchNormalization's statistics; every worker has its own, so that none waits for another's sums.
 */
struct fast_norm {
    double *mean, *squares;  /* of this worker's pictures, by channel */
    double count;            /* values per channel that they are of */
    double *sums, *products; /* of backward */
    float *picture_mean, *picture_squares;
    float *batch_mean, *batch_scale; /* of the whole batch; scale = 1 / deviation */
    float *scale, *shift;            /* y = x scale + shift */
    float *a, *b, *c;                /* dx = dy a + x b + c */
};

struct fast_node {
    const struct layer *layer;
    struct activation_params activation; /* LINEAR where the loss or another layer takes it over */
    int home;          /* whose value and gradient this layer shares; its own index if none's */
    int uses;          /* layers that read it */
    bool runs;         /* needed for the output and not shared */
    bool learns;       /* it or something before it is trained: it needs a gradient */
    bool frozen;       /* BATCH_NORM with trainable=False: as at inference */
    bool shared;       /* the workers divide its weights, not the pictures */
    bool keeps_before; /* its activation's slope needs what went into the activation */
    bool pooled;       /* a max pooling alone reads it, and undoes its activation (backward) */
    int parts;         /* that its gradient is the sum of */
    bool *adds;        /* by input: the input's gradient has a part already, and this one goes
                          through `part`; owned */
    /* Done by a convolution on the way out, so that nobody reads and writes all of it once more: */
    const struct fast_node *sum; /* of a convolution: the ADD behind it, in whose value it writes */
    const struct fast_node *term; /* what that ADD adds */
    bool summed;                  /* of the ADD */
    bool undone;    /* its activation, a relu, by the convolution that reads it, backward */
    bool completes; /* a convolution: adds its part of its input's gradient to the one there */
    const struct fast_node *rest; /* an ADD that passes its gradient on to this node: the other
                                     reader, a convolution, adds it to its own */
    struct fast_tensor value, before, gradient;
    struct fast_tensor chosen;   /* MAX_POOL2D of 2x2: integers (struct pool_choice) */
    struct fast_tensor part;     /* a gradient on its way to be added to `gradient` */
    struct fast_tensor repeated; /* DEPTHWISE_CONV2D with a multiplier: its input, and */
    struct fast_tensor repeated_gradient;
    const struct parameter_array *kernel, *bias, *gamma, *beta, *mean, *variance;
    struct fast_conv conv;
    struct fast_conv_back back;
    float *packed;           /* DEPTHWISE_CONV2D, RESCALING: [block][tap][lanes], then a shift */
    struct fast_norm *norms; /* BATCH_NORM: one per worker, owned */
};

/* Consecutive layers that a few pictures go through before the next few do, so that what a layer
 * writes is still in the cache when the next one reads it. A segment wants more of them than the
 * one before, which is nested in it: its pictures go through that one first, fewer at a time, and
 * backward right after it. A BatchNormalization begins one in which nothing is nested: all pictures
 * are measured at the end of the segment before, forward, and of its own, backward. */
struct fast_segment {
    int first, end; /* layers */
    int pictures;   /* that go together; all of a chunk where a layer is shared: the workers meet in
                       it, and must do so equally often, and each reads all workers' pictures */
    bool nests;     /* the segment before */
};

struct fast {
    struct train_setup setup;
    const struct train_kernels *kernels;
    int lanes, workers;
    int slots;    /* per worker: the largest chunk */
    bool meets;   /* there is a BatchNormalization: a chunk is a worker's whole share */
    bool whole;   /* a chunk is that; pictures of the batch are in the slots of their numbers */
    bool *shared; /* by array of the parameters: its gradient is in the result only */
    struct memory_pool memory; /* all arrays of floats */
    struct fast_node *nodes;
    int count; /* layers up to the output */
    struct fast_segment *segments;
    int segment_count;
    size_t scratch_count;
    float **scratch;   /* per worker */
    float **gradients; /* per worker but the first, which works on the result */
    float *zeros;      /* as long as the longest bias */
    float *plain;      /* per worker: output values, then */
    double *exact;     /* per worker: the same and their gradient, in double */
};

/* Some pictures of a worker, on their way through the network; also the part of them that is in a
 * segment. */
struct chunk {
    const struct fast *fast;
    const float *x; /* the whole batch, a picture behind the other, channels last */
    const float *weights;
    float *gradient; /* the worker's */
    float *result;   /* of all workers: the gradients of shared layers */
    int worker;
    int base;  /* the worker's first slot */
    int slot;  /* of the first picture */
    int first; /* its number in the batch */
    int count;
    int batch; /* pictures in the whole batch */
    uint64_t step;
    bool training;
};

/* --- fast_layout.c ---------------------------------------------------------------------------- */

/* Shapes and borders of all values and gradients. */
bool fast_lay_out(struct fast *fast, struct error *error);

/* Their memory, once the segments are planned. False: there is not enough. */
bool fast_allocate(struct fast *fast);

/* --- fast_fuse.c: what convolutions do for their neighbours ----------------------------------- */

/* Before values are placed: sum, term, summed. */
void fast_fuse_forward(struct fast *fast);

/* Once the parts of all gradients are counted: undone, rest, completes. */
void fast_fuse_backward(struct fast *fast);

/* The one layer that reads the node's value; NULL: none or several. */
struct fast_node *fast_only_reader(const struct fast *fast, const struct fast_node *node);

void fast_tensor_init(struct fast_tensor *tensor, struct size3 size, int lanes,
                      const struct border *border);
bool fast_tensor_allocate(struct fast *fast, struct fast_tensor *tensor);
int fast_blocks(const struct fast_tensor *tensor);

/* A picture of the chunk, counted from its first one. */
struct view fast_view(const struct chunk *chunk, const struct fast_tensor *tensor, int picture);
struct place fast_place(const struct chunk *chunk, const struct fast_tensor *tensor, int picture);

/* The strides of each picture; without data. */
struct view fast_strides(const struct fast_tensor *tensor);

/* The node whose tensors hold the output of input k. */
struct fast_node *fast_input(const struct fast *fast, const struct fast_node *node, int k);

/* CONV2D, or a DENSE that acts on each pixel of a map. */
bool fast_is_conv(const struct fast_node *node);
struct window fast_window(const struct fast_node *node);

/* Zeros that a gradient needs around it for the convolution that makes it: `size` x `out` pixels.
 */
struct border fast_back_border(const struct window *window, struct size3 in, struct size3 out);

/* Where a node's gradient by input k goes: the gradient itself or the part to be added. NULL:
 * nobody wants it. */
const struct fast_tensor *fast_gradient_target(const struct fast *fast,
                                               const struct fast_node *node, int k);

/* What of a layer the worker does: its own pictures with all `parts` of the weights, or, of a
 * shared layer, all pictures with its part of them. Before and after that a shared layer's workers
 * meet. */
struct fast_work {
    struct chunk chunk; /* these pictures, and where the gradient belongs */
    int first, end;     /* parts */
};
struct fast_work fast_work(const struct chunk *chunk, const struct fast_node *node, int parts);
void fast_meet(const struct chunk *chunk, const struct fast_node *node);

/* --- fast_conv.c ------------------------------------------------------------------------------ */

bool fast_conv_plan(struct fast *fast, struct fast_node *node, struct error *error);

/* The gradient by its input comes from Winograd's kernel. */
bool fast_conv_back_by_winograd(const struct fast *fast, const struct fast_node *node);

/* And its tiles write each value once, so that it may add to what is there. */
bool fast_conv_back_once(const struct fast *fast, const struct fast_node *node);

/* So many pictures shall go through it together, at least. */
int fast_conv_pictures(const struct fast_node *node);

/* The gradient by its bias comes with that by its weights. */
bool fast_conv_sums_bias(const struct fast_node *node);
void fast_conv_finish(struct fast_node *node);

/* The worker's share of the weights, transposed; then, when all have done that, packed. */
void fast_conv_transpose(const struct chunk *chunk, const struct fast_node *node);
void fast_conv_pack(const struct chunk *chunk, const struct fast_node *node);

void fast_conv_forward(const struct chunk *chunk, const struct fast_node *node);
void fast_conv_backward(const struct chunk *chunk, const struct fast_node *node);

/* --- fast_segments.c -------------------------------------------------------------------------- */

/* Behind fast_conv_plan of all layers: sets fast->segments. False: no memory. */
bool fast_plan_segments(struct fast *fast);

/* --- layers ----------------------------------------------------------------------------------- */

void fast_forward(const struct chunk *chunk, int layer);
void fast_backward(const struct chunk *chunk, int layer);

/* Of a BatchNormalization: all that comes before fast_norm_unite_back. */
void fast_measure_back(const struct chunk *part, int layer);

/* --- fast_norm.c ------------------------------------------------------------------------------ */

bool fast_is_norm(const struct fast_node *node); /* that runs */
bool fast_norm_plan(struct fast *fast, struct fast_node *node, struct error *error);
void fast_norm_finish(const struct fast *fast, struct fast_node *node);

/* In this order: begin; measure each part of the worker's pictures; unite, for which the workers
 * meet where the batch's statistics are used; forward with each part. Backward, after that:
 * fast_measure_back with each part, unite, backward with each part. */
void fast_norm_begin(const struct chunk *chunk, const struct fast_node *node);
void fast_norm_measure(const struct chunk *part, const struct fast_node *node);
void fast_norm_unite(const struct chunk *chunk, const struct fast_node *node);
void fast_norm_forward(const struct chunk *part, const struct fast_node *node);
void fast_norm_measure_back(const struct chunk *part, const struct fast_node *node);
void fast_norm_unite_back(const struct chunk *chunk, const struct fast_node *node);
void fast_norm_backward(const struct chunk *part, const struct fast_node *node);

/* Its backward undoes its activation too, a relu. */
bool fast_norm_rectifies(const struct fast_node *node);

/* Geometry of the four poolings. */
bool fast_is_max_pool(const struct fast_node *node);
struct window fast_pool_window(const struct fast_node *node, struct size3 in);
bool fast_pools_average(const struct fast_node *node);

/* It remembers where its maxima were, for backward: struct pool_choice. */
bool fast_pool_chooses(const struct fast_node *node);

/* The tensor's shape over contiguous values [height][width][channels]. */
struct place fast_flat(const struct fast_tensor *tensor, float *values);

/* RELU and LEAKY_RELU are done on the way out of most kernels. */
bool fast_is_fused(const struct fast_node *node);
bool fast_is_plain_relu(const struct fast_node *node); /* without slope or cap */
struct fused fast_fused(const struct fast_node *node);

/* out[i] = in[i] scale + shift by channel. */
void fast_scale(const struct chunk *chunk, const struct fast_tensor *in,
                const struct fast_tensor *out, const float *scale, const float *shift,
                struct fused fused);

#endif
