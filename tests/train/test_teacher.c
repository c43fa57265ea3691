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

#define NETWORK(size, units, head)                                                                 \
    "[network]\nx = Input(" size ")\nx = Flatten()(x)\n"                                           \
    "x = Dense(" units ", activation='" head "')(x)\n"

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
        build(&nets[i], NETWORK("(5, 6, 3)", "3", "softmax"), 7 + (uint64_t)i);
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
    ck_assert(teacher_check_network(&teacher, nets[0].network.model, &error));
    ck_assert(teacher_check_meaning(&teacher, nets[0].network.model, &error));
    fill(x, 3);
    for (int i = 0; i < 4; i++)
        add_scores(&nets[i / 2], x, i % 2, sum);
    struct teacher_session *session = teacher_session_create(&teacher, "auto", &error);
    ck_assert(teacher_session_run(session, x, y, &error));
    for (int k = 0; k < CLASSES; k++)
        ck_assert_double_eq_tol((double)y[k], 0.25 * (k == 1) + 0.75 * sum[k] / 4, 1e-5);
    teacher_session_destroy(session);
    teacher_close(&teacher);
    recipe_free(&recipe);

    ck_assert(open_teacher("['b.h5'], 0.5")); /* not mirrored, and nothing is left of before */
    session = teacher_session_create(&teacher, "reference", &error);
    add_scores(&nets[1], x, false, straight);
    for (int i = 0; i < 2; i++) {
        memcpy(y, plain, sizeof y);
        ck_assert(teacher_session_run(session, x, y, &error));
        for (int k = 0; k < CLASSES; k++)
            ck_assert_double_eq_tol((double)y[k], 0.5 * (k == 1) + 0.5 * straight[k], 1e-5);
    }
    teacher_session_destroy(session);
    end();
}
END_TEST

static const char *const pets[] = {"cat", "dog", "neither"};

/* With the classes a, b, c or others. */
static bool fits(const char *network, const char *const *classes, float offset)
{
    struct net pupil;
    build(&pupil, network, 1);
    struct model *model = pupil.network.model;
    ck_assert(model_set_classes(model, classes, model->class_count, &error));
    model->preprocessing.offset[1] = offset;
    const bool good = teacher_check_network(&teacher, model, &error) &&
                      teacher_check_meaning(&teacher, model, &error);
    net_free(&pupil);
    return good;
}

static void assert_refused(const char *network, const char *const *classes, float offset,
                           const char *message)
{
    ck_assert(!fits(network, classes, offset));
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
}

/* b.h5 becomes this network, and the only model of the teacher. */
static void open_other(const char *network, const char *arguments)
{
    teacher_close(&teacher);
    recipe_free(&recipe);
    net_free(&nets[1]);
    build(&nets[1], network, 1);
    ck_assert(keras_save(nets[1].network.model, path("b.h5"), &error));
    ck_assert(open_teacher(arguments));
}

START_TEST(models_that_do_not_fit_are_refused)
{
    static const char *const others[] = {"cat", "fox", "neither"};
    const char *same = NETWORK("(5, 6, 3)", "3", "softmax");
    begin();
    ck_assert(!open_teacher("['a.h5', 'c.h5']"));
    ck_assert_ptr_nonnull(strstr(error.message, path("c.h5")));
    ck_assert_int_eq(teacher.count, 0);
    recipe_free(&recipe);

    ck_assert(model_set_classes(nets[1].network.model, pets, CLASSES, &error));
    ck_assert(keras_save(nets[1].network.model, path("b.h5"), &error));
    ck_assert(open_teacher("['a.h5', 'b.h5']"));
    ck_assert_msg(fits(same, pets, 0), "%s", error.message);
    assert_refused(NETWORK("(6, 6, 3)", "3", "softmax"), pets, 0, "a.h5: its input is 5 x 6 x 3");
    assert_refused(NETWORK("(5, 6, 3)", "2", "softmax"), pets, 0, "a.h5: its output is 3");
    assert_refused(NETWORK("(5, 6, 3)", "3", "sigmoid"), pets, 0, "a.h5: it ends in softmax");
    assert_refused(same, others, 0, "b.h5: its class 1 is 'dog'");
    assert_refused(same, pets, -0.5F, "a.h5: it was trained with another [preprocess]");

    open_other(NETWORK("(5, 6, 3)", "3", "sigmoid"), "['b.h5']");
    ck_assert(fits(NETWORK("(5, 6, 3)", "3", "sigmoid"), pets, 0));
    open_other("[network]\nx = Input((4,))\nx = Dense(3, activation='softmax')(x)\n",
               "['b.h5'], mirrored=True");
    assert_refused("[network]\nx = Input((4,))\nx = Dense(3, activation='softmax')(x)\n", pets, 0,
                   "mirrored=True is for a network that takes pictures");
    end();
}
END_TEST

