#include "nn/train/sources.h"

#include "tests/suite.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static char folder[] = "/tmp/pawcam-sources-XXXXXX";
static struct dataset data;
static struct error error;

static void setup(void)
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    error = (struct error){0};
}

static void teardown(void)
{
    char command[64];
    dataset_free(&data);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static const char *at(const char *name)
{
    static char path[200];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(at(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void assert_error(bool result, const char *message)
{
    ck_assert(!result);
    ck_assert_msg(strstr(error.message, message), "'%s' lacks '%s'", error.message, message);
    ck_assert_int_eq(error.code, EXIT_CODE_RUNTIME);
    ck_assert_ptr_null(data.pixels);
}

/* --- idx -------------------------------------------------------------------------------------- */

/* Two pictures of 2 rows and 3 columns. */
static uint8_t pictures[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                             0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
static uint8_t labels[] = {0, 0, 8, 1, 0, 0, 0, 2, 7, 3};

static bool load_idx(void)
{
    return idx_load(&data, folder, false, mnist_classes, &error);
}

START_TEST(idx_plain_and_compressed)
{
    setup();
    write_file("t10k-images-idx3-ubyte", pictures, sizeof pictures);
    gzFile file = gzopen(at("t10k-labels-idx1-ubyte.gz"), "wb");
    gzwrite(file, labels, sizeof labels);
    gzclose(file);
    ck_assert_msg(load_idx(), "%s", error.message);
    ck_assert(data.count == 2 && data.height == 2 && data.width == 3 && data.channels == 1);
    ck_assert_mem_eq(dataset_picture(&data, 1), "\7\10\11\12\13\14", 6);
    ck_assert(data.labels[0] == 7 && data.labels[1] == 3);
    ck_assert_int_eq(data.class_count, 10);
    teardown();
}
END_TEST

START_TEST(idx_damaged)
{
    setup();
    assert_error(load_idx(), "No such file or directory");
    write_file("t10k-images-idx3-ubyte", pictures, sizeof pictures - 1);
    assert_error(load_idx(), "shorter than its header says");
    write_file("t10k-images-idx3-ubyte", labels, sizeof labels);
    assert_error(load_idx(), "not an idx file");
    write_file("t10k-images-idx3-ubyte", "\0\0\10\3\377\377\377\377", 8);
    assert_error(load_idx(), "is not possible");
    write_file("t10k-images-idx3-ubyte", pictures, sizeof pictures);
    write_file("t10k-labels-idx1-ubyte", "\0\0\10\1\0\0\0\3\1\2\3", 11);
    assert_error(load_idx(), "3 labels for 2 pictures");
    write_file("t10k-labels-idx1-ubyte", "\0\0\10\1\0\0\0\2\1\12", 10);
    assert_error(load_idx(), "label 10 of picture 1");
    write_file("t10k-labels-idx1-ubyte.gz", "\37\213\10\0\0\0\0\0\0\3nonsense", 18);
    assert_error(load_idx(), "damaged");
    teardown();
}
END_TEST

START_TEST(mnist_itself)
{
    if (access("../shared/data/mnist", R_OK) != 0) {
        puts("mnist_itself: SKIPPED: ../shared/data/mnist is not here");
        return;
    }
    ck_assert_msg(idx_load(&data, "../shared/data/mnist", true, mnist_classes, &error), "%s",
                  error.message);
    ck_assert(data.count == 60000 && data.height == 28 && data.width == 28);
    ck_assert(data.labels[0] == 5 && data.labels[1] == 0 && data.labels[59999] == 8);
    dataset_free(&data);
}
END_TEST

/* --- CIFAR-10 --------------------------------------------------------------------------------- */

START_TEST(cifar_planes_become_pixels)
{
    static uint8_t records[2][3073];
    setup();
    records[1][0] = 9;
    for (int i = 0; i < 3072; i++)
        records[1][1 + i] = (uint8_t)(i / 1024 * 100 + i % 100);
    write_file("test_batch.bin", records, sizeof records);
    ck_assert_msg(cifar10_load(&data, folder, false, &error), "%s", error.message);
    ck_assert(data.count == 2 && data.height == 32 && data.width == 32 && data.channels == 3);
    ck_assert_int_eq(data.labels[1], 9);
    const uint8_t *pixel = dataset_picture(&data, 1) + 3 * 7;
    ck_assert(pixel[0] == 7 && pixel[1] == 100 + (1024 + 7) % 100 &&
              pixel[2] == (uint8_t)(200 + (2048 + 7) % 100));
    dataset_free(&data);
    records[0][0] = 10;
    write_file("test_batch.bin", records, sizeof records);
    assert_error(cifar10_load(&data, folder, false, &error), "label 10 of picture 0");
    write_file("test_batch.bin", records, sizeof records - 1);
    assert_error(cifar10_load(&data, folder, false, &error), "not a CIFAR-10 file");
    write_file("test_batch.bin", records, 0);
    assert_error(cifar10_load(&data, folder, false, &error), "test_batch.bin: is empty");
    assert_error(cifar10_load(&data, folder, true, &error), "data_batch_1.bin");
    teardown();
}
END_TEST

/* --- folders ---------------------------------------------------------------------------------- */

/* A picture file of this test is one digit, which all pixels get; for M there is no memory;
 * anything else is damaged. */
static bool decode(const uint8_t *bytes, size_t size, int height, int width, int channels,
                   uint8_t *pixels, struct error *reason)
{
    if (size == 1 && bytes[0] == 'M')
        return error_set_memory(reason, "out of memory");
    if (size != 1 || bytes[0] < '0' || bytes[0] > '9')
        return error_set(reason, "is no digit");
    memset(pixels, bytes[0], (size_t)height * (size_t)width * (size_t)channels);
    return true;
}

static const struct picture_codec digits = {.decode = decode};

static struct folder_settings pets(void)
{
    return (struct folder_settings){
        .path = folder, .height = 2, .width = 2, .channels = 3, .threads = 3, .codec = &digits};
}

static void write_pets(void)
{
    mkdir(at("dog"), 0777);
    mkdir(at("cat"), 0777);
    mkdir(at(".hidden"), 0777);
    write_file("dog/b.png", "4", 1);
    write_file("dog/a.JPG", "3", 1);
    write_file("dog/c.webp", "x", 1);
    write_file("dog/d.bmp", "", 0);
    write_file("dog/e.jpeg", "5", 1);
    write_file("dog/notes.txt", "6", 1);
    write_file("cat/z.jpg", "1", 1);
    write_file("readme.jpg", "7", 1);
}

START_TEST(folders_are_classes)
{
    setup();
    write_pets();
    struct folder_settings settings = pets();
    ck_assert_msg(folder_load(&data, &settings, &error), "%s", error.message);
    ck_assert(data.count == 4 && data.skipped == 2 && data.class_count == 2);
    ck_assert_str_eq(data.class_names[0], "cat");
    const char expected[] = "1345";
    for (int i = 0; i < 4; i++) {
        ck_assert_int_eq(data.labels[i], i > 0);
        ck_assert_int_eq(dataset_picture(&data, i)[11], expected[i]);
    }
    ck_assert_ptr_nonnull(strstr(data.files[3], "dog/e.jpeg"));
    teardown();
}
END_TEST

START_TEST(folders_in_folders_count_as_in_keras)
{
    char *target;
    setup();
    write_pets();
    ck_assert(mkdir(at("dog/old"), 0777) == 0 && mkdir(at("dog/old/er"), 0777) == 0);
    ck_assert(mkdir(at("dog/old-2"), 0777) == 0 && mkdir(at("dog/.trash"), 0777) == 0);
    ck_assert_int_eq(mkdir(at("dog/folder.jpg"), 0777), 0);
    write_file("dog/old/a.jpg", "7", 1);
    write_file("dog/old/er/a.jpg", "8", 1);
    write_file("dog/old-2/a.jpg", "6", 1); /* '-' comes before '/', so before old/er */
    write_file("dog/.trash/a.jpg", "0", 1);
    write_file("dog/folder.jpg/a.jpg", "2", 1);
    target = strdup(at("dog"));
    ck_assert_int_eq(symlink(target, at("dog/old/circle")), 0);
    ck_assert_int_eq(symlink(target, at("hound")), 0); /* a class may be one */
    free(target);
    struct folder_settings settings = pets();
    ck_assert_msg(folder_load(&data, &settings, &error), "%s", error.message);
    ck_assert(data.count == 15 && data.class_count == 3 && data.labels[14] == 2);
    const char expected[] = "13452768";
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(dataset_picture(&data, i)[0], expected[i]);
    teardown();
}
END_TEST

START_TEST(short_memory_leaves_no_picture_out)
{
    setup();
    write_pets();
    write_file("dog/d.bmp", "M", 1);
    struct folder_settings settings = pets();
    assert_error(folder_load(&data, &settings, &error), "dog/d.bmp: out of memory");
    teardown();
}
END_TEST

START_TEST(folders_in_a_chosen_order)
{
    static const char *const names[] = {"dog", "cat"};
    setup();
    write_pets();
    struct folder_settings settings = pets();
    settings.classes = names;
    settings.class_count = 2;
    settings.limit = 2;
    ck_assert_msg(folder_load(&data, &settings, &error), "%s", error.message);
    ck_assert(data.count == 3 && data.labels[0] == 0 && data.labels[2] == 1);
    ck_assert_str_eq(data.class_names[0], "dog");
    teardown();
}
END_TEST

START_TEST(folders_that_are_not_enough)
{
    static const char *const names[] = {"cat", "bird"};
    setup();
    struct folder_settings settings = pets();
    assert_error(folder_load(&data, &settings, &error), "holds no folders");
    mkdir(at("cat"), 0777);
    assert_error(folder_load(&data, &settings, &error), "one class folder only");
    mkdir(at("bird"), 0777);
    assert_error(folder_load(&data, &settings, &error), "bird: holds no pictures");
    write_file("cat/a.jpg", "1", 1);
    write_file("bird/a.jpg", "?", 1);
    assert_error(folder_load(&data, &settings, &error), "bird: none of its pictures can be read");
    ck_assert_int_eq(mkdir(at("k\xe4t"), 0777), 0);
    assert_error(folder_load(&data, &settings, &error), "/k?t: the name of a class must be");
    settings.classes = names;
    settings.class_count = 2;
    settings.path = "/nonexistent";
    assert_error(folder_load(&data, &settings, &error), "/nonexistent/cat: No such file");
    teardown();
}
END_TEST

/* --- dividing and drawing --------------------------------------------------------------------- */

START_TEST(the_last_of_each_class_is_held_out)
{
    struct subset kept, held_out;
    ck_assert(shapes_draw(&data, 30, 8, 1, &error));
    ck_assert_msg(dataset_split(&data, 0.25, &kept, &held_out, &error), "%s", error.message);
    ck_assert(kept.count == 24 && held_out.count == 6); /* of each class 2 of 10 */
    for (int i = 0; i < 6; i++)
        ck_assert_int_eq(held_out.indices[i], 24 + i);
    subset_free(&kept);
    subset_free(&held_out);
    ck_assert(!dataset_split(&data, 0.05, &kept, &held_out, &error));
    ck_assert_ptr_nonnull(strstr(error.message, "too few to hold out"));
    dataset_free(&data);
}
END_TEST

START_TEST(shapes_are_the_same_for_one_seed)
{
    struct dataset again;
    double inside[3] = {0};
    ck_assert(shapes_draw(&data, 300, 16, 5, &error));
    ck_assert(shapes_draw(&again, 300, 16, 5, &error));
    ck_assert_mem_eq(data.pixels, again.pixels, 300 * 16 * 16);
    for (int i = 0; i < 300; i++)
        for (int k = 0; k < 256; k++)
            inside[data.labels[i]] += data.pixels[i * 256 + k] > 100;
    /* Areas 2 r^2, 3.24 r^2 and pi r^2: a triangle covers least. */
    ck_assert(inside[0] < inside[2] && inside[2] < inside[1] && inside[0] > 0.4 * inside[1]);
    dataset_free(&again);
    dataset_free(&data);
}
END_TEST

TEST_MAIN(sources, idx_plain_and_compressed, idx_damaged, mnist_itself, cifar_planes_become_pixels,
          folders_are_classes, folders_in_folders_count_as_in_keras,
          short_memory_leaves_no_picture_out, folders_in_a_chosen_order,
          folders_that_are_not_enough, the_last_of_each_class_is_held_out,
          shapes_are_the_same_for_one_seed)
