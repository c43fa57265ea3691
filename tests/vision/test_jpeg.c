#include "vision/jpeg.h"

#include "common/frame.h"
#include "tests/suite.h"

#include <string.h>
#include <turbojpeg.h>

enum { WIDTH = 200, HEIGHT = 152, BYTES_MAX = 1 << 20 };

struct file {
    uint8_t *data;
    size_t size;
};

/* Soft colours, so that each subsampling keeps nearly all of them. */
static struct image soft_picture(int width, int height, int channels)
{
    struct image image = {0};
    ck_assert(image_reserve(&image, width, height, channels, NULL));
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < channels; c++)
                image.data[y * image.stride + x * channels + c] =
                    (uint8_t)(40 + (x * (c + 1) + y * (3 - c)) * 150 / (3 * (width + height)));
    return image;
}

/* The test's own files: what cameras and programs write but jpeg_encode does not. */
static struct file encode(int subsampling, int flags)
{
    struct image image = soft_picture(WIDTH, HEIGHT, 3);
    struct file file = {NULL, 0};
    unsigned char *data = NULL;
    unsigned long size = 0;
    tjhandle handle = tjInitCompress();
    ck_assert_int_eq(tjCompress2(handle, image.data, WIDTH, image.stride, HEIGHT, TJPF_BGR, &data,
                                 &size, subsampling, 95, flags),
                     0);
    file.data = malloc(BYTES_MAX);
    ck_assert_ptr_nonnull(file.data);
    memcpy(file.data, data, size);
    file.size = size;
    tjFree(data);
    tjDestroy(handle);
    image_free(&image);
    return file;
}

static size_t find_marker(const struct file *file, uint8_t marker)
{
    for (size_t i = 0; i + 1 < file->size; i++)
        if (file->data[i] == 0xff && file->data[i + 1] == marker)
            return i;
    return SIZE_MAX;
}

static int remove_segments(struct file *file, uint8_t marker)
{
    int count = 0;
    for (size_t at; (at = find_marker(file, marker)) != SIZE_MAX; count++) {
        size_t length = 2 + (size_t)(file->data[at + 2] << 8 | file->data[at + 3]);
        memmove(file->data + at, file->data + at + length, file->size - at - length);
        file->size -= length;
    }
    return count;
}

static void insert(struct file *file, size_t at, size_t count, uint8_t byte)
{
    memmove(file->data + at + count, file->data + at, file->size - at);
    memset(file->data + at, byte, count);
    file->size += count;
}

static double mean_difference(const struct image *a, const struct image *b)
{
    ck_assert_int_eq(a->width, b->width);
    ck_assert_int_eq(a->height, b->height);
    double sum = 0;
    int count = a->width * a->channels;
    for (int y = 0; y < a->height; y++)
        for (int i = 0; i < count; i++)
            sum += abs(a->data[y * a->stride + i] - b->data[y * b->stride + i]);
    return sum / count / a->height;
}

static void decodes_to_the_soft_picture(const struct file *file)
{
    struct image expected = soft_picture(WIDTH, HEIGHT, 3), bgr = {0};
    struct error error;
    ck_assert_msg(jpeg_decode(file->data, file->size, 0, &bgr, &error), "%s", error.message);
    ck_assert_double_lt(mean_difference(&bgr, &expected), 1.5);
    image_free(&bgr);
    image_free(&expected);
}

static void is_refused(const struct file *file, const char *reason)
{
    struct image bgr = {0};
    struct error error = {0};
    ck_assert(!jpeg_decode(file->data, file->size, 0, &bgr, &error));
    ck_assert_msg(strstr(error.message, reason), "%s", error.message);
    ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
    image_free(&bgr);
}

START_TEST(every_subsampling_and_progressive_files_decode)
{
    const int subsamplings[] = {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411};
    for (int i = 0; i < 5; i++)
        for (int flags = 0; flags <= TJFLAG_PROGRESSIVE; flags += TJFLAG_PROGRESSIVE) {
            struct file file = encode(subsamplings[i], flags);
            decodes_to_the_soft_picture(&file);
            free(file.data);
        }
}
END_TEST

