#include "capture/v4l2_format.h"

#include <errno.h>
#include <linux/videodev2.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* In the order of preference: what costs least on the bus and in memory first. */
static const struct {
    uint32_t fourcc;
    enum pixel_format format;
} formats[] = {
    {V4L2_PIX_FMT_MJPEG, PIXEL_JPEG},  {V4L2_PIX_FMT_JPEG, PIXEL_JPEG},
    {V4L2_PIX_FMT_NV12, PIXEL_NV12},   {V4L2_PIX_FMT_YUV420, PIXEL_YU12},
    {V4L2_PIX_FMT_YVU420, PIXEL_YV12}, {V4L2_PIX_FMT_YUYV, PIXEL_YUYV},
    {V4L2_PIX_FMT_UYVY, PIXEL_UYVY},   {V4L2_PIX_FMT_BGR24, PIXEL_BGR24},
    {V4L2_PIX_FMT_RGB24, PIXEL_RGB24}, {V4L2_PIX_FMT_GREY, PIXEL_GREY},
};
enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

static int format_rank(uint32_t fourcc)
{
    int rank = 0;
    while (rank < FORMAT_COUNT && formats[rank].fourcc != fourcc)
        rank++;
    return rank;
}

enum pixel_format v4l2_pixel_format(uint32_t fourcc)
{
    int rank = format_rank(fourcc);
    return rank < FORMAT_COUNT ? formats[rank].format : PIXEL_NONE;
}

bool v4l2_parse_format(const char *text, enum pixel_format *format, struct error *error)
{
    *format = PIXEL_NONE;
    if (strcasecmp(text, "auto") == 0)
        return true;
    for (int i = PIXEL_NONE + 1; i < PIXEL_FORMAT_COUNT; i++)
        if (strcasecmp(text, pixel_format_name((enum pixel_format)i)) == 0)
            *format = (enum pixel_format)i;
    if (*format != PIXEL_NONE)
        return true;
    return error_set_usage(error,
                           "\"%.40s\" is no camera format; known are auto, jpeg, yuyv, "
                           "uyvy, nv12, yu12, yv12, rgb24, bgr24 and grey",
                           text);
}

static int size_distance(const struct v4l2_mode *mode, const struct v4l2_wish *wish)
{
    return abs(mode->width - wish->width) + abs(mode->height - wish->height);
}

/* How far the rate falls short of the wish, in percent: 29.97 is as good as 30. */
static int rate_shortfall(const struct v4l2_mode *mode, const struct v4l2_wish *wish)
{
    if (mode->fps <= 0 || mode->fps >= wish->fps)
        return 0;
    return (int)(100 * (wish->fps - mode->fps) / wish->fps);
}

bool v4l2_mode_better(const struct v4l2_mode *a, const struct v4l2_mode *b,
                      const struct v4l2_wish *wish)
{
    int by_size = size_distance(a, wish) - size_distance(b, wish);
    if (by_size != 0)
        return by_size < 0;
    int by_rate = rate_shortfall(a, wish) - rate_shortfall(b, wish);
    if (by_rate != 0)
        return by_rate < 0;
    return format_rank(a->fourcc) < format_rank(b->fourcc);
}

static double rate(const struct v4l2_fract *interval)
{
    return interval->numerator ? (double)interval->denominator / interval->numerator : 0;
}

/* The offered rate nearest to the wanted one. 0: the driver does not tell its rates. */
static double nearest_rate(const struct v4l2_device *device, const struct v4l2_mode *mode,
                           double wanted)
{
    struct v4l2_frmivalenum interval = {.pixel_format = mode->fourcc,
                                        .width = (uint32_t)mode->width,
                                        .height = (uint32_t)mode->height};
    double nearest = 0;
    while (v4l2_device_ioctl(device, VIDIOC_ENUM_FRAMEINTERVALS, &interval) == 0) {
        if (interval.type != V4L2_FRMIVAL_TYPE_DISCRETE)
            return fmin(fmax(wanted, rate(&interval.stepwise.max)), rate(&interval.stepwise.min));
        double offered = rate(&interval.discrete);
        if (fabs(offered - wanted) < fabs(nearest - wanted))
            nearest = offered;
        interval.index++;
    }
    return nearest;
}

struct search {
    const struct v4l2_device *device;
    const struct v4l2_wish *wish;
    struct v4l2_mode best;
    bool found;
};

static void consider(struct search *search, uint32_t fourcc, uint32_t width, uint32_t height)
{
    struct v4l2_mode mode = {.fourcc = fourcc,
                             .format = v4l2_pixel_format(fourcc),
                             .width = (int)width,
                             .height = (int)height};
    mode.fps = nearest_rate(search->device, &mode, search->wish->fps);
    if (search->found && !v4l2_mode_better(&mode, &search->best, search->wish))
        return;
    search->best = mode;
    search->found = true;
}

/* The multiple of step above minimum that is nearest to the wanted value. */
static uint32_t fit(int wanted, uint32_t minimum, uint32_t maximum, uint32_t step)
{
    uint32_t value = (uint32_t)wanted;
    if (value <= minimum)
        return minimum;
    if (value > maximum)
        value = maximum;
    return step > 1 ? minimum + (value - minimum + step / 2) / step * step : value;
}

