#include "nn/train/recipe.h"

#include "tests/suite.h"

#include <glob.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char whole[] =
    "[data]\n"
    "train = Folder('pets/train', classes=['cat', 'dog'], mode='binary', limit=1000)\n"
    "validation = Folder('pets/val')\n"
    "[preprocess]\n"
    "rescale = 1./255\n"
    "mean = 0.5\n"
    "std = (0.5, 0.25, 0.125)\n"
    "[augment]\n"
    "zoom_range = 0.2\n"
    "brightness_range = (0.5, 1.5)\n"
    "horizontal_flip = True\n"
    "[network]\n"
    "x = Input((8, 8, 3))\n"
    "[compile]\n"
    "optimizer = optimizers.SGD(lr=0.1, momentum=0.9, nesterov=True, weight_decay=5e-4)\n"
    "loss = BinaryCrossentropy(label_smoothing=0.1)\n"
    "metrics = ['accuracy']\n"
    "schedule = CosineDecay(warmup_steps=400)\n"
    "[fit]\n"
    "epochs = 20\n"
    "batch_size = 64\n"
    "callbacks = [ModelCheckpoint('{epoch:02d}-{val_loss:.4f}.hdf5', save_best_only=True),\n"
    "             EarlyStopping(monitor='val_acc', patience=5)]\n";

START_TEST(reads_every_section)
{
    struct recipe r;
    struct error error;
    ck_assert_msg(recipe_parse(&r, "pets.recipe", whole, &error), "%s", error.message);
    ck_assert_int_eq(r.train->kind, SOURCE_FOLDER);
    ck_assert_str_eq(r.train->path, "pets/train");
    ck_assert_int_eq(r.train->limit, 1000);
    ck_assert_str_eq(r.train->classes->items[1].text, "dog");
    ck_assert_int_eq(r.test->kind, SOURCE_NONE);
    ck_assert_double_eq(r.rescale, 1.0 / 255);
    ck_assert(r.mean[2] == 0.5 && r.std[0] == 0.5 && r.std[2] == 0.125);
    ck_assert(r.augment.zoom_range[0] == 0.8 && r.augment.zoom_range[1] == 1.2);
    ck_assert(r.augment.brightness_range[0] == 0.5 && r.augment.brightness_range[1] == 1.5);
    ck_assert(r.augmented && r.augment.horizontal_flip && !r.augment.vertical_flip);
    ck_assert_int_eq(r.trainer.optimizer, OPTIMIZER_SGD);
    ck_assert(r.trainer.momentum == 0.9 && r.trainer.nesterov && r.trainer.weight_decay == 5e-4);
    ck_assert_double_eq(r.schedule.rate, 0.1);
    ck_assert_int_eq(r.schedule.kind, SCHEDULE_COSINE);
    ck_assert_int_eq(r.schedule.warmup_steps, 400);
    ck_assert_int_eq(r.trainer.loss, LOSS_BINARY_CROSSENTROPY);
    ck_assert_double_eq(r.trainer.label_smoothing, 0.1);
    ck_assert(r.epochs == 20 && r.trainer.batch == 64 && r.shuffle);
    ck_assert_int_eq(r.callback_count, 2);
    ck_assert(r.callbacks[0].save_best_only);
    ck_assert_int_eq(r.callbacks[1].patience, 5);
    recipe_free(&r);
}
END_TEST

START_TEST(defaults_are_those_of_keras)
{
    struct recipe r;
    struct error error;
    const char *text = "[data]\ndata = MNIST('mnist')\n[compile]\noptimizer = 'adam'\n"
                       "loss = 'sparse_categorical_crossentropy'\n";
    ck_assert_msg(recipe_parse(&r, "a.recipe", text, &error), "%s", error.message);
    ck_assert(r.train->kind == SOURCE_MNIST && r.test->kind == SOURCE_MNIST);
    ck_assert(strcmp(r.train->split, "train") == 0 && strcmp(r.test->split, "test") == 0);
    ck_assert(r.trainer.beta_1 == 0.9 && r.trainer.beta_2 == 0.999 && r.trainer.epsilon == 1e-7);
    ck_assert(r.schedule.rate == 1e-3 && r.trainer.batch == 32 && !r.augmented);
    recipe_free(&r);
}
END_TEST

