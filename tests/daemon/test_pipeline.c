#include "daemon/pipeline.h"

#include "classify/classifier.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/snapshot.h"
#include "tests/nn/build.h"
#include "tests/suite.h"
#include "vision/jpeg.h"

#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* Everything around a pipeline: slots, a model, options. */
struct fixture {
    struct slot frames, snapshots;
    struct source_name name;
    struct model *model;
    struct options options;
    struct smooth_settings smooth;
    struct pipeline_parts parts;
    struct pipeline *pipeline;
};

/* Mean of blue against mean of red: a blue picture is a "cat", a red one a "dog". */
static struct model *colour_model(void)
{
    struct model *model = build_model(4, 4, 3);
    model->preprocessing.bgr = true;
    add(model, (struct layer){.op = LAYER_GLOBAL_AVERAGE_POOL2D});
    struct layer *scores = add(model, with(dense(2), ACTIVATION_SOFTMAX));
    memcpy(scores->kernel, (const float[]){10, 0, 0, 0, 0, 10}, 6 * sizeof(float));
    finish(model);
    ck_assert(model_set_classes(model, (const char *const[]){"cat", "dog"}, 2, NULL));
    return model;
}

static struct painter *new_painter(const struct options *options)
{
    struct error error;
    struct painter *painter = painter_create(options, &error);
    ck_assert_msg(painter != NULL, "%s", error.message);
    return painter;
}

static void start_with(struct fixture *f, struct model *model, const char *predictions,
                       double timeout_s)
{
    struct error error = {0};
    *f = (struct fixture){.smooth = {.time_s = 0,
                                     .hysteresis = 0,
                                     .threshold = 0.6,
                                     .release = 1,
                                     .nobody = classifier_nobody(model)}};
    log_init("test_pipeline", LOG_LEVEL_ERROR);
    slot_init(&f->frames);
    slot_init(&f->snapshots);
    source_name_init(&f->name);
    source_name_set(&f->name, "a test");
    f->model = model;
    ck_assert_msg(config_defaults(&options_table, &f->options, &error), "%s", error.message);
    f->parts = (struct pipeline_parts){
        .model = f->model,
        .cpu = "reference",
        .frames = &f->frames,
        .snapshots = &f->snapshots,
        .source_name = &f->name,
        .predictions = predictions ? predictions_open(predictions, &error) : NULL,
        .lossless = true,
        .timeout_s = timeout_s,
        .ended_fd = eventfd(0, EFD_CLOEXEC),
    };
    f->pipeline = pipeline_create(&f->parts, &f->smooth, new_painter(&f->options), &error);
    ck_assert_msg(f->pipeline && pipeline_start(f->pipeline, &error), "%s", error.message);
}

static void start_patient(struct fixture *f, const char *predictions, double timeout_s)
{
    start_with(f, colour_model(), predictions, timeout_s);
}

static void start(struct fixture *f, const char *predictions)
{
    start_patient(f, predictions, 60);
}

/* Once it was joined. */
static void release(struct fixture *f)
{
    pipeline_destroy(f->pipeline);
    slot_close(&f->snapshots);
    predictions_close(f->parts.predictions, NULL);
    model_destroy(f->model);
    config_free(&options_table, &f->options);
    source_name_finish(&f->name);
    slot_finish(&f->frames);
    slot_finish(&f->snapshots);
    close(f->parts.ended_fd);
}

/* Ends it; returns whether it had no failure. */
static bool stop(struct fixture *f, struct error *error)
{
    eventfd_t ended;
    slot_close(&f->frames);
    ck_assert_int_eq(eventfd_read(f->parts.ended_fd, &ended), 0);
    bool fine = pipeline_join(f->pipeline, error);
    release(f);
    return fine;
}

enum { BLUE, RED = 2, WIDTH = 64, HEIGHT = 48 };

static struct frame *plain_frame(uint64_t sequence, int channel)
{
    struct frame *frame =
        frame_create(PIXEL_BGR24, WIDTH, HEIGHT, 3 * WIDTH, (size_t)(3 * WIDTH * HEIGHT));
    ck_assert_ptr_nonnull(frame);
    memset(frame->data, 0, frame->size);
    for (size_t i = (size_t)channel; i < frame->size; i += 3)
        frame->data[i] = 255;
    frame->sequence = sequence;
    frame->captured_ns = clock_monotonic_ns();
    frame->time_s = (double)sequence / 25;
    return frame;
}

static struct frame *half_red_frame(uint64_t sequence)
{
    struct frame *frame = plain_frame(sequence, BLUE);
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        frame->data[3 * i + RED] = i % WIDTH < WIDTH / 2 ? 255 : 0;
    return frame;
}

