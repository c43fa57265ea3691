/*
 * model: a network as data. Layers in topological order, shapes inferred, weights in Keras's own
 * layouts; const and shared between threads once it is built. How it is run is the session's
 * business (nn/session.h), where it comes from the loader's (nn/keras/).
 *
 * Tensors have no batch axis here: rank 3 is (height, width, channels), rank 1 is (channels).
 */
#ifndef PAWCAM_NN_MODEL_H
#define PAWCAM_NN_MODEL_H

#include "common/error.h"
#include "nn/memory.h"

#include <stddef.h>

enum { SHAPE_RANK_MAX = 3 };

struct shape {
    int rank;                /* 1..3 */
    int dim[SHAPE_RANK_MAX]; /* rank 3: height, width, channels; the last is always channels */
};

/* Number of values; never overflows for shapes that model_add_layer accepted. */
size_t shape_count(const struct shape *shape);
int shape_channels(const struct shape *shape);

enum activation {
    ACTIVATION_LINEAR,
    ACTIVATION_RELU, /* min(max(x, 0) ... ) see struct activation_params */
    ACTIVATION_LEAKY_RELU,
    ACTIVATION_ELU,
    ACTIVATION_SIGMOID,
    ACTIVATION_HARD_SIGMOID, /* clip(0.2 x + 0.5, 0, 1), as Keras 2 */
    ACTIVATION_TANH,
    ACTIVATION_SOFTPLUS,
    ACTIVATION_SWISH,   /* x * sigmoid(x) */
    ACTIVATION_SOFTMAX, /* over the last axis */
    ACTIVATION_COUNT
};

struct activation_params {
    enum activation kind;
    float alpha;     /* slope below zero of leaky ReLU and ReLU, scale of ELU */
    float max_value; /* ReLU's cap (6 in MobileNet); INFINITY: none */
};

enum layer_op {
    LAYER_INPUT,
    LAYER_CONV2D,
    LAYER_DEPTHWISE_CONV2D,
    LAYER_DENSE,
    LAYER_BATCH_NORM,
    LAYER_ACTIVATION,
    LAYER_MAX_POOL2D,
    LAYER_AVERAGE_POOL2D,
    LAYER_GLOBAL_MAX_POOL2D,
    LAYER_GLOBAL_AVERAGE_POOL2D,
    LAYER_FLATTEN,
    LAYER_RESHAPE,
    LAYER_DROPOUT, /* the identity, at inference */
    LAYER_ADD,
    LAYER_CONCATENATE, /* along the last axis */
    LAYER_ZERO_PADDING2D,
    LAYER_RESCALING,
    LAYER_OP_COUNT
};

enum padding {
    PADDING_VALID,
    PADDING_SAME
}; /* SAME as TensorFlow: the odd pixel goes below/right */

/* Geometry of convolutions and poolings. Convolutions are cross-correlations, as everywhere in the
 * field. For LAYER_ZERO_PADDING2D only pad_* are used. */
struct window {
    int kernel_h, kernel_w;
    int stride_h, stride_w;
    int dilation_h, dilation_w;
    int pad_top, pad_bottom, pad_left, pad_right; /* worked out from `padding` by model_add_layer */
    enum padding padding;
};

/* Weights of a layer, float32, owned by the model, NULL where the layer has none:
 *   CONV2D            kernel [kernel_h][kernel_w][in][out], bias [out]
 *   DEPTHWISE_CONV2D  kernel [kernel_h][kernel_w][in][multiplier], bias [in * multiplier]
 *   DENSE             kernel [in][out], bias [out]; acts on the last axis
 *   BATCH_NORM        gamma, beta (either may be NULL), mean, variance [channels] */
struct layer {
    char *name;
    enum layer_op op;
    int input_count;
    int *inputs;                         /* indices of earlier layers, input_count of them */
    struct shape shape;                  /* of the output */
    struct activation_params activation; /* applied to the output; LINEAR where there is none */
    union {
        struct {
            struct window window;
            int filters;    /* CONV2D: output channels */
            int multiplier; /* DEPTHWISE_CONV2D: output channels per input channel */
        } conv;
        struct window pool; /* MAX_POOL2D, AVERAGE_POOL2D, ZERO_PADDING2D */
        struct {
            int units;
        } dense;
        struct {
            float epsilon;
            float momentum; /* of the moving averages; only the trainer uses it */
        } batch_norm;
        struct {
            float scale, offset;
        } rescaling;
        struct {
            float rate; /* share of values set to zero; only the trainer uses it */
        } dropout;
        struct {
            struct shape target;
        } reshape;
    };
    float range[2];         /* least and greatest value of the output that int8 must tell apart, by
                             * calibration (nn/int8_calibrate.h); equal: unknown, floats only */
    bool no_bias;           /* CONV2D, DEPTHWISE_CONV2D, DENSE: Keras's use_bias=False */
    bool no_gamma, no_beta; /* BATCH_NORM: Keras's scale=False, center=False */
    float *kernel;          /* in the model's pool */
    float *bias;
    float *gamma, *beta, *mean, *variance;
};

