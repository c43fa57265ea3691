/* The networks of bench/n1.recipe to n3.recipe, with random weights and without their softmax,
 * which would hide differences: all kinds of kernels that this machine has agree on the logits, and
 * each kind gives the same bits on every run. */
#include "nn/session.h"
#include "tests/nn/build.h"
#include "tests/suite.h"

#include <stdio.h>

enum { SIDE = 128, CLASSES = 3, PICTURES = 2 };
static const double tolerance = 1e-4 / 2; /* from the reference, so twice that from each other */

/* --- the networks ----------------------------------------------------------------------------- */

static int last(const struct model *model)
{
    return model->layer_count - 1;
}

static struct layer conv_relu(int filters, int kernel, int stride)
{
    return with(conv(filters, kernel, stride, PADDING_SAME), ACTIVATION_RELU);
}

static struct model *build_n1(void)
{
    static const int filters[] = {32, 64, 128, 128};
    struct model *model = build_model(SIDE, SIDE, 3);
    for (int i = 0; i < 4; i++) {
        add(model, conv_relu(filters[i], 3, 1));
        add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
    }
    add(model, (struct layer){.op = LAYER_FLATTEN});
    add(model, with(dense(512), ACTIVATION_RELU));
    add(model, dense(CLASSES));
    return model;
}

static void add_relu_of_sum(struct model *model, int a, int b)
{
    add(model, (struct layer){.op = LAYER_ADD, .inputs = (int[]){a, b}, .input_count = 2});
    add(model, with((struct layer){.op = LAYER_ACTIVATION}, ACTIVATION_RELU));
}

/* Two convolutions, around which the input goes; past a stride of 2 through a third one. */
static void add_block(struct model *model, int filters, int stride)
{
    int input = last(model);
    add(model, conv_relu(filters, 3, stride));
    add(model, conv(filters, 3, 1, PADDING_SAME));
    const int output = last(model);
    if (stride > 1) {
        struct layer shortcut = conv(filters, 1, stride, PADDING_SAME);
        shortcut.inputs = &input;
        shortcut.input_count = 1;
        add(model, shortcut);
        input = last(model);
    }
    add_relu_of_sum(model, input, output);
}

static struct model *build_n2(void)
{
    struct model *model = build_model(SIDE, SIDE, 3);
    add(model, conv_relu(32, 3, 2));
    add(model, pool(LAYER_MAX_POOL2D, 2, 2, PADDING_VALID));
    for (int filters = 32; filters <= 256; filters *= 2) {
        add_block(model, filters, filters == 32 ? 1 : 2);
        add_block(model, filters, 1);
    }
    add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
    add(model, dense(CLASSES));
    return model;
}

static struct layer depthwise_relu(int stride)
{
    return with((struct layer){.op = LAYER_DEPTHWISE_CONV2D,
                               .conv = {window(3, stride, PADDING_SAME), .multiplier = 1}},
                ACTIVATION_RELU);
}

static struct model *build_n3(void)
{
    static const int filters[] = {32, 64, 64, 128, 128, 256, 256, 256, 256, 512};
    static const int strides[] = {1, 2, 1, 2, 1, 2, 1, 1, 1, 2};
    struct model *model = build_model(SIDE, SIDE, 3);
    add(model, conv_relu(16, 3, 2));
    for (int i = 0; i < 10; i++) {
        add(model, depthwise_relu(strides[i]));
        add(model, conv_relu(filters[i], 1, 1));
    }
    add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
    add(model, dense(CLASSES));
    return model;
}

static void scale_biases(struct model *model)
{
    for (int i = 0; i < model->layer_count; i++) {
        const struct layer *layer = &model->layers[i];
        for (int k = 0; layer->bias && k < shape_channels(&layer->shape); k++)
            layer->bias[k] *= 0.1f;
    }
}

/* --- pictures --------------------------------------------------------------------------------- */

enum { PICTURE_VALUES = SIDE * SIDE * 3 };

/* Stripes and noise, 0..1, as preprocessing makes them of pixels. */
static float *draw(unsigned seed)
{
    float *picture = malloc(PICTURE_VALUES * sizeof *picture);
    ck_assert_ptr_nonnull(picture);
    fill(picture, PICTURE_VALUES, seed);
    for (int i = 0; i < PICTURE_VALUES; i++)
        picture[i] = 0.5f + 0.1f * picture[i] + 0.4f * sinf((float)i * 0.01f * (float)seed);
    return picture;
}