static void put(struct fixture *f, struct frame *frame)
{
    slot_put_wait(&f->frames, &frame->ref);
}

/* The next snapshot after *version that fulfils `wanted`, within some seconds. */
static struct snapshot *await(struct fixture *f, uint64_t *version,
                              bool (*wanted)(const struct snapshot *))
{
    int64_t deadline_ns = clock_monotonic_ns() + (int64_t)20 * NS_PER_S;
    while (clock_monotonic_ns() < deadline_ns) {
        struct snapshot *snapshot = (struct snapshot *)slot_peek(&f->snapshots, version, NS_PER_S);
        if (snapshot && wanted(snapshot))
            return snapshot;
        snapshot_unref(&snapshot);
    }
    ck_abort_msg("no such snapshot came");
}

static bool is_online(const struct snapshot *snapshot)
{
    return snapshot->source.online;
}

static bool is_lost(const struct snapshot *snapshot)
{
    return !snapshot->source.online;
}

static bool has_picture(const struct snapshot *snapshot)
{
    return snapshot->jpeg_size > 0;
}

static bool is_online_with_picture(const struct snapshot *snapshot)
{
    return is_online(snapshot) && has_picture(snapshot);
}

static bool is_dog(const struct snapshot *snapshot)
{
    return snapshot->has_prediction && strcmp(snapshot->prediction.label, "dog") == 0;
}

static bool is_unknown(const struct snapshot *snapshot)
{
    return snapshot->has_prediction && strcmp(snapshot->prediction.label, "unknown") == 0;
}

START_TEST(frame_becomes_a_prediction_and_no_picture_while_nobody_watches)
{
    struct fixture f;
    uint64_t version = 0;
    start(&f, NULL);
    put(&f, plain_frame(0, BLUE));
    struct snapshot *snapshot = await(&f, &version, is_online);
    ck_assert(snapshot->has_prediction);
    ck_assert_str_eq(snapshot->prediction.label, "cat");
    ck_assert_double_gt(snapshot->prediction.score, 0.99);
    ck_assert_double_lt(snapshot->prediction.latency_ms, 0);
    ck_assert_str_eq(snapshot->source.name, "a test");
    ck_assert_str_eq(snapshot->source.format, "BGR24");
    ck_assert_int_eq(snapshot->source.width, WIDTH);
    ck_assert_uint_eq(snapshot->jpeg_size, 0);
    snapshot_unref(&snapshot);
    put(&f, plain_frame(1, RED));
    snapshot = await(&f, &version, is_dog);
    ck_assert_uint_eq(snapshot->prediction.frame, 1);
    snapshot_unref(&snapshot);
    ck_assert(stop(&f, NULL));
}
END_TEST

START_TEST(picture_has_the_size_of_the_frame_when_somebody_watches)
{
    struct fixture f;
    struct error error;
    uint64_t version = 0;
    int width = 0, height = 0;
    start(&f, NULL);
    slot_watch(&f.snapshots);
    put(&f, plain_frame(0, RED));
    struct snapshot *snapshot = await(&f, &version, is_online_with_picture);
    ck_assert(jpeg_size(snapshot->jpeg, snapshot->jpeg_size, &width, &height, &error));
    ck_assert_int_eq(width, WIDTH);
    ck_assert_int_eq(height, HEIGHT);
    snapshot_unref(&snapshot);
    ck_assert(stop(&f, NULL));
}
END_TEST

START_TEST(watcher_of_a_silent_source_gets_the_last_picture)
{
    struct fixture f;
    uint64_t version = 0;
    start(&f, NULL);
    put(&f, plain_frame(0, RED));
    struct snapshot *snapshot = await(&f, &version, is_online);
    snapshot_unref(&snapshot);
    slot_watch(&f.snapshots);
    snapshot = await(&f, &version, is_online_with_picture);
    ck_assert_uint_eq(snapshot->prediction.frame, 0);
    snapshot_unref(&snapshot);
    int64_t start_ns = clock_monotonic_ns();
    snapshot = await(&f, &version, has_picture); /* and again, a second later */
    ck_assert_int_ge(clock_monotonic_ns() - start_ns, NS_PER_S / 2);
    snapshot_unref(&snapshot);
    ck_assert(stop(&f, NULL));
}
END_TEST