/* How an 8-bit picture becomes the network's input: x = pixel * scale[c] + offset[c], in the
 * model's channel order. Lives in the model so that trainer and daemon cannot drift apart. */
struct preprocessing {
    float scale[3], offset[3];
    bool bgr; /* channel order of the input; false: RGB (also for one grey channel) */
};

enum { MODEL_CLASSES_MAX = 65536 };

struct tuning;

struct model {
    char *name;
    int layer_count;
    struct layer *layers; /* layers[0] is the LAYER_INPUT; a later layer reads only earlier ones */
    struct memory_pool kernels;
    int output; /* index of the layer whose output is the model's; the last added, unless
                 * the builder sets another */
    struct preprocessing preprocessing;
    int class_count;    /* of the decision: a model with one sigmoid output has two; 0: the output
                         * is no list of scores (a map, or more than MODEL_CLASSES_MAX values) */
    char **class_names; /* class_count of them, owned */
    double threshold;   /* recommended, see model_threshold; 0: none given */
    struct tuning *tuning; /* the fastest kernels here (nn/tuning.h), owned; NULL: unknown */
};

/* Sizes beyond these are refused by name: 1 GiB in one tensor, 2 GiB of weights in all. They are
 * far above what a CPU runs on each frame, and keep all index arithmetic inside an int. */
enum { TENSOR_VALUES_MAX = 1 << 28, MODEL_WEIGHTS_MAX = 1 << 29, MODEL_LAYERS_MAX = 4096 };

/* An empty model of this input shape, with one LAYER_INPUT; preprocessing is pixel / 255, RGB.
 * NULL: out of memory or a bad shape. */
struct model *model_create(const char *name, const struct shape *input, struct error *error);

/* Appends a layer: copies name and inputs, works out padding and shape, allocates its weights
 * (zero; variance and gamma one). Fills in `layer` only what the caller chose: op, name, inputs,
 * activation and the op's own parameters; weights must be NULL. Returns the new layer, valid until
 * the next add, or NULL with the reason by name (bad geometry, shapes that do not fit, too large).
 */
struct layer *model_add_layer(struct model *model, const struct layer *layer, struct error *error);

/* To be called after the last layer and after the weights are filled in: checks that there is an
 * output and that every weight is finite (names the layer), and sets default class names. */
bool model_finish(struct model *model, struct error *error);

/* Replaces the class names; `count` must fit the output (1 output: 2 names). Each is different from
 * the others, not empty, and UTF-8 without control characters. Copies. */
bool model_set_classes(struct model *model, const char *const *names, int count,
                       struct error *error);

/* Is each of these class_count scores a finite number? Weights can be so large that a network's
 * sums are not, though each weight is. The error names the class. */
bool model_check_scores(const struct model *model, const float *scores, struct error *error);

/* What the best score must reach to be the decision; below it the answer is "unknown". The model's
 * own recommendation, else MODEL_THRESHOLD_DEFAULT: two classes that get 0.5 each say nothing. */
#define MODEL_THRESHOLD_DEFAULT 0.6
double model_threshold(const struct model *model);

/* Frees the weights of convolutions and Dense, which are nearly all, of a model that is not needed
 * but by sessions that hold their own (session_holds_weights). It cannot be run, saved or trained
 * any more; all else can still be asked. */
void model_drop_kernels(struct model *model);

/* NULL is allowed. */
void model_destroy(struct model *model);

/* Are its scores shares of one, from softmax or a single sigmoid? Several sigmoids are each about
 * their own class. */
bool model_gives_shares(const struct model *model);

/* Does it take a picture, height x width x 1 or 3? */
bool model_takes_picture(const struct model *model);

/* Does it scale the pixels itself, a Rescaling layer being the first that changes them? */
bool model_rescales(const struct model *model);

const struct shape *model_input_shape(const struct model *model);
const struct shape *model_output_shape(const struct model *model);
const char *layer_op_name(enum layer_op op);       /* Keras's class name: "Conv2D" */
const char *activation_name(enum activation kind); /* Keras's name: "relu" */

#endif
