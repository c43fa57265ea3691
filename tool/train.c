/* train: a recipe's whole training, from its data to model.h5. */
#include "common/folder.h"
#include "common/parallel.h"
#include "nn/train/cpu.h"
#include "nn/train/fit.h"
#include "nn/train/load.h"
#include "nn/train/metrics.h"
#include "tool/codec.h"
#include "tool/command.h"
#include "tool/fine_tune.h"
#include "tool/number.h"
#include "tool/progress.h"
#include "tool/score.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct train_settings {
    const char *data, *out, *from, *epochs, *threads, *seed, *cpu, *tensorboard;
    const char *freeze_until;
    bool resume, overwrite;
};

static const struct command_option options[] = {
    {"data", "DIR", "folder to which the recipe's paths belong; the current one if not given",
     offsetof(struct train_settings, data)},
    {"out", "DIR", "folder for model.h5, history.csv, checkpoints; runs/RECIPE if not given",
     offsetof(struct train_settings, out)},
    {"from", "MODEL", "begin with the weights of this Keras file (fine-tuning)",
     offsetof(struct train_settings, from)},
    {"freeze-until", "LAYER", "train this layer and those after it, the others stay as they are",
     offsetof(struct train_settings, freeze_until)},
    {"epochs", "N", "instead of the recipe's", offsetof(struct train_settings, epochs)},
    {"threads", "N", "all processors if not given", offsetof(struct train_settings, threads)},
    {"seed", "N", "instead of the recipe's", offsetof(struct train_settings, seed)},
    {"cpu", "NAME", "kernels: auto (the best this machine has), reference, ...",
     offsetof(struct train_settings, cpu)},
    {"resume", NULL, "go on with the training in --out", offsetof(struct train_settings, resume)},
    {"overwrite", NULL, "begin anew though there is a training in --out",
     offsetof(struct train_settings, overwrite)},
    {"tensorboard", "DIR",
     "write event files for TensorBoard; a new training replaces those in DIR",
     offsetof(struct train_settings, tensorboard)},
};

/* Everything that a training is made of. */
struct training {
    const struct train_settings *settings;
    struct recipe recipe;
    struct network network;
    struct fine_tune tune;
    struct teacher teacher;
    struct dataset train_data, validation_data, test_data;
    struct subset train, validation;
    int threads;
    char out[4096];
    int lock; /* of out; -1: none */
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

/* The first Ctrl-C stops after the batch; a second one ends the program at once, as files appear
 * only when they are complete. */
static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal,
                               .sa_flags = (int)(SA_RESETHAND | SA_RESTART)};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

/* There is nothing to save any more: a signal ends the program as it does any other. */
static void release_signals(void)
{
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
}

/* --- what the command line says --------------------------------------------------------------- */

static bool check_settings(const struct train_settings *settings, struct error *error)
{
    if (settings->resume && settings->overwrite)
        return error_set_usage(error, "--resume and --overwrite exclude each other");
    if (settings->resume && settings->from)
        return error_set_usage(error, "--from begins a training and --resume goes on with one: "
                                      "give one of them");
    return true;
}

static bool apply_settings(struct training *training, struct error *error)
{
    const struct train_settings *settings = training->settings;
    struct recipe *recipe = &training->recipe;
    long epochs = recipe->epochs, seed = (long)recipe->trainer.seed;
    long threads = parallel_processors();
    if ((settings->epochs &&
         !number_integer("epochs", settings->epochs, 1, 1 << 20, &epochs, error)) ||
        (settings->seed && !number_integer("seed", settings->seed, 0, 1L << 62, &seed, error)) ||
        (settings->threads &&
         !number_integer("threads", settings->threads, 1, PARALLEL_THREADS_MAX, &threads, error)))
        return false;
    recipe->epochs = (int)epochs;
    recipe->trainer.seed = (uint64_t)seed;
    training->threads = (int)threads;
    recipe->trainer.threads = training->threads;
    recipe->trainer.cpu = settings->cpu;
    return train_cpu_find(settings->cpu, error) != NULL;
}

/* runs/NAME of recipes/NAME.recipe */
static bool name_out(struct training *training, const char *recipe_path, struct error *error)
{
    const char *slash = strrchr(recipe_path, '/'), *name = slash ? slash + 1 : recipe_path;
    const char *dot = strrchr(name, '.');
    int length = name[0] == '.' ? 0 : dot ? (int)(dot - name) : (int)strlen(name);
    if (training->settings->out)
        length = snprintf(training->out, sizeof training->out, "%s", training->settings->out);
    else
        length = snprintf(training->out, sizeof training->out, "runs/%.*s", length ? length : 3,
                          length ? name : "run");
    return length < (int)sizeof training->out ||
           error_set_usage(error, "--out %.80s...: the name is too long", training->out);
}

/* Found out before hours of training, not after. */
static bool check_writable(const char *path, struct error *error)
{
    return access(path, W_OK | X_OK) == 0 ||
           error_set(error, "%s: cannot be written to: %s", path, strerror(errno));
}