START_TEST(a_grey_file_becomes_grey_bgr)
{
    struct file file = encode(TJSAMP_GRAY, 0);
    struct image bgr = {0};
    ck_assert(jpeg_decode(file.data, file.size, 0, &bgr, NULL));
    ck_assert_int_eq(bgr.channels, 3);
    for (int i = 0; i < WIDTH; i++)
        ck_assert(bgr.data[3 * i] == bgr.data[3 * i + 1] && bgr.data[3 * i] == bgr.data[3 * i + 2]);
    image_free(&bgr);
    free(file.data);
}
END_TEST

/* A progressive file brings Huffman tables of its own; the next one must not meet them. */
START_TEST(motion_jpeg_without_huffman_tables_gets_the_standard_ones)
{
    struct file own_tables = encode(TJSAMP_422, TJFLAG_PROGRESSIVE), file = encode(TJSAMP_422, 0);
    ck_assert_int_gt(remove_segments(&file, 0xc4), 0);
    decodes_to_the_soft_picture(&file);
    decodes_to_the_soft_picture(&own_tables);
    decodes_to_the_soft_picture(&file);
    free(own_tables.data);
    free(file.data);
}
END_TEST

START_TEST(own_files_come_back)
{
    struct image image = soft_picture(WIDTH, HEIGHT, 3), bgr = {0};
    struct file file;
    int width, height;
    ck_assert(jpeg_encode(&image, 90, &file.data, &file.size, NULL));
    decodes_to_the_soft_picture(&file);
    ck_assert(jpeg_size(file.data, file.size, &width, &height, NULL));
    ck_assert_int_eq(width, WIDTH);
    ck_assert_int_eq(height, HEIGHT);
    free(file.data);
    image_free(&image);
    image = soft_picture(33, 1, 1);
    ck_assert(jpeg_encode(&image, 100, &file.data, &file.size, NULL));
    ck_assert(jpeg_decode(file.data, file.size, 0, &bgr, NULL));
    for (int x = 0; x < 33; x++)
        ck_assert_int_le(abs(bgr.data[3 * x] - image.data[x]), 2);
    free(file.data);
    image_free(&image);
    image_free(&bgr);
}
END_TEST

START_TEST(one_room_serves_pictures_of_all_sizes)
{
    static const int sides[] = {16, WIDTH, 8};
    struct jpeg_room room = {0};
    struct file files[3], alone;
    for (int i = 0; i < 3; i++) {
        struct image image = soft_picture(sides[i], sides[i], 3);
        ck_assert(jpeg_encode_in(&room, &image, 90, &files[i].data, &files[i].size, NULL));
        image_free(&image);
    }
    jpeg_room_free(&room);
    ck_assert_ptr_null(room.data);
    for (int i = 0; i < 3; i++) { /* the files have outlived the room and each other */
        struct image image = soft_picture(sides[i], sides[i], 3);
        ck_assert(jpeg_encode(&image, 90, &alone.data, &alone.size, NULL));
        ck_assert_uint_eq(files[i].size, alone.size);
        ck_assert_mem_eq(files[i].data, alone.data, alone.size);
        image_free(&image);
        free(alone.data);
        free(files[i].data);
    }
}
END_TEST

START_TEST(quality_costs_bytes_and_has_bounds)
{
    struct image image = soft_picture(WIDTH, HEIGHT, 3), none = {0};
    struct file low, high;
    struct error error;
    ck_assert(jpeg_encode(&image, 20, &low.data, &low.size, NULL));
    ck_assert(jpeg_encode(&image, 95, &high.data, &high.size, NULL));
    ck_assert_uint_gt(high.size, low.size);
    free(low.data);
    free(high.data);
    ck_assert(!jpeg_encode(&image, 101, &low.data, &low.size, &error));
    ck_assert(low.data == NULL && low.size == 0);
    ck_assert(!jpeg_encode(&none, 90, &low.data, &low.size, &error));
    image_free(&image);
}
END_TEST

