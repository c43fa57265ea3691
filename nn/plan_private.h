/*
 * plan_private: the parts of a plan, made in three passes over the graph's nodes:
 *   plan_layout.c   where each node's output lies in memory, and which kernel convolves it
 *   plan_steps.c    one or more steps per node, weights packed for its kernel
 *   plan.c          runs the steps
 */
#ifndef PAWCAM_NN_PLAN_PRIVATE_H
#define PAWCAM_NN_PLAN_PRIVATE_H

#include "nn/arena.h"
#include "nn/choose.h"
#include "nn/graph.h"
#include "nn/int8_choose.h"
#include "nn/layout.h"
#include "nn/memory.h"
#include "nn/plan.h"

/* A value of height x width x channels in the arena, with zeros around it. */
struct tensor {
    struct size3 size;
    struct border border;
    int lanes; /* = channels: plain; else the kernels' */
    struct arena_buffer buffer;
};

/* What 8-bit arithmetic makes of a node (nn/int8_plan.h). All zero in a model that is not
 * quantized. */
struct int8_planned {
    bool runs;                 /* it reads bytes, and its weights are bytes */
    bool floats;               /* someone reads its output as floats: planned.out is used */
    bool bytes;                /* someone reads it as bytes: `out` is used */
    float scale, zero;         /* byte q stands for scale * (q - zero) */
    struct int8_choice choice; /* CONV2D, DENSE */
    struct tensor out;         /* buffer.count is in floats nevertheless */
};

/* What the plan decides about one node of the graph. */
struct planned {
    struct tensor out;
    struct tensor scratch; /* of Winograd, Reshape, a depth multiplier; used by this node only */
    struct conv_choice choice; /* CONV2D, and DENSE on a map */
    bool far;                  /* its weights: choose_is_far */
    struct plan_way way;       /* ways = 0: there is no choice */
    float *weights, *bias;     /* packed, the pool's; NULL where there are none */
    struct int8_planned int8;
    char text[64]; /* for plan_describe */
};

enum step_kind {
    STEP_CONV,
    STEP_WINOGRAD,
    STEP_DEPTHWISE,
    STEP_DENSE,
    STEP_POOL,
    STEP_ADD,
    STEP_ACTIVATE,
    STEP_COPY,
    STEP_CLEAR_BORDER,
    STEP_INT8
};

/* Bytes around a tensor that stand for zeros. */
struct int8_border {
    struct int8_view view;
    struct border border;
    int lanes, value, value_bytes;
};

/* A step on bytes: the function that is set runs its task. */
struct int8_step {
    void (*conv)(const struct int8_conv *conv);
    void (*winograd)(const struct int8_winograd *winograd);
    void (*depthwise)(const struct int8_depthwise *depthwise);
    void (*quantize)(const struct int8_quantize *quantize);
    void (*border)(const struct int8_border *border);
    union {
        struct int8_conv as_conv;
        struct int8_winograd as_winograd;
        struct int8_depthwise as_depthwise;
        struct int8_quantize as_quantize;
        struct int8_border as_border;
    };
};

struct step {
    enum step_kind kind;
    int node;                                  /* whose step it is */
    void (*run_conv)(const struct conv *conv); /* STEP_CONV */
    union {
        struct conv conv;
        struct winograd winograd;
        struct depthwise depthwise;
        struct dense dense;
        struct pool pool;
        struct add add;
        struct activate activate;
        struct transfer copy;
        struct {
            struct place place;
            struct border border;
        } clear;
        struct int8_step int8;
    };
};

/* How the caller's data becomes the first tensor. */
struct input {
    struct place place;
    bool reversed;              /* a tensor of B, G, R for a network on R, G, B */
    const float *scale, *shift; /* per channel of the model: folded Rescaling; NULL: none */
    float *pixel_scale,
        *pixel_offset; /* for a row of 8-bit pixels, in their order B, G, R; owned */
    float *row;        /* one converted row; owned */
};

struct plan {
    const struct model *model;
    const struct kernels *kernels;
    const struct int8_kernels *int8; /* NULL: the model is not quantized */
    struct int8_input *int8_input;   /* owned; NULL: the input is floats */
    const struct tuning *tuning;     /* NULL: none for these kernels */
    int place;                       /* of the ways to run a layer, see plan_create_guided */
    struct graph graph;
    struct planned *planned; /* one per node */
    struct step *steps;
    int step_count, step_capacity;
    int node; /* whose steps are being made */
    struct observer observer;
    struct input input;
    struct place output; /* where the last node leaves it */
    float *result;       /* plain copy of it */
    float *arena;
    struct memory_pool weights;
    size_t arena_count, weight_count; /* floats */
};

/* Fills in planned[].out, .scratch and .choice, and allocates the arena. */
bool plan_lay_out(struct plan *plan, struct error *error);

/* Fills in steps, weights, input and output. */
bool plan_make_steps(struct plan *plan, struct error *error);

/* A new step of this kind at the end; NULL: out of memory. */
struct step *plan_add_step(struct plan *plan, enum step_kind kind);

/* --- small questions that all passes ask ------------------------------------------------------ */

/* CONV2D, or a DENSE that acts on each pixel of a map: a 1x1 convolution. */
bool plan_is_conv(const struct node *node);

/* Do no other nodes than pointwise convolutions read this one's output? */
bool plan_feeds_pointwise(const struct plan *plan, int index);

/* Its window; 1x1 for DENSE. */
struct window plan_window(const struct node *node);

/* Output of a convolution before the folded pooling, without the odd row and column that it drops.
 */
struct size3 plan_conv_size(const struct node *node);

/* The zeros around its input that a convolution reads. */
struct border plan_border(const struct node *node);
void plan_widen(struct border *border, const struct border *needed);

/* A float tensor as the kernels see it. */
struct place plan_place(const struct plan *plan, const struct tensor *tensor);

/* Activations that convolutions, Dense and Add apply themselves. */
bool plan_can_fuse(enum activation kind);
struct fused plan_fused(const struct activation_params *activation);

#endif
