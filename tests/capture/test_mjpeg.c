/* The splitter of MJPEG streams, and the JPEG scanner below it. */
#include "capture/mjpeg_split.h"
#include "tests/suite.h"
#include "vision/jpeg.h"

#include <string.h>

struct bytes {
    uint8_t data[256 * 1024];
    size_t size;
};

static void add(struct bytes *bytes, const void *data, size_t size)
{
    ck_assert_uint_le(bytes->size + size, sizeof bytes->data);
    memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static void add_text(struct bytes *bytes, const char *text)
{
    add(bytes, text, strlen(text));
}

/* A noisy picture, so that its coded data has every byte in it. */
static void add_jpeg(struct bytes *bytes, int width, int height)
{
    struct image image = {0};
    struct error error;
    ck_assert(image_reserve(&image, width, height, 3, &error));
    srand((unsigned)(width * height));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < 3 * width; x++)
            image.data[y * image.stride + x] = (uint8_t)rand();
    uint8_t *jpeg;
    size_t size;
    ck_assert(jpeg_encode(&image, 95, &jpeg, &size, &error));
    add(bytes, jpeg, size);
    free(jpeg);
    image_free(&image);
}

/* The picture with another one in an APP1 segment, as cameras put thumbnails. */
static void add_jpeg_with_thumbnail(struct bytes *bytes, int width, int height)
{
    static struct bytes thumbnail, picture;
    thumbnail.size = picture.size = 0;
    add_jpeg(&thumbnail, 16, 16);
    add_jpeg(&picture, width, height);
    size_t length = thumbnail.size + 2;
    const uint8_t app1[] = {0xFF, 0xE1, (uint8_t)(length >> 8), (uint8_t)length};
    add(bytes, picture.data, 2);
    add(bytes, app1, sizeof app1);
    add(bytes, thumbnail.data, thumbnail.size);
    add(bytes, picture.data + 2, picture.size - 2);
}

static enum jpeg_scan_status scan_all(const struct bytes *bytes, struct jpeg_scan *scan)
{
    *scan = (struct jpeg_scan){0};
    return jpeg_scan(scan, bytes->data, bytes->size);
}

static struct bytes stream; /* too large for the stack */

static void reset(void)
{
    stream.size = 0;
}

START_TEST(scan_finds_end_and_size)
{
    struct jpeg_scan scan;
    reset();
    add_jpeg(&stream, 64, 40);
    size_t end = stream.size;
    add_text(&stream, "trailing bytes");
    ck_assert_int_eq(scan_all(&stream, &scan), JPEG_SCAN_WHOLE);
    ck_assert_uint_eq(scan.position, end);
    ck_assert_int_eq(scan.width, 64);
    ck_assert_int_eq(scan.height, 40);
}
END_TEST

START_TEST(a_part_of_a_picture_is_never_whole)
{
    reset();
    add_jpeg_with_thumbnail(&stream, 48, 32);
    struct jpeg_scan resumed = {0};
    for (size_t size = 0; size < stream.size; size++) {
        struct jpeg_scan fresh = {0};
        ck_assert_int_eq(jpeg_scan(&fresh, stream.data, size), JPEG_SCAN_PARTIAL);
        ck_assert_int_eq(jpeg_scan(&resumed, stream.data, size), JPEG_SCAN_PARTIAL);
        ck_assert_uint_eq(resumed.position, fresh.position);
    }
    ck_assert_int_eq(jpeg_scan(&resumed, stream.data, stream.size), JPEG_SCAN_WHOLE);
    ck_assert_uint_eq(resumed.position, stream.size);
}
END_TEST

START_TEST(stuffing_restarts_and_fill_bytes_are_passed_over)
{
    static const uint8_t jpeg[] = {
        0xFF, 0xD8,                                                               /* SOI */
        0xFF, 0xFF, 0xC0, 0, 11, 8, 0, 7, 0,  9, 1, 1,    0x11, 0,                /* SOF0, filled */
        0xFF, 0xDA, 0,    8, 1,  1, 0, 0, 63, 0, 1, 0xFF, 0,    2, 0xFF, 0xD0, 3, /* SOS, RST0 */
        0xFF, 0xFF, 0xD9                                                          /* EOI, filled */
    };
    struct jpeg_scan scan = {0};
    ck_assert_int_eq(jpeg_scan(&scan, jpeg, sizeof jpeg), JPEG_SCAN_WHOLE);
    ck_assert_uint_eq(scan.position, sizeof jpeg);
    ck_assert_int_eq(scan.width, 9);
    ck_assert_int_eq(scan.height, 7);
}
END_TEST

START_TEST(what_is_no_jpeg_is_bad)
{
    static const struct {
        uint8_t bytes[16];
        size_t size;
    } bad[] = {
        {{'G', 'I', 'F'}, 3},
        {{0xFF, 0xD9}, 2},
        {{0xFF, 0xD8, 0xFF, 0xD9}, 4},                          /* nothing in it */
        {{0xFF, 0xD8, 'x', 'y'}, 4},                            /* no marker */
        {{0xFF, 0xD8, 0xFF, 0xE0, 0, 1}, 6},                    /* length below 2 */
        {{0xFF, 0xD8, 0xFF, 0xC0, 0, 8, 8, 0, 0, 0, 0, 1}, 12}, /* 0 x 0 pixels */
        {{0xFF, 0xD8, 0xFF, 0xDA, 0, 2}, 6},                    /* coded before any size */
        {{0xFF, 0xD8, 0xFF, 0x01, 0, 2}, 6},                    /* meaningless marker */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct jpeg_scan scan = {0};
        ck_assert_msg(jpeg_scan(&scan, bad[i].bytes, bad[i].size) == JPEG_SCAN_BAD, "case %zu", i);
    }
}
END_TEST