START_TEST(a_smaller_side_is_never_below_the_wanted)
{
    static const struct {
        int min_side, width, height;
    } cases[] = {{0, 200, 152}, {153, 200, 152}, {77, 200, 152}, {76, 100, 76},
                 {38, 50, 38},  {19, 25, 19},    {1, 25, 19}};
    struct file file = encode(TJSAMP_420, 0);
    struct image bgr = {0};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        ck_assert(jpeg_decode(file.data, file.size, cases[i].min_side, &bgr, NULL));
        ck_assert_int_eq(bgr.width, cases[i].width);
        ck_assert_int_eq(bgr.height, cases[i].height);
        struct image expected = soft_picture(bgr.width, bgr.height, 3);
        ck_assert_double_lt(mean_difference(&bgr, &expected), 4);
        image_free(&expected);
    }
    image_free(&bgr);
    free(file.data);
}
END_TEST

START_TEST(damaged_files_are_refused)
{
    struct file file = encode(TJSAMP_420, 0);
    size_t size = file.size;
    file.size = size / 2;
    is_refused(&file, "Premature end");
    file.size = 1;
    is_refused(&file, "not a JPEG picture");
    file.size = 0;
    is_refused(&file, "not a JPEG picture");
    file.size = size;
    insert(&file, size - 2, 500, 0x55);
    is_refused(&file, "extraneous bytes");
    memset(file.data, 'x', file.size);
    is_refused(&file, "not a JPEG picture");
    memcpy(file.data, "\xff\xd8\xff\xd9", 4); /* begins and ends */
    file.size = 4;
    is_refused(&file, "there is no picture in it");
    free(file.data);
}
END_TEST

START_TEST(a_camera_may_pad_the_data)
{
    struct file file = encode(TJSAMP_422, 0);
    insert(&file, file.size - 2, 4, 0);
    decodes_to_the_soft_picture(&file);
    insert(&file, file.size, 1000, 0); /* behind the end: the driver's buffer was larger */
    decodes_to_the_soft_picture(&file);
    free(file.data);
}
END_TEST

static void set_size(struct file *file, int width, int height)
{
    uint8_t *frame_header = file->data + find_marker(file, 0xc0);
    frame_header[5] = (uint8_t)(height >> 8);
    frame_header[6] = (uint8_t)height;
    frame_header[7] = (uint8_t)(width >> 8);
    frame_header[8] = (uint8_t)width;
}

START_TEST(absurd_sizes_are_refused_before_memory_is_taken)
{
    struct file file = encode(TJSAMP_420, 0);
    struct image bgr = {0};
    set_size(&file, 20000, 20);
    is_refused(&file, "too large");
    set_size(&file, FRAME_SIDE_MAX, FRAME_SIDE_MAX);
    is_refused(&file, "cannot hold");
    ck_assert(!jpeg_decode(file.data, file.size, 0, &bgr, NULL));
    ck_assert_uint_eq(bgr.capacity, 0);
    free(file.data);
}
END_TEST

/* Whatever the bytes are: a picture or an error, and nothing for the sanitizers to say. */
START_TEST(random_damage_never_crashes)
{
    struct file file = encode(TJSAMP_420, 0);
    uint8_t *damaged = malloc(file.size);
    ck_assert_ptr_nonnull(damaged);
    struct image bgr = {0};
    uint32_t random = 1;
    for (int round = 0; round < 1000; round++) {
        memcpy(damaged, file.data, file.size);
        for (int i = 0; i < 3; i++) {
            random = random * 1664525 + 1013904223;
            damaged[(random >> 8) % file.size] ^= (uint8_t)(1 << (random & 7));
        }
        struct error error = {0};
        bool ok = jpeg_decode(damaged, file.size, round % 64, &bgr, &error);
        ck_assert(ok == (error.message[0] == 0));
    }
    image_free(&bgr);
    free(damaged);
    free(file.data);
}
END_TEST

TEST_MAIN(jpeg, every_subsampling_and_progressive_files_decode, a_grey_file_becomes_grey_bgr,
          motion_jpeg_without_huffman_tables_gets_the_standard_ones, own_files_come_back,
          one_room_serves_pictures_of_all_sizes, quality_costs_bytes_and_has_bounds,
          a_smaller_side_is_never_below_the_wanted, damaged_files_are_refused,
          a_camera_may_pad_the_data, absurd_sizes_are_refused_before_memory_is_taken,
          random_damage_never_crashes)
