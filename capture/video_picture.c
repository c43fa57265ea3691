#include "capture/video_picture.h"

#include <libavutil/imgutils.h>
#include <libavutil/pixdesc.h>
#include <string.h>

enum {
    ROW_ALIGN = 64,      /* libswscale writes whole vectors */
    TILE = 32,           /* pixels; a picture is turned in squares that fit the cache */
    BYTES_PER_PIXEL = 3, /* of BGR24 */
};

static bool is_full_range(const AVFrame *picture)
{
    switch ((enum AVPixelFormat)picture->format) {
    case AV_PIX_FMT_YUVJ420P:
    case AV_PIX_FMT_YUVJ422P:
    case AV_PIX_FMT_YUVJ444P:
    case AV_PIX_FMT_YUVJ440P:
    case AV_PIX_FMT_YUVJ411P:
        return true;
    default:
        return picture->color_range == AVCOL_RANGE_JPEG;
    }
}

static bool is_bt601(const AVFrame *picture)
{
    return picture->colorspace == AVCOL_SPC_UNSPECIFIED ||
           picture->colorspace == AVCOL_SPC_BT470BG || picture->colorspace == AVCOL_SPC_SMPTE170M;
}

static bool is_yu12(const AVFrame *picture)
{
    return picture->format == AV_PIX_FMT_YUV420P && picture->width % 2 == 0 &&
           picture->height % 2 == 0 && !is_full_range(picture) && is_bt601(picture);
}

static struct frame *new_frame(enum pixel_format format, int width, int height, int stride,
                               struct error *error)
{
    size_t size = frame_bytes(format, width, height, stride);
    if (size == 0) {
        error_set(error, "a picture of %d x %d pixels; 1 to %d a side are allowed", width, height,
                  FRAME_SIDE_MAX);
        return NULL;
    }
    struct frame *frame = frame_create(format, width, height, stride, size + ROW_ALIGN);
    if (frame)
        frame->size = size;
    else
        error_set(error, "out of memory");
    return frame;
}

static struct frame *copy_yu12(const AVFrame *picture, struct error *error)
{
    int stride = picture->width;
    struct frame *frame = new_frame(PIXEL_YU12, picture->width, picture->height, stride, error);
    if (!frame)
        return NULL;
    uint8_t *u = frame->data + (size_t)stride * (size_t)picture->height;
    uint8_t *v = u + (size_t)stride * (size_t)picture->height / 4;
    uint8_t *const planes[4] = {frame->data, u, v};
    const int strides[4] = {stride, stride / 2, stride / 2};
    av_image_copy((uint8_t **)planes, (int *)strides, (const uint8_t **)picture->data,
                  picture->linesize, AV_PIX_FMT_YUV420P, picture->width, picture->height);
    return frame;
}

static void set_colours(struct SwsContext *scaler, enum AVColorSpace matrix, bool full_range)
{
    int *from, *to, from_range, to_range, brightness, contrast, saturation;
    if (sws_getColorspaceDetails(scaler, &from, &from_range, &to, &to_range, &brightness, &contrast,
                                 &saturation) < 0)
        return; /* not a YUV source: nothing to set */
    sws_setColorspaceDetails(scaler, sws_getCoefficients((int)matrix), full_range, to, to_range,
                             brightness, contrast, saturation);
}

/* A stream may change its size or colours at any picture. */
static bool prepare(struct video_picture *converter, const AVFrame *picture, struct error *error)
{
    bool full_range = is_full_range(picture);
    if (converter->scaler && converter->width == picture->width &&
        converter->height == picture->height && (int)converter->format == picture->format &&
        converter->matrix == picture->colorspace && converter->full_range == full_range)
        return true;
    sws_freeContext(converter->scaler);
    converter->width = picture->width;
    converter->height = picture->height;
    converter->format = (enum AVPixelFormat)picture->format;
    converter->matrix = picture->colorspace;
    converter->full_range = full_range;
    converter->scaler =
        sws_getContext(picture->width, picture->height, converter->format, picture->width,
                       picture->height, AV_PIX_FMT_BGR24, SWS_BILINEAR, NULL, NULL, NULL);
    if (!converter->scaler)
        return error_set(error, "cannot convert pictures of the format %s",
                         av_get_pix_fmt_name(converter->format));
    set_colours(converter->scaler, converter->matrix, full_range);
    return true;
}

static struct frame *convert(struct video_picture *converter, const AVFrame *picture,
                             struct error *error)
{
    int stride = (picture->width * BYTES_PER_PIXEL + ROW_ALIGN - 1) / ROW_ALIGN * ROW_ALIGN;
    struct frame *frame = new_frame(PIXEL_BGR24, picture->width, picture->height, stride, error);
    if (!frame)
        return NULL;
    uint8_t *const planes[4] = {frame->data};
    const int strides[4] = {stride};
    if (!prepare(converter, picture, error))
        frame_unref(&frame);
    else if (sws_scale(converter->scaler, (const uint8_t *const *)picture->data, picture->linesize,
                       0, picture->height, planes, strides) != picture->height) {
        error_set(error, "cannot convert a picture to BGR");
        frame_unref(&frame);
    }
    return frame;
}

/* Copies one square of the upright picture; (x, y) is its corner in `to`. */
static void turn_tile(const struct frame *from, struct frame *to, int quarter_turns, int left,
                      int top)
{
    int right = left + TILE < to->width ? left + TILE : to->width;
    int bottom = top + TILE < to->height ? top + TILE : to->height;
    for (int y = top; y < bottom; y++)
        for (int x = left; x < right; x++) {
            int from_x = quarter_turns == 1   ? y
                         : quarter_turns == 2 ? from->width - 1 - x
                                              : from->width - 1 - y;
            int from_y = quarter_turns == 1   ? from->height - 1 - x
                         : quarter_turns == 2 ? from->height - 1 - y
                                              : x;
            memcpy(to->data + (size_t)y * (size_t)to->stride + (size_t)x * BYTES_PER_PIXEL,
                   from->data + (size_t)from_y * (size_t)from->stride +
                       (size_t)from_x * BYTES_PER_PIXEL,
                   BYTES_PER_PIXEL);
        }
}

static struct frame *turn(const struct frame *from, int quarter_turns, struct error *error)
{
    bool sideways = quarter_turns % 2 == 1;
    int width = sideways ? from->height : from->width;
    int height = sideways ? from->width : from->height;
    struct frame *to = new_frame(PIXEL_BGR24, width, height, width * BYTES_PER_PIXEL, error);
    if (!to)
        return NULL;
    for (int top = 0; top < height; top += TILE)
        for (int left = 0; left < width; left += TILE)
            turn_tile(from, to, quarter_turns, left, top);
    return to;
}

struct frame *video_picture_to_frame(struct video_picture *converter, const AVFrame *picture,
                                     int quarter_turns, struct error *error)
{
    if (quarter_turns == 0 && is_yu12(picture))
        return copy_yu12(picture, error);
    struct frame *frame = convert(converter, picture, error);
    if (!frame || quarter_turns == 0)
        return frame;
    struct frame *upright = turn(frame, quarter_turns, error);
    frame_unref(&frame);
    return upright;
}

void video_picture_finish(struct video_picture *converter)
{
    sws_freeContext(converter->scaler);
    *converter = (struct video_picture){0};
}
