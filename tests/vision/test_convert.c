/* Raw formats to BGR, against the formulas of ITU-R BT.601 written out plainly. */
#include "common/frame.h"
#include "tests/suite.h"
#include "vision/vision.h"

#include <math.h>
#include <string.h>

/* OpenCV reckons with 20-bit integers and 1.164, 1.596, ...: one step of rounding. */
enum { TOLERANCE = 1 };

struct size {
    int width, height;
};

static const struct size sizes[] = {{2, 2}, {6, 4}, {34, 18}, {98, 50}, {640, 480}};
enum { SIZE_COUNT = sizeof sizes / sizeof *sizes };
static const int paddings[] = {0, 2, 62};
enum { PADDING_COUNT = sizeof paddings / sizeof *paddings };

static uint32_t random_state;

static uint8_t next_byte(void)
{
    random_state = random_state * 1664525 + 1013904223;
    return (uint8_t)(random_state >> 24);
}

/* A frame full of random bytes, its padding too. */
static struct frame *random_frame(enum pixel_format format, struct size size, int padding)
{
    int stride = frame_min_stride(format, size.width) + padding;
    size_t bytes = frame_bytes(format, size.width, size.height, stride);
    ck_assert_uint_gt(bytes, 0);
    struct frame *frame = frame_create(format, size.width, size.height, stride, bytes);
    ck_assert_ptr_nonnull(frame);
    random_state = 7;
    for (size_t i = 0; i < bytes; i++)
        frame->data[i] = next_byte();
    return frame;
}

static uint8_t to_byte(double value)
{
    return (uint8_t)lround(fmax(0, fmin(255, value)));
}

static void yuv_to_bgr(int y, int u, int v, uint8_t bgr[3])
{
    double luma = 255.0 / 219 * fmax(0, y - 16), blue = u - 128, red = v - 128;
    bgr[0] = to_byte(luma + 2.017 * blue);
    bgr[1] = to_byte(luma - 0.392 * blue - 0.813 * red);
    bgr[2] = to_byte(luma + 1.596 * red);
}

static void packed_yuv(const struct frame *frame, int x, int y, uint8_t bgr[3])
{
    int luma = frame->format == PIXEL_YUYV ? 0 : 1, chroma = 1 - luma;
    const uint8_t *pair = frame->data + y * frame->stride + x / 2 * 4;
    yuv_to_bgr(pair[luma + x % 2 * 2], pair[chroma], pair[chroma + 2], bgr);
}

static void planar_yuv(const struct frame *frame, int x, int y, uint8_t bgr[3])
{
    const uint8_t *chroma = frame->data + frame->stride * frame->height;
    int luma = frame->data[y * frame->stride + x];
    if (frame->format == PIXEL_NV12) {
        const uint8_t *uv = chroma + y / 2 * frame->stride + x / 2 * 2;
        yuv_to_bgr(luma, uv[0], uv[1], bgr);
        return;
    }
    int stride = frame->stride / 2;
    const uint8_t *first = chroma + y / 2 * stride + x / 2;
    const uint8_t *second = first + stride * (frame->height / 2);
    bool is_u_first = frame->format == PIXEL_YU12;
    yuv_to_bgr(luma, is_u_first ? *first : *second, is_u_first ? *second : *first, bgr);
}

static void expected_pixel(const struct frame *frame, int x, int y, uint8_t bgr[3])
{
    const uint8_t *row = frame->data + y * frame->stride;
    switch (frame->format) {
    case PIXEL_YUYV:
    case PIXEL_UYVY:
        packed_yuv(frame, x, y, bgr);
        return;
    case PIXEL_NV12:
    case PIXEL_YU12:
    case PIXEL_YV12:
        planar_yuv(frame, x, y, bgr);
        return;
    case PIXEL_GREY:
        memset(bgr, row[x], 3);
        return;
    default:
        for (int i = 0; i < 3; i++)
            bgr[i] = row[3 * x + (frame->format == PIXEL_RGB24 ? 2 - i : i)];
    }
}

