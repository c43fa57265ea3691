/* fit with a trainer that learns nothing and says what the test wants to hear: its functions stand
 * before those of nn/train/trainer.c when this program is linked. */
#include "nn/train/fit.h"

#include "nn/train/prefetch.h"
#include "tests/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { EPOCHS = 8, STEPS = 3 }; /* 60 pictures in batches of 20 */

/* --- the trainer ------------------------------------------------------------------------------ */

struct trainer {
    struct model *model;
    int steps; /* its whole state; the one weight is the number of steps */
};

static double val_losses[EPOCHS + 1]; /* what the n-th validation says */
static int validations;
static int nan_at = -1;       /* step whose loss is NaN */
static int broken_after = -1; /* step that leaves weights that are not finite */
static double rates[EPOCHS * STEPS];

struct trainer *trainer_create(struct network *network, const struct trainer_settings *settings,
                               struct error *error)
{
    struct trainer *trainer = calloc(1, sizeof *trainer);
    (void)settings, (void)error;
    trainer->model = network->model;
    return trainer;
}

void trainer_destroy(struct trainer *trainer)
{
    free(trainer);
}

struct trainer_result trainer_step(struct trainer *trainer, const float *x, const float *y, int n,
                                   double learning_rate)
{
    (void)x, (void)y;
    if (trainer->steps == nan_at)
        return (struct trainer_result){.n = n, .loss = NAN};
    rates[trainer->steps++] = learning_rate;
    return (struct trainer_result){
        .n = n, .loss = 0.5 * n, .penalty = 0.25, .correct = n / 2, .finite = true};
}

/* A validation is STEPS batches. */
struct trainer_result trainer_evaluate(struct trainer *trainer, const float *x, const float *y,
                                       int n, float *scores)
{
    (void)trainer, (void)x, (void)y, (void)scores;
    return (struct trainer_result){.n = n,
                                   .loss = val_losses[validations++ / STEPS] * n,
                                   .penalty = 0.125,
                                   .correct = n,
                                   .finite = true};
}

bool trainer_is_finite(const struct trainer *trainer)
{
    return broken_after < 0 || trainer->steps <= broken_after;
}

void trainer_store(struct trainer *trainer, bool average)
{
    (void)average;
    trainer->model->layers[trainer->model->output].bias[0] = (float)trainer->steps;
}

bool trainer_save(struct trainer *trainer, FILE *file, struct error *error)
{
    (void)error;
    return fwrite(&trainer->steps, sizeof trainer->steps, 1, file) == 1;
}

bool trainer_load(struct trainer *trainer, FILE *file, struct error *error)
{
    (void)error;
    return fread(&trainer->steps, sizeof trainer->steps, 1, file) == 1;
}

/* --- a training ------------------------------------------------------------------------------- */

static char folder[] = "/tmp/pawcam-fit-XXXXXX";
static struct recipe recipe;
static struct network network;
static struct dataset data;
static struct subset all;
static struct error error;
static volatile sig_atomic_t stop;

/* What the observer saw. */
static int steps_seen, epochs_seen, stop_after_step = -1;
static struct fit_progress last_progress;
static struct history_row first_row, last_row;
static char trouble[600];

static void on_step(void *self, const struct fit_progress *progress)
{
    (void)self;
    ck_assert_int_eq(progress->steps, STEPS);
    if (++steps_seen == stop_after_step)
        stop = 1;
}

static void on_epoch(void *self, const struct history_row *row, const struct fit_progress *progress)
{
    (void)self;
    last_progress = *progress;
    if (epochs_seen++ == 0)
        first_row = *row;
    last_row = *row;
}

static void on_trouble(void *self, const char *message)
{
    (void)self;
    snprintf(trouble, sizeof trouble, "%s", message);
}

static const char recipe_text[] =
    "[data]\ntrain = Shapes()\nvalidation = Shapes()\n[network]\n"
    "m = Sequential([Flatten(input_shape=(8, 8, 1)), Dense(3, 'softmax')])\n"
    "[compile]\noptimizer = SGD(lr=1)\nloss = 'categorical_crossentropy'\n"
    "schedule = StepDecay(epochs=1, factor=0.5)\n"
    "[fit]\nepochs = 8\nbatch_size = 20\ncallbacks = [";

