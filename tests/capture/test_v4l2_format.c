#include "capture/v4l2_format.h"
#include "tests/suite.h"

#include <linux/videodev2.h>
#include <string.h>

static const struct v4l2_wish wish = {PIXEL_NONE, 640, 480, 30};

static struct v4l2_mode mode(uint32_t fourcc, int width, int height, double fps)
{
    return (struct v4l2_mode){fourcc, v4l2_pixel_format(fourcc), width, height, fps};
}

/* Each is better than the next one. */
START_TEST(modes_are_ranked_by_size_then_rate_then_cost)
{
    const struct v4l2_mode modes[] = {
        mode(V4L2_PIX_FMT_MJPEG, 640, 480, 30),  mode(V4L2_PIX_FMT_JPEG, 640, 480, 29.97),
        mode(V4L2_PIX_FMT_NV12, 640, 480, 30),   mode(V4L2_PIX_FMT_YUV420, 640, 480, 30),
        mode(V4L2_PIX_FMT_YVU420, 640, 480, 30), mode(V4L2_PIX_FMT_YUYV, 640, 480, 0),
        mode(V4L2_PIX_FMT_UYVY, 640, 480, 60),   mode(V4L2_PIX_FMT_BGR24, 640, 480, 30),
        mode(V4L2_PIX_FMT_RGB24, 640, 480, 30),  mode(V4L2_PIX_FMT_GREY, 640, 480, 30),
        mode(V4L2_PIX_FMT_MJPEG, 640, 480, 25),  mode(V4L2_PIX_FMT_YUYV, 640, 480, 10),
        mode(V4L2_PIX_FMT_MJPEG, 640, 360, 30),  mode(V4L2_PIX_FMT_MJPEG, 1280, 720, 30),
    };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        for (size_t j = 0; j < sizeof modes / sizeof *modes; j++)
            ck_assert_msg(v4l2_mode_better(&modes[i], &modes[j], &wish) == (i < j), "%zu %zu", i,
                          j);
}
END_TEST

START_TEST(formats_are_known_by_their_names)
{
    for (int i = PIXEL_NONE + 1; i < PIXEL_FORMAT_COUNT; i++) {
        enum pixel_format format;
        ck_assert(v4l2_parse_format(pixel_format_name((enum pixel_format)i), &format, NULL));
        ck_assert_int_eq(format, i);
    }
    enum pixel_format format;
    ck_assert(v4l2_parse_format("auto", &format, NULL));
    ck_assert_int_eq(format, PIXEL_NONE);
    struct error error = {0};
    ck_assert(!v4l2_parse_format("none", &format, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "known are auto, jpeg"));
}
END_TEST

START_TEST(every_format_has_its_fourcc)
{
    static const struct {
        uint32_t fourcc;
        enum pixel_format format;
    } pairs[] = {
        {V4L2_PIX_FMT_MJPEG, PIXEL_JPEG},  {V4L2_PIX_FMT_JPEG, PIXEL_JPEG},
        {V4L2_PIX_FMT_YUYV, PIXEL_YUYV},   {V4L2_PIX_FMT_UYVY, PIXEL_UYVY},
        {V4L2_PIX_FMT_NV12, PIXEL_NV12},   {V4L2_PIX_FMT_YUV420, PIXEL_YU12},
        {V4L2_PIX_FMT_YVU420, PIXEL_YV12}, {V4L2_PIX_FMT_RGB24, PIXEL_RGB24},
        {V4L2_PIX_FMT_BGR24, PIXEL_BGR24}, {V4L2_PIX_FMT_GREY, PIXEL_GREY},
        {V4L2_PIX_FMT_H264, PIXEL_NONE},   {0, PIXEL_NONE},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        ck_assert_int_eq(v4l2_pixel_format(pairs[i].fourcc), pairs[i].format);
}
END_TEST

TEST_MAIN(v4l2_format, modes_are_ranked_by_size_then_rate_then_cost,
          formats_are_known_by_their_names, every_format_has_its_fourcc)
