#include "nn/train/network.h"

#include "nn/layer.h"
#include "tests/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct script script;
static struct network network;

static void build(const char *text)
{
    struct error error;
    ck_assert_msg(script_parse(&script, "net.recipe", text, &error), "%s", error.message);
    ck_assert_msg(network_build(&network, &script, 1, &error), "%s", error.message);
}

static void finish(void)
{
    network_free(&network);
    script_free(&script);
}

static void assert_refused(const char *text, const char *message)
{
    struct error error = {0};
    ck_assert_msg(script_parse(&script, "net.recipe", text, &error), "%s", error.message);
    ck_assert_msg(!network_build(&network, &script, 1, &error), "accepted: %s", text);
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_ptr_null(network.model);
    finish();
}

START_TEST(sequential_as_in_the_lessons)
{
    build("model = Sequential()\n"
          "model.add(Conv2D(32, (3, 3), padding='same', activation='relu',\n"
          "                 input_shape=(28, 28, 1), kernel_regularizer=regularizers.l2(1e-4)))\n"
          "model.add(MaxPooling2D(pool_size=(2, 2)))\n"
          "model.add(Dropout(0.25))\n"
          "model.add(Flatten())\n"
          "model.add(Dense(10, activation='softmax', name='digits'))\n");
    struct model *model = network.model;
    ck_assert_int_eq(model->layer_count, 6);
    ck_assert_str_eq(model->layers[1].name, "conv2d");
    ck_assert_str_eq(model->layers[2].name, "max_pooling2d");
    ck_assert_str_eq(model->layers[5].name, "digits");
    ck_assert_int_eq(model->layers[1].activation.kind, ACTIVATION_RELU);
    ck_assert_int_eq(model->layers[2].shape.dim[0], 14);
    ck_assert_int_eq(model->class_count, 10);
    ck_assert_double_eq(network.layers[1].l2, 1e-4);
    ck_assert_int_eq(network.layers[5].line, 7);
    finish();
}
END_TEST

START_TEST(sequential_from_a_list)
{
    build("m = Sequential([Input((4,)), Dense(3), Dense(2, 'softmax')])");
    ck_assert_int_eq(network.model->layer_count, 3);
    ck_assert_str_eq(network.model->layers[2].name, "dense_1");
    ck_assert_int_eq(network.model->layers[2].activation.kind, ACTIVATION_SOFTMAX);
    finish();
}
END_TEST

START_TEST(functional_with_branches)
{
    build("[data]\nignored = here(1)\n[network]\n"
          "inputs = Input(shape=(8, 8, 3))\n"
          "x = Conv2D(4, 3, padding='same')(inputs)\n"
          "y = BatchNormalization()(x)\n"
          "x = Add()([x, y])\n"
          "z = Dense(2)(Flatten()(Concatenate()([x, inputs])))\n"
          "unused = Dense(5)(Flatten()(x))\n"
          "model = Model(inputs, z)\n");
    struct model *model = network.model;
    ck_assert_int_eq(model->layers[3].inputs[0], 1);
    ck_assert_int_eq(model->layers[3].inputs[1], 2);
    ck_assert_int_eq(model_output_shape(model)->dim[0], 2);
    finish();
}
END_TEST

START_TEST(the_input_can_have_a_name)
{
    build("x = Input(name='picture', shape=(8, 8, 3))\nx = Flatten()(x)\nx = Dense(2)(x)");
    ck_assert_str_eq(network.model->layers[0].name, "picture");
    finish();
}
END_TEST

