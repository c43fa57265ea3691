#include "capture/v4l2_frame.h"
#include "tests/suite.h"
#include "vision/jpeg.h"

#include <string.h>

enum { WIDTH = 48, HEIGHT = 32, PADDING = 100 };

/* A real JPEG with zeros behind it, as webcams deliver it. */
static uint8_t *padded_jpeg(size_t *size)
{
    struct image image = {0};
    uint8_t *jpeg = NULL;
    struct error error = {0};
    ck_assert(image_reserve(&image, WIDTH, HEIGHT, 3, &error));
    for (int i = 0; i < HEIGHT * image.stride; i++)
        image.data[i] = (uint8_t)(i * i);
    ck_assert_msg(jpeg_encode(&image, 85, &jpeg, size, &error), "%s", error.message);
    image_free(&image);
    uint8_t *padded = calloc(1, *size + PADDING);
    ck_assert_ptr_nonnull(padded);
    memcpy(padded, jpeg, *size);
    free(jpeg);
    return padded;
}

static const struct v4l2_picture jpeg_camera = {.format = PIXEL_JPEG, .width = 640, .height = 480};

/* Asserts that the bytes are refused for this reason. */
static void expect_bad(const struct v4l2_picture *picture, const uint8_t *data, size_t used,
                       const char *reason)
{
    /* A copy of exactly this size, for the address sanitizer to guard. */
    uint8_t *copy = malloc(used ? used : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, used);
    const char *why = NULL;
    ck_assert_ptr_null(v4l2_frame_copy(picture, copy, used, &why));
    ck_assert_str_eq(why, reason);
    free(copy);
}

START_TEST(a_padded_jpeg_ends_with_its_marker)
{
    size_t size;
    const char *why = NULL;
    uint8_t *jpeg = padded_jpeg(&size);
    struct frame *frame = v4l2_frame_copy(&jpeg_camera, jpeg, size + PADDING, &why);
    ck_assert_msg(frame, "%s", why);
    ck_assert_int_eq(frame->format, PIXEL_JPEG);
    ck_assert_int_eq(frame->width, WIDTH); /* its own size, not the negotiated one */
    ck_assert_int_eq(frame->height, HEIGHT);
    ck_assert_uint_eq(frame->size, size);
    ck_assert_mem_eq(frame->data, jpeg, size);
    frame_unref(&frame);
    free(jpeg);
}
END_TEST

START_TEST(older_bytes_behind_a_jpeg_do_not_count)
{
    size_t size;
    const char *why = NULL;
    uint8_t *jpeg = padded_jpeg(&size);
    memcpy(jpeg + size, "older \xff\xd9", 8); /* the end of a longer picture */
    struct frame *frame = v4l2_frame_copy(&jpeg_camera, jpeg, size + PADDING, &why);
    ck_assert_msg(frame, "%s", why);
    ck_assert_uint_eq(frame->size, size);
    frame_unref(&frame);
    free(jpeg);
}
END_TEST

/* Markers by hand: two scans with a table between them that holds what looks like an end. */
START_TEST(segments_between_scans_are_stepped_over)
{
    static const uint8_t jpeg[] = {
        0xff, 0xd8, 0xff, 0xc2, 0, 11,   8,    0,    16,   0,    32, 1, 1, 0x11, 0, /**/
        0xff, 0xda, 0,    2,    1, 0xff, 0,    2,    0xff, 0xd0, 3, /* scan, stuffing, restart */
        0xff, 0xc4, 0,    6,    9, 9,    0xff, 0xd9,                /* table */
        0xff, 0xda, 0,    2,    4, 0xff, 0xd9, 7,
    };
    const char *why = NULL;
    struct frame *frame = v4l2_frame_copy(&jpeg_camera, jpeg, sizeof jpeg, &why);
    ck_assert_msg(frame, "%s", why);
    ck_assert_int_eq(frame->width, 32);
    ck_assert_int_eq(frame->height, 16);
    ck_assert_uint_eq(frame->size, sizeof jpeg - 1);
    frame_unref(&frame);
    expect_bad(&jpeg_camera, jpeg, sizeof jpeg - 2, "no JPEG end marker");
}
END_TEST

START_TEST(a_jpeg_that_is_cut_anywhere_is_bad)
{
    size_t size;
    uint8_t *jpeg = padded_jpeg(&size);
    for (size_t used = 0; used < size; used++) {
        const char *why = NULL;
        uint8_t *copy = malloc(used + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, jpeg, used);
        ck_assert_ptr_null(v4l2_frame_copy(&jpeg_camera, copy, used, &why));
        ck_assert_ptr_nonnull(why);
        free(copy);
    }
    expect_bad(&jpeg_camera, jpeg, size - 1, "no JPEG end marker");
    expect_bad(&jpeg_camera, jpeg, 30, "damaged JPEG header");
    expect_bad(&jpeg_camera, jpeg, 0, "no JPEG start marker");
    free(jpeg);
}
END_TEST

START_TEST(a_jpeg_without_its_start_or_with_an_impossible_size_is_bad)
{
    size_t size;
    uint8_t *jpeg = padded_jpeg(&size);
    jpeg[1] = 0xd9;
    expect_bad(&jpeg_camera, jpeg, size, "no JPEG start marker");
    jpeg[1] = 0xd8;
    uint8_t *header = memmem(jpeg, size, "\xff\xc0", 2);
    ck_assert_ptr_nonnull(header);
    header[5] = header[6] = 0; /* height */
    expect_bad(&jpeg_camera, jpeg, size, "damaged JPEG header");
    header[5] = header[6] = 0xff;
    expect_bad(&jpeg_camera, jpeg, size, "impossible JPEG size");
    free(jpeg);
}
END_TEST

START_TEST(no_damage_is_fatal)
{
    size_t size;
    uint8_t *jpeg = padded_jpeg(&size);
    for (size_t i = 0; i < size; i++)
        for (int bit = 0; bit < 8; bit++) {
            const char *why = NULL;
            jpeg[i] ^= (uint8_t)(1 << bit);
            struct frame *frame = v4l2_frame_copy(&jpeg_camera, jpeg, size, &why);
            ck_assert(frame || why);
            frame_unref(&frame);
            jpeg[i] ^= (uint8_t)(1 << bit);
        }
    free(jpeg);
}
END_TEST

START_TEST(raw_pictures_need_all_their_bytes)
{
    const struct v4l2_picture picture = {
        .format = PIXEL_YUYV, .width = 4, .height = 2, .stride = 10, .size = 20};
    uint8_t data[64];
    for (size_t i = 0; i < sizeof data; i++)
        data[i] = (uint8_t)i;
    expect_bad(&picture, data, 19, "too short");
    expect_bad(&picture, data, 0, "too short");
    const char *why = NULL;
    struct frame *frame = v4l2_frame_copy(&picture, data, sizeof data, &why);
    ck_assert_msg(frame, "%s", why);
    ck_assert_int_eq(frame->width, 4);
    ck_assert_int_eq(frame->height, 2);
    ck_assert_int_eq(frame->stride, 10);
    ck_assert_uint_eq(frame->size, 20);
    ck_assert_mem_eq(frame->data, data, 20);
    frame_unref(&frame);
}
END_TEST

TEST_MAIN(v4l2_frame, a_padded_jpeg_ends_with_its_marker, older_bytes_behind_a_jpeg_do_not_count,
          segments_between_scans_are_stepped_over, a_jpeg_that_is_cut_anywhere_is_bad,
          a_jpeg_without_its_start_or_with_an_impossible_size_is_bad, no_damage_is_fatal,
          raw_pictures_need_all_their_bytes)
