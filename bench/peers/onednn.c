/* oneDNN 2.6 (C API) on the graph that our own engine runs, so that it gets the same fusions:
 * bias, ReLU and residual addition as post-operations, weights and layouts of its own choice. */
#include "bench/peers/peers.h"
#include "nn/graph.h"
#include "nn/keras/keras.h"

#include <math.h>
#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 256, ARGUMENTS_MAX = 4, CLASSES_MAX = 16 };

struct step {
    dnnl_primitive_t primitive;
    int count;
    dnnl_exec_arg_t arguments[ARGUMENTS_MAX];
};

/* Memory is given back by the end of the program; a benchmark runs once. */
struct onednn {
    struct model *model;
    struct graph graph;
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_memory_t *outputs; /* of each node */
    struct step steps[STEPS_MAX];
    int step_count;
    float scores[CLASSES_MAX];
    const char *failed; /* the first call that failed */
};

#define CHECK(d, call)                                                                             \
    do {                                                                                           \
        if (!(d)->failed && (call) != dnnl_success)                                                \
            (d)->failed = #call;                                                                   \
    } while (0)

/* --- memory ----------------------------------------------------------------------------------- */

static dnnl_memory_t memory(struct onednn *d, const dnnl_memory_desc_t *desc, void *data)
{
    dnnl_memory_t result = NULL;
    CHECK(d, dnnl_memory_create(&result, desc, d->engine, data));
    return result;
}

static const dnnl_memory_desc_t *desc_of(struct onednn *d, dnnl_memory_t m)
{
    const dnnl_memory_desc_t *desc = NULL;
    CHECK(d, dnnl_memory_get_memory_desc(m, &desc));
    return desc;
}

static dnnl_memory_desc_t describe(struct onednn *d, int rank, const dnnl_dims_t dims,
                                   dnnl_format_tag_t tag)
{
    dnnl_memory_desc_t desc = {0};
    CHECK(d, dnnl_memory_desc_init_by_tag(&desc, rank, dims, dnnl_f32, tag));
    return desc;
}

static struct step *add_step(struct onednn *d, dnnl_primitive_desc_t primitive, int count)
{
    static struct step spare;
    struct step *step = d->step_count < STEPS_MAX ? &d->steps[d->step_count++] : &spare;
    CHECK(d, dnnl_primitive_create(&step->primitive, primitive));
    step->count = count;
    return step;
}

static void add_reorder(struct onednn *d, dnnl_memory_t from, dnnl_memory_t to)
{
    dnnl_primitive_desc_t reorder;
    CHECK(d, dnnl_reorder_primitive_desc_create(&reorder, desc_of(d, from), d->engine,
                                                desc_of(d, to), d->engine, NULL));
    struct step *step = add_step(d, reorder, 2);
    step->arguments[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, from};
    step->arguments[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, to};
}

/* `m` in the layout that a primitive wants; weights are reordered once, values in every run. */
static dnnl_memory_t in_layout(struct onednn *d, dnnl_memory_t m, const dnnl_memory_desc_t *wanted,
                               bool once)
{
    if (dnnl_memory_desc_equal(desc_of(d, m), wanted))
        return m;
    dnnl_memory_t result = memory(d, wanted, DNNL_MEMORY_ALLOCATE);
    add_reorder(d, m, result);
    if (once && !d->failed) {
        const struct step *step = &d->steps[--d->step_count];
        CHECK(d, dnnl_primitive_execute(step->primitive, d->stream, step->count, step->arguments));
        CHECK(d, dnnl_stream_wait(d->stream));
    }
    return result;
}

/* --- layers ----------------------------------------------------------------------------------- */

static dnnl_primitive_attr_t post_operations(struct onednn *d, const struct node *node)
{
    dnnl_primitive_attr_t attributes = NULL;
    dnnl_post_ops_t operations = NULL;
    CHECK(d, dnnl_primitive_attr_create(&attributes));
    CHECK(d, dnnl_post_ops_create(&operations));
    if (node->residual >= 0)
        CHECK(d, dnnl_post_ops_append_sum(operations, 1));
    if (node->activation.kind == ACTIVATION_RELU)
        CHECK(d, dnnl_post_ops_append_eltwise(operations, 1, dnnl_eltwise_relu, 0, 0));
    CHECK(d, dnnl_primitive_attr_set_post_ops(attributes, operations));
    return attributes;
}

/* Adds a primitive with weights; the result of a sum goes into the memory of the value added, which
 * nobody reads afterwards in these networks. */
