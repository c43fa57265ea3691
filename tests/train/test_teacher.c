#include "nn/keras/save.h"
#include "nn/session.h"
#include "nn/train/prefetch.h"
#include "nn/train/recipe.h"
#include "nn/train/sources.h"
#include "nn/train/weights.h"
#include "tests/train/nets.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HEIGHT = 5, WIDTH = 6, VALUES = HEIGHT * WIDTH * 3, CLASSES = 3 };

static char folder[] = "/tmp/pawcam-teacher-XXXXXX";
static struct net nets[2]; /* a.h5 and b.h5 in the folder */
static struct recipe recipe;
static struct teacher teacher;
static struct error error;

static const char *path(const char *name)
{
    static char text[64];
    snprintf(text, sizeof text, "%s/%s", folder, name);
    return text;
}

#define NETWORK(size, head)                                                                        \
    "[network]\nx = Input(" size ")\nx = Flatten()(x)\nx = Dense(3, activation='" head "')(x)\n"

static void build(struct net *net, const char *text, uint64_t seed)
{
    net_build(net, text);
    const size_t count = weights_count(net->network.model);
    float *values = malloc(count * sizeof *values);
    struct random random;
    random_seed(&random, seed);
    net_fill(&random, values, count);
    weights_set(net->network.model, values);
    free(values);
}

static void begin(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (int i = 0; i < 2; i++) {
        build(&nets[i], NETWORK("(5, 6, 3)", "softmax"), 7 + (uint64_t)i);
        ck_assert(keras_save(nets[i].network.model, path(i ? "b.h5" : "a.h5"), &error));
    }
}

static void end(void)
{
    teacher_close(&teacher);
    recipe_free(&recipe);
    net_free(&nets[0]);
    net_free(&nets[1]);
    unlink(path("a.h5"));
    unlink(path("b.h5"));
    rmdir(folder);
}

static bool open_teacher(const char *arguments)
{
    char text[256];
    snprintf(text, sizeof text,
             "[data]\ntrain = Shapes()\n[compile]\noptimizer = 'adam'\n"
             "loss = 'categorical_crossentropy'\nteacher = Teacher(%s)\n",
             arguments);
    ck_assert_msg(recipe_parse(&recipe, "t.recipe", text, &error), "%s", error.message);
    return teacher_open(&teacher, &recipe.teacher, folder, &error);
}

/* Adds the scores that a network gives x, or its mirror image. */
static void add_scores(const struct net *net, const float *x, bool mirrored, double *sum)
{
    float picture[VALUES];
    for (int i = 0; i < VALUES; i++) {
        const int row = i / (WIDTH * 3), column = i / 3 % WIDTH, channel = i % 3;
        picture[i] = x[(row * WIDTH + (mirrored ? WIDTH - 1 - column : column)) * 3 + channel];
    }
    struct session *session = session_create(net->network.model, "reference", &error);
    ck_assert_ptr_nonnull(session);
    const float *scores = session_run(session, picture);
    for (int k = 0; k < CLASSES; k++)
        sum[k] += (double)scores[k];
    session_destroy(session);
}

static void fill(float *x, uint64_t seed)
{
    struct random random;
    random_seed(&random, seed);
    net_fill(&random, x, VALUES);
}

START_TEST(targets_become_a_mean_of_label_and_scores)
{
    float x[VALUES], y[CLASSES] = {0, 1, 0}, plain[CLASSES] = {0, 1, 0};
    double sum[CLASSES] = {0}, straight[CLASSES] = {0};
    begin();
    ck_assert_msg(open_teacher("['a.h5', 'b.h5'], alpha=0.25, mirrored=True"), "%s", error.message);
    ck_assert(teacher_check(&teacher, nets[0].network.model, &error));
    fill(x, 3);
    for (int i = 0; i < 4; i++)
        add_scores(&nets[i / 2], x, i % 2, sum);
    struct lesson *lesson = lesson_create(&teacher, "auto", &error);
    lesson_teach(lesson, x, y);
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq_tol((double)y[k], 0.25 * (k == 1) + 0.75 * sum[k] / 4, 1e-5);
    lesson_destroy(lesson);
    teacher_close(&teacher);
    recipe_free(&recipe);

    ck_assert(open_teacher("['b.h5'], 0.5")); /* not mirrored, and nothing is left of before */
    lesson = lesson_create(&teacher, "reference", &error);
    add_scores(&nets[1], x, false, straight);
    for (int i = 0; i < 2; i++) {
        memcpy(y, plain, sizeof y);
        lesson_teach(lesson, x, y);
        for (int k = 0; k < CLASSES; k++)
            ck_assert_double_eq_tol((double)y[k], 0.5 * (k == 1) + 0.5 * straight[k], 1e-5);
    }
    lesson_destroy(lesson);
    end();
}
END_TEST

