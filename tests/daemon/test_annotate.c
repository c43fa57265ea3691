/* Where the label stands. That its pixels are cv2.putText's is for tests/e2e/test_put_text. */
#include "daemon/annotate.h"

#include "daemon/placeholder.h"
#include "tests/suite.h"

#include <string.h>

enum { BLACK = 0 };

static const struct annotate_settings demo = {"{label}", 2, 100, 120, 2, "0,255,0"};

struct box {
    int left, top, right, bottom; /* inclusive */
    int count;                    /* pixels that differ from the background */
};

static bool is_background(const struct image *image, int x, int y, int background)
{
    const uint8_t *pixel = image->data + y * image->stride + 3 * x;
    return pixel[0] == background && pixel[1] == background && pixel[2] == background;
}

static struct box drawn(const struct image *image, int background)
{
    struct box box = {image->width, image->height, -1, -1, 0};
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++) {
            if (is_background(image, x, y, background))
                continue;
            box.left = x < box.left ? x : box.left;
            box.right = x > box.right ? x : box.right;
            box.top = y < box.top ? y : box.top;
            box.bottom = y;
            box.count++;
        }
    return box;
}

static void annotate_black(const struct annotate_settings *settings, const char *label, int width,
                           int height, struct image *image)
{
    struct error error;
    struct annotator *annotator = annotate_create(settings, &error);
    ck_assert_msg(annotator != NULL, "%s", error.message);
    const struct label_values values = {.label = label};
    ck_assert(image_reserve(image, width, height, 3, NULL));
    memset(image->data, BLACK, image->capacity);
    ck_assert_msg(annotate_frame(annotator, &values, image, &error), "%s", error.message);
    annotate_destroy(annotator);
}

static struct box annotated(const struct annotate_settings *settings, const char *label, int width,
                            int height)
{
    struct image image = {0};
    annotate_black(settings, label, width, height, &image);
    struct box box = drawn(&image, BLACK);
    image_free(&image);
    return box;
}

START_TEST(label_stands_where_the_demo_writes_it)
{
    struct box box = annotated(&demo, "cat", 640, 480);
    ck_assert_int_ge(box.left, 99);
    ck_assert_int_le(box.left, 110);
    ck_assert_int_le(box.bottom, 122);
    ck_assert_int_ge(box.bottom, 118);
    ck_assert_int_ge(box.top, 70);
}
END_TEST

START_TEST(label_grows_with_the_picture)
{
    struct box one = annotated(&demo, "cat", 640, 480), two = annotated(&demo, "cat", 1280, 960);
    ck_assert_int_le(abs(two.left - 2 * one.left), 3);
    ck_assert_int_le(abs(two.bottom - 2 * one.bottom), 3);
    ck_assert_int_le(abs(two.right - 2 * one.right), 4);
    struct box wide = annotated(&demo, "cat", 3000, 480);
    ck_assert_int_eq(wide.left, one.left);
    ck_assert_int_eq(wide.count, one.count);
}
END_TEST

/* Nothing was cut off: it has as many pixels in every place. */
START_TEST(label_stays_inside)
{
    static const int sizes[][2] = {{640, 480}, {320, 240}, {270, 480}, {100, 1000}, {2000, 50}};
    static const struct annotate_settings high_left = {"{label}", 2, 0, 0, 2, "0,255,0"};
    static const struct annotate_settings low_right = {"{label}", 2, 5000, 5000, 2, "0,255,0"};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const char *label = "a rather long name of a class";
        int width = sizes[i][0], height = sizes[i][1];
        struct box middle = annotated(&demo, label, width, height);
        struct box high = annotated(&high_left, label, width, height);
        struct box low = annotated(&low_right, label, width, height);
        ck_assert_int_gt(middle.count, 50);
        ck_assert_int_eq(high.count, middle.count);
        ck_assert_int_eq(low.count, middle.count);
        ck_assert_int_le(high.top, middle.top);
        ck_assert_int_gt(low.bottom, high.bottom);
    }
}
END_TEST

START_TEST(tiny_pictures_and_empty_text_do_no_harm)
{
    annotated(&demo, "cat", 1, 1);
    annotated(&demo, "cat", 7, 3);
    struct annotate_settings silent = demo;
    silent.text = "";
    ck_assert_int_eq(annotated(&silent, "cat", 640, 480).count, 0);
}
END_TEST

START_TEST(colour_is_blue_green_red)
{
    struct annotate_settings settings = demo;
    settings.colour = "1,20,255";
    struct image image = {0};
    annotate_black(&settings, "cat", 640, 480, &image);
    struct box box = drawn(&image, BLACK);
    const uint8_t *pixel = image.data + box.bottom * image.stride;
    while (!pixel[0])
        pixel += 3;
    ck_assert(pixel[0] == 1 && pixel[1] == 20 && pixel[2] == 255);
    image_free(&image);
}
END_TEST

START_TEST(wrong_settings_are_usage_errors)
{
    static const char *const colours[] = {"", "1,2", "1,2,3,4", "1,2,256", "-1,2,3", "red"};
    struct error error;
    for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
        error = (struct error){0};
        ck_assert_msg(!annotate_colour_check(colours[i], &error), "%s", colours[i]);
        ck_assert_int_eq(error.code, EXIT_CODE_USAGE);
    }
    struct annotate_settings settings = demo;
    settings.text = "{breed}";
    ck_assert_ptr_null(annotate_create(&settings, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "{breed}"));
    ck_assert(!annotate_template_check("{breed}", NULL));
    ck_assert(annotate_template_check("{label}", NULL));
    ck_assert(annotate_colour_check("0,255,0", NULL));
}
END_TEST

enum { PLACEHOLDER_BACKGROUND = 32 };

static struct box placeholder(int width, int height, const char *source, const char *why)
{
    struct image image = {0};
    struct error error;
    ck_assert_msg(placeholder_draw(width, height, source, why, &image, &error), "%s",
                  error.message);
    ck_assert_int_eq(image.width, width ? width : 640);
    ck_assert_int_eq(image.height, height ? height : 480);
    struct box box = drawn(&image, PLACEHOLDER_BACKGROUND);
    image_free(&image);
    return box;
}

START_TEST(placeholder_wraps_its_texts)
{
    static const char path[] = "/dev/v4l/by-id/usb-046d_HD_Pro_Webcam_C920_5D5A6F4F-video-index0";
    struct box title = placeholder(0, 0, "", "");
    struct box why = placeholder(0, 0, "",
                                 "the camera is gone; plug it in again, or choose "
                                 "another one that nobody else uses");
    struct box all = placeholder(0, 0, path, "the camera is gone");
    ck_assert_int_lt(title.bottom, 150);
    ck_assert_int_gt(why.bottom, title.bottom + 90); /* at least two lines */
    ck_assert_int_le(why.right, 600);
    ck_assert_int_le(all.right, 600);
    ck_assert_int_gt(all.count, title.count);
}
END_TEST

START_TEST(placeholder_fits_any_size)
{
    char endless[500];
    memset(endless, 'x', sizeof endless - 1);
    endless[sizeof endless - 1] = 0;
    static const int sizes[][2] = {{1, 1}, {16, 900}, {900, 16}, {160, 120}, {1920, 1080}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        placeholder(sizes[i][0], sizes[i][1], endless, endless);
}
END_TEST

TEST_MAIN(annotate, label_stands_where_the_demo_writes_it, label_grows_with_the_picture,
          label_stays_inside, tiny_pictures_and_empty_text_do_no_harm, colour_is_blue_green_red,
          wrong_settings_are_usage_errors, placeholder_wraps_its_texts, placeholder_fits_any_size)