static dnnl_memory_t add_weighted(struct onednn *d, const struct node *node,
                                  dnnl_primitive_desc_t primitive, dnnl_memory_t in,
                                  const dnnl_memory_desc_t *kernel_desc,
                                  const dnnl_memory_desc_t *bias_desc)
{
    if (d->failed)
        return NULL;
    const dnnl_memory_desc_t *in_desc =
        dnnl_primitive_desc_query_md(primitive, dnnl_query_src_md, 0);
    const dnnl_memory_desc_t *weights_desc =
        dnnl_primitive_desc_query_md(primitive, dnnl_query_weights_md, 0);
    const dnnl_memory_desc_t *out_desc =
        dnnl_primitive_desc_query_md(primitive, dnnl_query_dst_md, 0);
    dnnl_memory_t kernel = memory(d, kernel_desc, node->layer->kernel);
    dnnl_memory_t out = node->residual >= 0 ? d->outputs[node->residual]
                                            : memory(d, out_desc, DNNL_MEMORY_ALLOCATE);
    const dnnl_exec_arg_t arguments[] = {
        {DNNL_ARG_SRC, in_layout(d, in, in_desc, false)},
        {DNNL_ARG_WEIGHTS, in_layout(d, kernel, weights_desc, true)},
        {DNNL_ARG_BIAS, memory(d, bias_desc, node->layer->bias)},
        {DNNL_ARG_DST, out},
    };
    memcpy(add_step(d, primitive, 4)->arguments, arguments, sizeof arguments);
    return out;
}

static dnnl_memory_t add_conv(struct onednn *d, const struct node *node, dnnl_memory_t in)
{
    const struct window *w = &node->layer->conv.window;
    const bool depthwise = node->layer->op == LAYER_DEPTHWISE_CONV2D;
    const int factor = node->pool ? 2 : 1, channels = node->in.channels, out = node->out.channels;
    const dnnl_dims_t in_dims = {1, channels, node->in.height, node->in.width};
    const dnnl_dims_t out_dims = {1, out, node->out.height * factor, node->out.width * factor};
    const dnnl_dims_t kernel_dims = {out, channels, w->kernel_h, w->kernel_w};
    const dnnl_dims_t grouped_dims = {channels, 1, 1, w->kernel_h, w->kernel_w};
    const dnnl_dims_t strides = {w->stride_h, w->stride_w}, dilation = {0, 0}, bias_dims = {out};
    const dnnl_dims_t before = {node->pad_top, node->pad_left};
    const dnnl_dims_t after = {node->pad_bottom, node->pad_right};
    const dnnl_dim_t *dims = depthwise ? grouped_dims : kernel_dims;
    const int rank = depthwise ? 5 : 4;
    const dnnl_memory_desc_t kernel = describe(d, rank, dims, depthwise ? dnnl_hwigo : dnnl_hwio);
    const dnnl_memory_desc_t any = describe(d, rank, dims, dnnl_format_tag_any);
    const dnnl_memory_desc_t bias = describe(d, 1, bias_dims, dnnl_a);
    const dnnl_memory_desc_t source =
        node->inputs[0] == 0 ? *desc_of(d, in) : describe(d, 4, in_dims, dnnl_format_tag_any);
    const dnnl_memory_desc_t target = node->residual >= 0
                                          ? *desc_of(d, d->outputs[node->residual])
                                          : describe(d, 4, out_dims, dnnl_format_tag_any);
    dnnl_convolution_desc_t desc;
    dnnl_primitive_desc_t primitive = NULL;
    CHECK(d, dnnl_dilated_convolution_forward_desc_init(&desc, dnnl_forward_inference,
                                                        dnnl_convolution_auto, &source, &any, &bias,
                                                        &target, strides, dilation, before, after));
    CHECK(d,
          dnnl_primitive_desc_create(&primitive, &desc, post_operations(d, node), d->engine, NULL));
    return add_weighted(d, node, primitive, in, &kernel, &bias);
}

static dnnl_memory_t add_dense(struct onednn *d, const struct node *node, dnnl_memory_t in)
{
    const struct size3 size = node->in;
    const int units = node->out.channels, rank = desc_of(d, in)->ndims;
    const dnnl_dims_t in_dims = {1, size.channels, size.height, size.width}, bias_dims = {units};
    const dnnl_dims_t kernel_dims = {units, size.channels, size.height, size.width};
    const dnnl_dims_t out_dims = {1, units};
    const dnnl_memory_desc_t source = describe(d, rank, in_dims, dnnl_format_tag_any);
    const dnnl_memory_desc_t any = describe(d, rank, kernel_dims, dnnl_format_tag_any);
    const dnnl_memory_desc_t kernel =
        describe(d, rank, kernel_dims, rank == 4 ? dnnl_hwio : dnnl_ba);
    const dnnl_memory_desc_t bias = describe(d, 1, bias_dims, dnnl_a);
    const dnnl_memory_desc_t target = describe(d, 2, out_dims, dnnl_ab);
    dnnl_inner_product_desc_t desc;
    dnnl_primitive_desc_t primitive = NULL;
    CHECK(d, dnnl_inner_product_forward_desc_init(&desc, dnnl_forward_inference, &source, &any,
                                                  &bias, &target));
    CHECK(d,
          dnnl_primitive_desc_create(&primitive, &desc, post_operations(d, node), d->engine, NULL));
    return add_weighted(d, node, primitive, in, &kernel, &bias);
}

