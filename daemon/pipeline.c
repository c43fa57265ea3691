#include "daemon/pipeline.h"

#include "classify/classifier.h"
#include "common/clock.h"
#include "common/log.h"
#include "daemon/publisher.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

enum {
    IDLE_MS = 100, /* how soon a new watcher of a silent source is noticed */
    DAMAGE_LOG_INTERVAL_S = 60,
    STATS_LOG_INTERVAL_S = 10,
};

struct pipeline {
    struct pipeline_parts parts;
    pthread_t thread;
    _Atomic int64_t heartbeat_ns;

    /* New settings on their way to the thread, under the mutex. */
    pthread_mutex_t mutex;
    struct smooth_settings next_smooth_settings;
    struct painter *next_painter; /* NULL: nothing new */

    /* Used by the thread alone from here on. */
    struct smooth_settings smooth_settings;
    struct painter *painter;
    struct classifier *classifier;
    struct smooth smooth;
    struct stats stats;
    struct publisher publisher;
    struct log_limiter damage_log, stats_log;
    int64_t damaged_ns;   /* CLOCK_MONOTONIC of the first damaged frame since a good one; 0: none */
    struct error damage;  /* the newest frame's that was not */
    struct error failure; /* why the thread ended before its time; empty: it did not */
};

/* --- settings --------------------------------------------------------------------------------- */

void pipeline_configure(struct pipeline *pipeline, const struct smooth_settings *smooth,
                        struct painter *painter)
{
    pthread_mutex_lock(&pipeline->mutex);
    struct painter *unused = pipeline->next_painter;
    pipeline->next_painter = painter;
    pipeline->next_smooth_settings = *smooth;
    pthread_mutex_unlock(&pipeline->mutex);
    painter_destroy(unused);
}

static void adopt_settings(struct pipeline *pipeline)
{
    struct painter *old = NULL;
    pthread_mutex_lock(&pipeline->mutex);
    if (pipeline->next_painter) {
        old = pipeline->painter;
        pipeline->painter = pipeline->next_painter;
        pipeline->smooth_settings = pipeline->next_smooth_settings;
        pipeline->next_painter = NULL;
    }
    pthread_mutex_unlock(&pipeline->mutex);
    painter_destroy(old);
}

/* --- frames ----------------------------------------------------------------------------------- */

static void process_loss(struct pipeline *pipeline, const char *why)
{
    smooth_reset(&pipeline->smooth);
    classifier_reset(pipeline->classifier);
    publisher_show_loss(&pipeline->publisher, why);
}

static void note_damage(struct pipeline *pipeline, const struct frame *frame,
                        const struct error *error)
{
    const int64_t now_ns = clock_monotonic_ns();
    pipeline->damage = *error;
    stats_damaged(&pipeline->stats, now_ns);
    if (!pipeline->damaged_ns)
        pipeline->damaged_ns = now_ns;
    if ((double)(now_ns - pipeline->damaged_ns) >= pipeline->parts.timeout_s * NS_PER_S) {
        struct error why;
        error_set(&why, "no good picture for %g s: %s", pipeline->parts.timeout_s, error->message);
        process_loss(pipeline, why.message);
    }
    uint64_t count = log_limiter_event(&pipeline->damage_log, DAMAGE_LOG_INTERVAL_S);
    if (count)
        log_warning("frame %" PRIu64 " dropped (%" PRIu64 " since the last such line): %s",
                    frame->sequence, count, error->message);
}

static void note_times(struct stats *stats, const struct classifier_times *times)
{
    stats_stage(stats, STAGE_DECODE, times->start_ns, times->decoded_ns);
    stats_stage(stats, STAGE_RESIZE, times->decoded_ns, times->resized_ns);
    stats_stage(stats, STAGE_NETWORK, times->resized_ns, times->scored_ns);
}

static double latency_ms(const struct pipeline *pipeline, const struct frame *frame)
{
    if (pipeline->parts.lossless)
        return -1;
    return (double)(clock_monotonic_ns() - frame->captured_ns) / NS_PER_MS;
}

static double best_score(const double *scores, int count)
{
    double best = scores[0];
    for (int i = 1; i < count; i++)
        if (scores[i] > best)
            best = scores[i];
    return best;
}

static struct prediction decide(struct pipeline *pipeline, const struct frame *frame,
                                const struct looks *looks)
{
    const struct model *model = pipeline->parts.model;
    struct prediction prediction = {
        .frame = frame->sequence,
        .time_s = frame->time_s,
        .truth = frame->truth,
        .class_count = model->class_count,
        .classes = (const char *const *)model->class_names,
    };
    int decision = smooth_update(&pipeline->smooth, &pipeline->smooth_settings, frame->time_s,
                                 looks, model->class_count);
    memcpy(prediction.scores, pipeline->smooth.scores,
           (size_t)model->class_count * sizeof *prediction.scores);
    if (decision == SMOOTH_UNKNOWN) {
        prediction.label = PREDICTION_UNKNOWN;
        prediction.score = best_score(prediction.scores, model->class_count);
    } else {
        prediction.label = prediction.classes[decision];
        prediction.score = prediction.scores[decision];
    }
    prediction.latency_ms = latency_ms(pipeline, frame);
    return prediction;
}