/* They get names that other layers cannot have. */
START_TEST(one_call_can_be_two_layers)
{
    build("x = Input((8, 8, 3))\nx = SeparableConv2D(4, 3, name='sep')(x)\n"
          "x = GlobalMaxPooling2D(keepdims=True)(x)\n");
    const struct model *model = network.model;
    ck_assert_int_eq(model->layer_count, 5);
    ck_assert_str_eq(model->layers[1].name, "sep_depthwise");
    ck_assert_str_eq(model->layers[2].name, "sep");
    ck_assert_str_eq(model->layers[3].name, "global_max_pooling2d_flat");
    ck_assert_str_eq(model->layers[4].name, "global_max_pooling2d");
    ck_assert_int_eq(model_output_shape(model)->rank, 3);
    finish();
    assert_refused("x = Input((8, 8, 3))\nx = Conv2D(2, 1, name='a_flat')(x)\n"
                   "x = GlobalMaxPooling2D(keepdims=True, name='a')(x)",
                   "net.recipe:3: another layer is called a_flat");
}
END_TEST

START_TEST(regularizers_of_kernels)
{
    build("x = Input((8, 8, 3))\n"
          "x = DepthwiseConv2D(3, depthwise_regularizer=l2(0.25))(x)\n"
          "x = Conv2D(2, 3, kernel_regularizer=None)(x)\n");
    ck_assert(network.layers[1].l2 == 0.25 && network.layers[2].l2 == 0);
    finish();
}
END_TEST

/* The network of a lesson that imports modules instead of names. */
START_TEST(dotted_names_are_their_last_part)
{
    build("model = keras.models.Sequential()\n"
          "model.add(tf.keras.layers.Conv2D(4, 3, activation=tf.nn.relu, input_shape=(8, 8, 3),\n"
          "    kernel_initializer=keras.initializers.HeNormal(seed=3),\n"
          "    kernel_regularizer=tf.keras.regularizers.L2(l2=0.5)))\n"
          "model.add(layers.Flatten())\n"
          "model.add(keras.layers.Dense(2, activation=activations.softmax, "
          "kernel_regularizer='l2'))\n");
    const struct model *model = network.model;
    ck_assert(model->layer_count == 4 && model->layers[1].op == LAYER_CONV2D);
    ck_assert_str_eq(model->layers[1].name, "conv2d");
    ck_assert_int_eq(model->layers[1].activation.kind, ACTIVATION_RELU);
    ck_assert_int_eq(model->layers[3].activation.kind, ACTIVATION_SOFTMAX);
    ck_assert_str_eq(network.layers[1].kernel.name, "he_normal");
    ck_assert(network.layers[1].l2 == 0.5 && network.layers[3].l2 == 0.01);
    finish();
    build("inputs = keras.Input(shape=(4,))\nx = layers.Dense(3)(inputs)\n"
          "x = layers.Add()([x, x])\nmodel = keras.Model(inputs, x)\n");
    ck_assert_int_eq(network.model->layer_count, 3);
    finish();
    build("m = keras.Sequential([keras.layers.Input((4,)), layers.Dense(3)])");
    ck_assert_int_eq(network.model->layer_count, 2);
    finish();
}
END_TEST

static void assert_bias(const char *initializer, double low, double high)
{
    char text[200];
    snprintf(text, sizeof text,
             "m = Sequential([Dense(64, bias_initializer=%s, input_shape=(3,))])", initializer);
    build(text);
    for (int i = 0; i < 64; i++) {
        const double b = (double)network.model->layers[1].bias[i];
        ck_assert_msg(b >= low && b <= high, "%s: %g", initializer, b);
    }
    finish();
}

START_TEST(biases_begin_as_told)
{
    assert_bias("'zeros'", 0, 0);
    assert_bias("'ones'", 1, 1);
    assert_bias("initializers.Constant(0.25)", 0.25, 0.25);
    assert_bias("keras.initializers.Constant(value=-2)", -2, -2);
    assert_bias("RandomUniform(minval=2, maxval=3)", 2, 3);
    assert_bias("TruncatedNormal(mean=5, stddev=0.1)", 4.8, 5.2);
    assert_bias("'glorot_uniform'", -sqrt(3.0 / 64) - 1e-6, sqrt(3.0 / 64) + 1e-6);
}
END_TEST