/* The recipe with these callbacks, and with `from` replaced by `to`. */
static void read_recipe(const char *callbacks, const char *from, const char *to)
{
    char text[1200];
    const char *place = strstr(recipe_text, from);
    ck_assert_ptr_nonnull(place);
    snprintf(text, sizeof text, "%.*s%s%s%s]\n", (int)(place - recipe_text), recipe_text, to,
             place + strlen(from), callbacks);
    network_free(&network);
    recipe_free(&recipe);
    ck_assert_msg(recipe_parse(&recipe, "fit.recipe", text, &error), "%s", error.message);
    ck_assert(network_build(&network, &recipe.script, 1, &error));
}

static void setup(const char *callbacks)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    read_recipe(callbacks, "", "");
    ck_assert(shapes_draw(&data, 60, 8, 1, &error) && dataset_all(&data, &all, &error));
    for (int i = 0; i <= EPOCHS; i++)
        val_losses[i] = 1.0 / (i + 1);
    steps_seen = epochs_seen = validations = 0;
    stop_after_step = nan_at = broken_after = -1;
    stop = 0;
    trouble[0] = '\0';
}

static void teardown(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    subset_free(&all);
    dataset_free(&data);
    network_free(&network);
    recipe_free(&recipe);
}

static bool run_with(struct fit_settings how, struct fit_result *result)
{
    static const struct teacher none;
    const struct fit_settings settings = {
        .recipe = &recipe,
        .network = &network,
        .teacher = &none,
        .train = &all,
        .validation = &all,
        .out = folder,
        .threads = 2,
        .resume = how.resume,
        .go_on = how.go_on,
        .stop = &stop,
        .observer = {NULL, on_step, on_epoch, on_trouble},
    };
    return fit(&settings, result, &error);
}

static bool run(bool resume, struct fit_result *result)
{
    return run_with((struct fit_settings){.resume = resume}, result);
}

static bool exists(const char *name)
{
    char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return access(path, F_OK) == 0;
}

/* The weight of the final model: how many steps it has seen. */
static float final_weight(void)
{
    return network.model->layers[network.model->output].bias[0];
}

START_TEST(counts_loss_accuracy_and_rate)
{
    struct fit_result result;
    setup("");
    ck_assert_msg(run(false, &result), "%s", error.message);
    ck_assert(result.end == FIT_COMPLETE && result.epochs == EPOCHS && epochs_seen == EPOCHS);
    ck_assert_double_eq_tol(last_row.values[HISTORY_LOSS], 0.5 + 0.25, 1e-12);
    ck_assert_double_eq(last_row.values[HISTORY_ACCURACY], 0.5);
    ck_assert_double_eq_tol(last_row.values[HISTORY_VAL_LOSS], 0.125 + 1.0 / EPOCHS, 1e-12);
    ck_assert_double_eq(last_row.values[HISTORY_VAL_ACCURACY], 1);
    ck_assert(rates[0] == 1 && rates[2] == 1 && rates[3] == 0.5 && rates[23] == 1 / 128.0);
    ck_assert_double_eq(last_row.values[HISTORY_LEARNING_RATE], 1 / 128.0);
    ck_assert(exists("model.h5") && exists("history.csv") && exists("resume.state"));
    ck_assert(final_weight() == EPOCHS * STEPS);
    teardown();
}
END_TEST

START_TEST(stops_early_and_restores_the_best)
{
    struct fit_result result;
    setup("EarlyStopping(patience=2, restore_best_weights=True)");
    /* Epoch 3 has 1/3; the two behind it are no better. */
    val_losses[3] = 0.4;
    val_losses[4] = NAN;
    ck_assert_msg(run(false, &result), "%s", error.message);
    ck_assert(result.end == FIT_STOPPED_EARLY && result.epochs == 5 && result.best_epoch == 3);
    ck_assert(final_weight() == 3 * STEPS);
    /* Taken up again it is still at its end, and the weights are the same. */
    ck_assert(run(true, &result) && result.end == FIT_STOPPED_EARLY && epochs_seen == 5);
    ck_assert(final_weight() == 3 * STEPS);
    teardown();
}
END_TEST