/* One frame from the slot to what is shown. false: a predictions line could not be written. */
static bool process_frame(struct pipeline *pipeline, struct frame *frame)
{
    struct looks looks;
    struct classifier_times times;
    struct error error;

    stats_frame(&pipeline->stats, frame->sequence);
    if (!classifier_run(pipeline->classifier, frame, &looks, &times, &error)) {
        note_damage(pipeline, frame, &error);
        return true;
    }
    note_times(&pipeline->stats, &times);
    struct prediction prediction = decide(pipeline, frame, &looks);
    if (pipeline->parts.predictions &&
        !predictions_write(pipeline->parts.predictions, &prediction, &pipeline->failure))
        return false;
    int64_t now_ns =
        stats_stage(&pipeline->stats, STAGE_OUTPUT, times.scored_ns, clock_monotonic_ns());
    stats_processed(&pipeline->stats, now_ns);
    pipeline->damaged_ns = 0;
    publisher_show_frame(&pipeline->publisher, frame, &prediction);
    return true;
}

/* Waits for the newest frame a while and deals with it. false: the pipeline has to end. */
static bool take_frame(struct pipeline *pipeline)
{
    /* Asked before the take: whatever came before the closing is then still taken. */
    bool last = slot_closed(pipeline->parts.frames);
    struct frame *frame =
        (struct frame *)slot_take(pipeline->parts.frames, (int64_t)IDLE_MS * NS_PER_MS);
    adopt_settings(pipeline); /* also those that came during the wait */
    if (!frame)
        return !last;
    bool goes_on = true;
    if (frame->format == PIXEL_NONE)
        process_loss(pipeline, frame->lost);
    else
        goes_on = process_frame(pipeline, frame);
    frame_unref(&frame);
    atomic_store(&pipeline->heartbeat_ns, clock_monotonic_ns());
    return goes_on;
}

static void log_stats(struct pipeline *pipeline)
{
    if (!log_limiter_event(&pipeline->stats_log, STATS_LOG_INTERVAL_S))
        return;
    char text[400];
    stats_describe(&pipeline->stats, text, sizeof text);
    log_debug("%s", text);
}

static void *run(void *argument)
{
    struct pipeline *pipeline = argument;
    for (;;) {
        bool goes_on = take_frame(pipeline);
        publisher_update(&pipeline->publisher, pipeline->painter, &pipeline->stats);
        if (!goes_on)
            break;
        log_stats(pipeline);
    }
    char text[400];
    stats_describe(&pipeline->stats, text, sizeof text);
    log_info("%s", text);
    eventfd_write(pipeline->parts.ended_fd, 1);
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

struct pipeline *pipeline_create(const struct pipeline_parts *parts,
                                 const struct smooth_settings *smooth, struct painter *painter,
                                 struct error *error)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (!pipeline) {
        painter_destroy(painter);
        error_set(error, "pipeline: out of memory");
        return NULL;
    }
    pipeline->parts = *parts;
    pipeline->smooth_settings = *smooth;
    pipeline->painter = painter;
    pthread_mutex_init(&pipeline->mutex, NULL);
    smooth_reset(&pipeline->smooth);
    publisher_init(&pipeline->publisher, parts->snapshots, parts->source_name);
    pipeline->classifier = classifier_create(parts->model, parts->cpu, parts->views, error);
    if (pipeline->classifier)
        return pipeline;
    pipeline_destroy(pipeline);
    return NULL;
}

bool pipeline_start(struct pipeline *pipeline, struct error *error)
{
    atomic_store(&pipeline->heartbeat_ns, clock_monotonic_ns());
    int failure = pthread_create(&pipeline->thread, NULL, run, pipeline);
    if (failure)
        return error_set(error, "cannot start the pipeline's thread: %s", strerror(failure));
    pthread_setname_np(pipeline->thread, "pipeline");
    return true;
}

int64_t pipeline_heartbeat_ns(const struct pipeline *pipeline)
{
    return atomic_load(&pipeline->heartbeat_ns);
}

bool pipeline_classified(const struct pipeline *pipeline, struct error *error)
{
    if (pipeline->stats.processed > 0 || pipeline->stats.damaged == 0)
        return true;
    return error_set(error, "none of its pictures could be classified; the last one: %s",
                     pipeline->damage.message);
}

bool pipeline_join(struct pipeline *pipeline, struct error *error)
{
    pthread_join(pipeline->thread, NULL);
    if (!*pipeline->failure.message)
        return true;
    if (error)
        *error = pipeline->failure;
    return false;
}

void pipeline_destroy(struct pipeline *pipeline)
{
    if (!pipeline)
        return;
    painter_destroy(pipeline->painter);
    painter_destroy(pipeline->next_painter);
    classifier_destroy(pipeline->classifier);
    publisher_finish(&pipeline->publisher);
    pthread_mutex_destroy(&pipeline->mutex);
    free(pipeline);
}
