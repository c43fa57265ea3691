#include "nn/train/initialize.h"

#include "nn/layer.h"

#include <math.h>
#include <string.h>

enum distribution { CONSTANT, UNIFORM, NORMAL, TRUNCATED_NORMAL };
enum fan { FAN_NONE, FAN_IN, FAN_AVERAGE };

/* Standard deviation: sqrt(scale / fan), or `scale` itself without a fan. */
static const struct initializer {
    const char *name;
    enum distribution distribution;
    enum fan fan;
    double scale;
} initializers[] = {
    {"glorot_uniform", UNIFORM, FAN_AVERAGE, 1},
    {"glorot_normal", TRUNCATED_NORMAL, FAN_AVERAGE, 1},
    {"he_uniform", UNIFORM, FAN_IN, 2},
    {"he_normal", TRUNCATED_NORMAL, FAN_IN, 2},
    {"lecun_uniform", UNIFORM, FAN_IN, 1},
    {"lecun_normal", TRUNCATED_NORMAL, FAN_IN, 1},
    {"random_normal", NORMAL, FAN_NONE, 0.05},
    {"random_uniform", UNIFORM, FAN_NONE, 0.05 / 1.7320508075688772}, /* +-0.05 */
    {"zeros", CONSTANT, FAN_NONE, 0},
    {"ones", CONSTANT, FAN_NONE, 1},
};

static const struct initializer *find(const char *name)
{
    for (size_t i = 0; i < sizeof initializers / sizeof *initializers; i++)
        if (strcmp(initializers[i].name, name) == 0)
            return &initializers[i];
    return NULL;
}

bool initializer_exists(const char *name)
{
    return find(name) != NULL;
}

/* The number of inputs and outputs that one weight's unit has, as Keras counts them: the last two
 * axes are in and out, the others the receptive field (also for depthwise kernels). */
static void count_fans(const struct parameter *kernel, double *in, double *out)
{
    double field = 1;
    for (int d = 0; d < kernel->rank - 2; d++)
        field *= kernel->dim[d];
    *in = field * kernel->dim[kernel->rank - 2];
    *out = field * kernel->dim[kernel->rank - 1];
}

static double deviation(const struct initializer *initializer, const struct parameter *kernel)
{
    double in, out;
    count_fans(kernel, &in, &out);
    switch (initializer->fan) {
    case FAN_IN:
        return sqrt(initializer->scale / in);
    case FAN_AVERAGE:
        return sqrt(initializer->scale / ((in + out) / 2));
    case FAN_NONE:
        break;
    }
    return initializer->scale;
}

static double draw(enum distribution distribution, double deviation, struct random *random)
{
    /* Cutting a normal at two deviations leaves 0.8796 of the deviation; Keras makes up for it. */
    const double kept = 0.87962566103423978;
    double x;
    switch (distribution) {
    case UNIFORM: /* a uniform of half-width w has the deviation w / sqrt(3) */
        return (2 * random_uniform(random) - 1) * deviation * sqrt(3);
    case NORMAL:
        return random_normal(random) * deviation;
    case TRUNCATED_NORMAL:
        do
            x = random_normal(random);
        while (fabs(x) > 2);
        return x * deviation / kept;
    case CONSTANT:
        break;
    }
    return deviation;
}

void initialize_kernel(const struct model *model, struct layer *layer, const char *name,
                       double stddev, struct random *random)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    const struct initializer *initializer = find(name);
    if (layer_parameters(model, layer, list) == 0 || !layer->kernel)
        return;
    /* The kernel comes first in the list. */
    double width = stddev > 0 ? stddev : deviation(initializer, &list[0]);
    size_t count = parameter_count(&list[0]);
    for (size_t i = 0; i < count; i++)
        layer->kernel[i] = (float)draw(initializer->distribution, width, random);
}