START_TEST(sources_can_be_many)
{
    struct recipe r;
    struct error error;
    const char *text = "[data]\ntrain = [Folder('photos', size=72),\n"
                       "         Folder('drawings', share=0.1), Shapes(share=0.2)]\n"
                       "[compile]\noptimizer = 'adam'\nloss = 'mse'\n[fit]\nbalance = True\n";
    ck_assert_msg(recipe_parse(&r, "a.recipe", text, &error), "%s", error.message);
    ck_assert(r.train[0].share == 0 && r.train[1].share == 0.1 && r.train[2].share == 0.2);
    ck_assert(r.train[1].line == 3 && r.train[2].kind == SOURCE_SHAPES);
    ck_assert(r.train[3].kind == SOURCE_NONE && r.test[0].kind == SOURCE_NONE && r.balance);
    recipe_free(&r);
}
END_TEST

START_TEST(a_teacher_is_a_list_of_models)
{
    struct recipe r;
    struct error error;
    const char *text = "[data]\ntrain = Shapes()\n[compile]\noptimizer = 'adam'\nloss = 'mse'\n"
                       "teacher = Teacher(['a.h5', 'b.h5'], 0.3, mirrored=True)\n";
    ck_assert_msg(recipe_parse(&r, "a.recipe", text, &error), "%s", error.message);
    ck_assert(r.teacher.alpha == 0.3 && r.teacher.mirrored && r.teacher.line == 6);
    ck_assert_int_eq(r.teacher.models->count, 2);
    ck_assert_str_eq(r.teacher.models->items[1].text, "b.h5");
    recipe_free(&r);
    text = "[data]\ntrain = Shapes()\n[compile]\noptimizer = 'adam'\nloss = 'mse'\n"
           "teacher = Teacher(['a.h5'])\n";
    ck_assert_msg(recipe_parse(&r, "a.recipe", text, &error), "%s", error.message);
    ck_assert(r.teacher.alpha == 0.1 && !r.teacher.mirrored);
    recipe_free(&r);
}
END_TEST

START_TEST(verbose_is_taken_and_not_looked_at)
{
    struct recipe r;
    struct error error;
    const char *text =
        "[data]\ndata = MNIST('mnist')\n[compile]\noptimizer = 'adam'\nloss = 'mse'\n"
        "[fit]\ncallbacks = [ModelCheckpoint('a.h5', 'loss', 1, True),\n"
        "    EarlyStopping('loss', 0.5, 3, verbose=True, mode='min')]\n";
    ck_assert_msg(recipe_parse(&r, "a.recipe", text, &error), "%s", error.message);
    ck_assert(r.callbacks[0].save_best_only && r.callbacks[1].patience == 3);
    recipe_free(&r);
}
END_TEST

/* The whole recipe with `from` replaced by `to` must be refused with this message. */
static void assert_refused(const char *from, const char *to, const char *message)
{
    char text[sizeof whole + 400];
    struct recipe recipe;
    struct error error = {0};
    const char *place = strstr(whole, from);
    ck_assert_msg(place, "the recipe lacks '%s'", from);
    snprintf(text, sizeof text, "%.*s%s%s", (int)(place - whole), whole, to, place + strlen(from));
    ck_assert_msg(!recipe_parse(&recipe, "pets.recipe", text, &error), "accepted: %s", to);
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    ck_assert_int_eq(recipe.script.count, 0);
}

