/* Which layers a few pictures go through together. A picture's values at the beginning of a network
 * are larger than the caches: layer by layer over a whole batch, each layer would wait for main
 * memory to give back what the one before it has just written. Picture by picture through the whole
 * network, each would fetch all weights again. So pictures go through consecutive layers few at a
 * time, and more of them where the maps become small and the weights many. */
#include "nn/train/fast.h"

#include <stdlib.h>

/* That a layer wants together; 0: it does not mind. */
static int wanted(const struct fast *fast, const struct fast_node *node)
{
    if (!node->runs || !node->kernel || node->layer->op == LAYER_DEPTHWISE_CONV2D)
        return 0;
    if (node->shared) /* all: see struct fast_segment */
        return fast->slots;
    if (!fast_is_conv(node)) /* all: a Dense layer has more weights than values */
        return fast->slots;
    return fast_conv_pictures(node);
}

/* Whole parts of the one that is nested in it: pictures take turns (struct fast_tensor) in the same
 * slots each time. */
static void fit_nested(const struct fast *fast, struct fast_segment *segment)
{
    segment->pictures = fast_larger(segment->pictures, 1);
    if (!segment->nests)
        return;
    const int inner = segment[-1].pictures;
    segment->pictures = fast_smaller((segment->pictures + inner - 1) / inner * inner, fast->slots);
}

bool fast_plan_segments(struct fast *fast)
{
    fast->segments = calloc((size_t)fast->count + 1, sizeof *fast->segments);
    if (!fast->segments)
        return false;
    struct fast_segment *segment = fast->segments;
    for (int i = 0; i < fast->count; i++) {
        const struct fast_node *node = &fast->nodes[i];
        const int pictures = fast_smaller(wanted(fast, node), fast->slots);
        if (fast_is_norm(node) || (segment->pictures > 0 && pictures > segment->pictures))
            *++segment = (struct fast_segment){.first = i, .nests = !fast_is_norm(node)};
        segment->end = i + 1;
        segment->pictures = fast_larger(segment->pictures, pictures);
    }
    fast->segment_count = (int)(segment - fast->segments) + 1;
    for (int i = 0; i < fast->segment_count; i++)
        fit_nested(fast, &fast->segments[i]);
    return true;
}
