/* decode_choice MODEL PICTURE... - ways from a JPEG file to the network's input: how long they take
 * and how far the network's scores move from those of the most careful one (full decode, AREA). */
#include "bench/peer.h"
#include "bench/timing.h"
#include "common/prediction.h"
#include "nn/keras/keras.h"
#include "nn/session.h"
#include "vision/jpeg.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PICTURE_BYTES_MAX = 32 << 20, ROUNDS = 5, TIME_PER_PICTURE_S = 2 };

struct bench {
    struct model *model;
    struct session *session;
    uint8_t *jpeg;
    size_t size;
    int width, height; /* of the network's input */
    struct image decoded, input;
};

/* --- the ways --------------------------------------------------------------------------------- */

static bool linear(struct bench *bench, struct error *error)
{
    return vision_resize(&bench->decoded, bench->width, bench->height, &bench->input, error);
}

static bool decode(struct bench *bench, int min_side, struct error *error)
{
    return jpeg_decode(bench->jpeg, bench->size, min_side, &bench->decoded, error);
}

static bool full_area(void *context, struct error *error)
{
    struct bench *bench = context;
    return decode(bench, 0, error) &&
           peer_resize_area(&bench->decoded, bench->width, bench->height, &bench->input, error);
}

static bool full_linear(void *context, struct error *error)
{
    struct bench *bench = context;
    return decode(bench, 0, error) && linear(bench, error);
}

static bool fast_linear(void *context, struct error *error)
{
    struct bench *bench = context;
    return peer_decode_fast(bench->jpeg, bench->size, &bench->decoded, error) &&
           linear(bench, error);
}

static bool small_linear(void *context, struct error *error)
{
    struct bench *bench = context;
    int min_side = bench->width > bench->height ? bench->width : bench->height;
    return decode(bench, min_side, error) && linear(bench, error);
}

static struct timing ways[] = {
    {.name = "full, AREA", .run = full_area},
    {.name = "full, LINEAR", .run = full_linear},
    {.name = "full, fast DCT and upsampling, LINEAR", .run = fast_linear},
    {.name = "small, LINEAR (as the daemon)", .run = small_linear},
};
enum { WAY_COUNT = sizeof ways / sizeof *ways };

struct outcome {
    double ms;         /* sum over the pictures of their medians */
    double change;     /* sum over the pictures of the largest change of a score */
    double change_max; /* the largest of all */
    int label_changes;
};
static struct outcome outcomes[WAY_COUNT];

/* --- pictures --------------------------------------------------------------------------------- */

static bool read_picture(struct bench *bench, const char *path, struct error *error)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return error_set(error, "%s: cannot open", path);
    bench->size = fread(bench->jpeg, 1, PICTURE_BYTES_MAX, file);
    fclose(file);
    return true;
}

static int best(const float *scores, int count)
{
    int index = 0;
    for (int i = 1; i < count; i++)
        if (scores[i] > scores[index])
            index = i;
    return index;
}

static void add(struct outcome *outcome, const float *scores, const float *reference, int count)
{
    double change = 0;
    for (int i = 0; i < count; i++)
        change = fmax(change, fabs((double)scores[i] - (double)reference[i]));
    outcome->change += change;
    outcome->change_max = fmax(outcome->change_max, change);
    outcome->label_changes += best(scores, count) != best(reference, count);
}

static bool try_picture(struct bench *bench, const char *path, struct error *error)
{
    float scores[PREDICTION_CLASSES_MAX], reference[PREDICTION_CLASSES_MAX];
    if (!read_picture(bench, path, error) ||
        !timing_run(ways, WAY_COUNT, ROUNDS, TIME_PER_PICTURE_S, bench, error))
        return error_prefix(error, "%s", path);
    for (int i = 0; i < WAY_COUNT; i++) {
        if (!ways[i].run(bench, error))
            return false;
        session_classify(bench->session, bench->input.data, bench->input.stride,
                         i == 0 ? reference : scores);
        if (i > 0)
            add(&outcomes[i], scores, reference, bench->model->class_count);
        outcomes[i].ms += timing_quantile(&ways[i], 0.5);
    }
    return true;
}

static void print_table(int picture_count)
{
    printf("%d pictures\n\n| decode, resize | ms | mean change of a score | largest | labels that "
           "change |\n| --- | ---: | ---: | ---: | ---: |\n",
           picture_count);
    for (int i = 0; i < WAY_COUNT; i++)
        printf("| %s | %.2f | %.4f | %.4f | %d |\n", ways[i].name, outcomes[i].ms / picture_count,
               outcomes[i].change / picture_count, outcomes[i].change_max,
               outcomes[i].label_changes);
}

static bool prepare(struct bench *bench, const char *model_path, struct error *error)
{
    struct model *model = bench->model = keras_load(model_path, error);
    if (!model)
        return false;
    if (!model_takes_picture(model) || model->class_count < 1 ||
        model->class_count > PREDICTION_CLASSES_MAX)
        return error_set(error, "%s: it does not classify pictures", model_path);
    bench->height = model_input_shape(model)->dim[0];
    bench->width = model_input_shape(model)->dim[1];
    bench->session = session_create(model, "auto", error);
    bench->jpeg = malloc(PICTURE_BYTES_MAX);
    return bench->session && (bench->jpeg || error_set(error, "out of memory"));
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    struct error error = {0};
    if (argc < 3) {
        fprintf(stderr, "usage: decode_choice MODEL PICTURE...\n");
        return EXIT_CODE_USAGE;
    }
    bool ok = prepare(&bench, argv[1], &error);
    for (int i = 2; ok && i < argc; i++)
        ok = try_picture(&bench, argv[i], &error);
    if (ok)
        print_table(argc - 2);
    else
        fprintf(stderr, "decode_choice: %s\n", error.message);
    session_destroy(bench.session);
    model_destroy(bench.model);
    image_free(&bench.decoded);
    image_free(&bench.input);
    free(bench.jpeg);
    return ok ? EXIT_CODE_OK : EXIT_CODE_RUNTIME;
}