START_TEST(goes_on_behind_an_early_stop_when_asked)
{
    struct fit_result result;
    setup("EarlyStopping(patience=2, restore_best_weights=True)");
    val_losses[3] = val_losses[4] = val_losses[5] = val_losses[7] = 9;
    ck_assert(run(false, &result) && result.end == FIT_STOPPED_EARLY && result.epochs == 5);
    /* It waits two epochs anew: the sixth is no better than the third, the seventh is. */
    ck_assert(run_with((struct fit_settings){.resume = true, .go_on = true}, &result));
    ck_assert(result.epochs_before == 5 && result.epochs == EPOCHS && result.best_epoch == 7);
    ck_assert(result.end == FIT_COMPLETE && final_weight() == 7 * STEPS);
    teardown();
}
END_TEST

START_TEST(weights_that_were_not_kept_are_not_restored)
{
    static const char keeps[] = "EarlyStopping(patience=9, restore_best_weights=True)";
    struct fit_result result;
    setup(keeps);
    recipe.epochs = 2;
    ck_assert(run(false, &result) && result.best_epoch == 2);
    read_recipe("EarlyStopping(patience=9)", "epochs = 8", "epochs = 4");
    ck_assert_msg(run(true, &result), "%s", error.message);
    ck_assert(result.best_epoch == 0 && result.epochs == 4);
    /* The best is the fourth now, whose weights nobody has; then the sixth is. */
    val_losses[4] = 9;
    read_recipe(keeps, "epochs = 8", "epochs = 5");
    ck_assert(run(true, &result) && result.best_epoch == 0 && final_weight() == 5 * STEPS);
    read_recipe(keeps, "epochs = 8", "epochs = 7");
    val_losses[6] = 9;
    ck_assert(run(true, &result) && result.best_epoch == 6 && final_weight() == 6 * STEPS);
    teardown();
}
END_TEST

START_TEST(callbacks_may_change_on_the_way)
{
    struct fit_result result;
    setup("ModelCheckpoint('{epoch}.h5', save_best_only=True), EarlyStopping(patience=2)");
    val_losses[3] = val_losses[4] = 9;
    ck_assert(run(false, &result) && result.end == FIT_STOPPED_EARLY && result.epochs == 5);
    /* More patience: the two epochs count; and the best is still the third's. */
    read_recipe("EarlyStopping(patience=4), CSVLogger('a.csv'), ModelCheckpoint('{epoch}.h5', "
                "save_best_only=True)",
                "epochs = 8", "epochs = 9");
    val_losses[5] = val_losses[6] = 9;
    ck_assert_msg(run(true, &result), "%s", error.message);
    ck_assert(result.end == FIT_STOPPED_EARLY && result.epochs == 7);
    ck_assert(exists("3.h5") && !exists("6.h5") && exists("a.csv"));
    teardown();
}
END_TEST

/* Trains 3 epochs with one list of callbacks, then on to the 8th with another. */
static struct fit_result resume_with(const char *before, const char *after)
{
    struct fit_result result;
    setup(before);
    recipe.epochs = 3;
    for (int i = 0; i <= EPOCHS; i++)
        val_losses[i] = 1 - 0.01 * i;
    val_losses[3] = 9;
    ck_assert_msg(run(false, &result), "%s", error.message);
    ck_assert(result.end == FIT_COMPLETE && result.epochs == 3);
    read_recipe(after, "", "");
    ck_assert_msg(run(true, &result), "%s", error.message);
    return result;
}

START_TEST(each_callback_goes_on_with_its_own_state)
{
    static const char *const checkpoints[] = {
        "ModelCheckpoint('best{epoch}.h5', save_best_only=True), ModelCheckpoint('all{epoch}.h5')",
        "ModelCheckpoint('all{epoch}.h5'), ModelCheckpoint('best{epoch}.h5', save_best_only=True)"};
    static const char *const stops[] = {
        "EarlyStopping(min_delta=0.5, patience=4), EarlyStopping(patience=6)",
        "EarlyStopping(patience=6), EarlyStopping(min_delta=0.5, patience=4)",
        "CSVLogger('a.csv'), EarlyStopping(min_delta=0.5, patience=4)"};
    for (size_t i = 0; i < 2; i++) {
        resume_with(checkpoints[0], checkpoints[i]);
        ck_assert(exists("all4.h5") && exists("best3.h5") && !exists("best4.h5"));
        ck_assert(exists("best5.h5"));
        teardown();
    }
    for (size_t i = 0; i < 3; i++) {
        /* None is better than the first by more than 0.5: four epochs behind it are enough. */
        struct fit_result result = resume_with(stops[i % 2], stops[i]);
        ck_assert(result.end == FIT_STOPPED_EARLY && result.epochs == 5);
        teardown();
    }
    /* A file that was not written before has no best yet. */
    resume_with(checkpoints[0], "ModelCheckpoint('other{epoch}.h5', save_best_only=True)");
    ck_assert(exists("other4.h5") && exists("other5.h5"));
    teardown();
}
END_TEST

