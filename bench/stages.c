/* stages [--model FILE] [--rounds N] - milliseconds per frame of every stage of the daemon, for the
 * drawn scene at 640x480 and 1280x720, as a Markdown table. Without a model the network is left
 * out. */
#include "bench/peer.h"
#include "bench/timing.h"
#include "capture/capture.h"
#include "classify/smooth.h"
#include "common/log.h"
#include "daemon/annotate.h"
#include "nn/keras/keras.h"
#include "nn/session.h"
#include "vision/jpeg.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { QUALITY = 85, DEFAULT_INPUT_SIDE = 128, DEFAULT_ROUNDS = 300, TIME_PER_SIZE_S = 15 };

struct bench {
    int input_width, input_height; /* of the network */
    struct session *session;       /* NULL: no model */
    struct capture *scene;
    struct frame *jpeg, *yuyv;
    struct image half, full, input, scratch; /* half, full and input hold their stage's result */
    struct jpeg_room room;
    struct annotator *annotator;
    struct smooth smooth;
    int view;
    double time_s;
};

/* --- the stages ------------------------------------------------------------------------------- */

static int min_side(const struct bench *bench)
{
    return views_min_side(VIEWS_CLOSER, bench->input_width, bench->input_height);
}

static bool draw_scene(void *context, struct error *error)
{
    struct bench *bench = context;
    struct frame *frame = NULL;
    enum capture_status status = capture_read(bench->scene, &frame, error);
    frame_unref(&frame);
    return status == CAPTURE_FRAME;
}

/* What a V4L2 source does with the driver's buffer before it gives it back. */
static bool copy(const struct frame *buffer, struct error *error)
{
    struct frame *frame =
        frame_create(buffer->format, buffer->width, buffer->height, buffer->stride, buffer->size);
    if (!frame)
        return error_set(error, "out of memory");
    memcpy(frame->data, buffer->data, buffer->size);
    frame_unref(&frame);
    return true;
}

static bool copy_jpeg(void *context, struct error *error)
{
    return copy(((struct bench *)context)->jpeg, error);
}

static bool copy_yuyv(void *context, struct error *error)
{
    return copy(((struct bench *)context)->yuyv, error);
}

static bool decode_small(void *context, struct error *error)
{
    struct bench *bench = context;
    return vision_frame_to_bgr(bench->jpeg, min_side(bench), &bench->half, error);
}

static bool decode_full(void *context, struct error *error)
{
    struct bench *bench = context;
    return vision_frame_to_bgr(bench->jpeg, 0, &bench->full, error);
}

static bool decode_fast(void *context, struct error *error)
{
    struct bench *bench = context;
    return peer_decode_fast(bench->jpeg->data, bench->jpeg->size, &bench->scratch, error);
}

static bool convert_yuyv(void *context, struct error *error)
{
    struct bench *bench = context;
    return vision_frame_to_bgr(bench->yuyv, 0, &bench->scratch, error);
}

static bool resize_full(void *context, struct error *error)
{
    struct bench *bench = context;
    return vision_resize(&bench->full, bench->input_width, bench->input_height, &bench->scratch,
                         error);
}

static bool resize_area(void *context, struct error *error)
{
    struct bench *bench = context;
    return peer_resize_area(&bench->full, bench->input_width, bench->input_height, &bench->scratch,
                            error);
}

static bool resize_small(void *context, struct error *error)
{
    struct bench *bench = context;
    return vision_resize(&bench->half, bench->input_width, bench->input_height, &bench->input,
                         error);
}

static bool classify(void *context, struct error *error)
{
    struct bench *bench = context;
    float scores[PREDICTION_CLASSES_MAX];
    (void)error;
    session_classify(bench->session, bench->input.data, bench->input.stride, scores);
    return true;
}

/* A view of the many that a frame has from near. */
static bool smooth_scores(void *context, struct error *error)
{
    static const struct smooth_settings settings = {
        .time_s = 0.5, .hysteresis = 0.1, .threshold = 0.6, .release = 0.2, .nobody = 2};
    struct bench *bench = context;
    struct looks looks = {
        .views = views_of(VIEWS_CLOSER, 16, 9, 1, 1),
        .count = 1,
        .list = {{.scores = {0.7, 0.2, 0.1}}},
    };
    (void)error;
    looks.list[0].view = bench->view = (bench->view + 1) % looks.views.count;
    bench->time_s += 0.04;
    smooth_update(&bench->smooth, &settings, bench->time_s, &looks, 3);
    return true;
}

