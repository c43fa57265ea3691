#include "nn/train/initialize.h"

#include "nn/layer.h"

#include <math.h>
#include <string.h>

enum distribution { CONSTANT, UNIFORM, NORMAL, TRUNCATED_NORMAL };
enum fan { FAN_NONE, FAN_IN, FAN_AVERAGE };

/* Standard deviation: sqrt(scale / fan), or `scale` itself without a fan. */
static const struct initializer {
    const char *name, *class_name;
    enum distribution distribution;
    enum fan fan;
    double scale;
} initializers[] = {
    {"glorot_uniform", "GlorotUniform", UNIFORM, FAN_AVERAGE, 1},
    {"glorot_normal", "GlorotNormal", TRUNCATED_NORMAL, FAN_AVERAGE, 1},
    {"he_uniform", "HeUniform", UNIFORM, FAN_IN, 2},
    {"he_normal", "HeNormal", TRUNCATED_NORMAL, FAN_IN, 2},
    {"lecun_uniform", "LecunUniform", UNIFORM, FAN_IN, 1},
    {"lecun_normal", "LecunNormal", TRUNCATED_NORMAL, FAN_IN, 1},
    {"random_normal", "RandomNormal", NORMAL, FAN_NONE, 0.05},
    {"random_uniform", "RandomUniform", UNIFORM, FAN_NONE, 0.05 / 1.7320508075688772}, /* +-0.05 */
    {"truncated_normal", "TruncatedNormal", TRUNCATED_NORMAL, FAN_NONE, 0.05},
    {"zeros", "Zeros", CONSTANT, FAN_NONE, 0},
    {"ones", "Ones", CONSTANT, FAN_NONE, 1},
    {"constant", "Constant", CONSTANT, FAN_NONE, 0},
};

const char *const initialize_names =
    "glorot_uniform, glorot_normal, he_uniform, he_normal, lecun_uniform, lecun_normal, "
    "random_normal, random_uniform, truncated_normal, zeros, ones, constant";

static const struct initializer *find(const char *name)
{
    for (size_t i = 0; i < sizeof initializers / sizeof *initializers; i++)
        if (strcmp(initializers[i].name, name) == 0 ||
            strcmp(initializers[i].class_name, name) == 0)
            return &initializers[i];
    return NULL;
}

const char *initialize_find(const char *name)
{
    const struct initializer *initializer = find(name);
    return initializer ? initializer->name : NULL;
}

/* The number of inputs and outputs that one weight's unit has, as Keras counts them: the last two
 * axes are in and out, the others the receptive field (also for depthwise kernels). */
static void count_fans(const struct parameter *kernel, double *in, double *out)
{
    double field = 1;
    if (kernel->rank == 1) { /* a bias */
        *in = *out = kernel->dim[0];
        return;
    }
    for (int d = 0; d < kernel->rank - 2; d++)
        field *= kernel->dim[d];
    *in = field * kernel->dim[kernel->rank - 2];
    *out = field * kernel->dim[kernel->rank - 1];
}

/* Cutting a normal at two deviations leaves this part of the deviation. */
static const double kept = 0.87962566103423978;

/* Of the distribution that is drawn from. Keras makes up for what cutting a normal takes away, but
 * not where the recipe gives the deviation itself. */
static double deviation(const struct initializer *initializer, const struct parameter *array)
{
    double in, out, scale = initializer->scale;
    count_fans(array, &in, &out);
    switch (initializer->fan) {
    case FAN_IN:
        scale = sqrt(scale / in);
        break;
    case FAN_AVERAGE:
        scale = sqrt(scale / ((in + out) / 2));
        break;
    case FAN_NONE:
        return scale;
    }
    return initializer->distribution == TRUNCATED_NORMAL ? scale / kept : scale;
}

static double draw(enum distribution distribution, double deviation, struct random *random)
{
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
        return x * deviation;
    case CONSTANT:
        break;
    }
    return deviation;
}

static void fill(const struct parameter *array, float *values, const struct initialization *how,
                 struct random *random)
{
    if (!how->name)
        return;
    const struct initializer *initializer = find(how->name);
    const double width = how->stddev > 0 ? how->stddev : deviation(initializer, array);
    const size_t count = parameter_count(array);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(how->mean + draw(initializer->distribution, width, random));
}

void initialize_layer(const struct model *model, struct layer *layer,
                      const struct initialization *kernel, const struct initialization *bias,
                      struct random *random)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    const int count = layer->kernel ? layer_parameters(model, layer, list) : 0;
    for (int i = 0; i < count; i++)
        fill(&list[i], parameter_values(layer, &list[i]),
             list[i].member == offsetof(struct layer, kernel) ? kernel : bias, random);
}