START_TEST(another_recipe_is_not_resumed)
{
    static const char *const changes[][3] = {
        {"Shapes()", "Shapes(seed=5)", "[data]"},
        {"[network]", "[preprocess]\nrescale = 1\n[network]", "[preprocess]"},
        {"[network]", "[augment]\nrotation_range = 9\n[network]", "[augment]"},
        {"'softmax'", "'softmax', use_bias=True", "[network]"},
        {"lr=1", "lr=2", "[compile]"},
        {"epochs = 8", "epochs = 8\nshuffle = False", "[fit]"},
    };
    struct fit_result result;
    setup("");
    stop_after_step = 1;
    ck_assert(run(false, &result) && result.end == FIT_INTERRUPTED);
    stop = 0;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        read_recipe("", changes[i][0], changes[i][1]);
        ck_assert_msg(!run(true, &result), "resumed with %s", changes[i][1]);
        ck_assert_msg(strstr(error.message, changes[i][2]) && strstr(error.message, folder), "%s",
                      error.message);
    }
    read_recipe("", "lr=1)", "# a comment\n  lr = 1.0 )");
    network.layers[1].frozen = true; /* as --freeze-until does */
    ck_assert(!run(true, &result) && strstr(error.message, "[network]"));
    network.layers[1].frozen = false;
    ck_assert_msg(run(true, &result), "%s", error.message);
    teardown();
}
END_TEST

START_TEST(keeps_best_checkpoints_only)
{
    struct fit_result result;
    setup("ModelCheckpoint('{epoch}.hdf5', save_best_only=True), ModelCheckpoint('all{epoch}.h5')");
    val_losses[1] = 2;
    ck_assert_msg(run(false, &result), "%s", error.message);
    ck_assert(exists("1.hdf5") && !exists("2.hdf5") && exists("3.hdf5") && exists("all2.h5"));
    teardown();
}
END_TEST

START_TEST(an_interrupted_training_goes_on_with_the_next_step)
{
    struct fit_result result;
    setup("EarlyStopping(patience=3)");
    stop_after_step = 2 * STEPS + 1;
    ck_assert_msg(run(false, &result), "%s", error.message);
    ck_assert(result.end == FIT_INTERRUPTED && result.epochs == 2 && steps_seen == 7);
    ck_assert(final_weight() == 7 && exists("model.h5"));
    stop = 0;
    ck_assert_msg(run(true, &result), "%s", error.message);
    ck_assert(result.end == FIT_COMPLETE && result.epochs == EPOCHS);
    ck_assert(steps_seen == EPOCHS * STEPS && epochs_seen == EPOCHS);
    ck_assert(rates[7] == 0.25 && rates[23] == 1 / 128.0);
    teardown();
}
END_TEST

START_TEST(interrupted_behind_the_last_step_only_validation_is_left)
{
    struct fit_result result;
    setup("");
    stop_after_step = STEPS;
    ck_assert(run(false, &result) && result.end == FIT_INTERRUPTED && epochs_seen == 0);
    recipe.epochs = 1;
    stop = 0;
    stop_after_step = -1;
    ck_assert(run(true, &result) && epochs_seen == 1);
    ck_assert(last_progress.epoch == 1 && last_progress.epochs == 1);
    ck_assert(last_progress.step == STEPS && last_progress.images_per_s > 0);
    recipe.epochs = EPOCHS;
    ck_assert(run(true, &result) && result.end == FIT_COMPLETE);
    ck_assert(steps_seen == EPOCHS * STEPS && epochs_seen == EPOCHS);
    ck_assert_double_eq_tol(first_row.values[HISTORY_LOSS], 0.75, 1e-12);
    teardown();
}
END_TEST

