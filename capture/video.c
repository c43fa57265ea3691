/*
 * video: recordings and network streams, all that libavformat opens. This is the module
 * pawcam-video.so; see video_module.h. MJPEG is handed on undecoded.
 */
#include "capture/video_input.h"
#include "capture/video_log.h"
#include "capture/video_picture.h"
#include "capture/video_time.h"
#include "common/clock.h"
#include "common/text.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A step longer than this is a jump of the clock in containers that allow such jumps. */
enum { TIMESTAMP_JUMP_S = 10 };

static const struct video_host *host;

struct video {
    char *url;
    char name[128];
    double fallback_fps;
    struct video_input input;
    struct video_picture converter;
    AVFrame *picture;

    struct video_time time;
    uint64_t frames;      /* delivered since open or rewind */
    double end_s;         /* where the newest frame ends, by the file's own timestamps */
    bool damage_reported; /* not again in every loop */
    struct log_limiter limiter;
    char description[256];
};

static bool is_regular_file(const char *path, struct error *error)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return error_set(error, "%s: %s", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return error_set(error, "%s: not a file (a pipe is read with --source - < PIPE)", path);
    return true;
}

static void describe(struct video *video)
{
    const AVCodecParameters *parameters = video->input.stream->codecpar;
    int used =
        snprintf(video->description, sizeof video->description, "%s, %dx%d %s", video->name,
                 parameters->width, parameters->height, avcodec_get_name(parameters->codec_id));
    if (video->input.fps > 0)
        snprintf(video->description + used, sizeof video->description - (size_t)used,
                 ", %.4g frames/s", video->input.fps);
}

static enum capture_status start(struct video *video, struct error *error)
{
    enum capture_status status = video_input_open(&video->input, error);
    if (status != CAPTURE_FRAME)
        return status;
    bool may_jump = video->input.format->iformat->flags & AVFMT_TS_DISCONT;
    double fps = video->input.fps > 0 ? video->input.fps : video->fallback_fps;
    video_time_init(&video->time, 1 / fps, may_jump ? TIMESTAMP_JUMP_S : 0);
    video->frames = 0;
    video->end_s = NAN;
    describe(video);
    return CAPTURE_FRAME;
}

static void video_close(void *self)
{
    struct video *video = self;
    if (!video)
        return;
    video_input_close(&video->input);
    video_picture_finish(&video->converter);
    av_frame_free(&video->picture);
    free(video->url);
    free(video);
}

static struct video *video_create(const struct capture_settings *settings, int interrupt_fd,
                                  bool live)
{
    struct video *video = calloc(1, sizeof *video);
    if (!video)
        return NULL;
    text_public_url(video->name, sizeof video->name, settings->source);
    video->fallback_fps = backend_fps(settings);
    video->picture = av_frame_alloc();
    if (!video->picture ||
        asprintf(&video->url, "%s%s", live ? "" : "file:", settings->source) < 0) {
        av_frame_free(&video->picture);
        free(video);
        return NULL;
    }
    video->input = (struct video_input){.host = host,
                                        .name = video->name,
                                        .url = video->url,
                                        .live = live,
                                        .timeout_s = settings->timeout_s,
                                        .interrupt_fd = interrupt_fd};
    return video;
}

static void *video_open(const struct capture_settings *settings, int interrupt_fd, bool live,
                        enum capture_status *status, struct error *error)
{
    *status = CAPTURE_FAILED;
    if (!live && !is_regular_file(settings->source, error))
        return NULL;
    struct video *video = video_create(settings, interrupt_fd, live);
    if (!video) {
        error_set(error, "out of memory");
        return NULL;
    }
    *status = start(video, error);
    if (*status != CAPTURE_FRAME) {
        video_close(video);
        return NULL;
    }
    return video;
}

static void *recording_open(const struct capture_settings *settings, int interrupt_fd,
                            enum capture_status *status, struct error *error)
{
    return video_open(settings, interrupt_fd, false, status, error);
}

static void *stream_open(const struct capture_settings *settings, int interrupt_fd,
                         enum capture_status *status, struct error *error)
{
    return video_open(settings, interrupt_fd, true, status, error);
}

static double seconds(const struct video *video, int64_t timestamp)
{
    if (timestamp == AV_NOPTS_VALUE)
        return NAN;
    return (double)timestamp * av_q2d(video->input.stream->time_base);
}

static struct frame *packet_to_frame(const struct video_input *input, struct error *error)
{
    const struct jpeg_scan *scan = &input->scan;
    struct frame *frame = frame_create(PIXEL_JPEG, scan->width, scan->height, 0, scan->position);
    if (frame)
        memcpy(frame->data, input->packet->data, scan->position);
    else
        error_set(error, "out of memory");
    return frame;
}