static bool annotate(void *context, struct error *error)
{
    struct bench *bench = context;
    const struct label_values values = {.label = "cat", .score = 0.93};
    return annotate_frame(bench->annotator, &values, &bench->full, error);
}

static bool encode(void *context, struct error *error)
{
    struct bench *bench = context;
    uint8_t *jpeg;
    size_t size;
    bool ok = jpeg_encode_in(&bench->room, &bench->full, QUALITY, &jpeg, &size, error);
    free(jpeg);
    return ok;
}

/* The network is the last, so that it can be left out. In the daemon, a JPEG frame takes the
 * steps "JPEG small", "resize small", network and smooth; with a viewer also "JPEG full", annotate
 * and encode. */
static const struct timing stages[] = {
    {.name = "capture: copy a JPEG buffer", .run = copy_jpeg},
    {.name = "capture: copy a YUYV buffer", .run = copy_yuyv},
    {.name = "capture: draw the scene", .run = draw_scene},
    {.name = "decode: JPEG small, for the network", .run = decode_small},
    {.name = "decode: JPEG full, for viewers", .run = decode_full},
    {.name = "decode: YUYV", .run = convert_yuyv},
    {.name = "(for comparison) decode: JPEG full, fast DCT and upsampling", .run = decode_fast},
    {.name = "resize: small, LINEAR", .run = resize_small},
    {.name = "(for comparison) resize: full, LINEAR", .run = resize_full},
    {.name = "(for comparison) resize: full, AREA", .run = resize_area},
    {.name = "smooth", .run = smooth_scores},
    {.name = "annotate", .run = annotate},
    {.name = "encode: JPEG", .run = encode},
    {.name = "network", .run = classify},
};
enum { STAGE_COUNT = sizeof stages / sizeof *stages };

/* --- set-up ----------------------------------------------------------------------------------- */

static struct frame *encode_frame(const struct image *picture, struct error *error)
{
    uint8_t *jpeg;
    size_t size;
    if (!jpeg_encode(picture, QUALITY, &jpeg, &size, error))
        return NULL;
    struct frame *frame = frame_create(PIXEL_JPEG, picture->width, picture->height, 0, size);
    if (frame)
        memcpy(frame->data, jpeg, size);
    else
        error_set(error, "out of memory");
    free(jpeg);
    return frame;
}

/* A YUYV frame with the picture's green as luma; its colours do not matter here. */
static struct frame *yuyv_frame(const struct image *picture, struct error *error)
{
    size_t pixels = (size_t)picture->width * (size_t)picture->height;
    struct frame *frame =
        frame_create(PIXEL_YUYV, picture->width, picture->height, 2 * picture->width, 2 * pixels);
    if (!frame) {
        error_set(error, "out of memory");
        return NULL;
    }
    for (size_t i = 0; i < pixels; i++) {
        frame->data[2 * i] = picture->data[3 * i + 1];
        frame->data[2 * i + 1] = 128;
    }
    return frame;
}

static bool open_scene(struct bench *bench, int width, int height, struct error *error)
{
    const struct capture_settings settings = {.source = "synthetic",
                                              .format = "auto",
                                              .width = width,
                                              .height = height,
                                              .fps = 25,
                                              .controls = "",
                                              .replay_speed = REPLAY_MAX};
    struct frame *frame = NULL;
    bench->scene = capture_open(&settings, error);
    bool ok = bench->scene && capture_read(bench->scene, &frame, error) == CAPTURE_FRAME &&
              vision_frame_to_bgr(frame, 0, &bench->full, error);
    frame_unref(&frame);
    return ok;
}

static bool start(struct bench *bench, int width, int height, struct error *error)
{
    static const struct annotate_settings demo = {"{label} {score}", 2, 100, 120, 2, "0,255,0"};
    if (!open_scene(bench, width, height, error))
        return false;
    bench->jpeg = encode_frame(&bench->full, error);
    bench->yuyv = yuyv_frame(&bench->full, error);
    bench->annotator = annotate_create(&demo, error);
    return bench->jpeg && bench->yuyv && bench->annotator;
}