static bool refuse_resume(const struct training *training, struct error *error)
{
    return error_set(error, "%s: there is no training to resume: it holds no resume.state",
                     training->out);
}

/* Found out before the pictures are read. */
static bool check_earlier(const struct training *training, struct error *error)
{
    const struct train_settings *settings = training->settings;
    const bool exists = fit_exists(training->out);
    if (settings->resume && exists)
        return fit_can_resume(&training->recipe, &training->network, &training->teacher,
                              training->out, error);
    if (settings->resume)
        return refuse_resume(training, error);
    return !exists || settings->overwrite ||
           error_set_usage(error,
                           "%s holds a training already: --resume goes on with it, --overwrite "
                           "begins anew, --out names another folder",
                           training->out);
}

static const char *data_folder(const struct training *training)
{
    return training->settings->data ? training->settings->data : ".";
}

/* Says in front of the error which line of the recipe it is about. Returns false. */
static bool at_teacher(const struct training *training, struct error *error)
{
    return error_prefix(error, "%s:%d", training->recipe.script.path,
                        training->recipe.teacher.line);
}

/* The training would write over its teacher, and learn from itself when it is resumed. */
static bool check_teacher_paths(const struct training *training, struct error *error)
{
    const struct expr *models = training->recipe.teacher.models;
    for (int i = 0; models && i < models->count; i++) {
        char *path = load_find(data_folder(training), models->items[i].text, error);
        const bool inside = path && folder_holds(training->out, path);
        if (inside)
            error_set_usage(error, "teacher %s lies in --out, where the training writes: copy it",
                            path);
        free(path);
        if (!path || inside)
            return at_teacher(training, error);
    }
    return true;
}

/* A name says what the training must not write over (recipe_fit.c); a whole path could go round
 * that. */
static bool check_whole_paths(const struct training *training, struct error *error)
{
    const struct recipe *recipe = &training->recipe;
    for (int i = 0; i < recipe->callback_count; i++) {
        const struct callback_settings *callback = &recipe->callbacks[i];
        if (callback->path && callback->path[0] == '/' &&
            folder_holds(training->out, callback->path))
            return error_set_usage(error, "%s:%d: '%.80s' lies in --out: give only what follows %s",
                                   recipe->script.path, callback->line, callback->path,
                                   training->out);
    }
    return true;
}

static bool prepare_out(struct training *training, struct error *error)
{
    const struct train_settings *settings = training->settings;
    if (settings->resume && access(training->out, F_OK) != 0)
        return refuse_resume(training, error);
    if (!folder_make(training->out, error) || !check_writable(training->out, error))
        return false;
    training->lock = folder_lock(training->out, error);
    return training->lock >= 0 && check_whole_paths(training, error) &&
           check_teacher_paths(training, error) && check_earlier(training, error) &&
           (!settings->tensorboard || folder_make(settings->tensorboard, error));
}

/* --- network and data ------------------------------------------------------------------------- */

static bool freeze(struct training *training, struct error *error)
{
    const char *layer = training->settings->freeze_until;
    return !layer || network_freeze_before(&training->network, layer, error) ||
           error_prefix(error, "--freeze-until");
}

static bool open_teacher(struct training *training, struct error *error)
{
    return teacher_open(&training->teacher, &training->recipe.teacher, data_folder(training),
                        error) ||
           at_teacher(training, error);
}

static bool check_teacher(struct training *training, struct error *error)
{
    return teacher_check_network(&training->teacher, training->network.model, error) ||
           at_teacher(training, error);
}

/* Earlier models come first, while there are no threads. */
static bool begin_network(struct training *training, struct error *error)
{
    const struct recipe *recipe = &training->recipe;
    return open_teacher(training, error) &&
           fine_tune_open(&training->tune, training->settings->from, error) &&
           network_build(&training->network, &recipe->script, recipe->trainer.seed, error) &&
           fine_tune_body(&training->tune, training->network.model, error) &&
           freeze(training, error) && recipe_check_network(recipe, &training->network, error) &&
           check_teacher(training, error);
}

static bool load_one(struct training *training, const struct source *sources, struct dataset *data,
                     struct error *error)
{
    const struct load_settings load = {
        .root = data_folder(training),
        .codec = &codec_vision,
        .threads = training->threads,
    };
    return load_sources(&training->recipe, sources, training->network.model, &load, data, error);
}

/* Pictures to judge with; none if the recipe names none. */
static bool load_other(struct training *training, const struct source *sources,
                       struct dataset *data, struct error *error)
{
    if (!load_one(training, sources, data, error))
        return false;
    return data->count == 0 || dataset_check_classes(&training->train_data, data, error) ||
           error_prefix(error, "%s:%d", training->recipe.script.path, sources->line);
}