/* Says once what was wrong. A whole recording ends where its header says. (Where that is an
 * estimate from the bit rate, or where another stream may be the longer one, nothing can be said.)
 */
static void report_damage(struct video *video)
{
    const AVFormatContext *format = video->input.format;
    double promised_s = seconds(video, video->input.stream->duration);
    if (isnan(promised_s) && format->nb_streams == 1 && format->duration != AV_NOPTS_VALUE)
        promised_s = (double)format->duration / AV_TIME_BASE;
    if (format->duration_estimation_method == AVFMT_DURATION_FROM_BITRATE)
        promised_s = NAN;
    double first_s = seconds(video, video->input.stream->start_time);
    double played_s = video->end_s - (isnan(first_s) ? 0 : first_s);
    bool is_short = played_s + 0.5 + 2 * video->time.period_s < promised_s;
    if (is_short)
        host->log_warning("%s: truncated; it ends after %.1f of %.1f s, which were played",
                          video->name, played_s, promised_s);
    else if (video->input.cut_off)
        host->log_warning("%s: truncated; %llu frames were played", video->name,
                          (unsigned long long)video->frames);
    if (video->input.bad > 0)
        host->log_warning("%s: damaged; pictures skipped or patched up: %llu", video->name,
                          (unsigned long long)video->input.bad);
}

static enum capture_status end(struct video *video, struct error *error)
{
    if (video->input.live) {
        error_set(error, "%s: the stream ended", video->name);
        return CAPTURE_LOST;
    }
    if (video->frames == 0) {
        error_set(error, "%s: not one picture of it can be decoded", video->name);
        return CAPTURE_FAILED;
    }
    if (!video->damage_reported)
        report_damage(video);
    video->damage_reported = true;
    return CAPTURE_END;
}

static struct frame *make_frame(struct video *video, bool is_packet, struct error *error)
{
    struct video_input *input = &video->input;
    double stamp_s, length_s;
    struct frame *frame;
    if (is_packet) {
        const AVPacket *packet = input->packet;
        stamp_s = seconds(video, packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts);
        length_s = seconds(video, packet->duration);
        frame = packet_to_frame(input, error);
    } else {
        stamp_s = seconds(video, video->picture->best_effort_timestamp);
        length_s = seconds(video, video->picture->pkt_duration);
        frame =
            video_picture_to_frame(&video->converter, video->picture, input->quarter_turns, error);
        av_frame_unref(video->picture);
    }
    if (!frame)
        return NULL;
    video->end_s = fmax(video->end_s, stamp_s + length_s);
    frame->captured_ns = clock_monotonic_ns();
    frame->time_s = input->live ? clock_wall_s() : video_time_next(&video->time, stamp_s);
    frame->sequence = video->frames++;
    return frame;
}

static enum capture_status video_read(void *self, struct frame **frame, struct error *error)
{
    struct video *video = self;
    for (;;) {
        bool is_packet;
        enum capture_status status =
            video_input_next(&video->input, video->picture, &is_packet, error);
        if (status == CAPTURE_END)
            return end(video, error);
        if (status != CAPTURE_FRAME)
            return status;
        struct error reason;
        *frame = make_frame(video, is_packet, &reason);
        if (*frame)
            return CAPTURE_FRAME;
        if (host->log_limiter_event(&video->limiter, 60))
            host->log_warning("%s: picture skipped: %s", video->name, reason.message);
    }
}

/* Opens the file anew: seeking to the very first frame is not exact in every container. */
static enum capture_status video_rewind(void *self, struct error *error)
{
    struct video *video = self;
    video_input_close(&video->input);
    return start(video, error);
}

static const char *video_describe(const void *self)
{
    const struct video *video = self;
    return video->description;
}

static const struct backend recording = {.name = "video",
                                         .is_recording = true,
                                         .open = recording_open,
                                         .read = video_read,
                                         .rewind = video_rewind,
                                         .describe = video_describe,
                                         .close = video_close};

static const struct backend stream = {.name = "stream",
                                      .is_recording = false,
                                      .open = stream_open,
                                      .read = video_read,
                                      .describe = video_describe,
                                      .close = video_close};

static void start_module(const struct video_host *given)
{
    host = given;
    video_log_start(given);
    avformat_network_init();
}

__attribute__((visibility("default"))) extern const struct video_module pawcam_video_module;

const struct video_module pawcam_video_module = {
    .version = PAWCAM_VERSION, .start = start_module, .recording = &recording, .stream = &stream};