START_TEST(loss_is_shown_with_its_reason_and_forgets_the_scores)
{
    struct fixture f;
    uint64_t version = 0;
    start(&f, NULL);
    slot_watch(&f.snapshots);
    f.smooth.time_s = 1000;
    pipeline_configure(f.pipeline, &f.smooth, new_painter(&f.options));
    put(&f, plain_frame(0, RED));
    struct snapshot *snapshot = await(&f, &version, is_online);
    snapshot_unref(&snapshot);
    put(&f, frame_create_lost("unplugged"));
    snapshot = await(&f, &version, is_lost);
    ck_assert_str_eq(snapshot->source.lost, "unplugged");
    ck_assert(!snapshot->has_prediction);
    ck_assert_uint_gt(snapshot->jpeg_size, 0);
    ck_assert_int_eq(snapshot->source.width, WIDTH);
    snapshot_unref(&snapshot);
    put(&f, plain_frame(1, BLUE));
    snapshot = await(&f, &version, is_online);
    ck_assert_str_eq(snapshot->prediction.label, "cat");
    snapshot_unref(&snapshot);
    ck_assert(stop(&f, NULL));
}
END_TEST

START_TEST(first_picture_says_that_none_came_yet)
{
    struct fixture f;
    uint64_t version = 0;
    start(&f, NULL);
    slot_watch(&f.snapshots);
    struct snapshot *snapshot = await(&f, &version, has_picture);
    ck_assert(!snapshot->source.online);
    ck_assert_str_eq(snapshot->source.lost, "waiting for the first frame");
    snapshot_unref(&snapshot);
    ck_assert(stop(&f, NULL));
}
END_TEST

static struct frame *damaged_frame(uint64_t sequence)
{
    struct frame *frame = frame_create(PIXEL_JPEG, WIDTH, HEIGHT, 0, 4);
    memcpy(frame->data, "\xff\xd8\xff\xd9", 4);
    frame->sequence = sequence;
    return frame;
}

static int count_lines(const char *path)
{
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    int lines = 0;
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        lines += c == '\n';
    fclose(file);
    return lines;
}

START_TEST(damaged_frames_are_dropped_and_the_last_good_one_stays)
{
    char path[] = "/tmp/pawcam-pipeline-XXXXXX";
    close(mkstemp(path));
    struct fixture f;
    uint64_t version = 0;
    start(&f, path);
    put(&f, plain_frame(0, RED));
    for (uint64_t i = 1; i < 10; i++)
        put(&f, damaged_frame(i));
    put(&f, plain_frame(10, RED));
    slot_close(&f.frames);
    struct snapshot *snapshot = await(&f, &version, is_dog);
    ck_assert_uint_eq(snapshot->source.dropped, 0);
    snapshot_unref(&snapshot);
    ck_assert(stop(&f, NULL));
    ck_assert_int_eq(count_lines(path), 2);
    unlink(path);
}
END_TEST

static bool is_lost_by_damage(const struct snapshot *snapshot)
{
    return is_lost(snapshot) && strstr(snapshot->source.lost, "no good picture for 0 s: ");
}

START_TEST(nothing_but_damage_for_a_while_is_a_loss)
{
    struct fixture f;
    struct error error;
    uint64_t version = 0;
    start_patient(&f, NULL, 0);
    put(&f, damaged_frame(0));
    struct snapshot *snapshot = await(&f, &version, is_lost_by_damage);
    ck_assert(!snapshot->has_prediction);
    snapshot_unref(&snapshot);
    slot_close(&f.frames);
    ck_assert(pipeline_join(f.pipeline, NULL));
    ck_assert(!pipeline_classified(f.pipeline, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "none of its pictures could be classified; "));
    release(&f);
}
END_TEST

START_TEST(a_good_frame_ends_the_loss)
{
    struct fixture f;
    uint64_t version = 0;
    start_patient(&f, NULL, 0);
    put(&f, damaged_frame(0));
    put(&f, plain_frame(1, RED));
    struct snapshot *snapshot = await(&f, &version, is_dog);
    ck_assert(is_online(snapshot));
    snapshot_unref(&snapshot);
    slot_close(&f.frames);
    ck_assert(pipeline_join(f.pipeline, NULL));
    ck_assert(pipeline_classified(f.pipeline, NULL));
    release(&f);
}
END_TEST

/* What counts is the time since the first damaged frame after the last good one. */
START_TEST(damage_now_and_then_is_no_loss)
{
    struct fixture f;
    uint64_t version = 0;
    start_patient(&f, NULL, 0.2);
    put(&f, damaged_frame(0));
    put(&f, plain_frame(1, RED));
    nanosleep(&(struct timespec){.tv_nsec = 400 * 1000 * 1000}, NULL);
    put(&f, damaged_frame(2));
    slot_close(&f.frames);
    ck_assert(pipeline_join(f.pipeline, NULL));
    struct snapshot *snapshot = await(&f, &version, is_dog);
    ck_assert(is_online(snapshot));
    snapshot_unref(&snapshot);
    release(&f);
}
END_TEST

