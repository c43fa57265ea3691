#include "nn/keras/save.h"

#include "common/file.h"
#include "nn/keras/keras.h"
#include "nn/layer.h"
#include "nn/train/network.h"
#include "tests/suite.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/pawcam-save-XXXXXX";
static char path[64];

static struct network build(struct script *script, const char *text)
{
    struct network network;
    struct error error;
    ck_assert_msg(script_parse(script, "net", text, &error), "%s", error.message);
    ck_assert_msg(network_build(&network, script, 5, &error), "%s", error.message);
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/net.h5", folder);
    return network;
}

static void clean_up(struct script *script, struct network *network)
{
    network_free(network);
    script_free(script);
    unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "a temporary file was left behind");
}

static void assert_same_layer(const struct model *saved, const struct layer *a,
                              const struct layer *b)
{
    struct parameter list[LAYER_PARAMETERS_MAX];
    int count = layer_parameters(saved, a, list);
    ck_assert_str_eq(a->name, b->name);
    ck_assert_int_eq(a->op, b->op);
    ck_assert_int_eq(a->input_count, b->input_count);
    for (int i = 0; i < a->input_count; i++)
        ck_assert_int_eq(a->inputs[i], b->inputs[i]);
    ck_assert_mem_eq(&a->shape, &b->shape, sizeof a->shape);
    ck_assert_int_eq(a->activation.kind, b->activation.kind);
    ck_assert(a->activation.alpha == b->activation.alpha);
    ck_assert(a->range[0] == b->range[0] && a->range[1] == b->range[1]);
    if (a->activation.kind == ACTIVATION_RELU)
        ck_assert(a->activation.max_value == b->activation.max_value);
    for (int i = 0; i < count; i++)
        ck_assert_mem_eq(parameter_values(a, &list[i]), parameter_values(b, &list[i]),
                         parameter_count(&list[i]) * sizeof(float));
}

static const char *const classes[] = {"cat", "dog", "neither"};

/* Saves under this name, loads and compares everything, bit for bit. */
static void assert_saves(const struct model *model, const char *name)
{
    struct error error;
    ck_assert_msg(keras_save(model, name, &error), "%s", error.message);
    struct model *loaded = keras_load(name, &error);
    ck_assert_msg(loaded, "%s", error.message);
    ck_assert_int_eq(loaded->layer_count, model->layer_count);
    for (int i = 0; i < model->layer_count; i++)
        assert_same_layer(model, &model->layers[i], &loaded->layers[i]);
    for (int c = 0; c < 3; c++) {
        ck_assert(loaded->preprocessing.scale[c] == model->preprocessing.scale[c]);
        ck_assert(loaded->preprocessing.offset[c] == model->preprocessing.offset[c]);
        ck_assert_str_eq(loaded->class_names[c], classes[c]);
    }
    ck_assert(loaded->preprocessing.bgr);
    ck_assert_double_eq(loaded->threshold, 0.625);
    model_destroy(loaded);
}

/* As one file, and as model.json with the weights beside it. */
static void assert_round_trip(const char *text)
{
    struct script script;
    struct network network = build(&script, text);
    struct error error;
    char json[80], weights[80];
    network.model->preprocessing = (struct preprocessing){{0.1f, 0.2f, 0.3f}, {-1, -2, -3}, true};
    network.model->threshold = 0.625;
    network.model->layers[1].range[0] = -1.5F; /* as quantize leaves it */
    network.model->layers[1].range[1] = 2.25F;
    ck_assert(model_set_classes(network.model, classes, 3, &error));
    assert_saves(network.model, path);
    for (int i = 0; i < network.model->layer_count; i++) /* net.h5, still there, is another model */
        if (network.model->layers[i].kernel)
            network.model->layers[i].kernel[0] += 1;
    snprintf(json, sizeof json, "%s/net.json", folder);
    snprintf(weights, sizeof weights, "%s/net_weights.h5", folder);
    assert_saves(network.model, json);
    ck_assert(unlink(json) == 0 && unlink(weights) == 0);
    clean_up(&script, &network);
}