static size_t parameters_of(const char *text)
{
    size_t sum = 0;
    build(text);
    for (int i = 0; i < network.model->layer_count; i++) {
        struct parameter list[LAYER_PARAMETERS_MAX];
        int count = layer_parameters(network.model, &network.model->layers[i], list);
        for (int k = 0; k < count; k++)
            sum += parameter_count(&list[k]);
    }
    finish();
    return sum;
}

START_TEST(parameter_counts_of_the_lessons)
{
    ck_assert_uint_eq(
        parameters_of("m = Sequential()\n"
                      "m.add(Conv2D(32, 3, padding='same', input_shape=(28, 28, 1)))\n"
                      "m.add(MaxPooling2D(2, padding='same'))\n"
                      "m.add(Dropout(0.3))\n"
                      "m.add(Conv2D(64, 3, padding='same'))\n"
                      "m.add(MaxPooling2D(2, padding='same'))\n"
                      "m.add(Dropout(0.3))\n"
                      "m.add(Conv2D(128, 3, padding='same'))\n"
                      "m.add(MaxPooling2D(2, padding='same'))\n"
                      "m.add(Dropout(0.3))\n"
                      "m.add(Flatten())\n"
                      "m.add(Dense(128))\n"
                      "m.add(Dense(10))\n"),
        356234);
    ck_assert_uint_eq(parameters_of("x = Input((28, 28, 1))\n"
                                    "x = Conv2D(32, 3)(x)\n"
                                    "x = MaxPooling2D()(x)\n"
                                    "x = Conv2D(64, 3)(x)\n"
                                    "x = MaxPooling2D()(x)\n"
                                    "x = Dense(512)(Flatten()(x))\n"
                                    "x = Dense(10)(x)\n"),
                      843658);
}
END_TEST

START_TEST(one_seed_one_network)
{
    const char *text = "m = Sequential([Dense(3, input_shape=(4,))])";
    build(text);
    float first[12];
    memcpy(first, network.model->layers[1].kernel, sizeof first);
    finish();
    build(text);
    ck_assert_mem_eq(first, network.model->layers[1].kernel, sizeof first);
    finish();
}
END_TEST

/* Standard deviation of a layer's kernel (its initializer as it stands in a recipe), against what
 * the initializer's formula promises. */
static void assert_deviation(const char *initializer, double expected)
{
    char text[200];
    snprintf(text, sizeof text,
             "m = Sequential([Conv2D(64, 3, kernel_initializer=%s, input_shape=(8, 8, 32))])",
             initializer);
    build(text);
    const int count = 3 * 3 * 32 * 64;
    double sum = 0, squares = 0;
    for (int i = 0; i < count; i++) {
        double x = (double)network.model->layers[1].kernel[i];
        sum += x;
        squares += x * x;
    }
    ck_assert_double_eq_tol(sum / count, 0, 0.05 * expected);
    ck_assert_double_eq_tol(sqrt(squares / count), expected, 0.03 * expected);
    finish();
}

START_TEST(initializers_have_their_deviation)
{
    const double in = 9 * 32, out = 9 * 64;
    assert_deviation("'glorot_uniform'", sqrt(2 / (in + out)));
    assert_deviation("'glorot_normal'", sqrt(2 / (in + out)));
    assert_deviation("'he_uniform'", sqrt(2 / in));
    assert_deviation("'he_normal'", sqrt(2 / in));
    assert_deviation("'lecun_normal'", sqrt(1 / in));
    assert_deviation("'random_normal'", 0.05);
    assert_deviation("RandomNormal(stddev=0.3)", 0.3);
    assert_deviation("'random_uniform'", 0.05 / sqrt(3));
    assert_deviation("'HeNormal'", sqrt(2 / in));
    assert_deviation("initializers.RandomUniform(-0.3, 0.3)", 0.3 / sqrt(3));
    assert_deviation("initializers.he_uniform()", sqrt(2 / in));
    /* Cut at two deviations, for which Keras does not make up here. */
    assert_deviation("TruncatedNormal(stddev=0.3)", 0.3 * 0.8796);
}
END_TEST

