#include "vision/picture.h"

#include "tests/suite.h"
#include "vision/refuse.h"

#include <png.h>
#include <string.h>
#include <webp/encode.h>

static struct image image;
static struct error error;

/* 3 x 2 pixels, R, G, B. */
static const uint8_t rgb[] = {255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 8, 7, 60, 50, 40, 200, 210, 220};

static void assert_pixels(void)
{
    ck_assert(image.width == 3 && image.height == 2 && image.channels == 3);
    for (int i = 0; i < 6; i++)
        for (int c = 0; c < 3; c++)
            ck_assert_int_eq(image.data[i / 3 * image.stride + i % 3 * 3 + c], rgb[3 * i + 2 - c]);
}

static void assert_refused(const uint8_t *bytes, size_t size, const char *message)
{
    ck_assert(!picture_decode(bytes, size, 0, &image, &error));
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
}

/* Every shorter file must be refused, or decoded, without a crash; the first half always refused.
 */
static void assert_cut_is_refused(const uint8_t *bytes, size_t size)
{
    for (size_t cut = 0; cut < size; cut++) {
        uint8_t *part = malloc(cut ? cut : 1); /* of its own, so that a sanitizer sees its end */
        memcpy(part, bytes, cut);
        bool good = picture_decode(part, cut, 0, &image, &error);
        ck_assert(!good || cut > size / 2);
        free(part);
    }
}

START_TEST(reads_png)
{
    uint8_t file[1000];
    png_alloc_size_t size = sizeof file;
    png_image png = {
        .version = PNG_IMAGE_VERSION, .width = 3, .height = 2, .format = PNG_FORMAT_RGB};
    ck_assert(png_image_write_to_memory(&png, file, &size, 0, rgb, 0, NULL));
    ck_assert_msg(picture_decode(file, size, 0, &image, &error), "%s", error.message);
    assert_pixels();
    assert_cut_is_refused(file, size);
    image_free(&image);
}
END_TEST

START_TEST(writes_png)
{
    uint8_t *file;
    size_t size;
    ck_assert(image_reserve(&image, 3, 2, 3, &error));
    for (int i = 0; i < 6; i++)
        for (int c = 0; c < 3; c++)
            image.data[3 * i + 2 - c] = rgb[3 * i + c];
    ck_assert_msg(png_encode(&image, &file, &size, &error), "%s", error.message);
    memset(image.data, 0, 18);
    ck_assert_msg(picture_decode(file, size, 0, &image, &error), "%s", error.message);
    assert_pixels();
    free(file);
    image_free(&image);
}
END_TEST

START_TEST(png_transparent_parts_are_white)
{
    uint8_t file[1000];
    const uint8_t rgba[] = {10, 20, 30, 0, 10, 20, 30, 255};
    png_alloc_size_t size = sizeof file;
    png_image png = {
        .version = PNG_IMAGE_VERSION, .width = 2, .height = 1, .format = PNG_FORMAT_RGBA};
    ck_assert(png_image_write_to_memory(&png, file, &size, 0, rgba, 0, NULL));
    ck_assert_msg(picture_decode(file, size, 0, &image, &error), "%s", error.message);
    ck_assert_mem_eq(image.data, "\377\377\377\36\24\12", 6);
    image_free(&image);
}
END_TEST

START_TEST(reads_webp)
{
    uint8_t *file;
    size_t size = WebPEncodeLosslessRGB(rgb, 3, 2, 9, &file);
    ck_assert_uint_gt(size, 0);
    ck_assert_msg(picture_decode(file, size, 0, &image, &error), "%s", error.message);
    assert_pixels();
    assert_cut_is_refused(file, size);
    WebPFree(file);
    image_free(&image);
}
END_TEST