static void assert_refused(const char *network, const char *const *classes, const char *message)
{
    struct net pupil;
    build(&pupil, network, 1);
    ck_assert(model_set_classes(pupil.network.model, classes, CLASSES, &error));
    ck_assert(!teacher_check(&teacher, pupil.network.model, &error));
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    net_free(&pupil);
}

START_TEST(models_that_do_not_fit_are_refused)
{
    static const char *const pets[] = {"cat", "dog", "neither"}, *const others[] = {"a", "b", "c"};
    struct net pupil;
    begin();
    ck_assert(!open_teacher("['a.h5', 'c.h5']"));
    ck_assert_ptr_nonnull(strstr(error.message, path("c.h5")));
    ck_assert_int_eq(teacher.count, 0);
    recipe_free(&recipe);

    ck_assert(model_set_classes(nets[1].network.model, pets, CLASSES, &error));
    ck_assert(keras_save(nets[1].network.model, path("b.h5"), &error));
    ck_assert(open_teacher("['a.h5', 'b.h5']"));
    assert_refused(NETWORK("(6, 6, 3)", "softmax"), pets, "a.h5: its input is 5 x 6 x 3");
    assert_refused(NETWORK("(5, 6, 3)", "softmax"), others, "b.h5: its class 0 is 'cat'");
    build(&pupil, NETWORK("(5, 6, 3)", "softmax"), 1);
    ck_assert(model_set_classes(pupil.network.model, pets, CLASSES, &error));
    ck_assert_msg(teacher_check(&teacher, pupil.network.model, &error), "%s", error.message);
    pupil.network.model->preprocessing.offset[1] = -0.5F;
    ck_assert(!teacher_check(&teacher, pupil.network.model, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "a.h5: it was trained with another [preprocess]"));
    net_free(&pupil);
    teacher_close(&teacher);
    recipe_free(&recipe);

    build(&pupil, NETWORK("(5, 6, 3)", "sigmoid"), 1);
    ck_assert(keras_save(pupil.network.model, path("b.h5"), &error));
    ck_assert(open_teacher("['b.h5']"));
    assert_refused(NETWORK("(5, 6, 3)", "softmax"), pets, "does not end in softmax");
    net_free(&pupil);
    end();
}
END_TEST

/* Of an epoch: x and y of the first batch. */
static void first_batch(const struct prefetch_settings *settings, float *x, float *y)
{
    struct prefetch *prefetch = prefetch_start(settings, 0, 0, &error);
    const struct batch *batch = prefetch ? prefetch_next(prefetch, &error) : NULL;
    ck_assert_msg(batch && batch->n == 8, "%s", error.message);
    memcpy(x, batch->x, 8 * VALUES * sizeof *x);
    memcpy(y, batch->y, 8 * CLASSES * sizeof *y);
    prefetch_stop(prefetch);
}

START_TEST(batches_are_taught_as_they_are_seen)
{
    static const char *const names[] = {"a", "b", "c"};
    float x[8 * VALUES], y[8 * CLASSES], again[8 * CLASSES], seen[8 * VALUES];
    struct dataset data;
    struct subset all;
    begin();
    ck_assert(dataset_reserve(&data, 8, HEIGHT, WIDTH, 3, &error));
    ck_assert(dataset_set_classes(&data, names, CLASSES, &error));
    for (int i = 0; i < 8 * VALUES; i++)
        data.pixels[i] = (uint8_t)(i * 37 % 251);
    for (int i = 0; i < 8; i++)
        data.labels[i] = i % CLASSES;
    ck_assert(dataset_all(&data, &all, &error));
    ck_assert(open_teacher("['a.h5'], alpha=0"));
    struct augment_settings augment = augment_none;
    augment.horizontal_flip = true;
    struct prefetch_settings settings = {
        .order = {.pictures = &all, .seed = 5},
        .augment = &augment,
        .height = HEIGHT,
        .width = WIDTH,
        .scale = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F},
        .target = TARGET_ONE_HOT,
        .teacher = &teacher,
        .cpu = "auto",
        .batch = 8,
        .threads = 1,
    };
    first_batch(&settings, x, y);
    for (int i = 0; i < 8; i++) {
        double sum[CLASSES] = {0};
        add_scores(&nets[0], x + i * VALUES, false, sum);
        for (int k = 0; k < CLASSES; k++)
            ck_assert_double_eq_tol((double)y[i * CLASSES + k], sum[k], 1e-5);
    }
    settings.threads = 3;
    first_batch(&settings, seen, again);
    ck_assert_mem_eq(x, seen, sizeof x);
    ck_assert_mem_eq(y, again, sizeof y);
    settings.cpu = "no-such-kernels";
    struct prefetch *prefetch = prefetch_start(&settings, 0, 0, &error);
    ck_assert_ptr_null(prefetch_next(prefetch, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "no-such-kernels"));
    prefetch_stop(prefetch);
    dataset_free(&data);
    subset_free(&all);
    end();
}
END_TEST

TEST_MAIN(teacher, targets_become_a_mean_of_label_and_scores, models_that_do_not_fit_are_refused,
          batches_are_taught_as_they_are_seen)