START_TEST(refuses_by_file_and_line)
{
    assert_refused("Folder('pets/val')", "Folders('pets/val')",
                   "pets.recipe:3: validation must be");
    assert_refused("Folder('pets/val')", "[Folder('pets/val'), 3]",
                   "pets.recipe:3: validation must be");
    assert_refused("Folder('pets/val')", "[]", "pets.recipe:3: validation takes 1 to 8 sources");
    assert_refused("Folder('pets/val')", "[Folder('a'), Folder('b', share=0.1)]",
                   "pets.recipe:3: a share is for train =");
    assert_refused("limit=1000", "share=0.5", "pets.recipe:2: the first source has no share");
    assert_refused("limit=1000", "share=1", "pets.recipe:2: share must be a number from 0 to 0.9");
    assert_refused("limit=1000", "limits=1000", "pets.recipe:2: Folder takes no limits");
    assert_refused("limit=1000", "limit=0", "pets.recipe:2: limit must be a whole number from 1");
    assert_refused("mode='binary'", "mode='both'", "pets.recipe:2: mode must be 'binary'");
    assert_refused("validation =", "train =", "pets.recipe:3: train is given twice");
    assert_refused("validation =", "valid =", "pets.recipe:3: [data] holds lines");
    assert_refused("train = Folder", "test = Folder", "pets.recipe:1: [data] needs a line train =");
    assert_refused("'pets/val'", "", "pets.recipe:3: Folder needs its folder");
    assert_refused("rescale = 1./255", "scale = 2", "pets.recipe:5: [preprocess] takes no scale");
    assert_refused("rescale = 1./255", "rescale = 1e-300",
                   "pets.recipe:5: rescale / std is 2e-300, which is as good as 0");
    assert_refused("rescale = 1./255", "rescale = -1e-39", "pets.recipe:5: rescale / std");
    assert_refused("mean = 0.5", "mean = (1, 2)", "pets.recipe:6: mean must be a number or three");
    assert_refused("zoom_range = 0.2", "zoom_range = 1.0",
                   "pets.recipe:9: zoom_range must be a number z from 0 to 0.99, for (1 - z");
    assert_refused("= (0.5, 1.5)", "= 0.5", "pets.recipe:10: brightness_range must be (low, high)");
    assert_refused("= (0.5, 1.5)", "= (2, 1)", "pets.recipe:10: brightness_range");
    assert_refused("= True", "= Yes", "pets.recipe:11: horizontal_flip must be True or False");
    assert_refused("horizontal_flip = True", "fill_mode = 'mirror'",
                   "pets.recipe:11: fill_mode must be nearest");
    assert_refused("optimizers.SGD", "Adagrad", "pets.recipe:15: optimizer must be");
    assert_refused("lr=0.1", "clipnorm=1, clipvalue=1", "pets.recipe:15: give one of clipnorm");
    assert_refused("lr=0.1", "lr='fast'", "pets.recipe:15: lr must be a number");
    assert_refused("lr=0.1, momentum", "0.1, learning_rate", "learning_rate is given twice");
    assert_refused("BinaryCrossentropy", "Hinge", "pets.recipe:16: loss must be");
    assert_refused("label_smoothing=0.1", "from_logits=True",
                   "pets.recipe:16: from_logits=True is not needed");
    assert_refused("['accuracy']", "['f1']", "pets.recipe:17: metrics must be");
    assert_refused("CosineDecay", "Cosine", "pets.recipe:18: schedule must be");
    assert_refused("metrics = ['accuracy']", "teacher = 'a.h5'",
                   "pets.recipe:17: teacher must be Teacher(");
    assert_refused("metrics = ['accuracy']", "teacher = Teacher([])",
                   "pets.recipe:17: models must be a list of strings");
    assert_refused("metrics = ['accuracy']",
                   "teacher = Teacher(['1', '2', '3', '4', '5', '6', '7', '8', '9'])",
                   "pets.recipe:17: Teacher takes a list of 1 to 8 models");
    assert_refused("metrics = ['accuracy']", "teacher = Teacher(alpha=0.5)",
                   "pets.recipe:17: Teacher takes a list of 1 to 8 models");
    assert_refused("metrics = ['accuracy']", "teacher = Teacher(['a.h5'], alpha=2)",
                   "pets.recipe:17: alpha must be a number from 0 to 0.999");
    assert_refused("loss =", "# loss =", "pets.recipe:14: [compile] needs a line loss =");
    assert_refused("epochs = 20", "epoch = 20", "pets.recipe:20: [fit] takes no epoch");
    assert_refused("epochs = 20", "epoch = 20", "shuffle, balance, seed, callbacks");
    assert_refused("horizontal_flip", "flip", ", ...");
    assert_refused("batch_size = 64", "validation_split = 0.5",
                   "pets.recipe:21: give validation data or validation_split, not both");
    assert_refused("{val_loss:.4f}", "{val_los:.4f}", "pets.recipe:22: '{val_los:.4f}");
    assert_refused("{epoch:02d}", "{epoch:02x}", "pets.recipe:22:");
    assert_refused(":.4f}.hdf5", ":.4f}.keras",
                   "pets.recipe:22: '{epoch:02d}-{val_loss:.4f}.keras'");
    assert_refused("{epoch:02d}", "a/../{epoch:02d}", "pets.recipe:22: 'a/../{epoch:02d}");
    assert_refused("{epoch:02d}", "../{epoch:02d}", "'..' leads out of --out");
    assert_refused("{epoch:02d}", "a../..b/{epoch:02x}", "{epoch:02d}, {loss:.4f}");
    assert_refused("'val_acc'", "'f1'", "pets.recipe:23: monitor must be");
    assert_refused("EarlyStopping", "LateStopping", "pets.recipe:23: a callback must be");
    assert_refused("validation = Folder('pets/val')", "", "no validation data for this name");
    assert_refused("[fit]", "[fitt]", "pets.recipe:19: there is no section [fitt]");
    assert_refused("epochs = 20", "epochs = 20\nepochs = 2",
                   "pets.recipe:21: epochs is given twice, first in line 20");
    assert_refused("'dog'", "'cat'", "pets.recipe:2: class 'cat' is given twice");
    assert_refused("optimizers.SGD(", "Adam(beta_1=1) #",
                   "pets.recipe:15: beta_1 must be a number from 0 to 0.999999");
    assert_refused("lr=0.1", "lr=-0.1", "pets.recipe:15: lr must be a number, 0 or more");
    assert_refused("lr=0.1", "lr=0.1, learning_rate=0.2",
                   "pets.recipe:15: give learning_rate or lr, not both");
    assert_refused("optimizers.SGD(", "Adam(epsilon=0) #",
                   "pets.recipe:15: epsilon must be a number from 1e-20 to 1");
    assert_refused("optimizers.SGD(", "RMSprop(0.001, 0.9, 0.5) #",
                   "pets.recipe:15: RMSprop takes at most 2 positional arguments");
    assert_refused("optimizers.SGD(", "AdamW(0.001, 0.05) #",
                   "pets.recipe:15: AdamW takes at most 1 positional arguments");
    assert_refused("momentum=0.9", "momentum=2",
                   "pets.recipe:15: momentum must be a number from 0");
    assert_refused("label_smoothing=0.1", "label_smoothing=2", "pets.recipe:16: label_smoothing");
    assert_refused("batch_size = 64", "batch_size = 0", "pets.recipe:21: batch_size must be");
    assert_refused("[data]\n", "", "pets.recipe:1: a recipe begins with a section");
}
END_TEST