/* A bitmap with a header of 40 bytes; returns its size. */
static size_t make_bmp(uint8_t *file, int bits, int height, const void *rest, size_t size)
{
    memset(file, 0, 54);
    memcpy(file, "BM", 2);
    file[10] = (uint8_t)(bits == 8 ? 54 + 6 * 4 : 54);
    file[14] = 40;
    file[18] = 3;
    file[22] = (uint8_t)height;
    if (height < 0)
        memset(file + 23, 255, 3);
    file[28] = (uint8_t)bits;
    memcpy(file + 54, rest, size);
    return 54 + size;
}

START_TEST(webp_transparent_parts_are_white)
{
    uint8_t *file;
    const uint8_t rgba[] = {10, 20, 30, 0, 10, 20, 30, 255, 0, 0, 0, 128};
    size_t size = WebPEncodeLosslessRGBA(rgba, 3, 1, 12, &file);
    ck_assert_msg(picture_decode(file, size, 0, &image, &error), "%s", error.message);
    ck_assert_mem_eq(image.data, "\377\377\377\36\24\12\177\177\177", 9);
    WebPFree(file);
    image_free(&image);
}
END_TEST

START_TEST(reads_bmp)
{
    uint8_t file[200], rows[24] = {0}, palette[6 * 4 + 8] = {0};
    for (int i = 0; i < 6; i++) {
        for (int c = 0; c < 3; c++) {
            rows[(1 - i / 3) * 12 + i % 3 * 3 + c] = rgb[3 * i + 2 - c]; /* from the bottom up */
            palette[4 * i + c] = rgb[3 * i + 2 - c];
        }
        palette[24 + i / 3 * 4 + i % 3] = (uint8_t)i;
    }
    size_t size = make_bmp(file, 24, 2, rows, sizeof rows);
    ck_assert_msg(picture_decode(file, size, 0, &image, &error), "%s", error.message);
    assert_pixels();
    assert_cut_is_refused(file, size);
    size = make_bmp(file, 8, -2, palette, sizeof palette); /* from the top down */
    ck_assert_msg(picture_decode(file, size, 0, &image, &error), "%s", error.message);
    assert_pixels();
    file[size - 2] = 6;
    assert_refused(file, size, "a colour is not in its palette");
    make_bmp(file, 4, 2, rows, sizeof rows);
    assert_refused(file, size, "4 bits and compression 0 is not supported");
    make_bmp(file, 24, 2, rows, sizeof rows);
    file[21] = 127;
    assert_refused(file, size, "is not possible");
    make_bmp(file, 24, 2, rows, sizeof rows);
    file[13] = 255;
    assert_refused(file, size, "cut off");
    image_free(&image);
}
END_TEST

START_TEST(short_memory_is_no_damage)
{
    ck_assert(!refuse_picture(&error, "JPEG", "Insufficient memory (case 4)"));
    ck_assert(error.memory && strstr(error.message, "JPEG picture: Insufficient memory"));
    ck_assert(!refuse_picture(&error, "JPEG", "tjDecompress2(): Memory allocation failure"));
    ck_assert(error.memory);
    ck_assert(!refuse_picture(&error, "PNG", "png_image_read: out of memory") && error.memory);
    ck_assert(!error_prefix(&error, "a.png") && error.memory);
    ck_assert(!refuse_picture(&error, "PNG", "IDAT: CRC error") && !error.memory);
    ck_assert_str_eq(error.message, "damaged PNG picture: IDAT: CRC error");
}
END_TEST

START_TEST(anything_else_is_refused)
{
    assert_refused((const uint8_t *)"hello, I am a text", 18, "not a JPEG, PNG, BMP or WebP");
    assert_refused((const uint8_t *)"", 0, "not a JPEG, PNG, BMP or WebP");
    assert_refused((const uint8_t *)"\xff\xd8\xff", 3, "JPEG");
}
END_TEST

TEST_MAIN(picture, reads_png, writes_png, png_transparent_parts_are_white, reads_webp,
          webp_transparent_parts_are_white, reads_bmp, anything_else_is_refused,
          short_memory_is_no_damage)
