/* What a convolution does for its neighbours while it writes its result: each of these would
 * otherwise read and write a whole layer once more. */
#include "nn/train/fast.h"

/* How many of the reader's inputs are the node's value. */
static int times_read(const struct fast *fast, const struct fast_node *reader,
                      const struct fast_node *node)
{
    int times = 0;
    for (int k = 0; reader->runs && k < reader->layer->input_count; k++)
        times += fast_input(fast, reader, k) == node;
    return times;
}

struct fast_node *fast_only_reader(const struct fast *fast, const struct fast_node *node)
{
    struct fast_node *last = NULL;
    int times = 0;
    for (int i = 1; i < fast->count; i++)
        if (times_read(fast, &fast->nodes[i], node) > 0) {
            last = &fast->nodes[i];
            times += times_read(fast, last, node);
        }
    return times == 1 ? last : NULL;
}

/* An Add of two: the later of its inputs is added to the other where it comes to be. */
static void fuse_add(const struct fast *fast, struct fast_node *add)
{
    if (!add->runs || add->layer->op != LAYER_ADD || add->layer->input_count != 2 ||
        !fast_is_fused(add) || add->keeps_before)
        return;
    struct fast_node *a = fast_input(fast, add, 0), *b = fast_input(fast, add, 1);
    struct fast_node *later = a > b ? a : b;
    if (!fast_is_conv(later) || later->activation.kind != ACTIVATION_LINEAR ||
        fast_only_reader(fast, later) != add)
        return;
    later->sum = add;
    later->term = later == a ? b : a;
    add->summed = true;
}

void fast_fuse_forward(struct fast *fast)
{
    for (int i = 1; i < fast->count; i++)
        fuse_add(fast, &fast->nodes[i]);
}

/* The Add among the two layers that read the node. */
static const struct fast_node *adding_reader(const struct fast *fast, const struct fast_node *node)
{
    for (int i = 1; i < fast->count; i++)
        if (fast->nodes[i].layer->op == LAYER_ADD && times_read(fast, &fast->nodes[i], node) > 0)
            return &fast->nodes[i];
    return NULL;
}

/* The convolution whose part of its input's gradient is the last completes it. */
static void fuse_gradient(const struct fast *fast, struct fast_node *conv)
{
    if (!conv->runs || !fast_is_conv(conv) || !fast_input(fast, conv, 0)->learns ||
        !fast_conv_back_by_winograd(fast, conv))
        return;
    struct fast_node *input = fast_input(fast, conv, 0);
    const bool is_second = input->parts == 2 && conv->adds[0];
    if (is_second)
        input->rest = adding_reader(fast, input);
    conv->completes = is_second && !input->rest && fast_conv_back_once(fast, conv);
    if (input->rest || conv->completes)
        conv->adds[0] = false;
    else if (input->parts != 1)
        return;
    input->undone = fast_is_plain_relu(input) && !fast_norm_rectifies(input);
}

void fast_fuse_backward(struct fast *fast)
{
    for (int i = 1; i < fast->count; i++)
        fuse_gradient(fast, &fast->nodes[i]);
}
