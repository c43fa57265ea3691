/* average: one model from several trainings of the same network, each weight the mean of theirs.
 * Where one training begins with the other's weights the mean is often better than either: Wortsman
 * et al. 2022, "Model soups", arXiv:2203.05482. */
#include "common/atomic_file.h"
#include "nn/int8_calibrate.h"
#include "nn/keras/keras.h"
#include "nn/keras/save.h"
#include "nn/train/weights.h"
#include "tool/command.h"
#include "tool/model_out.h"

#include <stdlib.h>
#include <string.h>

struct average_settings {
    const char *out;
};

static const struct command_option options[] = {
    {"out", "FILE", "the model file to write, .h5 or .json",
     offsetof(struct average_settings, out)},
};

/* The first model, which becomes the mean, and the sums of all models' weights. */
struct mean {
    struct model *model;
    const char *path;
    json_t *config;
    size_t count;
    float *weights; /* [count]: of one model */
    double *sums;   /* [count] */
};

/* --- what can be averaged --------------------------------------------------------------------- */

static json_t *layers_of(const json_t *config)
{
    return json_object_get(json_object_get(config, "config"), "layers");
}

/* Two trainings may differ in the rate of Dropout and the momentum of BatchNormalization. */
static json_t *config_of(const struct model *model, const char *path, struct error *error)
{
    json_t *config = keras_config(model, error), *layer;
    size_t i;
    if (!config)
        error_prefix(error, "%s", path);
    json_array_foreach(layers_of(config), i, layer) {
        json_object_del(json_object_get(layer, "config"), "rate");
        json_object_del(json_object_get(layer, "config"), "momentum");
    }
    return config;
}

static bool same_layers(const struct mean *mean, const struct model *model, const char *path,
                        struct error *error)
{
    json_t *config = config_of(model, path, error);
    if (!config)
        return false;
    const bool same = json_equal(layers_of(config), layers_of(mean->config)) &&
                      weights_count(model) == mean->count;
    json_decref(config);
    return same || error_set(error, "%s is another network than %s: compare their summaries", path,
                             mean->path);
}

static bool same_classes(const struct model *one, const struct model *other)
{
    for (int i = 0; i < one->class_count && i < other->class_count; i++)
        if (strcmp(one->class_names[i], other->class_names[i]) != 0)
            return false;
    return one->class_count == other->class_count;
}

static bool same_preprocessing(const struct preprocessing *one, const struct preprocessing *other)
{
    for (int c = 0; c < 3; c++)
        if (one->scale[c] != other->scale[c] || one->offset[c] != other->offset[c])
            return false;
    return one->bgr == other->bgr;
}

static bool check(const struct mean *mean, const struct model *model, const char *path,
                  struct error *error)
{
    if (int8_is_quantized(model)) /* its ranges are those of its own weights */
        return error_set(error, "%s is quantized: give the model that it was made from", path);
    if (model == mean->model)
        return true;
    if (!same_layers(mean, model, path, error))
        return false;
    if (!same_classes(model, mean->model))
        return error_set(error, "%s has other classes than %s", path, mean->path);
    return same_preprocessing(&model->preprocessing, &mean->model->preprocessing) ||
           error_set(error, "%s takes pixels otherwise than %s: other pawcam_* attributes", path,
                     mean->path);
}

/* --- the mean --------------------------------------------------------------------------------- */

static bool begin(struct mean *mean, const char *path, struct error *error)
{
    mean->path = path;
    mean->model = keras_load_guarded(path, error);
    if (!mean->model)
        return false;
    mean->count = weights_count(mean->model);
    mean->config = config_of(mean->model, path, error);
    if (!mean->config)
        return false;
    mean->weights = calloc(mean->count + 1, sizeof *mean->weights);
    mean->sums = calloc(mean->count + 1, sizeof *mean->sums);
    return (mean->weights && mean->sums) || error_set_memory(error, "out of memory for weights");
}

static void finish(struct mean *mean)
{
    model_destroy(mean->model);
    json_decref(mean->config);
    free(mean->weights);
    free(mean->sums);
}

static bool add(struct mean *mean, const struct model *model, const char *path, struct error *error)
{
    if (!check(mean, model, path, error))
        return false;
    weights_get(model, mean->weights);
    for (size_t i = 0; i < mean->count; i++)
        mean->sums[i] += (double)mean->weights[i];
    return true;
}

static bool add_file(struct mean *mean, const char *path, struct error *error)
{
    struct model *model = keras_load_guarded(path, error);
    const bool good = model && add(mean, model, path, error);
    model_destroy(model);
    return good;
}

static bool average(struct mean *mean, char **paths, int count, struct error *error)
{
    bool good = begin(mean, paths[0], error) && add(mean, mean->model, paths[0], error);
    for (int i = 1; good && i < count; i++)
        good = add_file(mean, paths[i], error);
    if (!good)
        return false;
    for (size_t i = 0; i < mean->count; i++)
        mean->weights[i] = (float)(mean->sums[i] / count);
    weights_set(mean->model, mean->weights);
    mean->model->threshold = 0; /* it was one for other scores */
    return true;
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct average_settings *wanted = settings;
    struct mean mean = {0};
    if (!wanted->out)
        return error_set_usage(error, "--out FILE is missing");
    const bool good = model_out_check(wanted->out, error) &&
                      atomic_file_check(wanted->out, error) &&
                      average(&mean, operands, operand_count, error) &&
                      keras_save(mean.model, wanted->out, error);
    if (good)
        model_out_tell(wanted->out);
    finish(&mean);
    return good;
}

const struct command command_average = {
    .name = "average",
    .operands = "MODEL MODEL...",
    .operands_min = 2,
    .operands_max = 100,
    .summary = "make a model file with the mean weights of several",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct average_settings),
    .run = run,
};