/* The slot is closed while its last frame is still inside. */
START_TEST(every_frame_up_to_the_end_gets_its_line)
{
    char path[] = "/tmp/pawcam-pipeline-XXXXXX";
    close(mkstemp(path));
    struct fixture f;
    start(&f, path);
    for (uint64_t i = 0; i < 200; i++)
        put(&f, plain_frame(i, RED));
    ck_assert(stop(&f, NULL));
    ck_assert_int_eq(count_lines(path), 200);
    unlink(path);
}
END_TEST

START_TEST(line_that_cannot_be_written_ends_the_pipeline)
{
    struct fixture f;
    struct error error = {0};
    start(&f, "/dev/full");
    put(&f, plain_frame(0, RED));
    ck_assert(!stop(&f, &error));
    ck_assert_str_eq(error.message,
                     "cannot write predictions to /dev/full: No space left on device");
}
END_TEST

START_TEST(heart_beats_with_frames_and_losses_only)
{
    struct fixture f;
    uint64_t version = 0;
    start(&f, NULL);
    int64_t before_ns = clock_monotonic_ns();
    usleep(250000);
    ck_assert_int_lt(pipeline_heartbeat_ns(f.pipeline), before_ns);
    put(&f, frame_create_lost("unplugged"));
    struct snapshot *snapshot = await(&f, &version, is_lost);
    snapshot_unref(&snapshot);
    while (pipeline_heartbeat_ns(f.pipeline) < before_ns)
        usleep(1000); /* it beats after it has published; Check's timeout ends this if not */
    ck_assert(stop(&f, NULL));
}
END_TEST

/* As the very first is, and not from the view whose turn it would be. */
START_TEST(the_frame_behind_a_loss_is_looked_at_from_all_views)
{
    static const char *const classes[] = {"cat", "dog", "neither"};
    char path[] = "/tmp/pawcam-pipeline-XXXXXX";
    char lines[3][512];
    struct fixture f;
    close(mkstemp(path));
    start_with(&f, left_right_model(classes, 3), path, 60);
    put(&f, half_red_frame(0));
    put(&f, half_red_frame(1));
    put(&f, frame_create_lost("unplugged"));
    put(&f, half_red_frame(2));
    ck_assert(stop(&f, NULL));
    FILE *file = fopen(path, "r");
    ck_assert_ptr_nonnull(file);
    for (int i = 0; i < 3; i++)
        ck_assert_ptr_nonnull(fgets(lines[i], sizeof lines[i], file));
    fclose(file);
    unlink(path);
    ck_assert_str_eq(strstr(lines[0], "\"scores\""), strstr(lines[2], "\"scores\""));
}
END_TEST

START_TEST(threshold_and_release_change_while_it_runs)
{
    struct fixture f;
    uint64_t version = 0;
    start(&f, NULL);
    put(&f, plain_frame(0, RED));
    struct snapshot *snapshot = await(&f, &version, is_dog);
    snapshot_unref(&snapshot);
    f.smooth.threshold = 1;
    f.smooth.release = 0.9;
    pipeline_configure(f.pipeline, &f.smooth, new_painter(&f.options));
    put(&f, plain_frame(1, RED));
    snapshot = await(&f, &version, is_dog);
    ck_assert_int_eq((int)snapshot->prediction.frame, 1);
    snapshot_unref(&snapshot);
    f.smooth.release = 1;
    pipeline_configure(f.pipeline, &f.smooth, new_painter(&f.options));
    put(&f, plain_frame(2, RED));
    snapshot = await(&f, &version, is_unknown);
    ck_assert_double_gt(snapshot->prediction.score, 0.99);
    snapshot_unref(&snapshot);
    ck_assert(stop(&f, NULL));
}
END_TEST

TEST_MAIN(pipeline, frame_becomes_a_prediction_and_no_picture_while_nobody_watches,
          picture_has_the_size_of_the_frame_when_somebody_watches,
          watcher_of_a_silent_source_gets_the_last_picture,
          loss_is_shown_with_its_reason_and_forgets_the_scores,
          first_picture_says_that_none_came_yet,
          damaged_frames_are_dropped_and_the_last_good_one_stays,
          nothing_but_damage_for_a_while_is_a_loss, a_good_frame_ends_the_loss,
          damage_now_and_then_is_no_loss, every_frame_up_to_the_end_gets_its_line,
          line_that_cannot_be_written_ends_the_pipeline, heart_beats_with_frames_and_losses_only,
          threshold_and_release_change_while_it_runs,
          the_frame_behind_a_loss_is_looked_at_from_all_views)