START_TEST(events_are_those_of_this_training)
{
    struct fit_result result;
    struct stat status;
    char path[200];
    setup("TensorBoard('events')");
    snprintf(path, sizeof path, "%s/events/train/events.out.tfevents.0.pawcam.v2", folder);
    ck_assert(run(false, &result) && stat(path, &status) == 0);
    const off_t whole = status.st_size;
    validations = 0;
    ck_assert(run(false, &result) && stat(path, &status) == 0);
    ck_assert_int_eq(status.st_size, whole);
    validations = 0;
    recipe.epochs = 3;
    ck_assert(run(false, &result) && stat(path, &status) == 0 && status.st_size < whole);
    recipe.epochs = EPOCHS; /* what was before the interruption stays */
    ck_assert(run(true, &result) && stat(path, &status) == 0);
    ck_assert_int_eq(status.st_size, whole);
    teardown();
}
END_TEST

START_TEST(nan_stops_by_epoch_and_step)
{
    struct fit_result result;
    setup("");
    nan_at = STEPS + 1;
    ck_assert(!run(false, &result));
    ck_assert_ptr_nonnull(strstr(error.message, "epoch 2, step 2: the loss is not a finite"));
    ck_assert_ptr_nonnull(strstr(error.message, "--from /tmp/"));
    ck_assert(strstr(error.message, folder) && exists("model.h5"));
    ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
    nan_at = -1; /* a lower rate, say */
    ck_assert_msg(run(true, &result), "%s", error.message);
    ck_assert(result.end == FIT_COMPLETE && final_weight() == EPOCHS * STEPS);
    teardown();
}
END_TEST

START_TEST(a_last_step_that_breaks_the_weights_is_not_saved)
{
    struct fit_result result;
    setup("");
    broken_after = 2 * STEPS - 1;
    ck_assert(!run(false, &result));
    ck_assert_ptr_nonnull(strstr(error.message, "epoch 2, step"));
    ck_assert_ptr_nonnull(strstr(error.message, "a weight is not a finite number"));
    broken_after = -1;
    ck_assert_msg(run(true, &result), "%s", error.message);
    ck_assert(result.end == FIT_COMPLETE && final_weight() == EPOCHS * STEPS);
    teardown();
}
END_TEST

START_TEST(a_checkpoint_that_fails_does_not_end_the_training)
{
    struct fit_result result;
    setup("ModelCheckpoint('/dev/null/{epoch}.hdf5')");
    ck_assert_msg(run(false, &result), "%s", error.message);
    ck_assert(result.end == FIT_COMPLETE);
    ck_assert_ptr_nonnull(strstr(trouble, "/dev/null: cannot be made: what is there is no folder"));
    ck_assert_ptr_nonnull(strstr(trouble, "the training goes on"));
    teardown();
}
END_TEST

START_TEST(a_best_checkpoint_that_fails_is_tried_again)
{
    struct fit_result result;
    char blocked[200];
    setup("ModelCheckpoint('sub/{epoch}.h5', save_best_only=True)");
    snprintf(blocked, sizeof blocked, "%s/sub", folder);
    fclose(fopen(blocked, "w"));
    recipe.epochs = 3;
    ck_assert(run(false, &result) && strstr(trouble, "sub"));
    unlink(blocked);
    recipe.epochs = EPOCHS;
    val_losses[3] = 9; /* worse than what could not be written, and the best that there is */
    val_losses[4] = 10;
    ck_assert_msg(run(true, &result), "%s", error.message);
    ck_assert(exists("sub/4.h5") && !exists("sub/5.h5") && exists("sub/6.h5"));
    teardown();
}
END_TEST

TEST_MAIN(fit, counts_loss_accuracy_and_rate, stops_early_and_restores_the_best,
          goes_on_behind_an_early_stop_when_asked, weights_that_were_not_kept_are_not_restored,
          callbacks_may_change_on_the_way, each_callback_goes_on_with_its_own_state,
          another_recipe_is_not_resumed, keeps_best_checkpoints_only,
          an_interrupted_training_goes_on_with_the_next_step,
          interrupted_behind_the_last_step_only_validation_is_left,
          events_are_those_of_this_training, nan_stops_by_epoch_and_step,
          a_last_step_that_breaks_the_weights_is_not_saved,
          a_checkpoint_that_fails_does_not_end_the_training,
          a_best_checkpoint_that_fails_is_tried_again)