START_TEST(sequential_round_trip)
{
    assert_round_trip("m = Sequential()\n"
                      "m.add(Rescaling(0.5, -1, input_shape=(17, 19, 3)))\n"
                      "m.add(ZeroPadding2D(((0, 1), (2, 3))))\n"
                      "m.add(Conv2D(8, (3, 2), strides=2, padding='same', activation='elu'))\n"
                      "m.add(BatchNormalization(momentum=0.9, scale=False))\n"
                      "m.add(ReLU(6))\n"
                      "m.add(Conv2D(4, 3, dilation_rate=2, use_bias=False))\n"
                      "m.add(LeakyReLU(0.1))\n"
                      "m.add(DepthwiseConv2D(2, depth_multiplier=3))\n"
                      "m.add(AveragePooling2D(2, padding='same'))\n"
                      "m.add(Dropout(0.5))\n"
                      "m.add(Flatten())\n"
                      "m.add(Dense(6, activation='tanh'))\n"
                      "m.add(Reshape((1, 2, 3)))\n"
                      "m.add(GlobalAveragePooling2D(keepdims=True))\n"
                      "m.add(GlobalMaxPooling2D())\n"
                      "m.add(Softmax())\n");
}
END_TEST

/* Names stay, also the input's, whose usual one another layer may have then. */
START_TEST(functional_round_trip)
{
    assert_round_trip("x = Input((8, 8, 3), name='picture')\n"
                      "y = Conv2D(5, 1, name='input')(x)\n"
                      "z = Conv2D(5, 3, padding='same')(x)\n"
                      "y = Add()([y, z])\n"
                      "y = Concatenate()([y, x])\n"
                      "y = GlobalAveragePooling2D()(MaxPooling2D(2)(y))\n"
                      "y = Dense(3, activation='sigmoid')(y)\n");
}
END_TEST

START_TEST(one_model_is_the_same_bytes_at_any_time)
{
    struct script script;
    struct network network = build(&script, "x = Input((8, 8, 3))\ny = Conv2D(5, 1)(x)\n"
                                            "x = Concatenate()([x, y])\n");
    struct error error;
    uint8_t *bytes[2];
    size_t sizes[2];
    for (int i = 0; i < 2; i++) {
        if (i)
            sleep(2); /* HDF5 counts seconds */
        ck_assert_msg(keras_save(network.model, path, &error), "%s", error.message);
        ck_assert(file_read(path, 1 << 20, &bytes[i], &sizes[i], &error));
    }
    ck_assert_uint_eq(sizes[0], sizes[1]);
    ck_assert_mem_eq(bytes[0], bytes[1], sizes[0]);
    free(bytes[0]);
    free(bytes[1]);
    clean_up(&script, &network);
}
END_TEST

/* More than an attribute of HDF5 can hold. */
START_TEST(thousands_of_class_names_round_trip)
{
    enum { COUNT = 9000 };
    struct script script;
    struct network network = build(&script, "m = Sequential([Dense(9000, input_shape=(1,))])");
    static char texts[COUNT][16];
    static const char *names[COUNT];
    struct error error;
    for (int i = 0; i < COUNT; i++) {
        snprintf(texts[i], sizeof texts[i], "animal %d", i);
        names[i] = texts[i];
    }
    ck_assert(model_set_classes(network.model, names, COUNT, &error));
    ck_assert_msg(keras_save(network.model, path, &error), "%s", error.message);
    ck_assert_msg(keras_store_threshold(path, 0.25, &error), "%s", error.message);
    struct model *loaded = keras_load(path, &error);
    ck_assert_msg(loaded, "%s", error.message);
    ck_assert_int_eq(loaded->class_count, COUNT);
    for (int i = 0; i < COUNT; i++)
        ck_assert_str_eq(loaded->class_names[i], names[i]);
    model_destroy(loaded);
    clean_up(&script, &network);
}
END_TEST

static const char small_net[] = "m = Sequential([Dense(200, input_shape=(300,)), Dense(3)])";

static void assert_save_fails(const struct model *model, const char *file, const char *message)
{
    struct error error = {0};
    ck_assert(!keras_save(model, file, &error));
    ck_assert_msg(strstr(error.message, message), "%s", error.message);
}