static bool load_data(struct training *training, struct error *error)
{
    const struct recipe *recipe = &training->recipe;
    if (!load_one(training, recipe->train, &training->train_data, error) ||
        !load_other(training, recipe->validation, &training->validation_data, error) ||
        !load_other(training, recipe->test, &training->test_data, error))
        return false;
    if (!dataset_split(&training->train_data, recipe->validation_split, &training->train,
                       &training->validation, error))
        return error_prefix(error, "%s:%d", recipe->script.path,
                            script_line(&recipe->script, "fit", "validation_split"));
    if (recipe->validation->kind != SOURCE_NONE) {
        subset_free(&training->validation);
        if (!dataset_all(&training->validation_data, &training->validation, error))
            return false;
    }
    return load_describe(recipe, &training->train_data, training->network.model, error) &&
           (teacher_check_meaning(&training->teacher, training->network.model, error) ||
            at_teacher(training, error)) &&
           fine_tune_head(&training->tune, training->network.model, error);
}

static void print_data(const struct training *training)
{
    const struct dataset *data = &training->train_data;
    int skipped = data->skipped + training->validation_data.skipped + training->test_data.skipped;
    printf("%d training, %d validation, %d test pictures of %d x %d x %d, %d classes",
           training->train.count, training->validation.count, training->test_data.count,
           data->height, data->width, data->channels, data->class_count);
    if (skipped)
        printf("; %d unreadable left out", skipped);
    putchar('\n');
    fflush(stdout);
}

/* --- training and its end --------------------------------------------------------------------- */

struct test {
    const struct dataset *data;
    struct metrics metrics;
};

static void count_scores(void *self, int index, const float *scores)
{
    struct test *test = self;
    metrics_add(&test->metrics, index, test->data->labels[index], scores);
}

/* The test set, through the network as the daemon runs it. */
static bool print_test(const struct training *training, struct error *error)
{
    struct test test = {.data = &training->test_data};
    if (test.data->count == 0)
        return true;
    if (!metrics_init(&test.metrics, test.data->class_count, 0, error))
        return false;
    bool good = score_dataset(training->network.model, training->settings->cpu, test.data,
                              VIEWS_WHOLE, count_scores, &test, error);
    if (good)
        printf("test: %d pictures, loss %.4f, accuracy %.4f\n", test.metrics.n,
               metrics_loss(&test.metrics), metrics_accuracy(&test.metrics));
    metrics_finish(&test.metrics);
    return good;
}

static bool tell_end(const struct training *training, const struct fit_result *result,
                     struct error *error)
{
    if (result->end == FIT_INTERRUPTED)
        return error_set(error, "interrupted after %d of %d epochs; saved in %s: --resume goes on",
                         result->epochs, training->recipe.epochs, training->out);
    if (result->end == FIT_STOPPED_EARLY)
        printf("stopped early after %d epochs; --resume --epochs N goes on\n", result->epochs);
    else if (result->epochs == result->epochs_before)
        printf("nothing was left to do after %d epochs; --epochs N goes further\n", result->epochs);
    if (result->best_epoch)
        printf("weights of epoch %d, the best, restored\n", result->best_epoch);
    printf("%s/model.h5 written\n", training->out);
    return print_test(training, error);
}

static bool train(struct training *training, struct error *error)
{
    struct progress progress;
    struct fit_result result;
    const struct fit_settings settings = {
        .recipe = &training->recipe,
        .network = &training->network,
        .train = &training->train,
        .validation = training->validation.count ? &training->validation : NULL,
        .teacher = &training->teacher,
        .codec = &codec_vision,
        .out = training->out,
        .tensorboard = training->settings->tensorboard,
        .threads = training->threads,
        .resume = training->settings->resume,
        .go_on = training->settings->epochs != NULL,
        .stop = &stop,
        .observer = progress_observer(&progress),
    };
    print_data(training);
    catch_signals();
    const bool good = fit(&settings, &result, error);
    release_signals();
    return good && tell_end(training, &result, error);
}

static void release(struct training *training)
{
    subset_free(&training->train);
    subset_free(&training->validation);
    dataset_free(&training->train_data);
    dataset_free(&training->validation_data);
    dataset_free(&training->test_data);
    fine_tune_close(&training->tune);
    teacher_close(&training->teacher);
    network_free(&training->network);
    recipe_free(&training->recipe);
    if (training->lock >= 0)
        close(training->lock);
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    struct training training = {.settings = settings, .lock = -1};
    (void)operand_count;
    signal(SIGPIPE, SIG_IGN); /* hours of training do not end because nobody reads what it prints */
    bool good = check_settings(settings, error) && name_out(&training, operands[0], error) &&
                recipe_read(&training.recipe, operands[0], error) &&
                apply_settings(&training, error) && begin_network(&training, error) &&
                prepare_out(&training, error) && load_data(&training, error) &&
                train(&training, error);
    release(&training);
    return good;
}

const struct command command_train = {
    .name = "train",
    .operands = "RECIPE",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "train a recipe's network",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct train_settings),
    .run = run,
};