/* Non-overlapping windows of kernel_h x kernel_w. */
static dnnl_memory_t add_pool(struct onednn *d, dnnl_memory_t in, int kernel_h, int kernel_w,
                              dnnl_alg_kind_t kind)
{
    const dnnl_memory_desc_t *source = desc_of(d, in);
    const dnnl_dims_t kernel = {kernel_h, kernel_w}, zero = {0, 0};
    const dnnl_dims_t dims = {1, source->dims[1], source->dims[2] / kernel_h,
                              source->dims[3] / kernel_w};
    const dnnl_memory_desc_t target = describe(d, 4, dims, dnnl_format_tag_any);
    dnnl_pooling_desc_t desc;
    dnnl_primitive_desc_t primitive = NULL;
    CHECK(d, dnnl_pooling_forward_desc_init(&desc, dnnl_forward_inference, kind, source, &target,
                                            kernel, kernel, zero, zero));
    CHECK(d, dnnl_primitive_desc_create(&primitive, &desc, NULL, d->engine, NULL));
    if (d->failed)
        return NULL;
    dnnl_memory_t out = memory(d, dnnl_primitive_desc_query_md(primitive, dnnl_query_dst_md, 0),
                               DNNL_MEMORY_ALLOCATE);
    struct step *step = add_step(d, primitive, 2);
    step->arguments[0] = (dnnl_exec_arg_t){DNNL_ARG_SRC, in};
    step->arguments[1] = (dnnl_exec_arg_t){DNNL_ARG_DST, out};
    return out;
}

static dnnl_memory_t add_node(struct onednn *d, const struct node *node)
{
    dnnl_memory_t in = d->outputs[node->inputs[0]], out = NULL;
    switch (node->layer->op) {
    case LAYER_CONV2D:
    case LAYER_DEPTHWISE_CONV2D:
        out = add_conv(d, node, in);
        return node->pool && !d->failed ? add_pool(d, out, 2, 2, dnnl_pooling_max) : out;
    case LAYER_DENSE:
        return add_dense(d, node, in);
    case LAYER_GLOBAL_AVERAGE_POOL2D:
        return add_pool(d, in, node->in.height, node->in.width, dnnl_pooling_avg_exclude_padding);
    default:
        d->failed = "a layer that this peer does not know";
        return NULL;
    }
}

/* --- the peer --------------------------------------------------------------------------------- */

static void build(struct onednn *d, const struct peer_net *net)
{
    const dnnl_dims_t dims = {1, 3, net->height, net->width};
    CHECK(d, dnnl_engine_create(&d->engine, dnnl_cpu, 0));
    CHECK(d, dnnl_stream_create(&d->stream, d->engine, 0));
    const dnnl_memory_desc_t given = describe(d, 4, dims, dnnl_nhwc);
    const dnnl_memory_desc_t planes =
        describe(d, 4, dims, dnnl_nchw); /* its fastest for 3 channels */
    d->outputs[0] = in_layout(d, memory(d, &given, (void *)net->input), &planes, true);
    for (int i = 1; i < d->graph.count && !d->failed; i++)
        if (d->graph.nodes[i].runs)
            d->outputs[i] = add_node(d, &d->graph.nodes[i]);
}

static void *open_net(const struct peer_net *net, struct error *error)
{
    struct onednn *d = calloc(1, sizeof *d);
    if (!d || !(d->model = keras_load(net->h5, error)) || !graph_init(&d->graph, d->model, error) ||
        !(d->outputs = calloc((size_t)d->graph.count, sizeof(dnnl_memory_t))))
        return NULL;
    build(d, net);
    if (!d->failed)
        return d;
    error_set(error, "oneDNN: %s failed", d->failed);
    return NULL;
}

/* The last layer's softmax, for which a primitive would be out of proportion. */
static void soften(struct onednn *d)
{
    const int output = d->graph.nodes[d->model->output].node;
    void *logits = NULL;
    float sum = 0;
    CHECK(d, dnnl_memory_get_data_handle(d->outputs[output], &logits));
    for (int i = 0; i < d->model->class_count && i < CLASSES_MAX; i++)
        sum += d->scores[i] = expf(((const float *)logits)[i]);
    for (int i = 0; i < CLASSES_MAX; i++)
        d->scores[i] /= sum;
}

static bool run(void *self, double *ms, struct error *error)
{
    struct onednn *d = self;
    const double start_ms = peer_cpu_ms();
    for (int i = 0; i < d->step_count; i++)
        CHECK(d, dnnl_primitive_execute(d->steps[i].primitive, d->stream, d->steps[i].count,
                                        d->steps[i].arguments));
    CHECK(d, dnnl_stream_wait(d->stream));
    soften(d);
    *ms = peer_cpu_ms() - start_ms;
    return !d->failed || error_set(error, "oneDNN: %s failed", d->failed);
}

static const float *output(void *self)
{
    return ((struct onednn *)self)->scores;
}

static void close_net(void *self)
{
    struct onednn *d = self;
    if (!d)
        return;
    graph_finish(&d->graph);
    model_destroy(d->model);
    free(d->outputs);
    free(d);
}

const struct peer_kind peer_onednn = {"oneDNN", open_net, run, output, close_net};