START_TEST(losses_and_optimizers_by_their_modules)
{
    static const struct {
        const char *optimizer, *loss;
        enum optimizer kind;
        enum loss expected;
    } rows[] = {
        {"keras.optimizers.Adam(learning_rate=1e-3)", "keras.losses.categorical_crossentropy",
         OPTIMIZER_ADAM, LOSS_CATEGORICAL_CROSSENTROPY},
        {"tf.keras.optimizers.RMSprop(1e-3)",
         "tf.keras.losses.SparseCategoricalCrossentropy(from_logits=False)", OPTIMIZER_RMSPROP,
         LOSS_SPARSE_CATEGORICAL_CROSSENTROPY},
        {"optimizers.SGD(0.1)", "losses.MeanSquaredError()", OPTIMIZER_SGD, LOSS_MSE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[300];
        struct recipe r;
        struct error error;
        snprintf(text, sizeof text,
                 "[data]\ndata = MNIST('m')\n[compile]\noptimizer = %s\nloss = %s\n",
                 rows[i].optimizer, rows[i].loss);
        ck_assert_msg(recipe_parse(&r, "a.recipe", text, &error), "%s", error.message);
        ck_assert(r.trainer.optimizer == rows[i].kind && r.trainer.loss == rows[i].expected);
        recipe_free(&r);
    }
}
END_TEST

START_TEST(clipping_has_three_names)
{
    struct recipe r;
    struct error error;
    const char *text = "[data]\ndata = MNIST('m')\n[compile]\noptimizer = Adam(%s)\nloss = 'mse'\n";
    static const char *const names[] = {"clipnorm=2", "global_clipnorm=2", "clipvalue=2"};
    for (int i = 0; i < 3; i++) {
        char whole_text[200];
        snprintf(whole_text, sizeof whole_text, text, names[i]);
        ck_assert_msg(recipe_parse(&r, "a.recipe", whole_text, &error), "%s", error.message);
        ck_assert(r.trainer.clip_norm == (i == 0 ? 2 : 0));
        ck_assert(r.trainer.global_clip_norm == (i == 1 ? 2 : 0));
        ck_assert(r.trainer.clip_value == (i == 2 ? 2 : 0));
        recipe_free(&r);
    }
}
END_TEST

START_TEST(mixup_needs_soft_targets)
{
    struct recipe recipe;
    struct error error;
    ck_assert(!recipe_parse(&recipe, "a.recipe",
                            "[data]\ndata = MNIST('m')\n[augment]\nmixup = 0.2\n[compile]\n"
                            "optimizer = 'sgd'\nloss = 'sparse_categorical_crossentropy'\n",
                            &error));
    ck_assert_ptr_nonnull(strstr(error.message, "a.recipe:4: mixup needs soft targets"));
}
END_TEST

START_TEST(a_background_has_settings_of_its_own)
{
    static const struct {
        const char *augment, *message;
    } wrong[] = {
        {"background = 'b'", "a.recipe:4: background is for pictures made smaller"},
        {"background_crop = (0.2, 1)", "a.recipe:4: background_crop is for the class"},
        {"background_oval = 0.5", "a.recipe:4: background_oval is for pictures on a background"},
    };
    struct recipe recipe;
    struct error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "[data]\ndata = MNIST('m')\n[augment]\n%s\n[compile]\noptimizer = 'sgd'\n"
                 "loss = 'categorical_crossentropy'\n",
                 wrong[i].augment);
        ck_assert(!recipe_parse(&recipe, "a.recipe", text, &error));
        ck_assert_msg(strstr(error.message, wrong[i].message), "%s", error.message);
    }
}
END_TEST

