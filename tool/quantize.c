/* quantize: a model file for 8-bit arithmetic, from one of floats and pictures like those it will
 * see, and what that costs in accuracy. */
#include "common/atomic_file.h"
#include "common/parallel.h"
#include "nn/int8_calibrate.h"
#include "nn/keras/save.h"
#include "nn/session.h"
#include "tool/codec.h"
#include "tool/command.h"
#include "tool/model_options.h"
#include "tool/model_out.h"
#include "tool/number.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct quantize_settings {
    struct model_options model;
    const char *calibrate, *out, *limit;
};

static const struct command_option options[] = {
    {"calibrate", "DIR", "pictures, best in a folder for each class",
     offsetof(struct quantize_settings, calibrate)},
    {"out", "FILE", "the model file to write, .h5 or .json",
     offsetof(struct quantize_settings, out)},
    {"limit", "N", "take only the first N pictures of each folder; 500 if not given",
     offsetof(struct quantize_settings, limit)},
    MODEL_OPTION_ROWS(struct quantize_settings, model),
};

enum { PICTURES_DEFAULT = 500, CALIBRATION_PICTURES = 256 };

/* What may be lost: points of accuracy; or, of pictures without labels, decisions. */
static const double lost_points_max = 0.3, changed_points_max = 1;

/* Models and pictures. */
struct quantizer {
    struct model *floats, *bytes;
    struct dataset data;
    bool labelled;
    uint8_t *bgr;  /* one picture as cameras deliver it */
    float *scores; /* of one picture */
    int *decided;  /* by the float model, for each picture */
};

struct outcome {
    int right_floats, right_bytes, same, int8_layers;
};

/* --- pictures --------------------------------------------------------------------------------- */