START_TEST(failures_leave_the_old_file)
{
    struct script script;
    struct network network = build(&script, small_net);
    struct error error;
    assert_save_fails(network.model, "/nowhere/net.h5", "No such file or directory");
    ck_assert(keras_save(network.model, path, &error));

    /* A full disk: the file may not grow beyond 64 KiB, a tenth of what it needs. */
    network.model->layers[1].kernel[0] = 42;
    struct rlimit unlimited, limit;
    getrlimit(RLIMIT_FSIZE, &unlimited);
    limit = (struct rlimit){65536, unlimited.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_save_fails(network.model, path, "File too large");
    setrlimit(RLIMIT_FSIZE, &unlimited);

    struct model *old = keras_load(path, &error);
    ck_assert_msg(old, "%s", error.message);
    ck_assert(old->layers[1].kernel[0] != 42);
    model_destroy(old);
    clean_up(&script, &network);
}
END_TEST

static void assert_store_fails(const char *file, const char *message)
{
    struct error error = {0};
    ck_assert(!keras_store_threshold(file, 0.25, &error));
    ck_assert_msg(strstr(error.message, message), "%s", error.message);
}

static double stored_threshold(float first_weight)
{
    struct error error;
    struct model *model = keras_load(path, &error);
    ck_assert_msg(model, "%s", error.message);
    ck_assert(model->layers[1].kernel[0] == first_weight);
    double threshold = model->threshold;
    model_destroy(model);
    return threshold;
}

START_TEST(a_threshold_is_stored_and_nothing_else_changes)
{
    struct script script;
    struct network network = build(&script, small_net);
    struct error error = {0};
    float weight = network.model->layers[1].kernel[0];
    ck_assert(keras_save(network.model, path, &error));
    ck_assert_double_eq(stored_threshold(weight), 0);
    for (int i = 1; i <= 3; i++) { /* the first makes the attribute, the others replace it */
        ck_assert_msg(keras_store_threshold(path, 0.25 * i, &error), "%s", error.message);
        ck_assert_double_eq(stored_threshold(weight), 0.25 * i);
    }

    struct rlimit unlimited, limit;
    getrlimit(RLIMIT_FSIZE, &unlimited);
    limit = (struct rlimit){65536, unlimited.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &limit);
    assert_store_fails(path, "File too large");
    setrlimit(RLIMIT_FSIZE, &unlimited);
    ck_assert_double_eq(stored_threshold(weight), 0.75);
    assert_store_fails("/nowhere/net.h5", "No such file or directory");
    assert_store_fails("Makefile", "is not an HDF5 file");
    clean_up(&script, &network);
}
END_TEST

START_TEST(what_keras_cannot_express_is_refused)
{
    struct script script;
    struct network network = build(&script, "x = Input((4, 4, 1))\nx = Flatten()(x)");
    network.model->layers[1].activation.kind = ACTIVATION_TANH;
    assert_save_fails(network.model, path, "Keras's Flatten has no activation");
    network.model->layers[1].activation.kind = ACTIVATION_LINEAR;
    strcpy(network.model->layers[1].name, "input");
    assert_save_fails(network.model, path, "two layers are called input");
    strcpy(network.model->layers[1].name, "\xff");
    assert_save_fails(network.model, path, "layer name ? is not UTF-8");
    const char *const no_groups[] = {"", "/", "/ab", "ab/", "a//b", ".", "./a", "a/./b", "a/."};
    for (size_t i = 0; i < sizeof no_groups / sizeof *no_groups; i++) {
        strcpy(network.model->layers[1].name, no_groups[i]); /* it was "flatten" */
        assert_save_fails(network.model, path, "cannot be that of an HDF5 group");
    }
    strcpy(network.model->layers[1].name, "a/..b/c");
    struct error error;
    ck_assert_msg(keras_save(network.model, path, &error), "%s", error.message);
    clean_up(&script, &network);
}
END_TEST

TEST_MAIN(save, sequential_round_trip, functional_round_trip,
          one_model_is_the_same_bytes_at_any_time, thousands_of_class_names_round_trip,
          failures_leave_the_old_file, a_threshold_is_stored_and_nothing_else_changes,
          what_keras_cannot_express_is_refused)