START_TEST(schedules)
{
    struct schedule s = {.kind = SCHEDULE_CONSTANT, .rate = 1, .warmup_steps = 4};
    ck_assert_double_eq(schedule_rate(&s, 0, 10, 3), 0.25);
    ck_assert_double_eq(schedule_rate(&s, 3, 10, 3), 1);
    ck_assert_double_eq(schedule_rate(&s, 29, 10, 3), 1);
    s = (struct schedule){.kind = SCHEDULE_STEP, .rate = 1, .epochs = 2, .factor = 0.1};
    ck_assert_double_eq(schedule_rate(&s, 19, 10, 6), 1);
    ck_assert_double_eq_tol(schedule_rate(&s, 20, 10, 6), 0.1, 1e-15);
    ck_assert_double_eq_tol(schedule_rate(&s, 59, 10, 6), 0.01, 1e-15);
    s = (struct schedule){.kind = SCHEDULE_COSINE, .rate = 2, .warmup_steps = 10, .alpha = 0.1};
    ck_assert_double_eq(schedule_rate(&s, 10, 10, 3), 2);
    ck_assert_double_eq_tol(schedule_rate(&s, 20, 10, 3), 2 * (0.1 + 0.9 * 0.5), 1e-12);
    ck_assert_double_eq_tol(schedule_rate(&s, 30, 10, 3), 0.2, 1e-12);
    s = (struct schedule){.rate = 1, .decay = 0.5};
    ck_assert_double_eq(schedule_rate(&s, 2, 10, 3), 0.5);
}
END_TEST

/* What network and training only tell together. */
static void assert_not_trained(const char *network_text, const char *loss, const char *message)
{
    char text[400];
    struct recipe recipe;
    struct network network;
    struct error error = {0};
    snprintf(text, sizeof text,
             "[data]\ndata = MNIST('m')\n[network]\nx = Input((9, 9, 1))\n%s\n[compile]\n"
             "optimizer = 'sgd'\nloss = %s\n",
             network_text, loss);
    ck_assert_msg(recipe_parse(&recipe, "a.recipe", text, &error), "%s", error.message);
    ck_assert_msg(network_build(&network, &recipe.script, 1, &error), "%s", error.message);
    ck_assert(!recipe_check_network(&recipe, &network, &error));
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    network_free(&network);
    recipe_free(&recipe);
}

START_TEST(networks_that_cannot_be_trained)
{
    assert_not_trained("x = Dense(2)(Flatten()(x))", "'binary_crossentropy'",
                       "a.recipe:8: loss binary_crossentropy: the last layer");
    assert_not_trained("x = Dense(2)(ELU(-1)(x))", "'mse'", "a.recipe:5: layer elu");
    assert_not_trained("x = Conv2D(2, 3, strides=2, dilation_rate=2)(x)", "'mse'",
                       "a.recipe:5: layer conv2d: strides and dilation");
    assert_not_trained("x = Dense(2, trainable=False)(x)\nx = Flatten()(x)", "'mse'",
                       "a.recipe:6: no layer has weights");
}
END_TEST

/* Every recipe of the project can be read, and its network built. */
START_TEST(the_recipes_of_the_lessons)
{
    glob_t found;
    ck_assert_int_eq(glob("recipes/*.recipe", 0, NULL, &found), 0);
    ck_assert_uint_ge(found.gl_pathc, 13);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct recipe recipe;
        struct network network;
        struct error error;
        ck_assert_msg(recipe_read(&recipe, found.gl_pathv[i], &error), "%s", error.message);
        ck_assert_msg(network_build(&network, &recipe.script, 1, &error), "%s", error.message);
        network_free(&network);
        recipe_free(&recipe);
    }
    globfree(&found);
}
END_TEST

TEST_MAIN(recipe, reads_every_section, defaults_are_those_of_keras, sources_can_be_many,
          a_teacher_is_a_list_of_models, verbose_is_taken_and_not_looked_at,
          refuses_by_file_and_line, losses_and_optimizers_by_their_modules,
          clipping_has_three_names, mixup_needs_soft_targets, a_background_has_settings_of_its_own,
          networks_that_cannot_be_trained, schedules, the_recipes_of_the_lessons)
