/*
 * graph: a model as the fast engine sees it. Layers that need no pass over the data of their own
 * are folded into the layer before (or, for padding and flattening, behind) them:
 *
 * - Dropout, linear Activation and a Reshape that moves nothing vanish.
 * - BatchNormalization and Rescaling become scale and shift of the layer, or of the input, before.
 * - Activation is done on the way out of the layer before.
 * - Add, and MaxPooling2D of 2x2, are done on the way out of a convolution.
 * - ZeroPadding2D becomes padding of the convolution behind it.
 * - Flatten becomes an order of the weights of the Dense behind it.
 * - What the model's output does not depend on is left out.
 *
 * Every value is seen as height x width x channels; vectors are 1 x 1 x channels.
 */
#ifndef PAWCAM_NN_GRAPH_H
#define PAWCAM_NN_GRAPH_H

#include "nn/model.h"

struct size3 {
    int height, width, channels;
};

/* What is left of a layer: one pass over the data, or nothing. */
struct node {
    const struct layer *layer;
    int node;    /* index of the node that yields this layer's output; its own if it runs */
    bool runs;   /* false: folded into `node` or the layers behind it, or nobody's business */
    int uses;    /* layers that read this one's output and run, and the model if it is its output */
    int *inputs; /* nodes that it reads; layer->input_count of them */
    int residual;      /* node whose output is added before the activation; -1: none */
    bool pool;         /* 2x2 max-pooling after the activation */
    bool reads_vector; /* inputs[0] of the layer has rank 1 */
    bool flattens;     /* DENSE: reads all pixels of its input as one vector */
    int pad_top, pad_left, pad_bottom, pad_right; /* CONV2D, DEPTHWISE_CONV2D */
    struct size3 in;                              /* of inputs[0] */
    struct size3 out;                             /* after all that is folded in */
    struct activation_params activation;
    float *scale, *shift; /* per output channel, owned; NULL: 1 and 0 */
};

struct graph {
    const struct model *model; /* must outlive it */
    struct node *nodes;        /* one per layer, in the model's order */
    int count;
    int *inputs; /* storage of all nodes' inputs */
};

bool graph_init(struct graph *graph, const struct model *model, struct error *error);
void graph_finish(struct graph *graph);

struct size3 graph_size(const struct shape *shape);

#endif