static void finish(struct bench *bench)
{
    capture_close(bench->scene);
    frame_unref(&bench->jpeg);
    frame_unref(&bench->yuyv);
    image_free(&bench->half);
    image_free(&bench->full);
    image_free(&bench->input);
    image_free(&bench->scratch);
    jpeg_room_free(&bench->room);
    annotate_destroy(bench->annotator);
}

/* --- the table -------------------------------------------------------------------------------- */

static const int sizes[][2] = {{640, 480}, {1280, 720}};
enum { SIZE_COUNT = sizeof sizes / sizeof *sizes };

static struct timing results[SIZE_COUNT][STAGE_COUNT];

static bool measure(const struct model *model, int rounds, struct error *error)
{
    for (int i = 0; i < SIZE_COUNT; i++) {
        struct bench bench = {.input_width = DEFAULT_INPUT_SIDE,
                              .input_height = DEFAULT_INPUT_SIDE};
        if (model) {
            bench.input_height = model_input_shape(model)->dim[0];
            bench.input_width = model_input_shape(model)->dim[1];
            bench.session = session_create(model, "auto", error);
        }
        memcpy(results[i], stages, sizeof stages);
        bool ok =
            (!model || bench.session) && start(&bench, sizes[i][0], sizes[i][1], error) &&
            timing_run(results[i], STAGE_COUNT - !model, rounds, TIME_PER_SIZE_S, &bench, error);
        if (ok && i == 0 && model)
            printf("network: %s, %dx%d, engine %s\n\n", model->name, bench.input_width,
                   bench.input_height, session_engine_name(bench.session));
        finish(&bench);
        session_destroy(bench.session);
        if (!ok)
            return false;
    }
    return true;
}

static void print_table(int stage_count)
{
    printf("| ms per frame |");
    for (int i = 0; i < SIZE_COUNT; i++)
        printf(" %dx%d, median of %d | p95 |", sizes[i][0], sizes[i][1], results[i][0].count);
    printf("\n| --- |");
    for (int i = 0; i < SIZE_COUNT; i++)
        printf(" ---: | ---: |");
    for (int j = 0; j < stage_count; j++) {
        printf("\n| %s |", stages[j].name);
        for (int i = 0; i < SIZE_COUNT; i++)
            printf(" %.4f | %.4f |", timing_quantile(&results[i][j], 0.5),
                   timing_quantile(&results[i][j], 0.95));
    }
    printf("\n%s",
           stage_count < STAGE_COUNT ? "\nSKIPPED: network (give a model: MODEL=FILE)\n" : "");
}

static bool classifies_pictures(const struct model *model, struct error *error)
{
    return (model_takes_picture(model) && model->class_count > 0 &&
            model->class_count <= PREDICTION_CLASSES_MAX) ||
           error_set(error, "%s does not classify pictures", model->name);
}

static bool read_arguments(int argc, char **argv, const char **model, int *rounds)
{
    static const struct option options[] = {
        {"model", required_argument, NULL, 'm'}, {"rounds", required_argument, NULL, 'r'}, {0}};
    for (int letter; (letter = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (letter == 'm')
            *model = optarg;
        else if (letter == 'r')
            *rounds = atoi(optarg);
        else
            return false;
    }
    return optind == argc && *rounds >= 1 && *rounds <= TIMING_ROUNDS_MAX;
}

int main(int argc, char **argv)
{
    const char *path = NULL;
    int rounds = DEFAULT_ROUNDS;
    struct error error = {0};
    if (!read_arguments(argc, argv, &path, &rounds)) {
        fprintf(stderr, "usage: stages [--model FILE] [--rounds 1..%d]\n", TIMING_ROUNDS_MAX);
        return EXIT_CODE_USAGE;
    }
    log_init("stages", LOG_LEVEL_WARNING);
    struct model *model = path ? keras_load_guarded(path, &error) : NULL;
    bool ok = path == NULL || (model && classifies_pictures(model, &error));
    ok = ok && measure(model, rounds, &error);
    if (ok)
        print_table(STAGE_COUNT - !model);
    else
        fprintf(stderr, "stages: %s\n", error.message);
    model_destroy(model);
    return ok ? EXIT_CODE_OK : EXIT_CODE_RUNTIME;
}