/* Feeds the stream in steps; writes the widths of the pictures found. Returns their number. */
static int split_in_steps(size_t step, int *widths, uint64_t *bad)
{
    struct mjpeg_split split = {0};
    struct mjpeg_picture picture;
    int count = 0;
    for (size_t size = 0; size < stream.size;) {
        size = size + step < stream.size ? size + step : stream.size;
        while (mjpeg_split_next(&split, stream.data, size, &picture)) {
            ck_assert_uint_eq(picture.data[0], 0xFF);
            ck_assert_uint_eq(picture.data[picture.size - 1], 0xD9);
            widths[count++] = picture.width;
        }
        ck_assert_uint_le(split.start, size);
    }
    *bad = split.bad;
    return count;
}

static void check_split(const int *expected, int expected_count, uint64_t expected_bad)
{
    static const size_t steps[] = {1, 7, 1000, 1 << 20};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int widths[32];
        uint64_t bad;
        int count = split_in_steps(steps[i], widths, &bad);
        ck_assert_int_eq(count, expected_count);
        ck_assert_mem_eq(widths, expected, (size_t)count * sizeof *widths);
        ck_assert_uint_eq(bad, expected_bad);
    }
}

START_TEST(joined_pictures_are_split)
{
    reset();
    add_jpeg(&stream, 32, 24);
    add_jpeg_with_thumbnail(&stream, 40, 24);
    add_jpeg(&stream, 48, 24);
    check_split((int[]){32, 40, 48}, 3, 0);
}
END_TEST

START_TEST(multipart_streams_are_split)
{
    reset();
    for (int width = 32; width <= 48; width += 8) {
        add_text(&stream, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: 1\r\n\r\n");
        add_jpeg(&stream, width, 24);
        add_text(&stream, "\r\n");
    }
    add_text(&stream, "--frame--\r\n");
    check_split((int[]){32, 40, 48}, 3, 0);
}
END_TEST

START_TEST(a_stream_joined_in_its_middle_begins_with_the_next_picture)
{
    reset();
    add_jpeg(&stream, 32, 24);
    memmove(stream.data, stream.data + 300, stream.size -= 300);
    add_jpeg(&stream, 40, 24);
    check_split((int[]){40}, 1, 0);
}
END_TEST

START_TEST(a_damaged_picture_costs_no_other)
{
    reset();
    add_jpeg(&stream, 32, 24);
    size_t second = stream.size;
    add_jpeg(&stream, 40, 24);
    /* A marker with a length that reaches over the next picture. */
    memcpy(stream.data + stream.size - 300, "\xFF\xC4\x7F\xFF", 4);
    add_jpeg(&stream, 48, 24);
    add_jpeg(&stream, 56, 24);
    while (stream.size < second + 70000)
        add_jpeg(&stream, 64, 48);
    struct mjpeg_split split = {0};
    struct mjpeg_picture picture;
    int widths[4];
    for (int i = 0; i < 4; i++) {
        ck_assert(mjpeg_split_next(&split, stream.data, stream.size, &picture));
        widths[i] = picture.width;
    }
    ck_assert_mem_eq(widths, ((int[]){32, 48, 56, 64}), sizeof widths);
    ck_assert_uint_eq(split.bad, 1);
}
END_TEST

START_TEST(a_picture_cut_off_costs_no_other)
{
    reset();
    add_jpeg_with_thumbnail(&stream, 32, 24);
    stream.size -= 100;
    add_jpeg(&stream, 40, 24);
    check_split((int[]){40}, 1, 1);
}
END_TEST

START_TEST(any_bytes_are_safe_and_the_end_is_reached)
{
    for (unsigned seed = 0; seed < 200; seed++) {
        reset();
        for (int i = 0; i < 4; i++)
            add_jpeg_with_thumbnail(&stream, 32 + 8 * i, 24);
        srand(seed);
        for (int i = 0; i < 30; i++)
            stream.data[rand() % (int)stream.size] = (uint8_t)(rand() % 3 ? rand() : 0xFF);
        int widths[64];
        uint64_t bad;
        int count = split_in_steps(1 + (size_t)rand() % 5000, widths, &bad);
        ck_assert_int_le(count, 8);
    }
}
END_TEST

START_TEST(giving_up_drops_what_is_there)
{
    reset();
    add_jpeg(&stream, 32, 24);
    size_t half = stream.size / 2;
    struct mjpeg_split split = {0};
    struct mjpeg_picture picture;
    ck_assert(!mjpeg_split_next(&split, stream.data, half, &picture));
    ck_assert(split.inside);
    mjpeg_split_give_up(&split, half);
    add_jpeg(&stream, 40, 24);
    ck_assert(mjpeg_split_next(&split, stream.data, stream.size, &picture));
    ck_assert_int_eq(picture.width, 40);
    ck_assert_uint_eq(split.bad, 1);
}
END_TEST

TEST_MAIN(mjpeg, scan_finds_end_and_size, a_part_of_a_picture_is_never_whole,
          stuffing_restarts_and_fill_bytes_are_passed_over, what_is_no_jpeg_is_bad,
          joined_pictures_are_split, multipart_streams_are_split,
          a_stream_joined_in_its_middle_begins_with_the_next_picture,
          a_damaged_picture_costs_no_other, a_picture_cut_off_costs_no_other,
          any_bytes_are_safe_and_the_end_is_reached, giving_up_drops_what_is_there)