static bool is_folder(const char *parent, const char *name)
{
    char path[4096];
    struct stat about;
    return snprintf(path, sizeof path, "%s/%s", parent, name) < (int)sizeof path &&
           stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* Is there a folder for each class, or for none? One that is missing among others is a mistake. */
static bool find_class_folders(const struct model *model, const char *folder, bool *labelled,
                               struct error *error)
{
    const char *missing = NULL;
    *labelled = false;
    for (int i = 0; i < model->class_count; i++)
        if (is_folder(folder, model->class_names[i]))
            *labelled = true;
        else if (!missing)
            missing = model->class_names[i];
    return !*labelled || !missing ||
           error_set(error,
                     "%s has folders of the model's classes, but not %s; without labels give a "
                     "folder of pictures alone",
                     folder, missing);
}

static bool load_pictures(const struct quantize_settings *settings, struct quantizer *q,
                          struct error *error)
{
    static const char *const here[] = {"."};
    const struct model *model = q->floats;
    const struct shape *input = model_input_shape(model);
    long limit = PICTURES_DEFAULT;
    if (settings->limit && !number_integer("limit", settings->limit, 1, 1 << 20, &limit, error))
        return false;
    if (!find_class_folders(model, settings->calibrate, &q->labelled, error))
        return false;
    const struct folder_settings folder = {
        .path = settings->calibrate,
        .classes = q->labelled ? (const char *const *)model->class_names : here,
        .class_count = q->labelled ? model->class_count : 1,
        .flat = !q->labelled,
        .limit = (int)limit,
        .height = input->dim[0],
        .width = input->dim[1],
        .channels = input->dim[2],
        .threads = parallel_processors(),
        .codec = &codec_vision,
    };
    return folder_load(&q->data, &folder, error) ||
           (!q->labelled &&
            error_prefix(error,
                         "none of %s's folders is a class of the model (--classes names them), so "
                         "its own pictures are taken",
                         settings->calibrate));
}

/* Decides one picture: for the best class. */
static bool classify(const struct quantizer *q, struct session *session, int index, int *best,
                     struct error *error)
{
    const uint8_t *from = dataset_picture(&q->data, index);
    const int channels = q->data.channels, count = q->data.height * q->data.width;
    for (int i = 0; i < count; i++, from += channels)
        for (int c = 0; c < 3; c++)
            q->bgr[3 * i + c] = from[channels == 3 ? 2 - c : 0];
    session_classify(session, q->bgr, q->data.width * 3, q->scores);
    *best = 0;
    for (int i = 1; i < q->floats->class_count; i++)
        if (q->scores[i] > q->scores[*best])
            *best = i;
    return model_check_scores(q->floats, q->scores, error) ||
           error_prefix(error, "%s", q->data.files[index]);
}

/* --- the three passes ------------------------------------------------------------------------- */

static bool calibrate(const struct quantizer *q, struct session *session, struct error *error)
{
    struct int8_calibration *calibration = int8_calibration_create(q->floats->layer_count, error);
    if (!calibration)
        return false;
    const struct observer observer = int8_calibration_observer(calibration), nobody = {0};
    bool good = session_observe(session, &observer) ||
                error_set_usage(error, "kernels \"%s\" have no 8-bit arithmetic",
                                session_engine_name(session));
    const int count = q->data.count < CALIBRATION_PICTURES ? q->data.count : CALIBRATION_PICTURES;
    for (int i = 0, decided; i < count && good; i++) /* spread evenly over the classes */
        good = classify(q, session, (int)((long)i * q->data.count / count), &decided, error);
    session_observe(session, &nobody);
    if (good)
        int8_quantize_model(calibration, q->bytes);
    int8_calibration_destroy(calibration);
    return good;
}

static int count_int8(const struct model *model, const struct session *session)
{
    int count = 0;
    for (int i = 0; i < model->layer_count; i++)
        count += strncmp(session_describe(session, i), "int8", strlen("int8")) == 0;
    return count;
}

static bool run_floats(struct quantizer *q, const char *cpu, struct outcome *outcome,
                       struct error *error)
{
    struct session *session = session_create(q->floats, cpu, error);
    bool good = session && calibrate(q, session, error);
    for (int i = 0; i < q->data.count && good; i++) {
        good = classify(q, session, i, &q->decided[i], error);
        outcome->right_floats += q->decided[i] == q->data.labels[i];
    }
    session_destroy(session);
    return good;
}

/* The model on 8 bits, against what that on floats decided. */
static bool compare(const struct quantizer *q, struct session *session, struct outcome *outcome,
                    struct error *error)
{
    bool good = true;
    for (int i = 0, decided; i < q->data.count && good; i++) {
        good = classify(q, session, i, &decided, error);
        outcome->right_bytes += decided == q->data.labels[i];
        outcome->same += decided == q->decided[i];
    }
    return good;
}

static bool run_bytes(struct quantizer *q, const char *cpu, struct outcome *outcome,
                      struct error *error)
{
    struct session *session = session_create(q->bytes, cpu, error);
    if (!session)
        return false;
    outcome->int8_layers = count_int8(q->bytes, session);
    const bool good = outcome->int8_layers > 0
                          ? compare(q, session, outcome, error)
                          : error_set(error,
                                      "model %s: none of its layers can run on 8 bits; Conv2D, "
                                      "DepthwiseConv2D and Dense before the last layer can",
                                      q->bytes->name);
    session_destroy(session);
    return good;
}

/* --- the outcome ------------------------------------------------------------------------------ */

static double points(int part, int whole)
{
    return 100.0 * part / whole;
}

/* Points that count as lost, and how many of them may be. */
static void print_table(const struct quantizer *q, const struct outcome *o)
{
    const int n = q->data.count;
    printf("%d pictures, %d of %d layers on 8 bits\n", n, o->int8_layers,
           q->bytes->layer_count - 1);
    puts("              f32     int8   change");
    if (q->labelled)
        printf("accuracy  %6.2f %%  %6.2f %%  %+6.2f points\n", points(o->right_floats, n),
               points(o->right_bytes, n), points(o->right_bytes - o->right_floats, n));
    printf("agreement           %6.2f %%  %d decided otherwise\n", points(o->same, n), n - o->same);
}

static bool check_loss(const struct quantizer *q, const struct outcome *o, struct error *error)
{
    const int n = q->data.count;
    const double lost =
        q->labelled ? points(o->right_floats - o->right_bytes, n) : points(n - o->same, n);
    const double allowed = q->labelled ? lost_points_max : changed_points_max;
    return lost <= allowed ||
           error_set(error,
                     "%.2f points of %s are lost, more than %.1f: no file is written; calibrate "
                     "with more pictures, or train a network that bears 8 bits",
                     lost, q->labelled ? "accuracy" : "agreement", allowed);
}

/* --- the command ------------------------------------------------------------------------------ */

static bool load(const struct quantize_settings *settings, const char *path, struct quantizer *q,
                 struct error *error)
{
    q->floats = model_options_load(&settings->model, path, error);
    q->bytes = q->floats ? model_options_load(&settings->model, path, error) : NULL;
    if (!q->bytes)
        return false;
    int8_forget(q->floats);
    if (!model_takes_picture(q->floats) || q->floats->class_count == 0)
        return error_set(error,
                         "%s: only models that give class scores to pictures of 1 or 3 "
                         "channels can be quantized",
                         path);
    if (!model_out_check(settings->out, error) || !atomic_file_check(settings->out, error) ||
        !load_pictures(settings, q, error))
        return false;
    q->bgr = malloc((size_t)q->data.height * (size_t)q->data.width * 3);
    q->scores = malloc((size_t)q->floats->class_count * sizeof *q->scores);
    q->decided = malloc((size_t)q->data.count * sizeof *q->decided);
    return (q->bgr && q->scores && q->decided) || error_set(error, "out of memory");
}

static bool run(const void *settings, char **operands, int operand_count, struct error *error)
{
    const struct quantize_settings *quantize = settings;
    struct quantizer q = {0};
    struct outcome outcome = {0};
    (void)operand_count;
    if (!quantize->calibrate || !quantize->out)
        return error_set_usage(error, "--%s is missing",
                               quantize->calibrate ? "out FILE" : "calibrate DIR");
    bool good = load(quantize, operands[0], &q, error) &&
                run_floats(&q, quantize->model.cpu, &outcome, error) &&
                run_bytes(&q, quantize->model.cpu, &outcome, error);
    if (good) {
        print_table(&q, &outcome);
        good = check_loss(&q, &outcome, error) && keras_save(q.bytes, quantize->out, error);
        if (good)
            model_out_tell(quantize->out);
    }
    free(q.bgr);
    free(q.scores);
    free(q.decided);
    dataset_free(&q.data);
    model_destroy(q.floats);
    model_destroy(q.bytes);
    return good;
}

const struct command command_quantize = {
    .name = "quantize",
    .operands = "MODEL",
    .operands_min = 1,
    .operands_max = 1,
    .summary = "make a model file for 8-bit arithmetic",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .settings_size = sizeof(struct quantize_settings),
    .run = run,
};
