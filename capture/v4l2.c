/* The backend of V4L2 cameras: finds, opens and sets up the device, then reads frames from it. */
#include "capture/backend.h"
#include "capture/v4l2_controls.h"
#include "capture/v4l2_find.h"
#include "capture/v4l2_format.h"
#include "capture/v4l2_frame.h"
#include "capture/v4l2_stream.h"
#include "common/clock.h"
#include "common/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { BAD_FRAMES_LOG_INTERVAL_S = 60 };

struct camera {
    int interrupt_fd;
    double timeout_s;
    struct v4l2_device device;
    struct v4l2_picture picture;
    struct v4l2_stream stream;
    char description[256];

    bool started; /* a buffer came; driver_sequence is valid */
    uint32_t driver_sequence;
    uint64_t sequence;
    struct log_limiter bad_frames;
    const char *bad_reason; /* of the newest bad frame of this read; NULL: none yet */
};

static void describe_picture(struct camera *camera)
{
    char fps[32] = "";
    if (camera->picture.fps > 0)
        snprintf(fps, sizeof fps, ", %.4g frames/s", camera->picture.fps);
    snprintf(camera->description, sizeof camera->description, "%s (%s), %dx%d %s%s",
             camera->device.path, camera->device.card, camera->picture.width,
             camera->picture.height, pixel_format_name(camera->picture.format), fps);
}

static void camera_close(void *self)
{
    struct camera *camera = self;
    v4l2_stream_stop(&camera->stream);
    v4l2_device_close(&camera->device);
    free(camera);
}

static enum capture_status set_up(struct camera *camera, const struct capture_settings *settings,
                                  struct error *error)
{
    struct v4l2_wish wish = {
        .width = settings->width, .height = settings->height, .fps = settings->fps};
    if (!v4l2_parse_format(settings->format, &wish.format, error))
        return CAPTURE_FAILED;
    char path[V4L2_PATH_MAX];
    enum capture_status status = v4l2_find(settings->source, path, error);
    if (status == CAPTURE_FRAME)
        status = v4l2_device_open(&camera->device, path, error);
    if (status == CAPTURE_FRAME)
        status = v4l2_negotiate(&camera->device, &wish, &camera->picture, error);
    if (status != CAPTURE_FRAME)
        return status;
    v4l2_controls_apply(&camera->device, settings->controls);
    describe_picture(camera);
    return v4l2_stream_start(&camera->stream, &camera->device, error);
}

static void *camera_open(const struct capture_settings *settings, int interrupt_fd,
                         enum capture_status *status, struct error *error)
{
    struct camera *camera = calloc(1, sizeof *camera);
    if (!camera) {
        error_set(error, "out of memory");
        *status = CAPTURE_LOST;
        return NULL;
    }
    camera->device.fd = -1;
    camera->interrupt_fd = interrupt_fd;
    camera->timeout_s = settings->timeout_s;
    *status = set_up(camera, settings, error);
    if (*status == CAPTURE_FRAME)
        return camera;
    camera_close(camera);
    return NULL;
}

/* The driver's 32-bit counter wraps; a few drivers do not count at all or jump about. */
static void count_frame(struct camera *camera, uint32_t driver_sequence)
{
    enum { JUMP_MAX = 1000 };
    uint32_t step = driver_sequence - camera->driver_sequence;
    if (camera->started)
        camera->sequence += step >= 1 && step <= JUMP_MAX ? step : 1;
    camera->driver_sequence = driver_sequence;
    camera->started = true;
}

static void report_bad_frame(struct camera *camera, const char *reason)
{
    camera->bad_reason = reason;
    uint64_t count = log_limiter_event(&camera->bad_frames, BAD_FRAMES_LOG_INTERVAL_S);
    if (count > 0)
        log_warning("%s: dropped %" PRIu64 " bad frame%s (%s)", camera->device.path, count,
                    count == 1 ? "" : "s", reason);
}

/* Takes one buffer and gives it back at once, so that the driver never runs out of them. *frame
 * stays NULL when its content is bad. */
static enum capture_status read_buffer(struct camera *camera, int64_t deadline_ns,
                                       struct frame **frame, struct error *error)
{
    struct v4l2_filled filled;
    enum capture_status status =
        v4l2_stream_take(&camera->stream, camera->interrupt_fd, deadline_ns, &filled, error);
    if (status != CAPTURE_FRAME)
        return status;
    int64_t captured_ns = clock_monotonic_ns();
    const char *why = "marked as damaged by the driver";
    if (!filled.faulty)
        *frame = v4l2_frame_copy(&camera->picture, filled.data, filled.used, &why);
    status = v4l2_stream_give_back(&camera->stream, &filled, error);
    count_frame(camera, filled.sequence);
    if (!*frame) {
        report_bad_frame(camera, why);
    } else {
        (*frame)->sequence = camera->sequence;
        (*frame)->captured_ns = captured_ns;
    }
    if (status != CAPTURE_FRAME)
        frame_unref(frame);
    return status;
}

static enum capture_status camera_read(void *self, struct frame **frame, struct error *error)
{
    struct camera *camera = self;
    int64_t deadline_ns = clock_monotonic_ns() + clock_ns_from_seconds(camera->timeout_s);
    enum capture_status status = CAPTURE_FRAME;
    *frame = NULL;
    camera->bad_reason = NULL;
    while (!*frame && status == CAPTURE_FRAME) {
        status = read_buffer(camera, deadline_ns, frame, error);
        if (!*frame && camera->bad_reason && clock_monotonic_ns() >= deadline_ns) {
            error_set(error, "%s: no good frame for %g s: %s", camera->device.path,
                      camera->timeout_s, camera->bad_reason);
            return CAPTURE_LOST;
        }
    }
    return status;
}

static const char *camera_describe(const void *self)
{
    const struct camera *camera = self;
    return camera->description;
}

const struct backend backend_v4l2 = {
    .name = "v4l2",
    .open = camera_open,
    .read = camera_read,
    .describe = camera_describe,
    .close = camera_close,
};