static bool is_near(const uint8_t a[3], const uint8_t b[3])
{
    return abs(a[0] - b[0]) <= TOLERANCE && abs(a[1] - b[1]) <= TOLERANCE &&
           abs(a[2] - b[2]) <= TOLERANCE;
}

static void check_picture(const struct frame *frame, const struct image *bgr)
{
    ck_assert_int_eq(bgr->width, frame->width);
    ck_assert_int_eq(bgr->height, frame->height);
    ck_assert_int_eq(bgr->channels, 3);
    for (int y = 0; y < bgr->height; y++)
        for (int x = 0; x < bgr->width; x++) {
            uint8_t wanted[3];
            const uint8_t *pixel = bgr->data + y * bgr->stride + 3 * x;
            expected_pixel(frame, x, y, wanted);
            if (!is_near(pixel, wanted)) /* an assertion for each pixel would take a minute */
                ck_abort_msg("%s %dx%d stride %d: pixel (%d, %d) is %d %d %d instead of %d %d %d",
                             pixel_format_name(frame->format), frame->width, frame->height,
                             frame->stride, x, y, pixel[0], pixel[1], pixel[2], wanted[0],
                             wanted[1], wanted[2]);
        }
}

START_TEST(every_raw_format_and_stride_follows_the_formula)
{
    struct image bgr = {0};
    struct error error;
    for (enum pixel_format format = PIXEL_YUYV; format < PIXEL_FORMAT_COUNT; format++)
        for (int i = 0; i < SIZE_COUNT; i++)
            for (int j = 0; j < PADDING_COUNT; j++) {
                struct frame *frame = random_frame(format, sizes[i], paddings[j]);
                ck_assert_msg(vision_frame_to_bgr(frame, 0, &bgr, &error), "%s", error.message);
                check_picture(frame, &bgr);
                frame_unref(&frame);
            }
    image_free(&bgr);
}
END_TEST

START_TEST(raw_frames_are_never_made_smaller)
{
    struct image bgr = {0};
    struct frame *frame = random_frame(PIXEL_YUYV, (struct size){640, 480}, 0);
    ck_assert(vision_frame_to_bgr(frame, 10, &bgr, NULL));
    ck_assert_int_eq(bgr.width, 640);
    frame_unref(&frame);
    image_free(&bgr);
}
END_TEST

static void refuse(struct frame *frame, const char *reason)
{
    struct image bgr = {0};
    struct error error;
    ck_assert(!vision_frame_to_bgr(frame, 0, &bgr, &error));
    ck_assert_msg(strstr(error.message, reason), "%s", error.message);
    ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
    image_free(&bgr);
    frame_unref(&frame);
}

START_TEST(a_short_frame_is_refused)
{
    for (enum pixel_format format = PIXEL_YUYV; format < PIXEL_FORMAT_COUNT; format++) {
        struct frame *frame = random_frame(format, (struct size){64, 48}, 0);
        frame->size--;
        refuse(frame, "bytes instead of");
    }
}
END_TEST

START_TEST(impossible_geometry_is_refused)
{
    struct frame *frame = random_frame(PIXEL_NV12, (struct size){64, 48}, 0);
    frame->height = 47;
    refuse(frame, "is not possible");
    frame = random_frame(PIXEL_BGR24, (struct size){64, 48}, 0);
    frame->stride = 3 * 64 - 1;
    refuse(frame, "is not possible");
}
END_TEST

START_TEST(a_lost_source_has_no_picture)
{
    refuse(frame_create_lost("the cable is out"), "the cable is out");
}
END_TEST

TEST_MAIN(convert, every_raw_format_and_stride_follows_the_formula,
          raw_frames_are_never_made_smaller, a_short_frame_is_refused,
          impossible_geometry_is_refused, a_lost_source_has_no_picture)