START_TEST(another_teacher_has_another_fingerprint)
{
    begin();
    ck_assert(open_teacher("['a.h5']"));
    const uint64_t first = teacher_fingerprint(&teacher);
    teacher_close(&teacher);
    ck_assert_uint_ne(teacher_fingerprint(&teacher), first);
    recipe_free(&recipe);
    ck_assert(open_teacher("['b.h5']"));
    ck_assert_uint_ne(teacher_fingerprint(&teacher), first);
    end();
}
END_TEST

START_TEST(scores_that_are_no_numbers_are_told)
{
    float x[VALUES], y[CLASSES] = {0, 1, 0};
    begin();
    struct layer *head = &nets[1].network.model->layers[nets[1].network.model->output];
    for (int i = 0; i < VALUES * CLASSES; i++)
        head->kernel[i] = 3e38F;
    ck_assert(keras_save(nets[1].network.model, path("b.h5"), &error));
    ck_assert(open_teacher("['a.h5', 'b.h5']"));
    struct teacher_session *session = teacher_session_create(&teacher, "reference", &error);
    for (int i = 0; i < VALUES; i++)
        x[i] = 1;
    ck_assert(!teacher_session_run(session, x, y, &error));
    ck_assert_str_eq(error.message, "teacher b.h5: a score is not a finite number");
    ck_assert(y[0] == 0 && y[1] == 1 && y[2] == 0);
    teacher_session_destroy(session);
    end();
}
END_TEST

/* Of an epoch: all of x and y. */
static void collect(const struct prefetch_settings *settings, float *x, float *y)
{
    int n = 0;
    struct prefetch *prefetch = prefetch_start(settings, 0, 0, &error);
    ck_assert_ptr_nonnull(prefetch);
    for (const struct batch *batch; (batch = prefetch_next(prefetch, &error)); n += batch->n) {
        memcpy(x + n * VALUES, batch->x, (size_t)batch->n * VALUES * sizeof *x);
        memcpy(y + n * CLASSES, batch->y, (size_t)batch->n * CLASSES * sizeof *y);
    }
    ck_assert_msg(n == 8, "%s", error.message);
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
    augment.mixup = 0.4; /* the teacher sees what became of the pictures */
    augment.mixup_share = 1;
    struct prefetch_settings settings = {
        .order = {.pictures = &all, .seed = 5},
        .augment = &augment,
        .height = HEIGHT,
        .width = WIDTH,
        .scale = {1 / 255.0F, 1 / 255.0F, 1 / 255.0F},
        .target = TARGET_ONE_HOT,
        .teacher = &teacher,
        .cpu = "auto",
        .batch = 5, /* and then one of 3 */
        .threads = 1,
    };
    collect(&settings, x, y);
    for (int i = 0; i < 8; i++) {
        double sum[CLASSES] = {0};
        add_scores(&nets[0], x + i * VALUES, false, sum);
        for (int k = 0; k < CLASSES; k++)
            ck_assert_double_eq_tol((double)y[i * CLASSES + k], sum[k], 1e-5);
    }
    settings.threads = 3;
    collect(&settings, seen, again);
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
          another_teacher_has_another_fingerprint, scores_that_are_no_numbers_are_told,
          batches_are_taught_as_they_are_seen)
