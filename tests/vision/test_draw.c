#include "vision/vision.h"

#include "common/frame.h"
#include "tests/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* OpenCV is asked to print its errors, so that the test of silence can fail. It looks for this
 * once, while it is loaded, so the program has to begin anew. */
__attribute__((constructor)) static void ask_opencv_to_print(int argc, char **argv)
{
    (void)argc;
    if (getenv("OPENCV_DUMP_ERRORS"))
        return;
    setenv("OPENCV_DUMP_ERRORS", "1", 1);
    execv("/proc/self/exe", argv);
}

static const uint8_t white[3] = {255, 255, 255};

static struct image black(int width, int height)
{
    struct image image = {0};
    ck_assert(image_reserve(&image, width, height, 3, NULL));
    memset(image.data, 0, image.capacity);
    return image;
}

/* How many white pixels there are, grey ones counted by their share. */
static double area(const struct image *image)
{
    double sum = 0;
    for (int y = 0; y < image->height; y++)
        for (int x = 0; x < image->width; x++)
            sum += image->data[y * image->stride + 3 * x] / 255.0;
    return sum;
}

static uint8_t at(const struct image *image, int x, int y)
{
    return image->data[y * image->stride + image->channels * x];
}

START_TEST(reserve_keeps_memory_that_suffices)
{
    struct image image = {0};
    ck_assert(image_reserve(&image, 64, 64, 3, NULL));
    uint8_t *data = image.data;
    ck_assert_uint_eq((uintptr_t)data % 64, 0);
    ck_assert(image_reserve(&image, 32, 20, 1, NULL));
    ck_assert_ptr_eq(image.data, data);
    ck_assert_int_eq(image.stride, 32);
    ck_assert(image_reserve(&image, 100, 64, 3, NULL));
    ck_assert_int_eq(image.stride, 300);
    image_free(&image);
    ck_assert_ptr_null(image.data);
}
END_TEST

START_TEST(reserve_gives_a_borrowed_image_its_own_memory)
{
    uint8_t pixels[3] = {1, 2, 3};
    struct image image = {.data = pixels, .width = 1, .height = 1, .channels = 3, .stride = 3};
    ck_assert(image_reserve(&image, 1, 1, 3, NULL));
    ck_assert_ptr_ne(image.data, pixels);
    image_free(&image);
}
END_TEST

START_TEST(reserve_refuses_impossible_pictures)
{
    struct image image = {0};
    struct error error;
    ck_assert(!image_reserve(&image, 0, 10, 3, &error));
    ck_assert(!image_reserve(&image, 10, FRAME_SIDE_MAX + 1, 3, &error));
    ck_assert(!image_reserve(&image, 10, 10, 2, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "2 channels"));
}
END_TEST

/* In place, also in a part of a larger picture. */
START_TEST(mirror_swaps_left_and_right)
{
    uint8_t pixels[2][4 * 3] = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, {0}};
    static const uint8_t mirrored[] = {7, 8, 9, 4, 5, 6, 1, 2, 3, 10, 11, 12};
    struct image part = {.data = pixels[0], .width = 3, .height = 2, .channels = 3, .stride = 12};
    image_mirror(&part);
    ck_assert_mem_eq(pixels[0], mirrored, sizeof mirrored);
}
END_TEST

/* Halving with INTER_LINEAR is the mean of 2x2 pixels. */
START_TEST(resize_is_bilinear)
{
    struct image from = black(8, 6), to = {0};
    for (int y = 0; y < 6; y++)
        for (int i = 0; i < 24; i++)
            from.data[y * from.stride + i] = (uint8_t)(i * 7 + y * y * 3);
    ck_assert(vision_resize(&from, 4, 3, &to, NULL));
    for (int y = 0; y < 3; y++)
        for (int x = 0; x < 4; x++) {
            double sum = at(&from, 2 * x, 2 * y) + at(&from, 2 * x + 1, 2 * y) +
                         at(&from, 2 * x, 2 * y + 1) + at(&from, 2 * x + 1, 2 * y + 1);
            ck_assert_double_le(fabs(at(&to, x, y) - sum / 4), 1);
        }
    image_free(&from);
    image_free(&to);
}
END_TEST

START_TEST(warp_moves_by_the_forward_map)
{
    struct image from = black(20, 10), to = {0};
    from.data[4 * from.stride + 3 * 5] = 255;
    const double matrix[6] = {1, 0, 3, 0, 1, 2};
    ck_assert(vision_warp_affine(&from, matrix, 20, 10, &to, NULL));
    ck_assert_int_eq(at(&to, 8, 6), 255);
    ck_assert_int_eq(at(&to, 5, 4), 0);
    image_free(&from);
    image_free(&to);
}
END_TEST

/* Counter-clockwise as one sees it: a quarter turn takes what is right of the centre above it. */
START_TEST(rotation_turns_counter_clockwise_and_keeps_the_centre)
{
    double matrix[6];
    vision_rotation_matrix(10, 20, 90, 2, matrix);
    ck_assert_double_eq_tol(matrix[0] * 10 + matrix[1] * 20 + matrix[2], 10, 1e-9);
    ck_assert_double_eq_tol(matrix[3] * 10 + matrix[4] * 20 + matrix[5], 20, 1e-9);
    ck_assert_double_eq_tol(matrix[0] * 13 + matrix[1] * 20 + matrix[2], 10, 1e-9);
    ck_assert_double_eq_tol(matrix[3] * 13 + matrix[4] * 20 + matrix[5], 14, 1e-9);
}
END_TEST

