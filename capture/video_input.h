/* video_input: packets and decoded pictures of one video stream, through libavformat and
 * libavcodec. */
#ifndef PAWCAM_CAPTURE_VIDEO_INPUT_H
#define PAWCAM_CAPTURE_VIDEO_INPUT_H

#include "capture/jpeg_scan.h"
#include "capture/video_module.h"

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>

struct video_input {
    /* Chosen by the caller; must outlive the input. */
    const struct video_host *host;
    const char *name; /* for messages: no passwords in it */
    const char *url;  /* for libavformat */
    bool live;        /* a stream: every wait has a limit, and its end is a loss */
    double timeout_s; /* of a live input; 0: none */
    int interrupt_fd;

    /* Set by open; zero before. */
    AVFormatContext *format;
    AVStream *stream;
    AVCodecContext *decoder;
    AVPacket *packet;
    struct jpeg_scan scan; /* of a packet that is a whole JPEG */
    int quarter_turns;     /* clockwise, to make the picture upright: 0..3 */
    double fps;            /* the stream's own rate; 0: it has none */

    /* CLOCK_MONOTONIC; 0: none. Atomic, for libavformat's own threads ask whether to stop. */
    _Atomic int64_t deadline_ns;
    bool heard;    /* a packet came since the deadline was set */
    bool draining; /* the packets are over, the decoder gives what it still holds */
    bool cut_off;  /* the last packet is not whole: the end of the file is missing */
    uint64_t bad;  /* pictures that could not be decoded, or only in part */
    struct log_limiter limiter;
};

/* Opens the demuxer and the decoder. After anything but CAPTURE_FRAME nothing is left open. */
enum capture_status video_input_open(struct video_input *input, struct error *error);

/* One step. CAPTURE_FRAME with *is_packet: input->packet begins with a whole JPEG, of which
 * input->scan tells the size, valid until the next call; without: *picture was decoded, and the
 * caller unrefs it. CAPTURE_END: all pictures were given. Each picture comes exactly once, in the
 * order of presentation. */
enum capture_status video_input_next(struct video_input *input, AVFrame *picture, bool *is_packet,
                                     struct error *error);

/* Safe on a zeroed or closed input. */
void video_input_close(struct video_input *input);

#endif