START_TEST(layers_can_be_frozen)
{
    struct error error = {0};
    build("x = Input((8, 8, 3))\nx = SeparableConv2D(4, 3, trainable=False)(x)\n"
          "x = BatchNormalization()(x)\nx = Dense(2, trainable=True)(Flatten(name='list')(x))");
    const struct layer_training *layers = network.layers;
    ck_assert(layers[1].frozen && layers[2].frozen && !layers[3].frozen && !layers[5].frozen);
    ck_assert(network_freeze_before(&network, "list", &error));
    ck_assert(layers[3].frozen && !layers[4].frozen && !layers[5].frozen);
    ck_assert(!network_freeze_before(&network, "lost", &error));
    ck_assert_str_eq(error.message, "the network has no layer lost; its last is dense");
    finish();
}
END_TEST

/* SeparableConv2D is two layers, of which the last has its name; other calls of its line are not.
 */
START_TEST(a_layer_of_two_is_trained_as_a_whole)
{
    struct error error = {0};
    build("m = Sequential([Conv2D(4, 3, name='a_depth', input_shape=(9, 9, 3)), "
          "SeparableConv2D(4, 3, name='a'), Conv2D(4, 3, name='b')])");
    const struct layer_training *layers = network.layers;
    ck_assert_str_eq(network.model->layers[3].name, "a");
    ck_assert(network_freeze_before(&network, "a", &error));
    ck_assert(layers[1].frozen && !layers[2].frozen && !layers[3].frozen && !layers[4].frozen);
    ck_assert(network_freeze_before(&network, "b", &error));
    ck_assert(layers[2].frozen && layers[3].frozen && !layers[4].frozen);
    finish();
}
END_TEST

