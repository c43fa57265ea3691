#include "capture/video_input.h"

#include "capture/video_log.h"
#include "common/clock.h"

#include <libavutil/display.h>
#include <math.h>
#include <poll.h>
#include <string.h>

static bool wait_interrupted(const struct video_input *input, int timeout_ms)
{
    struct pollfd interrupt = {.fd = input->interrupt_fd, .events = POLLIN};
    return poll(&interrupt, 1, timeout_ms) > 0;
}

static bool interrupted(const struct video_input *input)
{
    return wait_interrupted(input, 0);
}

static bool late(const struct video_input *input)
{
    return input->deadline_ns != 0 && clock_monotonic_ns() > input->deadline_ns;
}

/* libavformat asks while it waits; a true answer makes its call fail with AVERROR_EXIT. */
static int must_stop(void *opaque)
{
    const struct video_input *input = opaque;
    return interrupted(input) || late(input);
}

static void set_deadline(struct video_input *input)
{
    input->heard = false;
    if (input->live && input->timeout_s > 0)
        input->deadline_ns = clock_monotonic_ns() + clock_ns_from_seconds(input->timeout_s);
}

/* Turns libav's error into a status and a line. `what` is what could not be done. */
static enum capture_status fail(const struct video_input *input, int code, const char *what,
                                struct error *error)
{
    if (interrupted(input))
        return CAPTURE_INTERRUPTED;
    if (late(input) || code == AVERROR_EXIT) { /* an exit not asked for: it was late before */
        error_set(error, "%s: %s for %g s", input->name,
                  input->heard ? "no picture could be decoded" : "nothing came", input->timeout_s);
        return CAPTURE_LOST;
    }
    char reason[AV_ERROR_MAX_STRING_SIZE];
    av_make_error_string(reason, sizeof reason, code);
    error_set(error, "%s: %s: %s", input->name, what, video_log_complaint(reason));
    bool hopeless = code == AVERROR_PROTOCOL_NOT_FOUND || code == AVERROR_DECODER_NOT_FOUND ||
                    code == AVERROR_DEMUXER_NOT_FOUND;
    return input->live && !hopeless ? CAPTURE_LOST : CAPTURE_FAILED;
}

static enum capture_status refuse(const struct video_input *input, const char *why,
                                  struct error *error)
{
    error_set(error, "%s: %s", input->name, why);
    return CAPTURE_FAILED;
}

static enum capture_status open_demuxer(struct video_input *input, struct error *error)
{
    input->format = avformat_alloc_context();
    if (!input->format)
        return fail(input, AVERROR(ENOMEM), "cannot open", error);
    input->format->interrupt_callback = (AVIOInterruptCB){must_stop, input};

    AVDictionary *options = NULL;
    av_dict_set(&options, "pattern_type", "none", 0); /* "%d" in a file name is just that */
    if (input->live) {
        av_dict_set(&options, "rtsp_transport", "tcp", 0);
        av_dict_set(&options, "analyzeduration", "1000000", 0); /* us; for sources without a rate */
    }
    int code = avformat_open_input(&input->format, input->url, NULL, &options);
    av_dict_free(&options);
    if (code == AVERROR_INVALIDDATA)
        return fail(input, code, "not a video, or its beginning or index is missing", error);
    if (code < 0)
        return fail(input, code, "cannot open", error);
    code = avformat_find_stream_info(input->format, NULL);
    if (code < 0)
        return fail(input, code, "cannot find out what is in it", error);
    return CAPTURE_FRAME;
}

/* libavformat reads plain text as art of the 1980s, and takes an album's cover for a video. */
static bool is_moving_picture(const AVStream *stream)
{
    switch (stream->codecpar->codec_id) {
    case AV_CODEC_ID_ANSI:
    case AV_CODEC_ID_BINTEXT:
    case AV_CODEC_ID_XBIN:
    case AV_CODEC_ID_IDF:
        return false;
    default:
        return !(stream->disposition & AV_DISPOSITION_ATTACHED_PIC);
    }
}

/* Clockwise, to make the picture upright. matrix: of 3x3, or NULL. One that mirrors is a turn and a
 * mirror behind it, which is left out: a mirrored animal is upright. */
static int quarter_turns_of(const int32_t *matrix)
{
    int32_t turn[9];
    if (!matrix)
        return 0;
    memcpy(turn, matrix, sizeof turn);
    if ((int64_t)turn[0] * turn[4] < (int64_t)turn[1] * turn[3])
        av_display_matrix_flip(turn, 1, 0);
    const double degrees = av_display_rotation_get(turn); /* counter-clockwise, or NAN */
    return isnan(degrees) ? 0 : (int)lround(-degrees / 90) & 3;
}