/* --- comparing -------------------------------------------------------------------------------- */

/* false: this machine has not got these kernels. */
static bool run_all(const struct model *model, const char *cpu, float *const *pictures,
                    float logits[PICTURES][CLASSES])
{
    struct session *session = session_create(model, cpu, NULL);
    for (int i = 0; session && i < PICTURES; i++)
        memcpy(logits[i], session_run(session, pictures[i]), sizeof logits[i]);
    session_destroy(session);
    return session != NULL;
}

/* Another session of the kind, the last of `count` pictures first, gives the same bits. */
static void check_bits(const struct model *model, const char *cpu, float *const *pictures,
                       int count, float logits[PICTURES][CLASSES])
{
    struct session *session = session_create(model, cpu, NULL);
    ck_assert_ptr_nonnull(session);
    for (int i = count - 1; i >= 0; i--)
        ck_assert_mem_eq(session_run(session, pictures[i]), logits[i], sizeof logits[i]);
    session_destroy(session);
}

static double difference(float a[PICTURES][CLASSES], float b[PICTURES][CLASSES])
{
    double largest = 0;
    for (int i = 0; i < PICTURES; i++)
        for (int c = 0; c < CLASSES; c++)
            largest = fmax(largest, fabs((double)a[i][c] - (double)b[i][c]));
    return largest;
}

/* Logits that are all alike would agree, too. */
static void check_speaking(float logits[PICTURES][CLASSES])
{
    double spread = 0;
    for (int c = 0; c < CLASSES; c++)
        spread = fmax(spread, fabs((double)logits[0][c] - (double)logits[1][c]));
    ck_assert_msg(spread > 0.02, "the pictures' logits are %g apart", spread);
}

static void prepare(struct model *model, float *pictures[PICTURES])
{
    fill_weights(model, 7);
    scale_kernels(model, 2);
    scale_biases(model);
    finish(model);
    for (int i = 0; i < PICTURES; i++)
        pictures[i] = draw((unsigned)i + 1);
}

static void free_all(struct model *model, float *pictures[PICTURES])
{
    for (int i = 0; i < PICTURES; i++)
        free(pictures[i]);
    model_destroy(model);
}

/* `parameters` says that it is the recipe's network: as many as `pawcam summary` counts. */
static void check_kinds(const char *name, struct model *model, size_t parameters)
{
    static const char *const kinds[] = {"sse2", "avx2", "avx512", "neon"};
    float wanted[PICTURES][CLASSES], logits[PICTURES][CLASSES], *pictures[PICTURES];
    ck_assert_uint_eq(total_parameters(model), parameters);
    prepare(model, pictures);
    ck_assert(run_all(model, "reference", pictures, wanted));
    check_speaking(wanted);
    int count = 0;
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (!run_all(model, kinds[k], pictures, logits))
            continue;
        check_bits(model, kinds[k], pictures, PICTURES, logits);
        const double found = difference(logits, wanted);
        printf("%s, %s: logits like %g, %g from the reference\n", name, kinds[k],
               (double)logits[0][0], found);
        ck_assert_msg(found <= tolerance, "%s, %s: %g from the reference", name, kinds[k], found);
        count++;
    }
    ck_assert_int_gt(count, 0);
    free_all(model, pictures);
}

START_TEST(kinds_agree_on_the_logits_of_n1)
{
    check_kinds("N1", build_n1(), 4437187);
}
END_TEST

START_TEST(kinds_agree_on_the_logits_of_n2)
{
    check_kinds("N2", build_n2(), 2793411);
}
END_TEST

START_TEST(kinds_agree_on_the_logits_of_n3)
{
    check_kinds("N3", build_n3(), 410179);
}
END_TEST

/* Of the smallest only: plain loops are slow, and slower still in qemu. */
START_TEST(the_reference_gives_the_same_bits)
{
    struct model *model = build_n3();
    float logits[PICTURES][CLASSES], *pictures[PICTURES];
    prepare(model, pictures);
    ck_assert(run_all(model, "reference", pictures, logits));
    check_bits(model, "reference", pictures, PICTURES, logits);
    free_all(model, pictures);
}
END_TEST

TEST_MAIN(logits, the_reference_gives_the_same_bits, kinds_agree_on_the_logits_of_n1,
          kinds_agree_on_the_logits_of_n2, kinds_agree_on_the_logits_of_n3)