START_TEST(errors_name_file_and_line)
{
    assert_refused("m = Sequential()\nm.add(Conv3D(2))", "net.recipe:2: no layer is called Conv3D");
    assert_refused("m = Sequential()\nm.add(Dense(2, units=3, input_shape=(4,)))",
                   "net.recipe:2: argument units is given twice");
    assert_refused("m = Sequential()\nm.add(Dense(2, paddin='same', input_shape=(4,)))",
                   "net.recipe:2: Dense takes no argument paddin");
    assert_refused("m = Sequential()\nm.add(Flatten(1, 2))",
                   "Flatten takes at most 1 positional arguments");
    assert_refused("m = Sequential()\nm.add(Dense(2))", "net.recipe:2: the first layer needs");
    assert_refused("x = Input((8, 8, 3))\nx = Dense(2)(y)", "net.recipe:2: y is not the output");
    assert_refused("x = Input((8, 8, 3))\nx = Conv2D(2, 9)(x)", "net.recipe:2: layer conv2d");
    assert_refused("x = Input((8, 8, 3))\nx = Dense(2, kernel_initializer='zero')(x)",
                   "net.recipe:2: an initializer must be");
    assert_refused("x = Input((8, 8, 3))\nx = Dense(2, name='a')(x)\nx = Dense(2, name='a')(x)",
                   "net.recipe:3: another layer is called a");
    assert_refused("x = Input((8, 8, 3))\nx = Conv2D(2, 1, name='a_depthwise')(x)\n"
                   "x = SeparableConv2D(2, 3, name='a')(x)",
                   "net.recipe:3: another layer is called a");
    assert_refused("x = Input((3,))\nx = Dense(2, name='\xff')(x)",
                   "net.recipe:2: a layer's name must be UTF-8");
    char longer[400];
    snprintf(longer, sizeof longer, "x = Input((3,))\nx = Dense(2, name='%0300d')(x)", 1);
    assert_refused(longer, "net.recipe:2: a layer's name must be UTF-8");
    assert_refused("x = Input((8, 8, 3))\nx = Input((8, 8, 3))", "net.recipe:2: a network has one");
    assert_refused("x = Input((8, 8, 3))\nx = Dense(2, trainable=1)(x)",
                   "net.recipe:2: trainable must be True or False");
    assert_refused("x = Input((8, 8, 3))\nx = Dropout(-0.5)(x)",
                   "net.recipe:2: rate of Dropout must be a number from 0 to 0.999");
    assert_refused("x = Input((8, 8, 3))\nx = Dropout('a')(x)", "net.recipe:2: rate of Dropout");
    assert_refused("x = Input((8, 8, 3))\nx = BatchNormalization(momentum=2)(x)",
                   "net.recipe:2: momentum of BatchNormalization must be a number from 0 to 1");
    assert_refused("x = Input((8, 8, 3))\nx = LeakyReLU(-1)(x)",
                   "net.recipe:2: alpha of LeakyReLU");
    assert_refused("x = Input((8, 8, 3))\nx = Dropout()(x)",
                   "net.recipe:2: Dropout needs its rate");
    assert_refused("x = Input((8, 8, 3))\nx = Conv2D(8)(x)",
                   "net.recipe:2: Conv2D needs its kernel_size");
    assert_refused("x = Input((8, 8, 3))\nx = Dense('3')(x)", "units must be an integer");
    assert_refused("x = Input((0, 8, 3))", "net.recipe:1: model model: input: every side");
    assert_refused("x = Input((8, 8, 3))\nx = layers.Desne(2)(x)",
                   "net.recipe:2: no layer is called Desne");
    assert_refused("x = Input((3,))\nx = Dense(2, kernel_initializer=HeNormal(stddev=1))(x)",
                   "net.recipe:2: HeNormal takes no stddev; it takes: seed");
    assert_refused("x = Input((3,))\nx = Dense(2, bias_initializer=RandomUniform(1, 0))(x)",
                   "net.recipe:2: minval must be below maxval");
    assert_refused("x = Input((3,))\nx = Dense(2, kernel_regularizer=l1(1))(x)",
                   "net.recipe:2: kernel_regularizer must be l2(number)");
    assert_refused("x = Input((3,))\nx = Dense(2, kernel_regularizer=l2(-1))(x)",
                   "net.recipe:2: l2 must be a number from 0 to 1000000");
    assert_refused("x = Input((3,), 5)", "net.recipe:1: Input takes its shape, and name=");
    assert_refused("x = Input((3,), shape=(3,))", "net.recipe:1: Input takes its shape");
    assert_refused("x = Input(name='a')", "net.recipe:1: Input needs its shape");
    assert_refused("x = Input((3,), name='a/b')", "net.recipe:1: a layer's name must be");
    assert_refused("x = Input((3,), name='a')\nx = Dense(2, name='a')(x)",
                   "net.recipe:2: another layer is called a");
    assert_refused("x = Input('big')", "net.recipe:1: a shape is expected");
    assert_refused("x = Input((8, 8, 3))", "the network has no layers");
    assert_refused("[fit]\nepochs = 3", "has no [network] section");
    assert_refused("x = Input((3,))\nx = Dense(1)(x)\nModel(x, x)\nx = Dense(1)(x)",
                   "net.recipe:4: the network is finished");
}
END_TEST

TEST_MAIN(network, sequential_as_in_the_lessons, sequential_from_a_list, functional_with_branches,
          the_input_can_have_a_name, one_call_can_be_two_layers, dotted_names_are_their_last_part,
          regularizers_of_kernels, biases_begin_as_told, parameter_counts_of_the_lessons,
          one_seed_one_network, initializers_have_their_deviation, layers_can_be_frozen,
          a_layer_of_two_is_trained_as_a_whole, errors_name_file_and_line)