static enum capture_status choose_stream(struct video_input *input, struct error *error)
{
    int index = av_find_best_stream(input->format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (index < 0 || !is_moving_picture(input->format->streams[index]))
        return refuse(input, "there is no video in it", error);
    for (unsigned i = 0; i < input->format->nb_streams; i++)
        input->format->streams[i]->discard = AVDISCARD_ALL;
    input->stream = input->format->streams[index];
    input->stream->discard = AVDISCARD_DEFAULT;

    AVRational rate = av_guess_frame_rate(input->format, input->stream, NULL);
    input->fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
    input->quarter_turns = quarter_turns_of(
        (const int32_t *)av_stream_get_side_data(input->stream, AV_PKT_DATA_DISPLAYMATRIX, NULL));
    return CAPTURE_FRAME;
}

static enum capture_status open_decoder(struct video_input *input, struct error *error)
{
    const AVCodecParameters *parameters = input->stream->codecpar;
    const AVCodec *codec = avcodec_find_decoder(parameters->codec_id);
    if (!codec) {
        error_set(error, "%s: no decoder for %s in this libavcodec", input->name,
                  avcodec_get_name(parameters->codec_id));
        return CAPTURE_FAILED;
    }
    input->packet = av_packet_alloc();
    input->decoder = avcodec_alloc_context3(codec);
    if (!input->packet || !input->decoder)
        return fail(input, AVERROR(ENOMEM), "cannot decode", error);
    int code = avcodec_parameters_to_context(input->decoder, parameters);
    input->decoder->pkt_timebase = input->stream->time_base;
    /* One thread: no frame waits for others, and damage looks the same in every run. */
    input->decoder->thread_count = 1;
    if (code >= 0)
        code = avcodec_open2(input->decoder, codec, NULL);
    return code < 0 ? fail(input, code, "cannot decode", error) : CAPTURE_FRAME;
}

enum capture_status video_input_open(struct video_input *input, struct error *error)
{
    set_deadline(input);
    video_log_forget();
    enum capture_status status = open_demuxer(input, error);
    if (status == CAPTURE_FRAME)
        status = choose_stream(input, error);
    if (status == CAPTURE_FRAME)
        status = open_decoder(input, error);
    if (status != CAPTURE_FRAME)
        video_input_close(input);
    return status;
}

void video_input_close(struct video_input *input)
{
    avcodec_free_context(&input->decoder);
    av_packet_free(&input->packet);
    avformat_close_input(&input->format);
    input->stream = NULL;
    input->draining = false;
}

/* A stream has no end at which to tell the whole number, as for a recording. */
static void count_bad(struct video_input *input)
{
    input->bad++;
    if (input->live && input->host->log_limiter_event(&input->limiter, 60))
        input->host->log_warning("%s: pictures damaged so far: %llu", input->name,
                                 (unsigned long long)input->bad);
}

/* Reads packets until one is ours. CAPTURE_END: there are no more. */
static enum capture_status read_packet(struct video_input *input, struct error *error)
{
    for (;;) {
        av_packet_unref(input->packet);
        int code = av_read_frame(input->format, input->packet);
        if (code == AVERROR(EAGAIN) && !wait_interrupted(input, 10) && !late(input))
            continue;
        bool ended = code == AVERROR_EOF && !must_stop(input);
        if (code < 0 && !ended && (input->live || interrupted(input)))
            return fail(input, code, "the stream broke off", error);
        if (code < 0) {
            input->cut_off |= code != AVERROR_EOF;
            return CAPTURE_END;
        }
        input->cut_off = (input->packet->flags & AV_PKT_FLAG_CORRUPT) != 0;
        if (input->packet->stream_index == input->stream->index && input->packet->size > 0) {
            input->heard = true;
            return CAPTURE_FRAME;
        }
    }
}

/* Damaged pictures, two fields in one packet, and pictures to be turned go through the decoder. */
static bool is_plain_jpeg(struct video_input *input)
{
    if (input->decoder->codec_id != AV_CODEC_ID_MJPEG || input->quarter_turns != 0)
        return false;
    const uint8_t *data = input->packet->data;
    size_t size = (size_t)input->packet->size;
    struct jpeg_scan *scan = &input->scan;
    *scan = (struct jpeg_scan){0};
    if (jpeg_scan(scan, data, size) != JPEG_SCAN_WHOLE || scan->width > FRAME_SIDE_MAX ||
        scan->height > FRAME_SIDE_MAX)
        return false;
    size_t rest = size - scan->position;
    return rest < 2 || memmem(data + scan->position, rest, "\xFF\xD8", 2) == NULL;
}

/* Gives the decoder the next packet, or the end. */
static enum capture_status feed(struct video_input *input, bool *is_packet, struct error *error)
{
    enum capture_status status = read_packet(input, error);
    if (status == CAPTURE_END) {
        input->draining = true;
        avcodec_send_packet(input->decoder, NULL);
        return CAPTURE_FRAME;
    }
    if (status != CAPTURE_FRAME)
        return status;
    *is_packet = is_plain_jpeg(input);
    if (!*is_packet && avcodec_send_packet(input->decoder, input->packet) < 0)
        count_bad(input);
    return CAPTURE_FRAME;
}

enum capture_status video_input_next(struct video_input *input, AVFrame *picture, bool *is_packet,
                                     struct error *error)
{
    set_deadline(input);
    video_log_forget();
    *is_packet = false;
    for (;;) {
        int code = avcodec_receive_frame(input->decoder, picture);
        if (code == 0) {
            if (picture->decode_error_flags != 0 || (picture->flags & AV_FRAME_FLAG_CORRUPT))
                count_bad(input); /* the decoder patched it up */
            return CAPTURE_FRAME;
        }
        if (code != AVERROR(EAGAIN) && code != AVERROR_EOF)
            count_bad(input);
        if (input->draining)
            return CAPTURE_END;
        if (must_stop(input))
            return fail(input, AVERROR_EXIT, "stopped", error);
        enum capture_status status = feed(input, is_packet, error);
        if (status != CAPTURE_FRAME || *is_packet)
            return status;
    }
}
