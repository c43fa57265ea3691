/* v4l2_stream: memory-mapped streaming from a V4L2 device: buffers, queue, waiting. */
#ifndef PAWCAM_CAPTURE_V4L2_STREAM_H
#define PAWCAM_CAPTURE_V4L2_STREAM_H

#include "capture/v4l2_device.h"

enum { V4L2_BUFFERS_WANTED = 4, V4L2_BUFFERS_MAX = 32 };

struct v4l2_stream {
    const struct v4l2_device *device; /* outlives the stream */
    struct {
        uint8_t *data; /* mapped */
        size_t size;
    } buffers[V4L2_BUFFERS_MAX];
    uint32_t count;
};

/* A filled buffer, borrowed from the driver until it is given back. */
struct v4l2_filled {
    uint32_t index;
    const uint8_t *data;
    size_t used;       /* bytes filled */
    uint32_t sequence; /* the driver's frame counter */
    bool faulty;       /* the driver itself marks the content as damaged */
};

/* Maps and queues the buffers and starts streaming. On failure nothing is left allocated. */
enum capture_status v4l2_stream_start(struct v4l2_stream *stream, const struct v4l2_device *device,
                                      struct error *error);

/* Stops and unmaps; a stream that was not started (all zero) is allowed. */
void v4l2_stream_stop(struct v4l2_stream *stream);

/* Waits until CLOCK_MONOTONIC deadline_ns for a filled buffer, which the caller gives back.
 * CAPTURE_LOST: none came, or the device failed; CAPTURE_INTERRUPTED: interrupt_fd is readable. */
enum capture_status v4l2_stream_take(struct v4l2_stream *stream, int interrupt_fd,
                                     int64_t deadline_ns, struct v4l2_filled *filled,
                                     struct error *error);

enum capture_status v4l2_stream_give_back(struct v4l2_stream *stream,
                                          const struct v4l2_filled *filled, struct error *error);

#endif