/* Drivers that do not tell their sizes round the wanted one to what they can. */
static void consider_rounded(struct search *search, uint32_t fourcc)
{
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    format.fmt.pix.pixelformat = fourcc;
    format.fmt.pix.width = (uint32_t)search->wish->width;
    format.fmt.pix.height = (uint32_t)search->wish->height;
    if (v4l2_device_ioctl(search->device, VIDIOC_TRY_FMT, &format) == 0 &&
        format.fmt.pix.pixelformat == fourcc)
        consider(search, fourcc, format.fmt.pix.width, format.fmt.pix.height);
}

static void consider_sizes(struct search *search, uint32_t fourcc)
{
    struct v4l2_frmsizeenum size = {.pixel_format = fourcc};
    while (v4l2_device_ioctl(search->device, VIDIOC_ENUM_FRAMESIZES, &size) == 0) {
        if (size.type != V4L2_FRMSIZE_TYPE_DISCRETE) {
            const struct v4l2_frmsize_stepwise *range = &size.stepwise;
            consider(
                search, fourcc,
                fit(search->wish->width, range->min_width, range->max_width, range->step_width),
                fit(search->wish->height, range->min_height, range->max_height,
                    range->step_height));
            return;
        }
        consider(search, fourcc, size.discrete.width, size.discrete.height);
        size.index++;
    }
    if (size.index == 0)
        consider_rounded(search, fourcc);
}

/* Appends "MJPG, " or what else the format is called. */
static void append_fourcc(char *list, size_t size, uint32_t fourcc)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%c%c%c%c", used ? ", " : "", (char)(fourcc & 0x7f),
             (char)(fourcc >> 8 & 0x7f), (char)(fourcc >> 16 & 0x7f), (char)(fourcc >> 24 & 0x7f));
}

static enum capture_status choose_mode(const struct v4l2_device *device,
                                       const struct v4l2_wish *wish, struct v4l2_mode *mode,
                                       struct error *error)
{
    struct search search = {.device = device, .wish = wish};
    struct v4l2_fmtdesc offered = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    char list[128] = "";
    while (v4l2_device_ioctl(device, VIDIOC_ENUM_FMT, &offered) == 0) {
        enum pixel_format format = v4l2_pixel_format(offered.pixelformat);
        append_fourcc(list, sizeof list, offered.pixelformat);
        if (format != PIXEL_NONE && (wish->format == PIXEL_NONE || wish->format == format))
            consider_sizes(&search, offered.pixelformat);
        offered.index++;
    }
    *mode = search.best;
    if (search.found)
        return CAPTURE_FRAME;
    if (offered.index == 0)
        return v4l2_explain(device->path, "list its formats", errno, error);
    error_set(error, "%s (%s) offers no %s; it has %s", device->path, device->card,
              wish->format == PIXEL_NONE ? "format that this program reads"
                                         : pixel_format_name(wish->format),
              list);
    return CAPTURE_LOST;
}

static enum capture_status set_format(const struct v4l2_device *device,
                                      const struct v4l2_mode *mode, struct v4l2_picture *picture,
                                      struct error *error)
{
    struct v4l2_format format = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    format.fmt.pix.pixelformat = mode->fourcc;
    format.fmt.pix.width = (uint32_t)mode->width;
    format.fmt.pix.height = (uint32_t)mode->height;
    format.fmt.pix.field = V4L2_FIELD_ANY;
    if (v4l2_device_ioctl(device, VIDIOC_S_FMT, &format) < 0)
        return v4l2_explain(device->path, "set the format", errno, error);

    const struct v4l2_pix_format *given = &format.fmt.pix;
    picture->format = v4l2_pixel_format(given->pixelformat);
    picture->width = (int)given->width;
    picture->height = (int)given->height;
    if (picture->format == PIXEL_JPEG) /* frames tell their size themselves */
        return CAPTURE_FRAME;
    picture->stride = frame_min_stride(picture->format, picture->width);
    if ((int)given->bytesperline > picture->stride)
        picture->stride = (int)given->bytesperline;
    picture->size = frame_bytes(picture->format, picture->width, picture->height, picture->stride);
    if (picture->size > 0)
        return CAPTURE_FRAME;
    error_set(error, "%s (%s) insists on %ux%u pixels of a format that this program cannot read",
              device->path, device->card, given->width, given->height);
    return CAPTURE_LOST;
}

/* Cameras that cannot choose their rate are taken as they are. */
static double set_rate(const struct v4l2_device *device, double fps)
{
    struct v4l2_streamparm parameters = {.type = V4L2_BUF_TYPE_VIDEO_CAPTURE};
    struct v4l2_captureparm *capture = &parameters.parm.capture;
    capture->timeperframe = (struct v4l2_fract){1000, (uint32_t)lround(fps * 1000)};
    if (v4l2_device_ioctl(device, VIDIOC_S_PARM, &parameters) < 0)
        return 0;
    return rate(&capture->timeperframe);
}

enum capture_status v4l2_negotiate(const struct v4l2_device *device, const struct v4l2_wish *wish,
                                   struct v4l2_picture *picture, struct error *error)
{
    struct v4l2_mode mode;
    *picture = (struct v4l2_picture){0};
    enum capture_status status = choose_mode(device, wish, &mode, error);
    if (status == CAPTURE_FRAME)
        status = set_format(device, &mode, picture, error);
    if (status == CAPTURE_FRAME)
        picture->fps = set_rate(device, mode.fps > 0 ? mode.fps : wish->fps);
    return status;
}
