#include "nn/train/transfer.h"

#include "nn/train/weights.h"
#include "tests/train/nets.h"

#include <stdlib.h>
#include <string.h>

enum { CLASSES_MAX = 4 };

static struct net from, to;
static bool kept[CLASSES_MAX];

/* A small network with everything that a shipped one has. */
#define BODY(side)                                                                                 \
    "x = Input((" side ", " side ", 3))\n"                                                         \
    "x = Conv2D(4, 3, padding='same', use_bias=False)(x)\n"                                        \
    "x = BatchNormalization()(x)\n"                                                                \
    "y = DepthwiseConv2D(3, padding='same')(x)\n"                                                  \
    "x = Activation('relu')(Add()([x, y]))\n"                                                      \
    "x = GlobalAveragePooling2D()(x)\n"

static void build(const char *old, const char *new)
{
    net_build(&from, old);
    net_build(&to, new);
    const size_t count = weights_count(from.network.model);
    float *values = malloc(count * sizeof *values);
    struct random random;
    random_seed(&random, 5);
    net_fill(&random, values, count);
    weights_set(from.network.model, values);
    free(values);
}

static void set_classes(struct net *net, const char *const *names, int count)
{
    struct error error;
    ck_assert_msg(model_set_classes(net->network.model, names, count, &error), "%s", error.message);
}

static void take(void)
{
    struct error error;
    ck_assert_msg(transfer_body(from.network.model, to.network.model, &error), "%s", error.message);
    transfer_head(from.network.model, to.network.model, kept);
}

static void finish(void)
{
    net_free(&from);
    net_free(&to);
}

static const struct layer *layer_of(const struct net *net, int from_end)
{
    return &net->network.model->layers[net->network.model->layer_count - from_end];
}

static void assert_same_weights(void)
{
    const size_t count = weights_count(from.network.model);
    float *a = malloc(count * sizeof *a), *b = malloc(count * sizeof *b);
    ck_assert_uint_eq(count, weights_count(to.network.model));
    weights_get(from.network.model, a);
    weights_get(to.network.model, b);
    ck_assert_mem_eq(a, b, count * sizeof *a);
    free(a);
    free(b);
}

/* Is this unit of the new head that one of the old? 4 inputs. */
static bool same_unit(int old, int new)
{
    const struct layer *a = layer_of(&from, 1), *b = layer_of(&to, 1);
    bool same = a->bias[old] == b->bias[new];
    for (int row = 0; row < 4; row++)
        same =
            same && a->kernel[row * a->dense.units + old] == b->kernel[row * b->dense.units + new];
    return same;
}

START_TEST(all_weights_are_taken_though_pictures_are_larger)
{
    build(BODY("8") "x = Dense(3, activation='softmax')(x)\n",
          BODY("16") "x = Dense(3, activation='softmax')(x)\n");
    take();
    assert_same_weights();
    for (int i = 0; i < 3; i++)
        ck_assert(kept[i]);
    finish();
}
END_TEST

START_TEST(classes_are_found_by_name)
{
    static const char *const old[] = {"cat", "dog", "neither"};
    static const char *const new[] = {"neither", "minka", "cat", "tom"};
    build(BODY("8") "x = Dense(3, activation='softmax')(x)\n",
          BODY("8") "x = Dense(4, activation='softmax')(x)\n");
    set_classes(&from, old, 3);
    set_classes(&to, new, 4);
    take();
    ck_assert(kept[0] && !kept[1] && kept[2] && !kept[3]);
    ck_assert(same_unit(2, 0) && same_unit(0, 2));
    ck_assert_float_eq(layer_of(&to, 1)->bias[1], 0);
    ck_assert_float_eq(layer_of(&to, 1)->bias[3], 0);
    ck_assert_mem_eq(layer_of(&from, 7)->kernel, layer_of(&to, 7)->kernel, 108 * sizeof(float));
    finish();
}
END_TEST

START_TEST(unnamed_classes_count_by_place)
{
    static const char *const names[] = {"cat", "dog"};
    build(BODY("8") "x = Dense(2, activation='softmax')(x)\n",
          BODY("8") "x = Dense(2, activation='softmax')(x)\n");
    set_classes(&to, names, 2);
    take();
    ck_assert(kept[0] && kept[1]);
    assert_same_weights();
    finish();
}
END_TEST

START_TEST(one_output_is_for_its_two_classes)
{
    static const char *const names[] = {"cat", "dog"}, *const swapped[] = {"dog", "cat"};
    build(BODY("8") "x = Dense(1, activation='sigmoid')(x)\n",
          BODY("8") "x = Dense(1, activation='sigmoid')(x)\n");
    set_classes(&from, names, 2);
    set_classes(&to, swapped, 2);
    take();
    ck_assert(!kept[0] && !kept[1] && !same_unit(0, 0));
    set_classes(&to, names, 2);
    take();
    ck_assert(kept[0] && kept[1]);
    assert_same_weights();
    finish();
}
END_TEST

static void assert_refused(const char *old, const char *new, const char *message)
{
    struct error error = {0};
    build(old, new);
    const float first = layer_of(&to, 1)->kernel[0];
    ck_assert(!transfer_body(from.network.model, to.network.model, &error));
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    ck_assert_float_eq(layer_of(&to, 1)->kernel[0], first);
    finish();
}

START_TEST(what_does_not_fit_is_named)
{
    assert_refused(
        BODY("8") "x = Dense(5)(x)\nx = Dense(3)(x)\n",
        BODY("8") "x = Dense(6)(x)\nx = Dense(3)(x)\n",
        "its layer dense (Dense, kernel 4 x 5, bias) does not fit layer dense (Dense, kernel "
        "4 x 6, bias)");
    assert_refused(
        BODY("8") "x = Dense(5)(x)\nx = Dense(3)(x)\n", BODY("8") "x = Dense(3)(x)\n",
        "layer dense (Dense, kernel 4 x 5, bias) does not fit layer dense (Dense, kernel "
        "4 x 3, bias)");
    assert_refused("x = Input((4,))\nx = Dense(3)(x)\n",
                   "x = Input((4,))\nx = Dense(3)(x)\nx = Dense(3)(x)\n",
                   "it has no weights for layer dense_1");
    assert_refused("x = Input((8, 8, 3))\nx = Dense(3)(Flatten()(x))\n",
                   "x = Input((9, 9, 3))\nx = Dense(3)(Flatten()(x))\n", "243 x 3");
    assert_refused("x = Input((4,))\nx = Dense(3)(x)\n",
                   "x = Input((4,))\nx = Dense(3, use_bias=False)(x)\n",
                   "(Dense, kernel 4 x 3, bias) does not fit layer dense (Dense, kernel 4 x 3) ");
}
END_TEST

TEST_MAIN(transfer, all_weights_are_taken_though_pictures_are_larger, classes_are_found_by_name,
          unnamed_classes_count_by_place, one_output_is_for_its_two_classes,
          what_does_not_fit_is_named)
