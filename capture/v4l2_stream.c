#include "capture/v4l2_stream.h"

#include "common/clock.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <poll.h>
#include <sys/mman.h>

enum { BUFFERS_MIN = 2 }; /* with one, the driver would have none while we copy */

static struct v4l2_buffer buffer_of(uint32_t index)
{
    return (struct v4l2_buffer){
        .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP, .index = index};
}

static int request_buffers(const struct v4l2_device *device, uint32_t *count)
{
    struct v4l2_requestbuffers request = {
        .count = *count, .type = V4L2_BUF_TYPE_VIDEO_CAPTURE, .memory = V4L2_MEMORY_MMAP};
    int result = v4l2_device_ioctl(device, VIDIOC_REQBUFS, &request);
    *count = request.count;
    return result;
}

/* Maps one buffer and hands it to the driver. False with errno. */
static bool add_buffer(struct v4l2_stream *stream, uint32_t index)
{
    struct v4l2_buffer buffer = buffer_of(index);
    if (v4l2_device_ioctl(stream->device, VIDIOC_QUERYBUF, &buffer) < 0)
        return false;
    void *data = mmap(NULL, buffer.length, PROT_READ | PROT_WRITE, MAP_SHARED, stream->device->fd,
                      buffer.m.offset);
    if (data == MAP_FAILED)
        return false;
    stream->buffers[index].data = data;
    stream->buffers[index].size = buffer.length;
    stream->count = index + 1;
    return v4l2_device_ioctl(stream->device, VIDIOC_QBUF, &buffer) == 0;
}

static bool add_buffers(struct v4l2_stream *stream)
{
    uint32_t count = V4L2_BUFFERS_WANTED;
    if (request_buffers(stream->device, &count) < 0)
        return false;
    if (count < BUFFERS_MIN) {
        errno = ENOMEM;
        return false;
    }
    for (uint32_t i = 0; i < count && i < V4L2_BUFFERS_MAX; i++)
        if (!add_buffer(stream, i))
            return false;
    return true;
}

enum capture_status v4l2_stream_start(struct v4l2_stream *stream, const struct v4l2_device *device,
                                      struct error *error)
{
    *stream = (struct v4l2_stream){.device = device};
    const char *action = "get its buffers";
    bool started = add_buffers(stream);
    if (started) {
        int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
        action = "start streaming";
        started = v4l2_device_ioctl(device, VIDIOC_STREAMON, &type) == 0;
    }
    if (started)
        return CAPTURE_FRAME;
    int cause = errno;
    v4l2_stream_stop(stream);
    return v4l2_explain(device->path, action, cause, error);
}

void v4l2_stream_stop(struct v4l2_stream *stream)
{
    if (!stream->device)
        return;
    /* On a device that was unplugged these fail, and there is nothing left to stop. */
    int type = V4L2_BUF_TYPE_VIDEO_CAPTURE;
    v4l2_device_ioctl(stream->device, VIDIOC_STREAMOFF, &type);
    for (uint32_t i = 0; i < stream->count; i++)
        munmap(stream->buffers[i].data, stream->buffers[i].size);
    uint32_t none = 0;
    request_buffers(stream->device, &none);
    *stream = (struct v4l2_stream){0};
}

/* Waits for an event of the device; *events is 0 when none came until the deadline. */
static enum capture_status wait_for_device(const struct v4l2_stream *stream, int interrupt_fd,
                                           int64_t deadline_ns, short *events, struct error *error)
{
    struct pollfd fds[] = {{.fd = stream->device->fd, .events = POLLIN},
                           {.fd = interrupt_fd, .events = POLLIN}};
    int ready;
    do {
        int64_t left_ns = deadline_ns - clock_monotonic_ns();
        struct timespec timeout = clock_timespec(left_ns > 0 ? left_ns : 0);
        ready = ppoll(fds, 2, &timeout, NULL);
    } while (ready < 0 && errno == EINTR);

    if (ready < 0)
        return v4l2_explain(stream->device->path, "wait for it", errno, error);
    if (fds[1].revents)
        return CAPTURE_INTERRUPTED;
    *events = fds[0].revents;
    return CAPTURE_FRAME;
}

static bool dequeue(const struct v4l2_stream *stream, struct v4l2_filled *filled)
{
    struct v4l2_buffer buffer = buffer_of(0);
    if (v4l2_device_ioctl(stream->device, VIDIOC_DQBUF, &buffer) < 0)
        return false;
    if (buffer.index >= stream->count) {
        errno = EPROTO;
        return false;
    }
    size_t size = stream->buffers[buffer.index].size;
    *filled = (struct v4l2_filled){
        .index = buffer.index,
        .data = stream->buffers[buffer.index].data,
        .used = buffer.bytesused < size ? buffer.bytesused : size,
        .sequence = buffer.sequence,
        .faulty = buffer.flags & V4L2_BUF_FLAG_ERROR,
    };
    return true;
}

enum capture_status v4l2_stream_take(struct v4l2_stream *stream, int interrupt_fd,
                                     int64_t deadline_ns, struct v4l2_filled *filled,
                                     struct error *error)
{
    do {
        short events = 0;
        enum capture_status status =
            wait_for_device(stream, interrupt_fd, deadline_ns, &events, error);
        if (status != CAPTURE_FRAME)
            return status;
        if (!events)
            break;
        if (dequeue(stream, filled))
            return CAPTURE_FRAME;
        /* Nothing there although poll said so happens; together with an error it is the end. */
        if (errno != EAGAIN || events & (POLLERR | POLLHUP | POLLNVAL))
            return v4l2_explain(stream->device->path, "read from it", errno == EAGAIN ? EIO : errno,
                                error);
    } while (clock_monotonic_ns() < deadline_ns);
    error_set(error, "%s: the camera delivers no frames", stream->device->path);
    return CAPTURE_LOST;
}

enum capture_status v4l2_stream_give_back(struct v4l2_stream *stream,
                                          const struct v4l2_filled *filled, struct error *error)
{
    struct v4l2_buffer buffer = buffer_of(filled->index);
    if (v4l2_device_ioctl(stream->device, VIDIOC_QBUF, &buffer) < 0)
        return v4l2_explain(stream->device->path, "give a buffer back", errno, error);
    return CAPTURE_FRAME;
}