START_TEST(shapes_have_their_area)
{
    /* an L, so concave: 40x40 without its upper right quarter */
    const float corner[] = {10, 10, 30, 10, 30, 30, 50, 30, 50, 50, 10, 50};
    struct image image = black(100, 80);
    ck_assert(vision_fill_polygon(&image, corner, 6, white, NULL));
    ck_assert_double_eq_tol(area(&image), 1200, 120); /* half of the outline is outside */
    ck_assert_int_eq(at(&image, 20, 20), 255);
    ck_assert_int_eq(at(&image, 40, 20), 0);
    memset(image.data, 0, image.capacity);
    ck_assert(vision_fill_ellipse(&image, 50, 40, 30, 20, 0, white, NULL));
    ck_assert_double_eq_tol(area(&image), 3.14159 * 600, 100);
    ck_assert_int_eq(at(&image, 75, 40), 255);
    ck_assert_int_eq(at(&image, 50, 65), 0);
    image_free(&image);
}
END_TEST

START_TEST(edges_are_soft_and_lie_between_pixels)
{
    const float square[] = {10.5F, 10, 20.5F, 10, 20.5F, 20, 10.5F, 20};
    struct image image = black(40, 40);
    ck_assert(vision_fill_polygon(&image, square, 4, white, NULL));
    uint8_t edge = at(&image, 21, 15);
    ck_assert(edge > 0 && edge < 255);
    image_free(&image);
}
END_TEST

START_TEST(shapes_may_leave_the_picture)
{
    const float large[] = {-500, -500, 900, -400, 800, 900, -500, 900};
    struct image image = black(30, 20);
    ck_assert(vision_fill_polygon(&image, large, 4, white, NULL));
    ck_assert_double_eq_tol(area(&image), 600, 1e-9);
    ck_assert(vision_fill_ellipse(&image, -100, -100, 20, 20, 0, white, NULL));
    image_free(&image);
}
END_TEST

START_TEST(text_stays_in_its_box)
{
    const struct text_style style = {1, 2, {255, 255, 255}};
    struct image image = black(300, 100);
    int width, height, baseline;
    ck_assert(vision_text_size("cat", &style, &width, &height, &baseline, NULL));
    ck_assert(height > 15 && height < 30 && width > 40 && width < 80 && baseline > 0);
    ck_assert(vision_put_text(&image, "cat", 50, 60, &style, NULL));
    ck_assert_double_gt(area(&image), 50);
    for (int y = 0; y < 100; y++)
        for (int x = 0; x < 300; x++)
            ck_assert(!at(&image, x, y) ||
                      (x >= 48 && x <= 52 + width && y >= 58 - height - 2 && y <= 62 + baseline));
    image_free(&image);
}
END_TEST

/* Runs every kind of failure, one of which (stride) comes out of OpenCV as an exception. */
static void fail_in_every_way(void)
{
    struct image image = black(10, 10), none = {0}, to = {0};
    struct text_style style = {1, 1, {0}};
    const float wild[] = {0, 0, NAN, 5, 5, 5};
    struct error error;
    image.stride = 5;
    ck_assert(!vision_put_text(&image, "x", 1, 1, &style, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "cannot write text into a picture: OpenCV"));
    image.stride = 30;
    style.thickness = 0;
    ck_assert(!vision_put_text(&image, "x", 1, 1, &style, &error));
    ck_assert(!vision_fill_polygon(&image, wild, 3, white, &error));
    ck_assert(!vision_fill_ellipse(&image, INFINITY, 1, 2, 2, 0, white, &error));
    none.channels = 3;
    ck_assert(!vision_resize(&none, 4, 4, &to, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "it is no picture"));
    image_free(&image);
    image_free(&to);
}

START_TEST(failures_are_errors_and_print_nothing)
{
    FILE *printed = tmpfile();
    ck_assert_ptr_nonnull(printed);
    fflush(stderr);
    int stderr_copy = dup(STDERR_FILENO);
    dup2(fileno(printed), STDERR_FILENO);
    fail_in_every_way();
    fflush(stderr);
    dup2(stderr_copy, STDERR_FILENO);
    close(stderr_copy);
    ck_assert_int_eq(lseek(fileno(printed), 0, SEEK_END), 0);
    fclose(printed);
}
END_TEST

TEST_MAIN(draw, reserve_keeps_memory_that_suffices, reserve_gives_a_borrowed_image_its_own_memory,
          reserve_refuses_impossible_pictures, mirror_swaps_left_and_right, resize_is_bilinear,
          warp_moves_by_the_forward_map, rotation_turns_counter_clockwise_and_keeps_the_centre,
          shapes_have_their_area, edges_are_soft_and_lie_between_pixels,
          shapes_may_leave_the_picture, text_stays_in_its_box,
          failures_are_errors_and_print_nothing)
